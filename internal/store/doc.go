// Package store is the durable state of one account: conversations, messages and their queue,
// callbacks, counts, and the ledger.
//
// It is one SQL schema and one API on two engines: SQLite, embedded in the one process that uses
// it, and PostgreSQL, where any number of replicas share an account. Replicas take turns to write,
// so all that follows holds for them together. Every change is an operation given to
// [Store.Update]: a function that reads and writes through a [Tx]. Operations are executed one
// after the other, so a decision that an operation bases on what it read is exact. Operations that
// wait share one transaction and one fsync, and an operation without company waits for nobody.
// Update returns only when the operation is durable, and an operation that fails undoes its own
// work and nobody else's.
//
// Nothing that could name a customer is stored in plain text: contents, recipients and callbacks
// are sealed, and customers are keyed hashes. Times are kept in milliseconds; amounts as exact
// decimals.
package store
