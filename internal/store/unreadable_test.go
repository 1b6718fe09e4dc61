package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// A row whose seal does not open holds up no other: it is claimed like any, and says what is wrong
// with it.
func TestDamagedMessageIsClaimedAndSaysSo(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		for _, column := range []string{"envelope", "content", "upstream_id"} {
			t.Run(column, func(t *testing.T) {
				place := e.newPlace(t)
				s := place.open(t, newKeys(t))
				accept(t, s, "damaged", customer(1), store.LaneReply, noon)
				accept(t, s, "whole", customer(2), store.LaneReply, noon)
				tamper(
					t, place,
					"UPDATE messages SET "+column+
						" = (SELECT envelope FROM messages WHERE id = 'whole') WHERE id = 'damaged'",
				)
				want := map[string]store.Condition{"damaged": store.Damaged, "whole": store.Whole}
				if column == "upstream_id" {
					want["damaged"] = store.Whole // a status tells it again
				}
				update(t, s, func(tx *store.Tx) error {
					claimed, err := tx.Queue().Claim(channel, noon, 10)
					if len(claimed) != 2 {
						t.Errorf("claimed %d messages; want both", len(claimed))
					}
					for _, m := range claimed {
						if m.Condition != want[m.ID] {
							t.Errorf("%s is in condition %d; want %d", m.ID, m.Condition, want[m.ID])
						}
					}
					return err
				})
				update(t, s, func(tx *store.Tx) error {
					_, err := settle(tx, "damaged")
					return err
				})
				view(t, s, func(tx *store.Tx) error {
					n, err := tx.Depth(store.Unsettled)
					if n != 1 {
						t.Errorf("%d unsettled; want the other", n)
					}
					return err
				})
			})
		}
	})
}

// What is sealed with a key that is not there is not damaged: it opens when the key is back. It is
// not remembered as it was.
func TestMessageUnderAMissingKeyIsLocked(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		place, keys := e.newPlace(t), newKeys(t)
		s := place.open(t, keys)
		accept(t, s, "a", customer(1), store.LaneReply, noon)
		claim(t, s, noon, 1)
		enqueue(t, s, customer(1), "payload", noon)
		for _, tc := range []struct {
			keys *seal.Keys
			want store.Condition
		}{{newKeys(t), store.Locked}, {keys, store.Whole}} {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = place.open(t, tc.keys)
			for range 2 {
				with(t, s, "a", func(_ *store.Tx, m *store.Message) error {
					if m.Condition != tc.want {
						t.Errorf("it is in condition %d; want %d", m.Condition, tc.want)
					}
					return nil
				})
			}
			if claimed := callbacks(t, s, noon); len(claimed) != 1 || claimed[0].Condition != tc.want {
				t.Errorf("callbacks %+v; want one in condition %d", claimed, tc.want)
			} else {
				update(t, s, func(tx *store.Tx) error {
					_, err := tx.Callbacks().Retry(claimed[0], noon)
					return err
				})
			}
		}
	})
}

// A message whose upstream id cannot be opened is still found by it, and whatever else changes does
// not take it away.
func TestDamagedUpstreamIDIsStillFound(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		place, keys := e.newPlace(t), newKeys(t)
		s := place.open(t, keys)
		accept(t, s, "a", customer(1), store.LaneReply, noon)
		claim(t, s, noon, 1)
		submit(t, s, "a", noon)
		tamper(t, place, "UPDATE messages SET upstream_id = envelope WHERE id = 'a'")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = place.open(t, keys)
		for _, to := range []store.State{store.Sent, store.Delivered} {
			update(t, s, func(tx *store.Tx) error {
				m, found, err := tx.Messages().ByUpstreamID("upstream-a")
				if err != nil || !found {
					return errors.Join(err, errors.New("the message is not found by its upstream id"))
				}
				_, err = tx.Queue().Advance(m, to, noon.Add(time.Second))
				return err
			})
		}
	})
}

// A message whose reservation or times were changed on the disk is claimed with the others. The sum
// keeps what the message had reserved, so that the budget covers too much rather than too little
// (P3); and the upstream counts as one that may have a copy.
func TestP3DamagedColumnHoldsUpNoOther(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		for _, tc := range []struct{ column, text, reserved string }{
			{"reserved", "0.0x", "0.06"}, {"reserved", "-5", "0.06"}, {"times", "1795262400000,x", "0.03"},
		} {
			t.Run(tc.column+" "+tc.text, func(t *testing.T) {
				place := e.newPlace(t)
				s := place.open(t, newKeys(t))
				accept(t, s, "damaged", customer(1), store.LaneReply, noon)
				accept(t, s, "whole", customer(2), store.LaneReply, noon)
				tamper(t, place, "UPDATE messages SET "+tc.column+" = '"+tc.text+"' WHERE id = 'damaged'")
				update(t, s, func(tx *store.Tx) error {
					claimed, err := tx.Queue().Claim(channel, noon, 10)
					if len(claimed) != 2 {
						t.Errorf("claimed %d messages; want both", len(claimed))
					}
					for _, m := range claimed {
						if damaged := m.Condition == store.Damaged; damaged != (m.ID == "damaged") ||
							string(m.Envelope) != `{"to":"33612345678"}` {
							t.Errorf("%s is in condition %d with envelope %q", m.ID, m.Condition, m.Envelope)
						}
						if inDoubt := !m.DoubtedAt.IsZero(); inDoubt != (m.ID == "damaged" && tc.column == "times") {
							t.Errorf("%s has been in doubt: %v", m.ID, inDoubt)
						}
					}
					return err
				})
				update(t, s, func(tx *store.Tx) error { _, err := settle(tx, "damaged"); return err })
				view(t, s, func(tx *store.Tx) error {
					reserved, err := tx.Figures().Reserved("USD")
					if reserved.String() != tc.reserved {
						t.Errorf("%s is reserved; want %s", reserved, tc.reserved)
					}
					return err
				})
			})
		}
	})
}

