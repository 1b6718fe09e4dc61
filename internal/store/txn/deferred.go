package txn

import (
	"slices"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// statement is a change that is not sent yet.
type statement struct {
	text string
	args []any
}

// put keeps a change until the operation is known to succeed. What it was given may change by then.
func (tx *Tx) put(text string, args []any) {
	for i, arg := range args {
		if b, is := arg.([]byte); is && b != nil {
			args[i] = slices.Clone(b)
		}
	}
	tx.unsent = append(tx.unsent, statement{text, args})
}

// send gives the operation's changes to the engine.
func (tx *Tx) send() error {
	for _, s := range tx.unsent {
		if err := tx.Conn.Exec(s.text, s.args...); err != nil {
			return tx.Fail(err)
		}
	}
	tx.dropUnsent()
	return nil
}

func (tx *Tx) dropUnsent() {
	clear(tx.unsent)
	tx.unsent = tx.unsent[:0]
}

// Travel lets the operation speak to a remote engine by itself, because it needs what was not read
// ahead: what was changed before goes first. From its first change on it needs a savepoint, so that
// its own failure undoes nobody else's work.
func (tx *Tx) Travel(toChange bool) error {
	if !tx.remote || tx.ReadOnly {
		return nil
	}
	tx.Unforeseen++
	if tx.saved || !toChange && len(tx.unsent) == 0 {
		return nil
	}
	if err := tx.save(); err != nil {
		return err
	}
	return tx.send()
}

// save sets the operation's savepoint.
func (tx *Tx) save() error {
	if err := tx.Conn.Exec(savepoint); err != nil {
		return tx.Fail(err)
	}
	tx.saved = true
	return nil
}

// Remote tells whether a question to the engine is a journey.
func (tx *Tx) Remote() bool { return tx.remote }

// Ask asks the engine ahead of the operations.
func (tx *Tx) Ask(questions ...engine.Question) error { return tx.Conn.Ask(questions...) }
