package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// giveUpInDoubt accepts a message and gives it up while in doubt; it keeps its reservation of 0.03
// USD.
func giveUpInDoubt(tx *store.Tx, id string) error {
	if err := tx.Queue().Accept(newMessage(id, customer(1))); err != nil {
		return err
	}
	claimed, err := tx.Queue().Claim(channel, noon, 1)
	if err != nil || len(claimed) != 1 {
		return errors.Join(err, errors.New("the message was not claimed"))
	}
	m := claimed[0]
	if err := tx.Queue().Doubt(m); err != nil {
		return err
	}
	if _, err := tx.Queue().Fail(m, 131000, noon); err != nil {
		return err
	}
	_, err = tx.Ledger().SettleReserved(m, outcome(m), time.Time{})
	return err
}

func reserved(t *testing.T, s *store.Store) (amount money.Decimal) {
	t.Helper()
	view(t, s, func(tx *store.Tx) (err error) {
		amount, err = tx.Figures().Reserved("USD")
		return err
	})
	return amount
}

func reservedPast(t *testing.T, s *store.Store, at time.Time) (ids []string) {
	t.Helper()
	view(t, s, func(tx *store.Tx) error {
		messages, err := tx.Messages().ReservedPast(at, 10)
		for _, m := range messages {
			ids = append(ids, m.ID)
		}
		return err
	})
	return ids
}

func TestP3ReservationOutlivesTheSettlementOfADoubt(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		p, keys := e.newPlace(t), newKeys(t)
		s := p.open(t, keys)
		update(t, s, func(tx *store.Tx) error { return giveUpInDoubt(tx, "wamid.1") })
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = p.open(t, keys)
		expires := noon.Add(30 * 24 * time.Hour)
		view(t, s, func(tx *store.Tx) error {
			m, _, err := tx.Messages().ByID("wamid.1")
			if err != nil {
				return err
			}
			if !m.Settled || m.Reserved.Amount != money.MustParse("0.03") || !m.DoubtedAt.Equal(noon) {
				t.Errorf(
					"settled %v, reserved %s, doubted at %s; want true, 0.03, %s", m.Settled, m.Reserved, m.DoubtedAt,
					noon,
				)
			}
			return nil
		})
		if got := reservedPast(t, s, expires.Add(-time.Millisecond)); len(got) != 0 {
			t.Errorf("%v are over before their time", got)
		}
		if got := reservedPast(t, s, expires); len(got) != 1 {
			t.Errorf("%v are over; want wamid.1", got)
		}
		for _, want := range []string{"0.03", "0", "0"} { // a second release gives nothing back
			if got := reserved(t, s); got != money.MustParse(want) {
				t.Errorf("reserved %s; want %s", got, want)
			}
			update(t, s, func(tx *store.Tx) error {
				m, _, err := tx.Messages().ByID("wamid.1")
				return errors.Join(err, tx.Ledger().Unreserve(m))
			})
		}
		if got := reservedPast(t, s, expires); len(got) != 0 {
			t.Errorf("%v are over after the release", got)
		}
	})
}

func TestUnreserveLeavesAnUnsettledMessageItsReservation(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("wamid.1", customer(1))) })
		update(t, s, func(tx *store.Tx) error {
			m, _, err := tx.Messages().ByID("wamid.1")
			return errors.Join(err, tx.Ledger().Unreserve(m))
		})
		if got := reserved(t, s); got != money.MustParse("0.03") {
			t.Errorf("reserved %s; want 0.03", got)
		}
	})
}

func TestP3MessageWithAReservationIsNotPurged(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error { return giveUpInDoubt(tx, "wamid.1") })
		for _, want := range []bool{true, false} {
			var found bool
			update(t, s, func(tx *store.Tx) (err error) {
				if _, err = tx.Upkeep().Purge(
					noon, store.PurgeLimits{SettledBefore: noon.Add(time.Hour), Rows: 10},
				); err != nil {
					return err
				}
				var m *store.Message
				if m, found, err = tx.Messages().ByID("wamid.1"); err != nil || !found {
					return err
				}
				return tx.Ledger().Unreserve(m)
			})
			if found != want {
				t.Errorf("found after the purge = %v; want %v", found, want)
			}
		}
	})
}

