package store

import "github.com/guichet-dev/guichet/internal/store/engine"

// begin begins the transaction of a batch, and reads what its operations are about where a question
// is a journey.
func (tx *Tx) begin(batch []*operation) error {
	tx.all.Reset()
	if !tx.all.Remote() {
		return engine.Unavailable(tx.all.Writer.Begin())
	}
	var of []Subject
	for _, op := range batch {
		of = append(of, op.subjects...)
	}
	return tx.all.BeginAhead(of[:min(len(of), maxSubjects)])
}

// maxSubjects bounds what is read ahead for one transaction, and so the memory that it takes: about
// 1 KiB for each. A webhook may name a thousand people, each by several addresses.
const maxSubjects = 4096
