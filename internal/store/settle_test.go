package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// whole is the key of November's total.
var whole = ledger.TotalKey{Period: "2026-11", Currency: "USD"}

// settle settles a message, and tells whether it did.
func settle(tx *store.Tx, id string) (settled bool, err error) {
	m, found, err := tx.Messages().ByID(id)
	if err != nil || !found {
		return false, errors.Join(err, errors.New("the message is not there"))
	}
	if _, err := tx.Queue().Advance(m, store.Delivered, noon.Add(2*time.Second)); err != nil {
		return false, err
	}
	return tx.Ledger().Settle(m, settlement(m), time.Time{})
}

func TestP2SecondSettlementIsANoOp(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("wamid.1", customer(1))) })
		for attempt, want := range []bool{true, false, false} {
			update(t, s, func(tx *store.Tx) error {
				settled, err := settle(tx, "wamid.1")
				if settled != want {
					t.Errorf("attempt %d: settled = %v; want %v", attempt+1, settled, want)
				}
				return err
			})
		}
		view(t, s, func(tx *store.Tx) error {
			total, err := tx.Figures().Total(whole)
			if want := (ledger.Total{
				Messages: 1, Charged: 1, Billed: money.MustParse("0.03"), Cost: money.MustParse("0.03"),
			}); total != want {
				t.Errorf("total = %+v; want %+v", total, want)
			}
			return err
		})
	})
}

func TestP2ConcurrentDuplicatesSettleOnce(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		const messages, duplicates = 20, 8
		var group sync.WaitGroup
		for n := range messages {
			id := customer(n).String()
			update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage(id, customer(n))) })
			for range duplicates {
				group.Go(func() {
					if err := s.Update(context.Background(), func(tx *store.Tx) error {
						_, err := settle(tx, id)
						return err
					}); err != nil {
						t.Error(err)
					}
				})
			}
		}
		group.Wait()
		view(t, s, func(tx *store.Tx) error {
			head, totals, err := ledger.Verify(accountUID, tx.Ledger().Entries(0))
			if head.Sequence != messages {
				t.Errorf("the ledger has %d records; want %d", head.Sequence, messages)
			}
			if got := totals[whole].Billed; got != money.MustParse("0.6") {
				t.Errorf("billed %s; want 20 × 0.03 = 0.6", got)
			}
			return err
		})
	})
}

// Even a caller that goes round Settle cannot make a second settlement: the schema refuses it, and
// the operation leaves no trace.
func TestP2SchemaRefusesASecondSettlement(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		m := newMessage("wamid.1", customer(1))
		update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(m) })
		update(t, s, func(tx *store.Tx) error {
			_, err := settle(tx, "wamid.1")
			return err
		})
		err := s.Update(context.Background(), func(tx *store.Tx) error {
			record := settlement(m)
			record.Kind, record.MessageID = ledger.Settlement, "wamid.1"
			return tx.Ledger().Append(record)
		})
		if err == nil {
			t.Fatal("a second settlement was appended")
		}
		view(t, s, func(tx *store.Tx) error {
			head, err := tx.Ledger().Head()
			if head.Sequence != 1 {
				t.Errorf("the ledger has %d records; want 1", head.Sequence)
			}
			return err
		})
	})
}