// An erased message can no longer be charged, so it must not weigh on the budget for ever.
func TestP3EraseReleasesTheReservationOfADoubt(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error { return giveUpInDoubt(tx, "wamid.1") })
		if open := erase(t, s, customer(1)); open != 0 {
			t.Errorf("%d messages were left; want none", open)
		}
		if got := reserved(t, s); !got.IsZero() {
			t.Errorf("reserved %s after the erasure; want 0", got)
		}
	})
}

// The upstream's word on the only attempt that was in doubt ends the doubt about copies; its word
// while another was in doubt before does not.
func TestDoubtAboutCopiesEndsWithTheWordOnTheOnlyAttemptInDoubt(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		later := noon.Add(time.Minute)
		for name, tc := range map[string]struct{ first, second, want time.Time }{
			"one attempt":                   {first: noon},
			"one before that was refused":   {second: later},
			"two in doubt":                  {first: noon, second: later, want: noon},
			"one in doubt, and one at work": {first: noon, want: noon},
		} {
			t.Run(name, func(t *testing.T) {
				s := e.newStore(t)
				attempt := func(at time.Time, doubt bool) {
					update(t, s, func(tx *store.Tx) error {
						claimed, err := tx.Queue().Claim(channel, at, 1)
						if err != nil || len(claimed) != 1 {
							return errors.Join(err, errors.New("the message was not claimed"))
						}
						if !doubt {
							return nil
						}
						return tx.Queue().Doubt(claimed[0])
					})
				}
				on := func(step func(*store.Tx, *store.Message) error) {
					update(t, s, func(tx *store.Tx) error {
						m, _, err := tx.Messages().ByID("wamid.1")
						if err != nil {
							return err
						}
						return step(tx, m)
					})
				}
				update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("wamid.1", customer(1))) })
				attempt(noon, !tc.first.IsZero())
				if name != "one attempt" {
					on(func(tx *store.Tx, m *store.Message) error { return tx.Queue().Retry(m, later) })
					attempt(later, !tc.second.IsZero())
				}
				on(func(tx *store.Tx, m *store.Message) error { return tx.Queue().Submit(m, "upstream.1", later) })
				view(t, s, func(tx *store.Tx) error {
					m, _, err := tx.Messages().ByID("wamid.1")
					if err == nil && !m.DoubtedAt.Equal(tc.want) {
						t.Errorf("doubted at %v; want %v", m.DoubtedAt, tc.want)
					}
					return err
				})
			})
		}
	})
}

func TestRereserveReplacesTheReservation(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("wamid.1", customer(1))) })
		for _, amount := range []money.Money{
			{Amount: money.MustParse("0.06"), Currency: "USD"},
			{Amount: money.MustParse("0.05"), Currency: "EUR"},
		} {
			update(t, s, func(tx *store.Tx) error {
				m, _, err := tx.Messages().ByID("wamid.1")
				if err != nil {
					return err
				}
				return tx.Ledger().Rereserve(m, &pricing.Bound{Amount: amount})
			})
			view(t, s, func(tx *store.Tx) error {
				m, _, err := tx.Messages().ByID("wamid.1")
				if err != nil || m.Reserved != amount {
					return errors.Join(err, fmt.Errorf("the message reserves %s; want %s", m.Reserved, amount))
				}
				for _, currency := range []money.Currency{"USD", "EUR"} {
					want := money.Decimal{}
					if currency == amount.Currency {
						want = amount.Amount
					}
					if sum, err := tx.Figures().Reserved(currency); err != nil || sum != want {
						return errors.Join(err, fmt.Errorf("%s %s are reserved; want %s", sum, currency, want))
					}
				}
				return nil
			})
		}
	})
}
