package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// maxWaiting bounds the operations that wait for the writer; further callers of Update wait for
// room.
const maxWaiting = 512

// operation is a function that waits for its turn and then for its commit.
type operation struct {
	fn       func(*Tx) error
	subjects []Subject
	started  atomic.Bool // by the writer, or by a caller that gave up
	done     chan struct{}
	err      error
	panic    any
}

// Update runs fn in a transaction and returns when what it did is durable. An error of fn undoes
// all that fn did, and is returned as it is; a panic of fn does too, and goes on in the caller.
// When ctx ends before fn has begun, fn never runs; after that Update waits for the outcome.
//
// The subjects are a hint and change nothing: a shared store reads the messages and conversations
// that the operations of a transaction are about all at once.
//
// fn runs on the store's one writer: it must not block, call Update, keep its Tx, or end its
// goroutine (as testing's FailNow does).
func (s *Store) Update(ctx context.Context, fn func(*Tx) error, about ...Subject) error {
	if err := s.refusal(ctx); err != nil {
		return err
	}
	op := &operation{fn: fn, subjects: about, done: make(chan struct{})}
	select {
	case s.queue <- op:
	case <-s.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-op.done:
	case <-ctx.Done():
		if op.started.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		<-op.done
	case <-s.closed:
		// The writer is gone. It finished this operation, or will never begin it.
		if op.started.CompareAndSwap(false, true) {
			return ErrClosed
		}
		<-op.done
	}
	if op.panic != nil {
		panic(op.panic)
	}
	return op.err
}

// batch is the operations that share a transaction.
type batch struct {
	operations []*operation
	// begun waits until the transaction has begun, which was sent with the commit of the one
	// before; nil if it was not.
	begun func() error
}

// write is the writer: it takes what waits, commits it together, and lets it go.
func (s *Store) write() {
	defer close(s.closed)
	for next := (batch{}); ; {
		if len(next.operations) == 0 {
			next.operations = s.gather()
		}
		if len(next.operations) == 0 {
			return
		}
		next = s.commit(next, true)
	}
}

// commit commits a batch and lets its operations go. Where the database refuses a change and more
// than one operation may be at fault, nothing of the batch was kept: it is taken apart, and its
// operations run again. If it may, it takes what waits by then along: that is the next batch.
func (s *Store) commit(b batch, along bool) (next batch) {
	began := time.Now()
	next, err := s.commitBatch(b, along)
	if n := len(b.operations); n > 1 && (errors.Is(err, ErrFault) || errors.Is(err, engine.ErrParameter)) {
		s.commit(batch{operations: b.operations[:n/2]}, false)
		s.commit(batch{operations: b.operations[n/2:]}, false)
		return next
	}
	if s.options.OnCommit != nil && err == nil {
		s.options.OnCommit(s.committed(len(b.operations), time.Since(began)))
	}
	s.health.recordOutcome(err, s.options.Clock.Now())
	if errors.Is(err, ErrSuperseded) {
		s.superseded.Store(&err)
	}
	for _, op := range b.operations {
		if err != nil {
			op.err = err
		}
		s.health.recordFault(op.err, s.options.Clock.Now())
		close(op.done)
	}
	return next
}

// Commit is what a transaction took.
type Commit struct {
	// Operations is how many shared it, and Took how long it took with its fsync.
	Operations int
	Took       time.Duration
	// Exchanges is how often a shared store's server was waited for, and Unforeseen how many of
	// those an operation had to wait for by itself.
	Exchanges, Unforeseen int64
}

func (s *Store) committed(operations int, took time.Duration) Commit {
	exchanges := s.writer.Exchanges()
	c := Commit{
		Operations: operations, Took: took, Exchanges: exchanges - s.exchanges, Unforeseen: s.unforeseen,
	}
	s.exchanges = exchanges
	return c
}

// gather waits for one operation and takes those that are waiting by then. It returns none when the
// store is closing and nothing waits any more.
func (s *Store) gather() []*operation {
	for {
		var first []*operation
		select {
		case op := <-s.queue:
			first = begin(first, op)
		case <-s.closing:
			return s.waiting(nil)
		}
		if batch := s.waiting(first); len(batch) > 0 {
			return batch
		}
	}
}

// waiting adds the operations that are waiting to a batch.
func (s *Store) waiting(batch []*operation) []*operation {
	for len(batch) < s.traits.MaxBatch {
		select {
		case op := <-s.queue:
			batch = begin(batch, op)
		default:
			return batch
		}
	}
	return batch
}

// begin adds an operation to the batch unless its caller has given up.
func begin(batch []*operation, op *operation) []*operation {
	if op.started.CompareAndSwap(false, true) {
		return append(batch, op)
	}
	return batch
}

// commitBatch executes the operations in one transaction, and begins that of the next batch if it
// may. It returns an error if nothing of them is kept; the error of one operation is left with it.
func (s *Store) commitBatch(b batch, along bool) (next batch, err error) {
	defer func() {
		if err != nil {
			s.writer.Rollback()
			s.tx.all.Forget()
			err = txn.Classify(s.writer, err)
		}
	}()
	tx := s.tx
	if b.begun == nil {
		b.begun = func() error { return tx.begin(b.operations) }
	}
	if err := b.begun(); err != nil {
		return next, err
	}
	for _, op := range b.operations {
		if err := tx.execute(op); err != nil {
			return next, err
		}
	}
	if err := tx.all.FlushTally(); err != nil {
		return next, err
	}
	written := tx.all.HasWritten()
	if !written {
		if err := s.writer.AsyncCommit(); err != nil {
			return next, err
		}
	}
	s.unforeseen = tx.all.Unforeseen
	began := time.Now()
	next, err = s.end(along)
	if err == nil && written && s.options.OnSync != nil {
		s.options.OnSync(time.Since(began))
	}
	return next, err
}

// end commits the transaction. If it may take others along, and nobody else waits for the turn,
// the transaction of what waits by now begins in the same exchange.
func (s *Store) end(along bool) (next batch, err error) {
	if overlapping, can := s.writer.(engine.Overlapping); along && can && overlapping.Alone() {
		if next.operations = s.waiting(nil); len(next.operations) > 0 {
			next.begun, err = s.tx.commitAndBegin(overlapping, next.operations)
			return next, err
		}
	}
	if err := s.writer.Commit(); err != nil {
		return next, err
	}
	s.tx.all.Committed()
	return next, nil
}

// execute runs one operation. Its own failure is left with it, after its work is undone; the
// returned error is one that ends the whole transaction. Of a remote engine, any refusal does: it
// may be that of an operation before.
func (tx *Tx) execute(op *operation) error {
	tx.all.Begin()
	op.err, op.panic = nil, nil
	func() {
		defer func() { op.panic = recover() }()
		op.err = op.fn(tx)
		if op.err == nil {
			op.err = tx.all.FlushMessages()
		}
		if op.err == nil {
			op.err = tx.all.Failure()
		}
	}()
	if tx.all.Remote() && errors.Is(tx.all.Failure(), ErrFault) {
		return tx.all.Failure()
	}
	if op.err == nil && op.panic == nil {
		return tx.all.Keep()
	}
	if err := tx.all.Undo(); err != nil {
		return fmt.Errorf("an operation could not be undone: %w", err)
	}
	return nil
}

// Waiting is how many operations wait for the writer.
func (s *Store) Waiting() int { return len(s.queue) }
