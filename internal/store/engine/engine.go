package engine

import (
	"context"
	"time"
)

// Engine opens connections to an account's tables.
type Engine interface {
	// Writer connects, brings the schema up to date, checks whose store it is, and takes a lease.
	Writer(ctx context.Context) (Writer, error)
	// Reader connects for views.
	Reader(ctx context.Context) (Conn, error)
	Traits() Traits
	// Space is the room that the store takes and has. It needs no connection, so that a full volume
	// is told of too. The error is errors.ErrUnsupported where that cannot be seen from here.
	Space() (Space, error)
	// OutageCause says which outage an error is a sign of.
	OutageCause(err error) OutageCause
}

// Traits are what the store does otherwise for one engine than for another.
type Traits struct {
	// Shared says that other processes may be at work on the same account, and change rows between
	// two transactions of this one.
	Shared bool
	// MaxBatch bounds how many operations share a transaction, and so how long one operation can be
	// held up by the others.
	MaxBatch int
	// Remote says that a question is a journey: what the operations of a transaction are about is
	// read at once, and what they write is written at once.
	Remote bool
	// RenewEvery is how often a transaction must renew the writer's lease; 0 for a lease that lasts
	// until somebody takes it.
	RenewEvery time.Duration
	// FaultEndsTransaction says that a transaction is over once a statement was refused, unless it
	// goes back to a savepoint.
	FaultEndsTransaction bool
}

// Conn is one connection to an engine, with the statements that it has prepared. One goroutine at a
// time uses it, so it speaks to the driver itself: the pool of database/sql, its locks and its
// conversions would be a third of the time that an operation takes.
//
// Statements are in the SQL that SQLite and PostgreSQL share, with PostgreSQL's numbered
// parameters, each used once and in order.
type Conn interface {
	// Begin starts a transaction: one that holds the account's turn to write, or for a reader a
	// snapshot.
	Begin() error
	// Commit returns nil if and only if the transaction is durable.
	Commit() error
	// Rollback ends a transaction if there is one.
	Rollback()
	// Exec executes a statement. An engine across a network may keep it back until Flush, or until
	// a statement that returns something, and report its failure there. The parameters must stay as
	// they are until then. Of statements that are kept back, those about different rows may change
	// places.
	Exec(text string, args ...any) error
	// Flush returns when no statement is kept back any more.
	Flush() error
	// ExecOnce executes a statement of the schema, which will not be needed again.
	ExecOnce(text string) error
	// ExecCounted executes a statement and tells how many rows it changed.
	ExecCounted(text string, args ...any) (int64, error)
	// Query calls scan for every row of a query, until it returns false. scan must not use the
	// connection.
	Query(text string, args []any, scan func(Row) bool) error
	// Ask asks questions, in one exchange where there is a network.
	Ask(questions ...Question) error
	// Violated tells whether an error is the engine's refusal of a statement's data, and names the
	// constraint, the same on every engine. Any other error says that the engine could not do its
	// work.
	Violated(err error) (constraint string, is bool)
	Close() error
}

// Question is a query that is asked once for each of several lists of parameters.
type Question struct {
	Text  string
	Lists [][]any
	// Scan is called for every row, with the index of its list. It must not use the connection.
	Scan func(of int, row Row)
}

// Writer is the connection that changes the account. It holds a lease: a number that nobody had
// before, under which messages are claimed. While a lease lasts, what was claimed under it is under
// way; when it is over, nobody knows what became of it. Begin checks within the transaction that
// the lease and the schema are still the writer's own, so that a process which was taken over, or
// is older than the schema, commits nothing.
type Writer interface {
	Conn
	// BeginAsking is Begin and, in the same exchange where there is a network, Ask.
	BeginAsking(questions ...Question) error
	// Lease is the current lease's number.
	Lease() int64
	// HoldsLease tells whether what was claimed under a lease is still this process's to send.
	// Anyone may ask.
	HoldsLease(lease int64) bool
	// Replicas is how many processes are at work on the account, this one included, as of the last
	// commit. Anyone may ask.
	Replicas() int64
	// ClockOffset is how far the database's clock is ahead of this machine's, as of the last
	// transaction. Anyone may ask.
	ClockOffset() time.Duration
	// Exchanges is how often the connection has waited for an answer that had to travel; 0 where
	// nothing travels.
	Exchanges() int64
	// LastInserted is the key that the engine gave to the last row, if it tells without being
	// asked.
	LastInserted() (seq int64, known bool)
	// HasExpiredLeases tells whether there are leases of others that have run out, and
	// TakeExpiredLeases ends them. Both are a part of the transaction.
	HasExpiredLeases() (bool, error)
	TakeExpiredLeases() error
	// AsyncCommit says that the transaction has changed nothing that anyone will be told of: its
	// commit need not be durable.
	AsyncCommit() error
}

// Overlapping is a writer across a network, whose next transaction may begin in the exchange that
// ends the one before.
type Overlapping interface {
	Writer
	// Alone tells whether nobody else can be waiting for the turn, as of the current transaction.
	Alone() bool
	// CommitAndAsk is Commit, and sends behind it what BeginAsking would send. If it returns nil,
	// Answered waits for that, and begins the transaction; if not, none has begun, and the
	// questions are not asked.
	CommitAndAsk(questions ...Question) error
	Answered() error
}

// Row is the columns of a row. They are valid until the next row is read; what Text and Bytes
// return is the caller's.
type Row interface {
	// Len is how many columns there are.
	Len() int
	// Int is an integer, 0 where the column is null.
	Int(column int) int64
	// Text is a text, empty where the column is null.
	Text(column int) string
	// Bytes is a byte string, nil where the column is null.
	Bytes(column int) []byte
}

// First calls scan with the first row of a query, and tells whether there was one.
func First(c Conn, text string, args []any, scan func(Row)) (bool, error) {
	found := false
	err := c.Query(text, args, func(row Row) bool {
		scan(row)
		found = true
		return false
	})
	return found, err
}

// Space is the room that an embedded store takes, and that its volume has. In bytes.
type Space struct {
	// Size is that of the database file and of its write-ahead log.
	Size int64
	// Free is what this process may still write, Volume the size of the whole file system.
	Free, Volume int64
}
