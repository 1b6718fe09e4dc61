package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/store"
)

// A parked message lets those behind it go ahead, comes back behind the one that is under way then,
// and before the others that wait.
func TestParkedMessageStepsOutOfLineAndComesBack(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		place, keys := e.newPlace(t), newKeys(t)
		s := place.open(t, keys)
		for n := range 4 {
			accept(t, s, fmt.Sprintf("a%d", n), customer(1), store.LaneBulk, noon.Add(time.Duration(n)*time.Second))
		}
		claim(t, s, noon, 1)
		with(t, s, "a0", func(tx *store.Tx, m *store.Message) error { return tx.Queue().Park(m, noon.Add(time.Hour)) })
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = place.open(t, keys)
		inLine := func(want time.Time) {
			t.Helper()
			view(t, s, func(tx *store.Tx) error {
				oldest, err := tx.Queue().OldestInLine()
				if !oldest.Equal(want) {
					t.Errorf("the oldest in line was accepted at %s; want %s", oldest, want)
				}
				return err
			})
		}
		inLine(noon.Add(time.Second))
		wantIDs(t, "while a0 is parked", claim(t, s, noon.Add(time.Minute), 10), "a1")
		inLine(noon.Add(2 * time.Second))
		wantIDs(t, "when a0 is due and a1 under way", claim(t, s, noon.Add(time.Hour), 10))
		submit(t, s, "a1", noon.Add(time.Hour))
		wantIDs(t, "after a1", claim(t, s, noon.Add(time.Hour), 10), "a0")
		submit(t, s, "a0", noon.Add(time.Hour))
		wantIDs(t, "then the others", claim(t, s, noon.Add(time.Hour), 10), "a2")
	})
}

// A one-time password to a customer whose only other message is parked is claimed with its
// acceptance.
func TestParkedMessageIsNotBeforeANewOne(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		accept(t, s, "sale", customer(1), store.LaneBulk, noon)
		claim(t, s, noon, 1)
		with(t, s, "sale", func(tx *store.Tx, m *store.Message) error {
			return tx.Queue().Park(m, noon.Add(24*time.Hour))
		})
		update(t, s, func(tx *store.Tx) error {
			m := newMessage("password", customer(1))
			m.Lane = store.LaneReply
			line, err := tx.Queue().Line(store.Person{Channel: m.Channel, Customer: m.Customer})
			if err != nil {
				return err
			}
			if !line.Free() {
				t.Error("it waits behind the parked message")
			}
			return tx.Queue().AcceptAndClaim(line, m)
		})
		view(t, s, func(tx *store.Tx) error {
			next, err := tx.Queue().NextReady(channel)
			if want := noon.Add(24 * time.Hour); !next.Equal(want) {
				t.Errorf("NextReady = %s; want %s, when the parked message is due", next, want)
			}
			return err
		})
		with(t, s, "sale", func(_ *store.Tx, m *store.Message) error {
			if m.Lane != store.LaneBulk {
				t.Error("the parked message came along into the other's lane")
			}
			return nil
		})
	})
}

// A message that ends while it is parked makes nobody ready, whoever is under way: one message of a
// customer is under way at a time.
func TestParkedMessageThatEndsMakesNobodyReady(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		for n := range 3 {
			accept(t, s, fmt.Sprintf("a%d", n), customer(1), store.LaneBulk, noon)
		}
		claim(t, s, noon, 1)
		with(t, s, "a0", func(tx *store.Tx, m *store.Message) error { return tx.Queue().Hold(m, noon.Add(time.Hour)) })
		wantIDs(t, "while a0 is held", claim(t, s, noon, 10), "a1")
		with(t, s, "a0", func(tx *store.Tx, m *store.Message) error {
			_, err := tx.Queue().Fail(m, 131026, noon)
			return err
		})
		update(t, s, func(tx *store.Tx) error { return tx.Queue().Release(channel, noon.Add(time.Minute)) })
		wantIDs(t, "when a0 has failed and a1 is under way", claim(t, s, noon.Add(2*time.Hour), 10))
	})
}

func TestHeldMessagesAreReleasedBeforeTheirTime(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		for n, id := range []string{"held", "parked"} {
			accept(t, s, id, customer(n), store.LaneBulk, noon)
		}
		claim(t, s, noon, 2)
		with(t, s, "held", func(tx *store.Tx, m *store.Message) error {
			return tx.Queue().Hold(m, noon.Add(time.Hour))
		})
		with(t, s, "parked", func(tx *store.Tx, m *store.Message) error {
			return tx.Queue().Park(m, noon.Add(time.Hour))
		})
		update(t, s, func(tx *store.Tx) error { return tx.Queue().Release("another channel", noon.Add(time.Minute)) })
		wantIDs(t, "before", claim(t, s, noon.Add(time.Minute), 10))
		update(t, s, func(tx *store.Tx) error { return tx.Queue().Release(channel, noon.Add(time.Minute)) })
		wantIDs(t, "after", claim(t, s, noon.Add(time.Minute), 10), "held")
	})
}
