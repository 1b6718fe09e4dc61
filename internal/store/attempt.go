package store

import "errors"

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
	all := tx.all
	if err := all.Write(); err != nil {
		return err
	}
	if err := all.FlushMessages(); err != nil {
		return err
	}
	if err := all.Travel(true); err != nil {
		return err
	}
	if err := all.Exec(attemptSavepoint); err != nil {
		return err
	}
	if err := all.Flush(); err != nil { // what fails here is nothing of the step's
		return err
	}
	undo := all.Snapshot()
	err := step()
	if err == nil {
		err = all.FlushMessages()
	}
	if err == nil {
		err = all.Flush()
	}
	if err == nil {
		err = all.Failure()
	}
	all.EndAttempt()
	if err == nil {
		return all.Exec(releaseAttemptSavepoint)
	}
	if errors.Is(all.Failure(), ErrUnavailable) {
		return all.Failure()
	}
	return errors.Join(err, tx.restore(undo))
}

// restore puts the operation back to where it was.
func (tx *Tx) restore(undo func()) error {
	if err := tx.all.RollBackTo(rollbackAttemptSavepoint, releaseAttemptSavepoint); err != nil {
		return err
	}
	undo()
	tx.all.Forget()
	return nil
}
