package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// connection is one connection to an engine, with the statements that it has prepared. One
// goroutine at a time uses it, so it speaks to the driver itself: the pool of database/sql, its
// locks and its conversions would be a third of the time that an operation takes.
type connection interface {
	// begin starts a transaction: one that holds the account's turn to write, or for a reader a
	// snapshot.
	begin() error
	// commit returns nil if and only if the transaction is durable.
	commit() error
	// rollback ends a transaction if there is one.
	rollback()
	// exec executes a statement. An engine across a network may keep it back until settle, or until
	// a statement that returns something, and tell of its failure there.
	exec(text string, args ...any) error
	// settle returns when no statement is kept back any more.
	settle() error
	// once executes a statement of the schema, which will not be needed again.
	once(text string) error
	// changed executes a statement and tells how many rows it changed.
	changed(text string, args ...any) (int64, error)
	// query calls scan for every row of a query, until it returns false. scan must not use the
	// connection.
	query(text string, args []any, scan func(values) bool) error
	// violated tells whether an error is the engine's refusal of a statement's data, and names the
	// constraint. Any other error says that the engine could not do its work.
	violated(err error) (constraint string, is bool)
	close() error
}

// writer is the connection that changes the account. It holds a lease: a number that nobody had
// before, under which messages are claimed. While a lease lasts, what was claimed under it is under
// way; when it is over, nobody knows what became of it. begin checks within the transaction that
// the lease and the schema are still the writer's own, so that a process which was taken over, or
// is older than the schema, commits nothing.
type writer interface {
	connection
	// lease is the current lease's number.
	lease() int64
	// holds tells whether what was claimed under a lease is still this process's to send. Anyone
	// may ask.
	holds(lease int64) bool
	// replicas is how many processes are at work on the account, this one included, as of the last
	// commit. Anyone may ask.
	replicas() int64
	// clockOffset is how far the database's clock is ahead of this machine's, as of the last
	// transaction. Anyone may ask.
	clockOffset() time.Duration
	// lastInserted is the key that the engine gave to the last row, if it tells without being
	// asked.
	lastInserted() (seq int64, known bool)
	// leasesToTake tells whether there are leases of others that have run out, and takeLeases ends
	// them. Both are a part of the transaction.
	leasesToTake() (bool, error)
	takeLeases() error
	// ahead reads what the operations of a transaction are about, before them, where that costs
	// less than one after the other.
	ahead(tx *Tx, batch []*operation) error
	// relax says that the transaction has changed nothing that anyone will be told of: its commit
	// need not be durable.
	relax() error
}

// engine opens connections to the account's tables.
type engine interface {
	// writer connects, brings the schema up to date, checks whose store it is, and takes a lease.
	writer(ctx context.Context) (writer, error)
	reader(ctx context.Context) (connection, error)
}

// values are the columns of a row. They are valid until the next row is read; what Text and Bytes
// return is the caller's.
type values interface {
	// Len is how many there are.
	Len() int
	// Int is an integer, 0 where the column is null.
	Int(column int) int64
	// Text is a text, empty where the column is null.
	Text(column int) string
	// Bytes is a byte string, nil where the column is null.
	Bytes(column int) []byte
}

// first calls scan with the first row of a query, and tells whether there was one.
func first(c connection, text string, args []any, scan func(values)) (bool, error) {
	found := false
	err := c.query(text, args, func(v values) bool {
		scan(v)
		found = true
		return false
	})
	return found, err
}

// errParameter says that a statement was given what no column can hold: a mistake of this package.
var errParameter = errors.New("a parameter cannot be stored")

// unavailable marks an error of the engine. It keeps the engine's own text, which names the cause
// and holds no value.
func unavailable(err error) error {
	if err == nil || errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
