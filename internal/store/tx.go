package store

import (
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Tx is how an operation reads and writes, by subject. It is valid only within the function that it
// was given to, and for one goroutine.
//
// The first error of the engine is remembered: the operation fails with it whatever its function
// returns.
type Tx struct{ transaction }

// The subjects of a Tx. Each is a view of the same operation, and costs nothing.
type (
	// Queue is the messages that the upstream does not have yet, in each customer's line, and their
	// way to it.
	Queue struct{ *transaction }
	// Messages are all messages that are known.
	Messages struct{ *transaction }
	// Ledger is the ledger, and how a message ends in it.
	Ledger struct{ *transaction }
	// Figures are what was counted, billed and reserved.
	Figures struct{ *transaction }
	// CallbackQueue is the deliveries to the business's endpoint.
	CallbackQueue struct{ *transaction }
	// People are customers: their addresses, and what is remembered of them.
	People struct{ *transaction }
	// Intake is what the upstream has told that belongs to no message yet, or not to one alone.
	Intake struct{ *transaction }
	// Upkeep is what is done to the rows whatever they say.
	Upkeep struct{ *transaction }
)

// Queue is the messages that the upstream does not have yet.
func (tx *Tx) Queue() Queue { return tx.queue() }

// Messages are all messages that are known.
func (tx *Tx) Messages() Messages { return tx.messages() }

// Ledger is the ledger.
func (tx *Tx) Ledger() Ledger { return tx.ledger() }

// Figures are what was counted, billed and reserved.
func (tx *Tx) Figures() Figures { return tx.figures() }

// Callbacks is the deliveries to the business's endpoint.
func (tx *Tx) Callbacks() CallbackQueue { return tx.callbacks() }

// People are the customers.
func (tx *Tx) People() People { return tx.people() }

// Intake is what the upstream has told.
func (tx *Tx) Intake() Intake { return Intake{&tx.transaction} }

// Upkeep is what is done to the rows whatever they say.
func (tx *Tx) Upkeep() Upkeep { return Upkeep{&tx.transaction} }

// transaction is what all operations of a transaction share, and what the current one has read and
// changed.
type transaction struct {
	store    *Store
	conn     engine.Conn
	readOnly bool
	tally    *tally
	known    []*Message // those that the operation has read, each once
	byID     map[string]*Message
	// byCustomer are the first messages, so many as are sorted, see give.
	byCustomer map[Person][]*Message
	sorted     int
	saved      bool // whether the operation has its savepoint
	readied    bool // whether the operation made a message ready that waited behind another
	wrote      bool // whether any operation of the transaction had
	err        error
}

func (tx *transaction) queue() Queue { return Queue{tx} }

func (tx *transaction) messages() Messages { return Messages{tx} }

func (tx *transaction) ledger() Ledger { return Ledger{tx} }

func (tx *transaction) figures() Figures { return Figures{tx} }

func (tx *transaction) callbacks() CallbackQueue { return CallbackQueue{tx} }

func (tx *transaction) people() People { return People{tx} }

const (
	savepoint         = "SAVEPOINT operation"
	releaseSavepoint  = "RELEASE SAVEPOINT operation"
	rollbackSavepoint = "ROLLBACK TO SAVEPOINT operation"
)

// begin starts the next operation of the transaction.
func (tx *transaction) begin() {
	clear(tx.known)
	tx.known = tx.known[:0]
	clear(tx.byID)
	tx.forgetSorted()
	tx.saved, tx.readied = false, false
	tx.err = nil
	tx.tally.begin()
}

// keep makes the operation's work a part of the transaction.
func (tx *transaction) keep() error {
	tx.store.recent.keep(tx.known)
	if !tx.saved {
		return nil
	}
	return tx.conn.Exec(releaseSavepoint)
}

// undo takes back the operation's work. If the engine has failed before the operation wrote, the
// state of the transaction is not known, and it ends.
func (tx *transaction) undo() error {
	tx.store.recent.forgetChannels()
	tx.tally.undo()
	if !tx.saved {
		if tx.goesOn() {
			return nil
		}
		return tx.err
	}
	_ = tx.conn.Flush() // whether what it left waiting succeeds or fails, it is undone
	if err := tx.conn.Exec(rollbackSavepoint); err != nil {
		return err
	}
	if err := tx.conn.Exec(releaseSavepoint); err != nil {
		return err
	}
	return tx.conn.Flush()
}

// goesOn tells whether the transaction is as it was before an operation that has only read and
// failed. Some engines end it at the first refusal.
func (tx *transaction) goesOn() bool {
	return !errors.Is(tx.err, ErrUnavailable) && (!tx.store.traits.FaultEndsTransaction || !errors.Is(tx.err, ErrFault))
}

// fail remembers the engine's first error.
func (tx *transaction) fail(err error) error {
	if err == nil {
		return nil
	}
	if tx.err == nil {
		tx.err = classify(tx.conn, err)
	}
	return tx.err
}

// write prepares for a change: the operation's first one sets its savepoint.
func (tx *transaction) write() error {
	switch {
	case tx.err != nil:
		return tx.err
	case tx.readOnly:
		return ErrReadOnly
	case tx.saved:
		return nil
	}
	if err := tx.conn.Exec(savepoint); err != nil {
		return tx.fail(err)
	}
	tx.saved, tx.wrote = true, true
	return nil
}

// exec makes a change that nobody waits for: on a shared store it travels with the operation's next
// question, or with its end, and its failure is heard there.
func (tx *transaction) exec(text string, args ...any) error {
	if err := tx.write(); err != nil {
		return err
	}
	return tx.fail(tx.conn.Exec(text, args...))
}

// changed makes a change and tells how many rows it was about.
func (tx *transaction) changed(text string, args ...any) (int64, error) {
	if err := tx.write(); err != nil {
		return 0, err
	}
	n, err := tx.conn.ExecCounted(text, args...)
	return n, tx.fail(err)
}

// firstChanged makes a change that returns rows, calls scan with the first of them, and tells
// whether there was one.
func (tx *transaction) firstChanged(text string, args []any, scan func(engine.Row)) (bool, error) {
	if err := tx.write(); err != nil {
		return false, err
	}
	return tx.first(text, args, scan)
}

// first calls scan with the first row of a query, and tells whether there was one.
func (tx *transaction) first(text string, args []any, scan func(engine.Row)) (bool, error) {
	if tx.err != nil {
		return false, tx.err
	}
	found, err := engine.First(tx.conn, text, args, scan)
	return found, tx.fail(err)
}

// each calls scan for every row of a query, until it returns false.
func (tx *transaction) each(text string, args []any, scan func(engine.Row) bool) error {
	if tx.err != nil {
		return tx.err
	}
	return tx.fail(tx.conn.Query(text, args, scan))
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
