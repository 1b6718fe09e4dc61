package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// accept stores a message in a lane.
func accept(t *testing.T, s *store.Store, id string, to seal.CustomerHash, lane store.Lane, at time.Time) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error {
		m := newMessage(id, to)
		m.Lane, m.AcceptedAt = lane, at
		return tx.Queue().Accept(m)
	})
}

// claim claims and returns the ids.
func claim(t *testing.T, s *store.Store, at time.Time, limit int) []string {
	t.Helper()
	ids := []string{}
	update(t, s, func(tx *store.Tx) error {
		messages, err := tx.Queue().Claim(channel, at, limit)
		for _, m := range messages {
			ids = append(ids, m.ID)
		}
		return err
	})
	return ids
}

// with runs a step on a message.
func with(t *testing.T, s *store.Store, id string, step func(*store.Tx, *store.Message) error) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error {
		m, found, err := tx.Messages().ByID(id)
		if err != nil || !found {
			return errors.Join(err, fmt.Errorf("message %s is not there", id))
		}
		return step(tx, m)
	})
}

func submit(t *testing.T, s *store.Store, id string, at time.Time) {
	t.Helper()
	with(t, s, id, func(tx *store.Tx, m *store.Message) error { return tx.Queue().Submit(m, "upstream-"+id, at) })
}

func wantIDs(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: claimed %v; want %v", what, got, want)
	}
}

func TestClaimKeepsOrderAndOneInFlightPerCustomer(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		for n := range 3 {
			accept(t, s, fmt.Sprintf("a%d", n), customer(1), store.LaneBulk, noon)
		}
		wantIDs(t, "at first", claim(t, s, noon, 10), "a0")
		wantIDs(t, "while a0 is in flight", claim(t, s, noon, 10))
		submit(t, s, "a0", noon.Add(time.Second))
		wantIDs(t, "after a0", claim(t, s, noon.Add(time.Second), 10), "a1")
		with(t, s, "a1", func(tx *store.Tx, m *store.Message) error {
			_, err := tx.Queue().Fail(m, 131026, noon)
			return err
		})
		wantIDs(t, "after a1 failed", claim(t, s, noon.Add(time.Second), 10), "a2")
		submit(t, s, "a2", noon)
		wantIDs(t, "at the end", claim(t, s, noon.Add(time.Hour), 10))
	})
}

func TestClaimServesRepliesFirst(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		accept(t, s, "bulk1", customer(1), store.LaneBulk, noon)
		accept(t, s, "bulk2", customer(2), store.LaneBulk, noon.Add(time.Second))
		accept(t, s, "reply", customer(3), store.LaneReply, noon.Add(time.Minute))
		wantIDs(t, "one at a time", claim(t, s, noon.Add(time.Minute), 1), "reply")
		wantIDs(t, "then the bulk, oldest first", claim(t, s, noon.Add(time.Minute), 5), "bulk1", "bulk2")
	})
}

func TestReplyTakesItsCustomersBulkAlong(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		accept(t, s, "other", customer(2), store.LaneBulk, noon)
		accept(t, s, "bulk", customer(1), store.LaneBulk, noon.Add(time.Second))
		accept(t, s, "reply", customer(1), store.LaneReply, noon.Add(time.Minute))
		wantIDs(t, "the reply's customer, in order", claim(t, s, noon.Add(time.Minute), 1), "bulk")
		submit(t, s, "bulk", noon.Add(time.Minute))
		wantIDs(t, "then the reply", claim(t, s, noon.Add(time.Minute), 1), "reply")
		wantIDs(t, "then the others", claim(t, s, noon.Add(time.Minute), 1), "other")
	})
}

// A claim brings some MiB into memory, not as many messages of any size as there are slots.
func TestClaimIsBoundedByContent(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		const size = 1 << 20
		update(t, s, func(tx *store.Tx) error {
			for n := range 10 {
				m := newMessage(strconv.Itoa(n), customer(n))
				m.Content = bytes.Repeat([]byte("x"), size)
				if err := tx.Queue().Accept(m); err != nil {
					return err
				}
			}
			return nil
		})
		wantIDs(t, "first claim", claim(t, s, noon, 10), "0", "1", "2", "3")
		wantIDs(t, "second claim", claim(t, s, noon, 10), "4", "5", "6", "7")
		wantIDs(t, "third claim", claim(t, s, noon, 10), "8", "9")
	})
}

func TestClaimIsFairBetweenCustomers(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		for n := range 4 {
			accept(t, s, fmt.Sprintf("many%d", n), customer(1), store.LaneBulk, noon)
		}
		accept(t, s, "one", customer(2), store.LaneBulk, noon.Add(time.Second))
		var order []string
		for n := range 5 {
			at := noon.Add(time.Duration(n+2) * time.Second)
			ids := claim(t, s, at, 1)
			order = append(order, ids...)
			submit(t, s, ids[0], at)
		}
		wantIDs(t, "in turns", order, "many0", "one", "many1", "many2", "many3")
	})
}

