package store_test

import (
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

func TestPairsLimitIsRememberedUntilItIsWhole(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		fullAt := func(channel string, who seal.CustomerHash) (at time.Time) {
			view(t, s, func(tx *store.Tx) (err error) {
				at, err = tx.People().PairFullAt(channel, who)
				return err
			})
			return at
		}
		put := func(who seal.CustomerHash, at time.Time) {
			update(t, s, func(tx *store.Tx) error { return tx.People().PutPairFullAt("1066", who, at) })
		}
		if got := fullAt("1066", customer(1)); !got.IsZero() {
			t.Fatalf("a pair that never sent is whole at %s; want the zero time", got)
		}
		put(customer(1), noon.Add(time.Minute))
		put(customer(1), noon.Add(2*time.Minute))
		put(customer(2), noon.Add(time.Hour))
		if got := fullAt("1066", customer(1)); !got.Equal(noon.Add(2 * time.Minute)) {
			t.Fatalf("the pair is whole at %s; want what was put last", got)
		}
		if got := fullAt("1067", customer(1)); !got.IsZero() {
			t.Fatalf("another channel's pair is whole at %s; want the zero time", got)
		}
		update(t, s, func(tx *store.Tx) error {
			removed, err := tx.Upkeep().Purge(noon.Add(2*time.Minute), store.PurgeLimits{Rows: 10})
			if removed != 1 {
				t.Errorf("purged %d rows; want the pair that is whole again", removed)
			}
			return err
		})
		if got := fullAt("1066", customer(1)); !got.IsZero() {
			t.Fatalf("the pair is still remembered, as whole at %s", got)
		}
		update(t, s, func(tx *store.Tx) error {
			_, err := tx.People().Erase("1066", []seal.CustomerHash{customer(2)}, store.Erasure{}, 10)
			return err
		})
		if got := fullAt("1066", customer(2)); !got.IsZero() {
			t.Fatalf("an erased customer's pair is still remembered, as whole at %s", got)
		}
	})
}

// What one call removes is bounded, so that an operation stays short however many pairs have become
// whole.
func TestPurgeForgetsAPageOfPairs(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			for n := range 5 {
				at := noon.Add(time.Duration(n) * time.Second)
				if err := tx.People().PutPairFullAt("1066", customer(n), at); err != nil {
					return err
				}
			}
			return nil
		})
		for _, want := range []int64{2, 2, 0} { // the last one is not whole yet
			update(t, s, func(tx *store.Tx) error {
				removed, err := tx.Upkeep().Purge(noon.Add(3*time.Second), store.PurgeLimits{Rows: 2})
				if removed != want {
					t.Errorf("purged %d pairs; want %d", removed, want)
				}
				return err
			})
		}
	})
}