// The reservation of a settled message that cannot be read is looked at once, and holds up no
// erasure.
func TestDamagedReservationOfASettledMessageIsLetGo(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		place := e.newPlace(t)
		s := place.open(t, newKeys(t))
		accept(t, s, "a", customer(1), store.LaneReply, noon)
		update(t, s, func(tx *store.Tx) error { _, err := settle(tx, "a"); return err })
		later := noon.AddDate(1, 0, 0)
		past := func() (found int) {
			update(t, s, func(tx *store.Tx) error {
				messages, err := tx.Messages().ReservedPast(later, 10)
				for _, m := range messages {
					err = errors.Join(err, tx.Ledger().Unreserve(m))
				}
				found = len(messages)
				return err
			})
			return found
		}
		tamper(t, place, "UPDATE messages SET reserved = 'x'")
		if first, second := past(), past(); first != 1 || second != 0 {
			t.Errorf("found %d, then %d; want 1, then none", first, second)
		}
		tamper(t, place, "UPDATE messages SET reserved = 'x'")
		update(t, s, func(tx *store.Tx) error {
			_, err := tx.People().Erase(channel, []seal.CustomerHash{customer(1)}, store.Erasure{}, 10)
			return err
		})
		wantErased(t, s, "a")
	})
}

func wantErased(t *testing.T, s *store.Store, id string) {
	t.Helper()
	view(t, s, func(tx *store.Tx) error {
		_, found, err := tx.Messages().ByID(id)
		if found {
			t.Error("the message is not erased")
		}
		return err
	})
}

// A message of which nobody knows any more whose it is holds up no erasure of others.
func TestDamagedCustomerHoldsUpNoErasure(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		place := e.newPlace(t)
		s := place.open(t, newKeys(t))
		accept(t, s, "damaged", customer(1), store.LaneReply, noon)
		accept(t, s, "whole", customer(2), store.LaneReply, noon)
		for _, id := range []string{"damaged", "whole"} {
			update(t, s, func(tx *store.Tx) error { _, err := settle(tx, id); return err })
		}
		tamper(t, place, "UPDATE messages SET customer = substr(customer, 1, 5) WHERE id = 'damaged'")
		if open := erase(t, s, customer(2)); open != 0 {
			t.Errorf("%d open messages were left; want none", open)
		}
		wantErased(t, s, "whole")
	})
}

func TestDamagedConversationSaysSo(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		place := e.newPlace(t)
		s := place.open(t, newKeys(t))
		update(t, s, func(tx *store.Tx) error {
			return tx.People().PutConversation(channel, customer(1), &conversation.State{FirstContact: 1})
		})
		tamper(t, place, "UPDATE conversations SET state = customer")
		err := s.View(
			context.Background(),
			func(tx *store.Tx) error { _, err := tx.People().Conversation(channel, customer(1)); return err },
		)
		if !errors.Is(err, store.ErrDamaged) {
			t.Errorf("got %v; want ErrDamaged", err)
		}
	})
}

func TestDamagedCallbackAndStatusHoldUpNothing(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		place := e.newPlace(t)
		s := place.open(t, newKeys(t))
		accept(t, s, "a", customer(1), store.LaneReply, noon)
		for n, payload := range []string{"damaged", "whole"} {
			enqueue(t, s, customer(n), payload, noon)
		}
		update(t, s, func(tx *store.Tx) error {
			if err := tx.Intake().KeepEarlyStatus("upstream-a", []byte("damaged"), noon); err != nil {
				return err
			}
			return tx.Intake().KeepEarlyStatus("upstream-a", []byte("whole"), noon)
		})
		for _, table := range []string{"callbacks", "early_statuses"} {
			tamper(t, place, "UPDATE "+table+" SET payload = (SELECT envelope FROM messages) WHERE seq = 1")
		}
		claimed := callbacks(t, s, noon)
		if len(claimed) != 2 || claimed[0].Condition != store.Damaged || claimed[1].Condition != store.Whole ||
			string(claimed[1].Payload) != "whole" {
			t.Errorf("callbacks %+v; want a damaged one and a whole one", claimed)
		}
		update(t, s, func(tx *store.Tx) error {
			kept, damaged, err := tx.Intake().TakeEarlyStatuses("upstream-a")
			if len(kept) != 1 || string(kept[0]) != "whole" || damaged != 1 {
				t.Errorf("kept %q and %d damaged; want whole and one", kept, damaged)
			}
			return err
		})
		update(t, s, func(tx *store.Tx) error {
			kept, damaged, err := tx.Intake().TakeEarlyStatuses("upstream-a")
			if len(kept)+damaged != 0 {
				t.Errorf("they are taken twice: %q, %d", kept, damaged)
			}
			return err
		})
	})
}