func TestRetryWaitsAndKeepsItsPlace(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		accept(t, s, "a0", customer(1), store.LaneBulk, noon)
		accept(t, s, "a1", customer(1), store.LaneBulk, noon)
		claim(t, s, noon, 1)
		with(t, s, "a0", func(tx *store.Tx, m *store.Message) error {
			return tx.Queue().Retry(m, noon.Add(time.Minute))
		})
		wantIDs(t, "before the retry is due", claim(t, s, noon.Add(59*time.Second), 10))
		view(t, s, func(tx *store.Tx) error {
			next, err := tx.Queue().NextReady(channel)
			if want := noon.Add(time.Minute); !next.Equal(want) {
				t.Errorf("NextReady = %s; want %s", next, want)
			}
			return err
		})
		wantIDs(t, "when it is due", claim(t, s, noon.Add(time.Minute), 10), "a0")
		with(t, s, "a0", func(_ *store.Tx, m *store.Message) error {
			if m.Attempts != 2 || m.State != store.Sending {
				t.Errorf("attempts = %d, state = %s; want 2, sending", m.Attempts, m.State)
			}
			return nil
		})
	})
}

func TestP12DoubtIsFoundAndHoldsTheCustomersQueue(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		accept(t, s, "a0", customer(1), store.LaneBulk, noon)
		accept(t, s, "a1", customer(1), store.LaneBulk, noon)
		claim(t, s, noon, 1)
		update(t, s, func(tx *store.Tx) error { // what a start-up does
			open, err := tx.Queue().InState(store.Sending, nil, 10)
			if err != nil || len(open) != 1 || open[0].ID != "a0" {
				return errors.Join(err, fmt.Errorf("%d messages are being sent; want a0", len(open)))
			}
			return tx.Queue().Doubt(open[0])
		})
		wantIDs(t, "while a0 is in doubt", claim(t, s, noon.Add(time.Hour), 10))
		depth := func() (n int64) {
			view(t, s, func(tx *store.Tx) (err error) {
				n, err = tx.Depth(store.Doubts)
				return err
			})
			return n
		}
		if got := depth(); got != 1 {
			t.Errorf("%d in doubt; want 1", got)
		}
		with(t, s, "a0", func(tx *store.Tx, m *store.Message) error { // a status resolves it
			_, err := tx.Queue().Advance(m, store.Delivered, noon.Add(time.Minute))
			return err
		})
		if got := depth(); got != 0 {
			t.Errorf("%d in doubt after the status; want 0", got)
		}
		wantIDs(t, "after the status", claim(t, s, noon.Add(time.Hour), 10), "a1")
	})
}

// A status may bear any time. One from the future must not keep the customer's next message until
// then.
func TestStatusFromTheFutureHoldsUpNobody(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		accept(t, s, "a0", customer(1), store.LaneBulk, noon)
		accept(t, s, "a1", customer(1), store.LaneBulk, noon)
		claim(t, s, noon, 1)
		with(t, s, "a0", func(tx *store.Tx, m *store.Message) error {
			_, err := tx.Queue().Advance(m, store.Delivered, noon.Add(10*365*24*time.Hour))
			return err
		})
		wantIDs(t, "after the status", claim(t, s, noon.Add(time.Second), 1), "a1")
	})
}

func TestStatusesOnlyRise(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		statuses := map[string]store.State{
			"sent": store.Sent, "failed": store.Failed, "delivered": store.Delivered, "read": store.Read,
		}
		tests := map[string]struct {
			order []string
			moved []bool
			end   store.State
		}{
			"in order": {[]string{"sent", "delivered", "read"}, []bool{true, true, true}, store.Read},
			"reversed": {[]string{"read", "delivered", "sent"}, []bool{true, false, false}, store.Read},
			"repeated": {
				[]string{"sent", "sent", "delivered", "delivered"}, []bool{true, false, true, false}, store.Delivered,
			},
			"failed, late sent":    {[]string{"failed", "sent"}, []bool{true, false}, store.Failed},
			"delivered, no fail":   {[]string{"delivered", "failed"}, []bool{true, false}, store.Delivered},
			"failed yet delivered": {[]string{"failed", "delivered"}, []bool{true, true}, store.Delivered},
		}
		for name, tc := range tests {
			t.Run(name, func(t *testing.T) {
				s := e.newStore(t)
				accept(t, s, "a", customer(1), store.LaneReply, noon)
				claim(t, s, noon, 1)
				submit(t, s, "a", noon)
				for n, status := range tc.order {
					update(t, s, func(tx *store.Tx) error {
						m, found, err := tx.Messages().ByUpstreamID("upstream-a")
						if err != nil || !found {
							return errors.Join(err, errors.New("not found by the upstream's id"))
						}
						moved, err := tx.Queue().Advance(m, statuses[status], noon.Add(time.Duration(n)*time.Second))
						if moved != tc.moved[n] {
							t.Errorf("%s: moved = %v; want %v", status, moved, tc.moved[n])
						}
						return err
					})
				}
				with(t, s, "a", func(_ *store.Tx, m *store.Message) error {
					if m.State != tc.end {
						t.Errorf("state = %s; want %s", m.State, tc.end)
					}
					return nil
				})
			})
		}
	})
}

