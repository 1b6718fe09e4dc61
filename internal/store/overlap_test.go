package store_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/guichet-dev/guichet/internal/store"
)

// queued gives a store operations, each of which waits when the next one is given. They run once
// release is called, in their order; wait is for their outcomes.
func queued(t *testing.T, s *store.Store, operations ...func(*store.Tx) error) (wait func() []error) {
	t.Helper()
	errs := make([]error, len(operations))
	var group sync.WaitGroup
	for i, fn := range operations {
		before := s.Waiting()
		group.Go(func() { errs[i] = s.Update(context.Background(), fn) })
		for s.Waiting() == before {
			runtime.Gosched()
		}
	}
	return func() []error {
		group.Wait()
		return errs
	}
}

// holding is an operation that has begun when it returns, and goes on once it is released.
func holding(s *store.Store, fn func(*store.Tx) error) (release func(), wait func() error) {
	begun, goOn, outcome := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var once sync.Once // a transaction that is taken apart runs again
	go func() {
		outcome <- s.Update(context.Background(), func(tx *store.Tx) error {
			once.Do(func() { close(begun) })
			<-goOn
			return fn(tx)
		})
	}()
	<-begun
	return func() { close(goOn) }, func() error { return <-outcome }
}

func accepting(id string, n int) func(*store.Tx) error {
	return func(tx *store.Tx) error { return tx.Queue().Accept(newMessage(id, customer(n))) }
}

// What waits when a transaction is committed begins in the same exchange, unless another replica
// may be waiting for its turn.
func TestNextTransactionBeginsWithTheCommit(t *testing.T) {
	for name, tc := range map[string]struct{ others, exchanges int }{
		"alone":                  {0, 1},
		"beside another replica": {1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			where, keys := shared.newPlace(t), newKeys(t)
			commits := make(chan store.Commit, 100)
			for range tc.others {
				where.open(t, keys)
			}
			options := where.options(keys)
			options.OnCommit = func(c store.Commit) { commits <- c }
			s, err := store.Open(context.Background(), options)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			accept(t, s, "warm", customer(9), store.LaneBulk, noon)
			release, held := holding(s, accepting("first", 0))
			wait := queued(t, s, accepting("a", 1), accepting("b", 2), accepting("c", 3))
			largest(commits)
			release()
			if err := errors.Join(append(wait(), held())...); err != nil {
				t.Fatal(err)
			}
			c := largest(commits)
			if c.Operations != 3 || c.Exchanges-c.Unforeseen != int64(tc.exchanges) {
				t.Errorf(
					"%d operations took %d round trips, %d of them unforeseen; want 3 and %d others", c.Operations,
					c.Exchanges, c.Unforeseen, tc.exchanges,
				)
			}
		})
	}
}

// A transaction that is refused when the next one is on its way is taken apart, and the next one
// begins anew.
func TestP1P2NextTransactionSurvivesARefusalBeforeIt(t *testing.T) {
	t.Parallel()
	where, keys := shared.newPlace(t), newKeys(t)
	s := where.open(t, keys)
	accept(t, s, "taken", customer(0), store.LaneBulk, noon)
	release, held := holding(s, accepting("first", 1))
	gate := make(chan struct{})
	var once sync.Once
	begun := make(chan struct{})
	second := queued(t, s, func(tx *store.Tx) error {
		once.Do(func() { close(begun) })
		<-gate
		return accepting("a", 2)(tx)
	}, accepting("taken", 3))
	release()
	<-begun
	third := queued(t, s, accepting("b", 4), accepting("c", 5))
	close(gate)
	errs := append(second(), third()...)
	for i, err := range append(errs, held()) {
		if i == 1 != errors.Is(err, store.ErrFault) || i != 1 && err != nil {
			t.Errorf("operation %d: %v", i, err)
		}
	}
	for _, id := range []string{"first", "a", "b", "c"} {
		if !isThere(t, s, id) {
			t.Errorf("message %s was acknowledged and is not there", id)
		}
	}
	view(t, s, func(tx *store.Tx) error {
		depth, err := tx.Depth(store.Outbound)
		if depth != 5 {
			t.Errorf("%d messages are outbound; want 5", depth)
		}
		return err
	})
}

// The connection is cut at a commit with which the next transaction begins. Each operation is there
// if and only if it was acknowledged, and what never arrived is tried again on a new connection.
func TestP1P2CutBetweenOverlappingTransactions(t *testing.T) {
	text := "COMMIT\x00"
	for name, tc := range map[string]struct {
		cut       func(*proxy)
		committed bool
	}{
		"the answer is lost":   {func(p *proxy) { p.cutAtAnswer.Store(&text) }, true},
		"it has not got there": {func(p *proxy) { p.cutAtRequest.Store(&text) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			where, keys := shared.newPlace(t), newKeys(t)
			p, through := newProxy(t, where.url)
			s := place{url: through}.open(t, keys)
			p.cutAll() // on a new connection the statement's text travels once more
			release, held := holding(s, accepting("first", 0))
			wait := queued(t, s, accepting("a", 1), accepting("b", 2))
			tc.cut(p)
			release()
			err, errs := held(), wait()
			if p.cuts.Load() != 1 {
				t.Fatalf("the proxy cut %d times; want 1", p.cuts.Load())
			}
			if tc.committed && err != nil || !tc.committed && !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("the transaction before the cut: %v; want committed: %v", err, tc.committed)
			}
			if err := errors.Join(errs...); err != nil {
				t.Errorf("the transaction that was on its way: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			direct := where.open(t, keys)
			for id, want := range map[string]bool{"first": tc.committed, "a": true, "b": true} {
				if got := isThere(t, direct, id); got != want {
					t.Errorf("message %s is there: %v; want %v", id, got, want)
				}
			}
		})
	}
}
