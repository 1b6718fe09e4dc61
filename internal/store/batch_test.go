package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/store"
)

// openCounting opens a store that tells how many operations each commit had.
func openCounting(t *testing.T, commits chan int) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{
		Path: filepath.Join(t.TempDir(), "guichet.db"), AccountUID: accountUID, Keys: newKeys(t),
		OnCommit: func(c store.Commit) { commits <- c.Operations },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	<-commits // opening looks whether another account had the ledger
	return s
}

// together runs operations that are certain to share one transaction: they wait behind one that is
// held up until all of them have been given.
func together(t *testing.T, s *store.Store, operations ...func(*store.Tx) error) []error {
	t.Helper()
	return togetherAbout(t, s, nil, operations...)
}

// togetherAbout is together of operations that all say what they are about.
func togetherAbout(t *testing.T, s *store.Store, about []store.Subject, operations ...func(*store.Tx) error) []error {
	t.Helper()
	release, holding := make(chan struct{}), make(chan struct{})
	errs := make([]error, len(operations))
	var group sync.WaitGroup
	group.Go(func() {
		if err := s.Update(context.Background(), func(*store.Tx) error {
			close(holding)
			<-release
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	<-holding
	for i, fn := range operations {
		before := s.Waiting()
		group.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					errs[i] = fmt.Errorf("panic: %v", r)
				}
			}()
			errs[i] = s.Update(context.Background(), fn, about...)
		})
		for s.Waiting() == before {
			runtime.Gosched()
		}
	}
	close(release)
	group.Wait()
	return errs
}

func TestWaitingOperationsShareACommit(t *testing.T) {
	commits := make(chan int, 10)
	s := openCounting(t, commits)
	operations := make([]func(*store.Tx) error, 20)
	for n := range operations {
		operations[n] = func(tx *store.Tx) error { return tx.Queue().Accept(newMessage(strconv.Itoa(n), customer(n))) }
	}
	for _, err := range together(t, s, operations...) {
		if err != nil {
			t.Error(err)
		}
	}
	if first, second := <-commits, <-commits; first != 1 || second != 20 {
		t.Errorf("commits of %d and %d operations; want 1 and 20", first, second)
	}
}

func TestFailuresUndoTheirOwnWorkOnly(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		mistake := errors.New("a mistake")
		settled := func(id string, n int) func(*store.Tx) error {
			return func(tx *store.Tx) error {
				if err := tx.Queue().Accept(newMessage(id, customer(n))); err != nil {
					return err
				}
				_, err := settle(tx, id)
				return err
			}
		}
		errs := together(t, s,
			settled("first", 1),
			func(tx *store.Tx) error {
				return errors.Join(settled("wrong", 2)(tx), mistake)
			},
			func(tx *store.Tx) error {
				_ = settled("panics", 3)(tx)
				panic("a bug")
			},
			func(tx *store.Tx) error { // the engine's own refusal, which the operation ignores
				_ = tx.Queue().Accept(newMessage("first", customer(4)))
				return nil
			},
			settled("last", 5),
		)
		if errs[0] != nil || errs[4] != nil {
			t.Errorf("good operations failed: %v, %v", errs[0], errs[4])
		}
		if !errors.Is(errs[1], mistake) {
			t.Errorf("the operation's own error = %v; want %v", errs[1], mistake)
		}
		if errs[2] == nil || errs[2].Error() != "panic: a bug" {
			t.Errorf("the panic = %v; want it in its caller", errs[2])
		}
		if !errors.Is(errs[3], store.ErrFault) || errors.Is(errs[3], store.ErrUnavailable) {
			t.Errorf("an ignored error of the engine = %v; want ErrFault, and no outage", errs[3])
		}
		view(t, s, func(tx *store.Tx) error {
			for id, want := range map[string]bool{"first": true, "wrong": false, "panics": false, "last": true} {
				if _, found, err := tx.Messages().ByID(id); err != nil || found != want {
					t.Errorf("message %q found = %v, %v; want %v", id, found, err, want)
				}
			}
			head, totals, err := ledger.Verify(accountUID, tx.Ledger().Entries(0))
			if head.Sequence != 2 {
				t.Errorf("the ledger has %d records; want 2", head.Sequence)
			}
			total, totalErr := tx.Figures().Total(whole)
			if total != totals[whole] || total.Billed != money.MustParse("0.06") {
				t.Errorf("total = %+v, recomputed %+v; want 0.06 in both", total, totals[whole])
			}
			unsettled, depthErr := tx.Depth(store.Unsettled)
			if unsettled != 0 {
				t.Errorf("unsettled = %d; want 0", unsettled)
			}
			return errors.Join(err, totalErr, depthErr)
		})
	})
}

