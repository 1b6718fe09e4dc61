package store

import (
	"errors"
	"time"
)

// Tx is how an operation reads and writes. It is valid only within the function that it was given
// to, and for one goroutine.
//
// The first error of the engine is remembered: the operation fails with it whatever its function
// returns.
type Tx struct {
	store    *Store
	conn     connection
	readOnly bool
	tally    *tally
	messages []*Message // those that the operation has read, each once
	byID     map[string]*Message
	// byCustomer are the first messages, so many as are sorted, see give.
	byCustomer map[Person][]*Message
	sorted     int
	saved      bool // whether the operation has its savepoint
	readied    bool // whether the operation made a message ready that waited behind another
	wrote      bool // whether any operation of the transaction had
	err        error
}

const (
	savepoint         = "SAVEPOINT operation"
	releaseSavepoint  = "RELEASE SAVEPOINT operation"
	rollbackSavepoint = "ROLLBACK TO SAVEPOINT operation"
)

// begin starts the next operation of the transaction.
func (tx *Tx) begin() {
	clear(tx.messages)
	tx.messages = tx.messages[:0]
	clear(tx.byID)
	tx.forgetSorted()
	tx.saved, tx.readied = false, false
	tx.err = nil
	tx.tally.begin()
}

// keep makes the operation's work a part of the transaction.
func (tx *Tx) keep() error {
	tx.store.recent.keep(tx.messages)
	if !tx.saved {
		return nil
	}
	return tx.conn.exec(releaseSavepoint)
}

// undo takes back the operation's work. If the engine has failed before the operation wrote, the
// state of the transaction is not known, and it ends.
func (tx *Tx) undo() error {
	tx.store.recent.forgetChannels()
	tx.tally.undo()
	if !tx.saved {
		if tx.goesOn() {
			return nil
		}
		return tx.err
	}
	_ = tx.conn.settle() // whether what it left waiting succeeds or fails, it is undone
	if err := tx.conn.exec(rollbackSavepoint); err != nil {
		return err
	}
	if err := tx.conn.exec(releaseSavepoint); err != nil {
		return err
	}
	return tx.conn.settle()
}

// goesOn tells whether the transaction is as it was before an operation that has only read and
// failed. PostgreSQL ends it at the first refusal.
func (tx *Tx) goesOn() bool {
	return !errors.Is(tx.err, ErrUnavailable) && (!tx.store.Shared() || !errors.Is(tx.err, ErrFault))
}

// fail remembers the engine's first error.
func (tx *Tx) fail(err error) error {
	if err == nil {
		return nil
	}
	if tx.err == nil {
		tx.err = classify(tx.conn, err)
	}
	return tx.err
}

// write prepares for a change: the operation's first one sets its savepoint.
func (tx *Tx) write() error {
	switch {
	case tx.err != nil:
		return tx.err
	case tx.readOnly:
		return ErrReadOnly
	case tx.saved:
		return nil
	}
	if err := tx.conn.exec(savepoint); err != nil {
		return tx.fail(err)
	}
	tx.saved, tx.wrote = true, true
	return nil
}

// exec makes a change that nobody waits for: on a shared store it travels with the operation's next
// question, or with its end, and its failure is heard there.
func (tx *Tx) exec(text string, args ...any) error {
	if err := tx.write(); err != nil {
		return err
	}
	return tx.fail(tx.conn.exec(text, args...))
}

// changed makes a change and tells how many rows it was about.
func (tx *Tx) changed(text string, args ...any) (int64, error) {
	if err := tx.write(); err != nil {
		return 0, err
	}
	n, err := tx.conn.changed(text, args...)
	return n, tx.fail(err)
}

// firstChanged makes a change that returns rows, calls scan with the first of them, and tells
// whether there was one.
func (tx *Tx) firstChanged(text string, args []any, scan func(values)) (bool, error) {
	if err := tx.write(); err != nil {
		return false, err
	}
	return tx.first(text, args, scan)
}

// first calls scan with the first row of a query, and tells whether there was one.
func (tx *Tx) first(text string, args []any, scan func(values)) (bool, error) {
	if tx.err != nil {
		return false, tx.err
	}
	found, err := first(tx.conn, text, args, scan)
	return found, tx.fail(err)
}

// each calls scan for every row of a query, until it returns false.
func (tx *Tx) each(text string, args []any, scan func(values) bool) error {
	if tx.err != nil {
		return tx.err
	}
	return tx.fail(tx.conn.query(text, args, scan))
}

// millis is a time as it is stored: Unix milliseconds, and 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is a stored time.
func instant(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}
