// Package messages is the outbound messages: their customers' lines, their way to the
// upstream, and how each of them ends in the ledger.
package messages

import (
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/callbacks"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Tx is a transaction with the messages that the current operation has read.
type Tx struct {
	*callbacks.Tx
	Recent *recent
	Known  []*Message // those that the operation has read, each once
	byID   map[string]*Message
	// byCustomer are the first messages, so many as are sorted, see Give.
	byCustomer map[txn.Person][]*Message
	sorted     int
	readied    bool // whether the operation made a message ready that waited behind another
	// fronts are the fronts of lines, and unused the idempotency keys that nobody has used.
	fronts txn.Ahead[txn.Person, front]
	unused txn.Ahead[string, bool]
}

// New adds messages to a transaction. Shared says that others change them too.
func New(tx *callbacks.Tx, shared bool) *Tx {
	return &Tx{Tx: tx, Recent: newRecent(shared)}
}

// Reset begins a transaction.
func (tx *Tx) Reset() {
	tx.Tx.Reset()
	tx.forgetOperation()
	tx.forgetFronts()
}

// Undo takes back the operation's work.
func (tx *Tx) Undo() error {
	tx.fronts.Undo()
	tx.unused.Undo()
	return tx.Tx.Undo()
}

func (tx *Tx) forgetFronts() {
	tx.fronts.Clear()
	tx.unused.Clear()
}

// Begin starts the next operation of the transaction.
func (tx *Tx) Begin() {
	tx.Tx.Begin()
	tx.forgetOperation()
	tx.fronts.Begin()
	tx.unused.Begin()
}

// forgetOperation forgets what the operation before has read.
func (tx *Tx) forgetOperation() {
	clear(tx.Known)
	tx.Known = tx.Known[:0]
	clear(tx.byID)
	tx.forgetSorted()
	tx.readied = false
}

// Keep makes the operation's work a part of the transaction.
func (tx *Tx) Keep() error {
	tx.Recent.Keep(tx.Known)
	return tx.Tx.Keep()
}

// Forget remembers nothing of the transactions before.
func (tx *Tx) Forget() {
	tx.Tx.Forget()
	tx.Recent.forget()
	tx.forgetFronts()
}

// Committed remembers what the transaction has left, if nobody else can change it from now on.
func (tx *Tx) Committed() {
	if tx.Recent.shared {
		tx.Forget()
		return
	}
	tx.Recent.commit()
}

// Snapshot returns how to put what the operation has in memory back to what it is now.
func (tx *Tx) Snapshot() (undo func()) {
	messages, readied := append([]*Message{}, tx.Known...), tx.readied
	values := make([]Message, 0, len(messages))
	for _, m := range messages {
		values = append(values, *m)
	}
	cells := tx.BeginAttempt()
	return func() {
		cells()
		clear(tx.Known)
		clear(tx.byID)
		tx.forgetSorted()
		tx.Known, tx.readied = tx.Known[:0], readied
		for i, m := range messages {
			*m = values[i]
			tx.know(m)
		}
	}
}

// The subjects of an operation that are about messages.
type (
	// Queue is the messages that the upstream does not have yet, in each customer's line, and their
	// way to it.
	Queue struct{ tx *Tx }
	// Messages are all messages that are known.
	Messages struct{ tx *Tx }
	// Ledger is the ledger, and how a message ends in it.
	Ledger struct {
		books.Records
		tx *Tx
	}
)

// Queue is the messages that the upstream does not have yet.
func (tx *Tx) Queue() Queue { return Queue{tx} }

// Messages are all messages that are known.
func (tx *Tx) Messages() Messages { return Messages{tx} }

// Ledger is the ledger.
func (tx *Tx) Ledger() Ledger { return Ledger{tx.Records(), tx} }