func TestUpdateThatIsGivenUpNeverRuns(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		release, holding := make(chan struct{}), make(chan struct{})
		done := make(chan error, 1)
		go func() {
			done <- s.Update(context.Background(), func(*store.Tx) error {
				close(holding)
				<-release
				return nil
			})
		}()
		<-holding
		ctx, cancel := context.WithCancel(context.Background())
		var ran atomic.Bool
		given := make(chan error, 1)
		go func() {
			given <- s.Update(ctx, func(*store.Tx) error { ran.Store(true); return nil })
		}()
		for s.Waiting() == 0 {
			runtime.Gosched()
		}
		cancel()
		if err := <-given; !errors.Is(err, context.Canceled) {
			t.Errorf("Update = %v; want context.Canceled", err)
		}
		close(release)
		if err := <-done; err != nil {
			t.Error(err)
		}
		update(t, s, func(*store.Tx) error { return nil }) // whatever waited has had its turn
		if ran.Load() {
			t.Error("the operation ran after its caller had given up")
		}
	})
}

func TestP1CloseFinishesWhatWasBegun(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		where, keys := e.newPlace(t), newKeys(t)
		s := where.open(t, keys)
		var group sync.WaitGroup
		var acknowledged sync.Map
		for n := range 50 {
			group.Go(func() {
				id := strconv.Itoa(n)
				err := s.Update(
					context.Background(),
					func(tx *store.Tx) error { return tx.Queue().Accept(newMessage(id, customer(n))) },
				)
				if err == nil {
					acknowledged.Store(id, true)
				} else if !errors.Is(err, store.ErrClosed) {
					t.Error(err)
				}
			})
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		group.Wait()
		if err := s.Update(
			context.Background(), func(*store.Tx) error { return nil },
		); !errors.Is(err, store.ErrClosed) {
			t.Errorf("Update after Close = %v; want ErrClosed", err)
		}
		if err := s.View(context.Background(), func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
			t.Errorf("View after Close = %v; want ErrClosed", err)
		}
		again := where.open(t, keys)
		view(t, again, func(tx *store.Tx) error {
			acknowledged.Range(func(id, _ any) bool {
				if _, found, err := tx.Messages().ByID(id.(string)); err != nil || !found {
					t.Errorf("acknowledged message %v is not there: %v", id, err)
				}
				return true
			})
			return nil
		})
	})
}

func TestViewCannotWrite(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		err := s.View(context.Background(), func(tx *store.Tx) error {
			return tx.Queue().Accept(newMessage("a", customer(1)))
		})
		if !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("Accept in a View = %v; want ErrReadOnly", err)
		}
		view(t, s, func(tx *store.Tx) error {
			_, found, err := tx.Messages().ByID("a")
			if found {
				t.Error("the view stored a message")
			}
			return err
		})
	})
}

func TestOpenRefuses(t *testing.T) {
	path, keys := filepath.Join(t.TempDir(), "guichet.db"), newKeys(t)
	if err := open(t, path, keys).Close(); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(t.TempDir(), "guichet.db")
	if err := open(t, newer, keys).Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, place{path: newer}, `INSERT INTO schema_migrations (version) VALUES (99)`)
	tests := map[string]struct {
		options store.Options
		want    string
	}{
		"another account": {
			store.Options{Path: path, AccountUID: "other", Keys: keys}, "it holds ledger " + accountUID,
		},
		"a newer schema": {
			store.Options{Path: newer, AccountUID: accountUID, Keys: keys},
			"it has schema version 99 and this program knows ",
		},
		"no keys": {store.Options{Path: path, AccountUID: accountUID}, "needs the account's keys"},
		"no directory": {
			store.Options{Path: filepath.Join(path, "x", "guichet.db"), AccountUID: accountUID, Keys: keys},
			"the store cannot be opened",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(context.Background(), tc.options)
			if err == nil {
				s.Close()
				t.Fatal("Open succeeded")
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Open = %v; want an error with %q", err, tc.want)
			}
		})
	}
}
