package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/store"
)

// A share reserves and is settled like any message, waits in no line, and leaves no trace but its
// row if nobody takes it (P3).
func TestP3SharesReserveUntilTheyAreSettledOrWaived(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		p, keys := e.newPlace(t), newKeys(t)
		s := p.open(t, keys)
		update(t, s, func(tx *store.Tx) error {
			for n := 1; n <= 3; n++ {
				if err := tx.Queue().AcceptShare(newMessage(fmt.Sprintf("wamid.1.%d", n), customer(1))); err != nil {
					return err
				}
			}
			return tx.Queue().Accept(newMessage("wamid.1", customer(1)))
		})
		if got := reserved(t, s).String(); got != "0.12" {
			t.Errorf("%s is reserved; want 0.12", got)
		}
		update(t, s, func(tx *store.Tx) error {
			claimed, err := tx.Queue().Claim(channel, noon, 10)
			if err != nil || len(claimed) != 1 || claimed[0].ID != "wamid.1" {
				return errors.Join(err, fmt.Errorf("claimed %d messages; want the message itself alone", len(claimed)))
			}
			return nil
		})
		update(t, s, func(tx *store.Tx) error {
			taken, found, err := tx.Messages().ByID("wamid.1.1")
			if err != nil || !found {
				return errors.Join(err, errors.New("the first share is not there"))
			}
			if err := tx.Messages().Rewrite(taken, []byte("taken")); err != nil {
				return err
			}
			if moved, err := tx.Queue().Advance(taken, store.Delivered, noon); err != nil || !moved {
				return errors.Join(err, errors.New("the share was not delivered"))
			}
			if settled, err := tx.Ledger().Settle(taken, settlement(taken), time.Time{}); err != nil || !settled {
				return errors.Join(err, errors.New("the share was not settled"))
			}
			waived, _, err := tx.Messages().ByID("wamid.1.2")
			if err != nil {
				return err
			}
			return errors.Join(tx.Ledger().Waive(waived), tx.Ledger().Waive(waived))
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = p.open(t, keys)
		if got := reserved(t, s).String(); got != "0.06" {
			t.Errorf("%s is reserved; want 0.06 for the message and the last share", got)
		}
		view(t, s, func(tx *store.Tx) error {
			taken, _, err := tx.Messages().ByID("wamid.1.1")
			if err == nil && string(taken.Envelope) != "taken" {
				t.Errorf("the envelope is %q", taken.Envelope)
			}
			unsettled, depthErr := tx.Depth(store.Unsettled)
			if unsettled != 2 {
				t.Errorf("%d messages are unsettled; want the message and a share", unsettled)
			}
			head, headErr := tx.Ledger().Head()
			if head.Sequence != 1 {
				t.Errorf("the ledger has %d records; want that of the share that was taken", head.Sequence)
			}
			return errors.Join(err, depthErr, headErr)
		})
		update(t, s, func(tx *store.Tx) error {
			expired, err := tx.Messages().Expired(noon.Add(30*24*time.Hour), 10)
			if len(expired) != 2 {
				t.Errorf("%d messages have expired; want two", len(expired))
			}
			return err
		})
	})
}