// The time of every status is kept, also of one that comes too late to move the state.
func TestLateStatusLeavesItsTime(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		accept(t, s, "a", customer(1), store.LaneReply, noon)
		with(t, s, "a", func(tx *store.Tx, m *store.Message) error {
			if _, err := tx.Queue().Advance(m, store.Read, noon.Add(9*time.Second)); err != nil {
				return err
			}
			_, err := tx.Queue().Advance(m, store.Delivered, noon.Add(5*time.Second))
			return err
		})
		with(t, s, "a", func(_ *store.Tx, m *store.Message) error {
			if !m.ReadAt.Equal(noon.Add(9*time.Second)) || !m.DeliveredAt.Equal(noon.Add(5*time.Second)) ||
				!m.SentAt.IsZero() {
				t.Errorf(
					"read %s, delivered %s, sent %s; want 9 s and 5 s after noon, and none", m.ReadAt, m.DeliveredAt,
					m.SentAt,
				)
			}
			return nil
		})
	})
}

func TestIdempotencyKeyFindsTheMessage(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			m := newMessage("a", customer(1))
			m.IdempotencyKey, m.Fingerprint = []byte("key"), []byte("request")
			return tx.Queue().Accept(m)
		})
		update(t, s, func(tx *store.Tx) error {
			m, found, err := tx.Messages().ByIdempotencyKey([]byte("key"))
			if err != nil || !found || m.ID != "a" || string(m.Fingerprint) != "request" ||
				string(m.Envelope) != `{"to":"33612345678"}` {
				t.Errorf("by key: %+v, %v, %v; want the message with its fingerprint and envelope", m, found, err)
			}
			_, found, err = tx.Messages().ByIdempotencyKey([]byte("other"))
			if found {
				t.Error("another key found a message")
			}
			return err
		})
	})
}

func TestAcceptRefuses(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		tests := map[string]func(*store.Message){
			"no id":       func(m *store.Message) { m.ID = "" },
			"no channel":  func(m *store.Message) { m.Channel = "" },
			"no times":    func(m *store.Message) { m.ExpiresAt = time.Time{} },
			"odd lane":    func(m *store.Message) { m.Lane = 2 },
			"long id":     func(m *store.Message) { m.ID = string(make([]byte, 129)) },
			"no accepted": func(m *store.Message) { m.AcceptedAt = time.Time{} },
		}
		s := e.newStore(t)
		for name, spoil := range tests {
			t.Run(name, func(t *testing.T) {
				m := newMessage("a", customer(1))
				spoil(m)
				if err := s.Update(
					t.Context(), func(tx *store.Tx) error { return tx.Queue().Accept(m) },
				); !errors.Is(err, store.ErrInvalid) {
					t.Errorf("Accept = %v; want ErrInvalid", err)
				}
			})
		}
	})
}

func TestExpiredAreUnsettledMessagesInOrder(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		for n, id := range []string{"late", "early", "settled"} {
			update(t, s, func(tx *store.Tx) error {
				m := newMessage(id, customer(n))
				m.ExpiresAt = noon.Add(time.Duration(2-n) * time.Hour)
				return tx.Queue().Accept(m)
			})
		}
		update(t, s, func(tx *store.Tx) error {
			_, err := settle(tx, "settled")
			return err
		})
		update(t, s, func(tx *store.Tx) error {
			expired, err := tx.Messages().Expired(noon.Add(2*time.Hour), 10)
			var ids []string
			for _, m := range expired {
				ids = append(ids, m.ID)
			}
			wantIDs(t, "expired", ids, "early", "late")
			return err
		})
	})
}

func TestAcceptAndClaimRefusesALineThatIsNotFree(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		accept(t, s, "first", customer(1), store.LaneReply, noon)
		for name, tc := range map[string]struct {
			line int
			want error
		}{
			"another message is before":      {line: 1, want: store.ErrState},
			"the line is another customer's": {line: 2, want: store.ErrInvalid},
		} {
			err := s.Update(t.Context(), func(tx *store.Tx) error {
				line, err := tx.Queue().Line(store.Person{Channel: channel, Customer: customer(tc.line)})
				if err != nil {
					return err
				}
				return tx.Queue().AcceptAndClaim(line, newMessage("second", customer(1)))
			})
			if !errors.Is(err, tc.want) {
				t.Errorf("%s: %v; want %v", name, err, tc.want)
			}
		}
		wantIDs(t, "what was accepted", claim(t, s, noon, 10), "first")
	})
}
