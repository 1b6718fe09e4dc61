package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/store"
)

func TestPurgeRemovesSettledMessagesOnly(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			for n, id := range []string{"settled", "open", "young"} {
				m := newMessage(id, customer(n))
				if id == "young" {
					m.AcceptedAt = noon.Add(time.Hour)
				}
				if err := tx.Queue().Accept(m); err != nil {
					return err
				}
				if id != "open" {
					if _, err := settle(tx, id); err != nil {
						return err
					}
				}
			}
			return nil
		})
		update(t, s, func(tx *store.Tx) error {
			removed, err := tx.Upkeep().Purge(
				noon.Add(time.Hour), store.PurgeLimits{SettledBefore: noon.Add(time.Minute), Rows: 10},
			)
			if removed != 1 {
				t.Errorf("purged %d rows; want 1", removed)
			}
			return err
		})
		view(t, s, func(tx *store.Tx) error {
			for id, want := range map[string]bool{"settled": false, "open": true, "young": true} {
				if _, found, err := tx.Messages().ByID(id); err != nil || found != want {
					t.Errorf("message %q found = %v, %v; want %v", id, found, err, want)
				}
			}
			_, found, err := tx.Ledger().Settlement("settled")
			if !found {
				t.Error("the ledger lost the record of a purged message")
			}
			return err
		})
	})
}

// Messages that stay unsettled, for want of a rate, do not keep the purge from those behind them.
func TestPurgeGoesPastMessagesThatStay(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			for n := range 25 {
				id := fmt.Sprintf("m%02d", n)
				if err := tx.Queue().Accept(newMessage(id, customer(n))); err != nil {
					return err
				}
				if n < 12 { // these stay
					continue
				}
				if _, err := settle(tx, id); err != nil {
					return err
				}
			}
			return nil
		})
		var removed []int64
		for range 8 {
			update(t, s, func(tx *store.Tx) error {
				n, err := tx.Upkeep().Purge(noon, store.PurgeLimits{SettledBefore: noon.Add(time.Hour), Rows: 5})
				removed = append(removed, n)
				return err
			})
		}
		// Pages of five: 12 that stay, 13 that go; then the end, and from the beginning again.
		if want := []int64{0, 0, 3, 5, 5, 0, 0, 0}; !slices.Equal(removed, want) {
			t.Errorf("removed %v; want %v", removed, want)
		}
		view(t, s, func(tx *store.Tx) error {
			for n := range 25 {
				_, found, err := tx.Messages().ByID(fmt.Sprintf("m%02d", n))
				if err != nil {
					return err
				}
				if want := n < 12; found != want {
					t.Errorf("message %d found = %v; want %v", n, found, want)
				}
			}
			return nil
		})
	})
}
