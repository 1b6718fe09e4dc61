// Package txn is how the operations of a transaction speak to an engine: statements, what
// they change of rows that are read and written once, what the engine refused, and what is sealed.
// The packages beside it add their subjects.
package txn

import (
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Tx is what all operations of a transaction share, and what the current one has changed. The
// first error of the engine is remembered: the operation fails with it whatever its function
// returns.
type Tx struct {
	Conn   engine.Conn
	Writer engine.Writer // nil for a view
	Keys   *seal.Keys
	// faultEnds says that the transaction is over once a statement was refused, see engine.Traits.
	faultEnds bool
	ReadOnly  bool
	// remote says that a question is a journey. An operation's changes are then sent when it has
	// succeeded, so it needs no savepoint unless it has to ask for what was not read ahead.
	remote bool
	unsent []statement
	// Unforeseen counts the questions of operations that nothing read ahead could answer.
	Unforeseen int64
	saved      bool // whether the operation has its savepoint
	wrote      bool // whether any operation of the transaction had
	Err        error
	cells      cells
	// keptNow are those of whom something is kept since the transaction began.
	keptNow map[Person]struct{}
	// knownChannels are those of which something is kept, and all of them if allChannels.
	knownChannels map[string]bool
	allChannels   bool
}

// New is what a connection's transactions share. The writer's are one after the other;
// without one it is a view.
func New(conn engine.Conn, writer engine.Writer, keys *seal.Keys, traits engine.Traits) *Tx {
	return &Tx{
		Conn: conn, Writer: writer, Keys: keys, faultEnds: traits.FaultEndsTransaction, ReadOnly: writer == nil,
		remote:  traits.Remote,
		keptNow: map[Person]struct{}{}, knownChannels: map[string]bool{},
	}
}

// Reset begins a transaction.
func (tx *Tx) Reset() {
	tx.saved, tx.wrote, tx.Err, tx.Unforeseen = false, false, nil, 0
	tx.dropUnsent()
	clear(tx.keptNow)
}

// Forget remembers nothing of the transactions before.
func (tx *Tx) Forget() { tx.forgetChannels() }

// forgetChannels forgets which channels are known.
func (tx *Tx) forgetChannels() {
	clear(tx.knownChannels)
	tx.allChannels = false
}

// Base is the transaction without what the packages above add to it.
func (tx *Tx) Base() *Tx { return tx }

// Failure is the engine's first error of the current operation.
func (tx *Tx) Failure() error { return tx.Err }

// HasWritten tells whether any operation of the transaction has changed something.
func (tx *Tx) HasWritten() bool { return tx.wrote }

const (
	savepoint         = "SAVEPOINT operation"
	releaseSavepoint  = "RELEASE SAVEPOINT operation"
	rollbackSavepoint = "ROLLBACK TO SAVEPOINT operation"
)

// Begin starts the next operation of the transaction.
func (tx *Tx) Begin() {
	tx.saved, tx.Err = false, nil
	tx.dropUnsent()
	tx.cells.begin()
}

// Keep makes the operation's work a part of the transaction.
func (tx *Tx) Keep() error {
	if !tx.saved {
		return tx.send()
	}
	return tx.Conn.Exec(releaseSavepoint)
}

// Undo takes back the operation's work. If the engine has failed before the operation wrote, the
// state of the transaction is not known, and it ends.
func (tx *Tx) Undo() error {
	tx.forgetChannels()
	tx.cells.undo()
	tx.dropUnsent()
	if !tx.saved {
		if tx.goesOn() {
			return nil
		}
		return tx.Err
	}
	return tx.RollBackTo(rollbackSavepoint, releaseSavepoint)
}

// RollBackTo executes statements that undo a part of the operation, and forgets how that failed.
func (tx *Tx) RollBackTo(statements ...string) error {
	tx.Err = nil
	_ = tx.Conn.Flush() // whether what is left waiting succeeds or fails, it is undone
	for _, statement := range statements {
		if err := tx.Fail(tx.Conn.Exec(statement)); err != nil {
			return err
		}
	}
	return tx.Flush()
}

// goesOn tells whether the transaction is as it was before an operation that has only read and
// failed. Some engines end it at the first refusal.
func (tx *Tx) goesOn() bool {
	return !errors.Is(tx.Err, engine.ErrUnavailable) && (!tx.faultEnds || !errors.Is(tx.Err, ErrFault))
}

// KeepsNow says that something is kept of a customer from now on.
func (tx *Tx) KeepsNow(of Person) { tx.keptNow[of] = struct{}{} }

// KeepsSince tells whether something is kept of a customer since the transaction began.
func (tx *Tx) KeepsSince(of Person) bool {
	_, since := tx.keptNow[of]
	return since
}

// Flush sends what the operation has left waiting.
func (tx *Tx) Flush() error { return tx.Fail(tx.Conn.Flush()) }

// Fail remembers the engine's first error.
func (tx *Tx) Fail(err error) error {
	if err == nil {
		return nil
	}
	if tx.Err == nil {
		tx.Err = Classify(tx.Conn, err)
	}
	return tx.Err
}

// Write prepares for a change: the operation's first one sets its savepoint.
func (tx *Tx) Write() error {
	switch {
	case tx.Err != nil:
		return tx.Err
	case tx.ReadOnly:
		return ErrReadOnly
	case tx.saved:
		return nil
	}
	tx.wrote = true
	if tx.remote {
		return nil
	}
	return tx.save()
}

// Exec makes a change that nobody waits for: to a remote engine it travels with those of the other
// operations, and its failure is that of all of them.
func (tx *Tx) Exec(text string, args ...any) error {
	if err := tx.Write(); err != nil {
		return err
	}
	if tx.remote && !tx.saved {
		tx.put(text, args)
		return nil
	}
	return tx.Fail(tx.Conn.Exec(text, args...))
}

// Changed makes a change and tells how many rows it was about.
func (tx *Tx) Changed(text string, args ...any) (int64, error) {
	if err := tx.Write(); err != nil {
		return 0, err
	}
	if err := tx.Travel(true); err != nil {
		return 0, err
	}
	n, err := tx.Conn.ExecCounted(text, args...)
	return n, tx.Fail(err)
}

// FirstChanged makes a change that returns rows, calls scan with the first of them, and tells
// whether there was one.
func (tx *Tx) FirstChanged(text string, args []any, scan func(engine.Row)) (bool, error) {
	if err := tx.Write(); err != nil {
		return false, err
	}
	if err := tx.Travel(true); err != nil {
		return false, err
	}
	found, err := engine.First(tx.Conn, text, args, scan)
	return found, tx.Fail(err)
}

// EachChanged makes a change that returns rows, and calls scan for each of them until it returns
// false.
func (tx *Tx) EachChanged(text string, args []any, scan func(engine.Row) bool) error {
	if err := tx.Write(); err != nil {
		return err
	}
	if err := tx.Travel(true); err != nil {
		return err
	}
	return tx.Fail(tx.Conn.Query(text, args, scan))
}

// First calls scan with the first row of a query, and tells whether there was one.
func (tx *Tx) First(text string, args []any, scan func(engine.Row)) (bool, error) {
	if tx.Err != nil {
		return false, tx.Err
	}
	if err := tx.Travel(false); err != nil {
		return false, err
	}
	found, err := engine.First(tx.Conn, text, args, scan)
	return found, tx.Fail(err)
}

// Each calls scan for every row of a query, until it returns false.
func (tx *Tx) Each(text string, args []any, scan func(engine.Row) bool) error {
	if tx.Err != nil {
		return tx.Err
	}
	if err := tx.Travel(false); err != nil {
		return err
	}
	return tx.Fail(tx.Conn.Query(text, args, scan))
}

// Millis is a time as it is stored: Unix milliseconds, and 0 for the zero time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Instant is a stored time.
func Instant(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}

// Count is 1 for yes.
func Count(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// Nullable is a byte string as it is stored: nil is null.
func Nullable(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// NullableTime is a time as it is stored: the zero time is null.
func NullableTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}