func TestP3DecisionsAreExactUnderConcurrency(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		limit := money.MustParse("1.00") // 33 messages at 0.03
		refused := errors.New("the budget is used up")
		var group sync.WaitGroup
		var mutex sync.Mutex
		accepted := 0
		for n := range 100 {
			group.Go(func() {
				err := s.Update(context.Background(), func(tx *store.Tx) error {
					total, err := tx.Figures().Total(whole)
					if err != nil {
						return err
					}
					spent, err := tx.Figures().Reserved("USD")
					if err != nil {
						return err
					}
					m := newMessage(customer(n).String(), customer(n))
					for _, amount := range []money.Decimal{total.Billed, m.Reserved.Amount} {
						if spent, err = spent.Add(amount); err != nil {
							return err
						}
					}
					if spent.Cmp(limit) > 0 {
						return refused
					}
					if err := tx.Queue().Accept(m); err != nil || n%2 == 0 {
						return err
					}
					_, err = settle(tx, m.ID)
					return err
				})
				mutex.Lock()
				defer mutex.Unlock()
				if err == nil {
					accepted++
				} else if !errors.Is(err, refused) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if accepted != 33 {
			t.Errorf("accepted %d messages; want 33", accepted)
		}
		view(t, s, func(tx *store.Tx) error {
			total, err := tx.Figures().Total(whole)
			if err != nil {
				return err
			}
			reserved, err := tx.Figures().Reserved("USD")
			if err != nil {
				return err
			}
			sum, err := total.Billed.Add(reserved)
			if sum != money.MustParse("0.99") {
				t.Errorf("billed %s + reserved %s = %s; want 0.99", total.Billed, reserved, sum)
			}
			return err
		})
	})
}

func TestSettlementReleasesTheReservation(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("wamid.1", customer(1))) })
		if got := reserved(t, s); got != money.MustParse("0.03") {
			t.Errorf("reserved %s after acceptance; want 0.03", got)
		}
		update(t, s, func(tx *store.Tx) error {
			_, err := settle(tx, "wamid.1")
			return err
		})
		if got := reserved(t, s); !got.IsZero() {
			t.Errorf("reserved %s after settlement; want 0", got)
		}
	})
}

func TestP7ContentIsDeletedWithTheSettlement(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		tests := map[string]struct {
			keepUntil   time.Time
			purgedAt    time.Time
			before, now string
		}{
			"at once":         {time.Time{}, noon, "", ""},
			"retained":        {noon.Add(time.Hour), noon.Add(time.Hour - time.Millisecond), `{"text":"your parcel"}`, `{"text":"your parcel"}`},
			"retention is up": {noon.Add(time.Hour), noon.Add(time.Hour), `{"text":"your parcel"}`, ""},
		}
		for name, tc := range tests {
			t.Run(name, func(t *testing.T) {
				s := e.newStore(t)
				content := func() (text string) {
					view(t, s, func(tx *store.Tx) error {
						m, _, err := tx.Messages().ByID("wamid.1")
						if err != nil {
							return err
						}
						err = tx.Messages().ReadContent(m)
						text = string(m.Content)
						return err
					})
					return text
				}
				update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("wamid.1", customer(1))) })
				update(t, s, func(tx *store.Tx) error {
					m, _, err := tx.Messages().ByID("wamid.1")
					if err != nil {
						return err
					}
					_, err = tx.Ledger().Settle(m, settlement(m), tc.keepUntil)
					return err
				})
				if got := content(); got != tc.before {
					t.Errorf("content after settlement = %q; want %q", got, tc.before)
				}
				update(t, s, func(tx *store.Tx) error {
					_, err := tx.Upkeep().Purge(tc.purgedAt, store.PurgeLimits{Rows: 10})
					return err
				})
				if got := content(); got != tc.now {
					t.Errorf("content after the purge = %q; want %q", got, tc.now)
				}
			})
		}
	})
}

