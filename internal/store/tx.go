package store

import (
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/callbacks"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/intake"
	"github.com/guichet-dev/guichet/internal/store/messages"
	"github.com/guichet-dev/guichet/internal/store/people"
	"github.com/guichet-dev/guichet/internal/store/txn"
	"github.com/guichet-dev/guichet/internal/store/upkeep"
)

// Tx is how an operation reads and writes, by subject. It is valid only within the function that it
// was given to, and for one goroutine.
//
// The first error of the engine is remembered: the operation fails with it whatever its function
// returns.
type Tx struct{ all *upkeep.Tx }

// newTx is how the transactions of a connection are used; without a writer it is a view.
func newTx(
	conn engine.Conn, writer engine.Writer, keys *seal.Keys, genesis ledger.Hash, traits engine.Traits,
) *Tx {
	books := books.New(txn.New(conn, writer, keys, traits), genesis)
	messages := messages.New(callbacks.New(intake.New(books)), traits.Shared)
	return &Tx{upkeep.New(people.New(messages))}
}

// Queue is the messages that the upstream does not have yet.
func (tx *Tx) Queue() messages.Queue { return tx.all.Queue() }

// Messages are all messages that are known.
func (tx *Tx) Messages() messages.Messages { return tx.all.Messages() }

// Ledger is the ledger.
func (tx *Tx) Ledger() messages.Ledger { return tx.all.Ledger() }

// Figures are what was counted, billed and reserved.
func (tx *Tx) Figures() books.Figures { return tx.all.Figures() }

// Callbacks is the deliveries to the business's endpoint.
func (tx *Tx) Callbacks() callbacks.CallbackQueue { return tx.all.Callbacks() }

// People are the customers.
func (tx *Tx) People() people.People { return tx.all.People() }

// Intake is what the upstream has told.
func (tx *Tx) Intake() intake.Intake { return tx.all.Intake() }

// Upkeep is what is done to the rows whatever they say.
func (tx *Tx) Upkeep() upkeep.Upkeep { return tx.all.Upkeep() }

// Depth tells how many there are.
func (tx *Tx) Depth(of books.Depth) (int64, error) { return tx.all.Depth(of) }
