package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store"
)

// waitUntil asks again and again whether something has happened.
func waitUntil(t *testing.T, what string, happened func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !happened() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within a minute", what)
		case <-ticker.C:
		}
	}
}

// pair is a primary with a standby, and the URL by which either is found.
func pair(
	t *testing.T, synchronously bool,
) (primary, standby *postgrestest.Server, database string, at place) {
	t.Helper()
	primary = postgrestest.Start(t)
	database, _, err := primary.Create() // it goes with its server
	if err != nil {
		t.Fatal(err)
	}
	standby, err = primary.Standby()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Stop)
	if err := primary.Replicate(synchronously); err != nil {
		t.Fatal(err)
	}
	url, err := primary.Either(database, standby)
	if err != nil {
		t.Fatal(err)
	}
	return primary, standby, database, place{url: url}
}

// The primary dies under the traffic of two replicas, and the synchronous standby is promoted:
// nothing that was acknowledged is lost, nothing is settled twice, the budget is kept, and it goes
// on within ten seconds.
func TestP1P2P3SynchronousStandbyTakesOver(t *testing.T) {
	t.Parallel()
	primary, standby, _, at := pair(t, true)
	keys := newKeys(t)
	replicas := []*store.Store{at.open(t, keys), at.open(t, keys)}
	limit := money.MustParse("6.00") // of 0.03 each
	var acknowledged sync.Map
	var failed atomic.Bool
	var stopped atomic.Bool
	var promoted, back atomic.Int64
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			s := replicas[worker%len(replicas)]
			for n := 0; !stopped.Load(); n++ {
				id := fmt.Sprintf("%d-%d", worker, n)
				err := s.Update(context.Background(), func(tx *store.Tx) error {
					spent, err := tx.Figures().Total(whole)
					if err != nil || spent.Billed.Cmp(limit) >= 0 {
						return err // the budget is used up
					}
					if err := tx.Queue().Accept(newMessage(id, customer(worker))); err != nil {
						return err
					}
					_, err = settle(tx, id)
					return err
				})
				switch {
				case err == nil:
					acknowledged.Store(id, true)
					if promoted.Load() != 0 {
						back.CompareAndSwap(0, time.Now().UnixNano())
					}
				case errors.Is(err, store.ErrUnavailable):
					failed.Store(true)
				default:
					t.Errorf("message %s: %v", id, err)
				}
			}
		})
	}
	waitUntil(t, "some messages are settled", func() bool {
		n := 0
		acknowledged.Range(func(any, any) bool { n++; return n < 20 })
		return n >= 20
	})
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the traffic meets the failure", failed.Load)
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	promoted.Store(time.Now().UnixNano())
	waitUntil(t, "it goes on", func() bool { return back.Load() != 0 })
	if took := time.Duration(back.Load() - promoted.Load()); took > 10*time.Second {
		t.Errorf("it went on %v after the promotion, want 10 s at most", took)
	}
	stopped.Store(true)
	group.Wait()
	head, err := replicas[0].Audit(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	view(t, replicas[1], func(tx *store.Tx) error {
		total, err := tx.Figures().Total(whole)
		if total.Billed.Cmp(limit) > 0 || total.Messages != head.Sequence {
			t.Errorf("%s was billed for %d of %d records, want at most %s", total.Billed, total.Messages,
				head.Sequence, limit)
		}
		return err
	})
	acknowledged.Range(func(id, _ any) bool {
		view(t, replicas[1], func(tx *store.Tx) error {
			_, settled, err := tx.Ledger().Settlement(id.(string))
			_, kept, also := tx.Messages().ByID(id.(string))
			if kept != settled {
				t.Errorf("message %s was kept %v and settled %v", id, kept, settled)
			}
			return errors.Join(err, also)
		})
		return true
	})
}

// Without a synchronous standby, what was acknowledged last may be gone. The gateway notices.
func TestP14StandbyThatLagsBehindIsNoticed(t *testing.T) {
	t.Parallel()
	primary, standby, database, at := pair(t, false)
	s := at.open(t, newKeys(t))
	accept(t, s, "before", customer(1), store.LaneBulk, noon)
	waitUntil(t, "the standby has followed", func() bool {
		n, err := postgrestest.Changed(
			standby.At(database), `SELECT 1 FROM `+at.schema()+`.messages WHERE id = 'before'`,
		)
		return err == nil && n == 1
	})
	if err := standby.Unfollow(); err != nil {
		t.Fatal(err)
	}
	accept(t, s, "lost", customer(2), store.LaneBulk, noon)
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the database answers again", func() bool {
		err := s.Update(context.Background(), func(*store.Tx) error { return nil })
		if err == nil {
			t.Fatal("an operation ran on a database that lacks what was acknowledged")
		}
		return errors.Is(err, store.ErrSuperseded)
	})
}