func TestUnpricedIsHeldWithItsReservation(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("wamid.1", customer(1))) })
		figures := func() (unpriced, unsettled int64, reserved money.Decimal) {
			view(t, s, func(tx *store.Tx) (err error) {
				if unpriced, err = tx.Depth(store.UnpricedMessages); err != nil {
					return err
				}
				if unsettled, err = tx.Depth(store.Unsettled); err != nil {
					return err
				}
				reserved, err = tx.Figures().Reserved("USD")
				return err
			})
			return
		}
		update(t, s, func(tx *store.Tx) error {
			m, _, err := tx.Messages().ByID("wamid.1")
			if err != nil {
				return err
			}
			if err := tx.Ledger().HoldUnpriced(m, false); err != nil {
				return err
			}
			return tx.Ledger().HoldUnpriced(m, false) // again: no change
		})
		if unpriced, unsettled, reserved := figures(); unpriced != 1 || unsettled != 1 || reserved != money.MustParse(
			"0.03",
		) {
			t.Errorf("held: unpriced %d, unsettled %d, reserved %s; want 1, 1, 0.03", unpriced, unsettled, reserved)
		}
		update(t, s, func(tx *store.Tx) error {
			if expired, err := tx.Messages().Expired(noon.Add(31*24*time.Hour), 10); err != nil || len(expired) != 0 {
				t.Errorf("%d unpriced messages expired; want none", len(expired))
			}
			held, err := tx.Messages().Unpriced(nil, 10)
			if err != nil || len(held) != 1 {
				return errors.Join(err, fmt.Errorf("%d messages are unpriced; want 1", len(held)))
			}
			_, err = tx.Ledger().Settle(held[0], settlement(held[0]), time.Time{})
			return err
		})
		if unpriced, unsettled, reserved := figures(); unpriced != 0 || unsettled != 0 || !reserved.IsZero() {
			t.Errorf("settled: unpriced %d, unsettled %d, reserved %s; want 0, 0, 0", unpriced, unsettled, reserved)
		}
	})
}

// A delivery that was told after its message was given up, and that has no rate, is owed: nothing
// forgets it until the correction.
func TestP2OwedDeliveryOutlivesPurgeAndErasure(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("wamid.1", customer(1))) })
		update(t, s, func(tx *store.Tx) error {
			m, _, err := tx.Messages().ByID("wamid.1")
			if err != nil {
				return err
			}
			if _, err := tx.Queue().Fail(m, 131026, noon); err != nil {
				return err
			}
			if _, err := tx.Ledger().SettleReserved(m, settlement(m), time.Time{}); err != nil {
				return err
			}
			if _, err := tx.Queue().Advance(m, store.Delivered, noon); err != nil {
				return err
			}
			return tx.Ledger().HoldUnpriced(m, false)
		})
		later := noon.Add(90 * 24 * time.Hour)
		update(t, s, func(tx *store.Tx) error {
			past, err := tx.Messages().ReservedPast(later, 10)
			if len(past) != 0 {
				t.Errorf("%d reservations are over; want none while the delivery waits for its rate", len(past))
			}
			return err
		})
		update(t, s, func(tx *store.Tx) error {
			_, err := tx.Upkeep().Purge(later, store.PurgeLimits{SettledBefore: later, Rows: 10})
			return err
		})
		update(t, s, func(tx *store.Tx) error {
			m, _, err := tx.Messages().ByID("wamid.1")
			if err != nil {
				return err
			}
			erased, err := tx.People().Erase(m.Channel, []seal.CustomerHash{m.Customer}, store.Erasure{}, 10)
			if !slices.Equal(erased.Open, []int64{1}) {
				t.Errorf("erasure keeps %v; want the one", erased.Open)
			}
			return err
		})
		update(t, s, func(tx *store.Tx) error {
			held, err := tx.Messages().Unpriced(nil, 10)
			if err != nil || len(held) != 1 {
				return errors.Join(err, fmt.Errorf("%d messages are unpriced; want 1", len(held)))
			}
			return tx.Ledger().Correct(held[0], settlement(held[0]))
		})
		view(t, s, func(tx *store.Tx) error {
			unpriced, err := tx.Depth(store.UnpricedMessages)
			if err != nil {
				return err
			}
			reserved, err := tx.Figures().Reserved("USD")
			if unpriced != 0 || !reserved.IsZero() {
				t.Errorf("corrected: unpriced %d, reserved %s; want 0, 0", unpriced, reserved)
			}
			return err
		})
	})
}
