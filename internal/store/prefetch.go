package store

import "github.com/guichet-dev/guichet/internal/store/engine"

// begin begins the transaction of a batch, and reads what its operations are about where a question
// is a journey.
func (tx *Tx) begin(batch []*operation) error {
	tx.all.Reset()
	if !tx.all.Remote() {
		return engine.Unavailable(tx.all.Writer.Begin())
	}
	questions, rest := tx.all.ReadAhead(subjectsOf(batch))
	if err := tx.all.Writer.BeginAsking(questions...); err != nil {
		return engine.Unavailable(err)
	}
	return rest()
}

// commitAndBegin commits the transaction, and begins that of the next batch in the same exchange.
// If it returns nil, begun waits until the next one has begun.
func (tx *Tx) commitAndBegin(writer engine.Overlapping, next []*operation) (begun func() error, err error) {
	tx.all.Committed() // what is known of its rows is not for the next one
	tx.all.Reset()
	questions, rest := tx.all.ReadAhead(subjectsOf(next))
	if err := writer.CommitAndAsk(questions...); err != nil {
		return nil, err
	}
	return func() error {
		if err := writer.Answered(); err != nil {
			return engine.Unavailable(err)
		}
		return rest()
	}, nil
}

// subjectsOf are what the operations of a batch are about, as many as are read ahead.
func subjectsOf(batch []*operation) (subjects []Subject) {
	for _, op := range batch {
		subjects = append(subjects, op.subjects...)
	}
	return subjects[:min(len(subjects), maxSubjects)]
}

// maxSubjects bounds what is read ahead for one transaction, and so the memory that it takes: about
// 1 KiB for each. A webhook may name a thousand people, each by several addresses.
const maxSubjects = 4096
