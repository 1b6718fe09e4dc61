package store

import (
	"errors"
	"slices"
)

const (
	attemptSavepoint         = "SAVEPOINT attempt"
	releaseAttemptSavepoint  = "RELEASE SAVEPOINT attempt"
	rollbackAttemptSavepoint = "ROLLBACK TO SAVEPOINT attempt"
)

// Attempt runs a step of an operation. If the step fails with an ErrFault or with an error of its
// own, what it did is undone, its error is returned, and the operation can go on: one row that is
// at fault then holds up no other. It costs a savepoint, so take it where a fault is expected.
// Attempts do not nest.
func (tx *Tx) Attempt(step func() error) error {
	if err := tx.write(); err != nil {
		return err
	}
	if err := tx.flushMessages(); err != nil {
		return err
	}
	if err := tx.fail(tx.conn.Exec(attemptSavepoint)); err != nil {
		return err
	}
	before := tx.snapshot()
	err := step()
	if err == nil {
		err = tx.flushMessages()
	}
	if err == nil {
		err = tx.fail(tx.conn.Flush())
	}
	if err == nil {
		err = tx.err
	}
	tx.tally.attempt = nil
	if err == nil {
		return tx.fail(tx.conn.Exec(releaseAttemptSavepoint))
	}
	if errors.Is(tx.err, ErrUnavailable) {
		return tx.err
	}
	return errors.Join(err, tx.restore(before))
}

// snapshot is what an operation has in memory, and an attempt may change.
type snapshot struct {
	messages []*Message
	values   []Message // of messages
	readied  bool
	undo     *[]func() // puts back the cells that were changed since
}

func (tx *transaction) snapshot() snapshot {
	s := snapshot{messages: append([]*Message{}, tx.known...), readied: tx.readied, undo: new([]func())}
	for _, m := range s.messages {
		s.values = append(s.values, *m)
	}
	tx.tally.attempt = s.undo
	return s
}

// restore puts the operation back to where it was.
func (tx *transaction) restore(s snapshot) error {
	tx.err = nil
	_ = tx.conn.Flush() // whether what the step left waiting succeeds or fails, it is undone
	for _, statement := range []string{rollbackAttemptSavepoint, releaseAttemptSavepoint} {
		if err := tx.fail(tx.conn.Exec(statement)); err != nil {
			return err
		}
	}
	if err := tx.fail(tx.conn.Flush()); err != nil {
		return err
	}
	for _, undo := range slices.Backward(*s.undo) {
		undo()
	}
	clear(tx.known)
	clear(tx.byID)
	tx.forgetSorted()
	tx.known, tx.readied = tx.known[:0], s.readied
	for i, m := range s.messages {
		*m = s.values[i]
		tx.know(m)
	}
	tx.store.recent.forget()
	return nil
}
