package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store"
)

// Two replicas behind a pgbouncer that pools by session, which dies and starts again under their
// traffic: what was acknowledged is there and settled once, and both go on.
func TestP1P2PoolerRestarts(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	pooler := server.Pooler(t, "session")
	at := place{url: pooler.At(server.Database(t))}
	keys := newKeys(t)
	replicas := []*store.Store{at.open(t, keys), at.open(t, keys)}
	var acknowledged sync.Map
	var stopped atomic.Bool
	counts := make([]atomic.Int64, len(replicas)) // of acknowledged messages
	var group sync.WaitGroup
	for worker := range 4 {
		replica := worker % len(replicas)
		group.Go(func() {
			for n := 0; !stopped.Load(); n++ {
				id := fmt.Sprintf("%d-%d", worker, n)
				err := replicas[replica].Update(context.Background(), func(tx *store.Tx) error {
					if err := tx.Queue().Accept(newMessage(id, customer(worker))); err != nil {
						return err
					}
					_, err := settle(tx, id)
					return err
				})
				if err == nil {
					acknowledged.Store(id, true)
					counts[replica].Add(1)
				} else if !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("message %s: %v", id, err)
				}
			}
		})
	}
	progress := func(what string) {
		t.Helper()
		for n := range counts {
			before := counts[n].Load()
			waitUntil(t, fmt.Sprintf("replica %d %s", n, what), func() bool { return counts[n].Load() >= before+10 })
		}
	}
	progress("writes")
	for range 3 {
		pooler.Restart(t)
		progress("goes on")
	}
	stopped.Store(true)
	group.Wait()
	head, err := replicas[0].Audit(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	view(t, replicas[1], func(tx *store.Tx) error {
		total, err := tx.Figures().Total(whole)
		if total.Messages != head.Sequence {
			t.Errorf("%d messages were billed, and the ledger has %d records", total.Messages, head.Sequence)
		}
		return err
	})
	acknowledged.Range(func(id, _ any) bool {
		view(t, replicas[1], func(tx *store.Tx) error {
			_, settled, err := tx.Ledger().Settlement(id.(string))
			if !settled {
				t.Errorf("message %s was acknowledged and is not settled", id)
			}
			return err
		})
		return true
	})
}
