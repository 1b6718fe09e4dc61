package store_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// callbacks claims and returns the payloads.
func callbacks(t *testing.T, s *store.Store, now time.Time) []*store.Callback {
	t.Helper()
	var claimed []*store.Callback
	update(t, s, func(tx *store.Tx) (err error) {
		claimed, err = tx.Callbacks().Claim(now, now.Add(time.Minute), 10)
		return err
	})
	return claimed
}

func payloads(claimed []*store.Callback) []string {
	texts := []string{}
	for _, c := range claimed {
		texts = append(texts, string(c.Payload))
	}
	return texts
}

func enqueue(t *testing.T, s *store.Store, about seal.CustomerHash, payload string, at time.Time) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error {
		return tx.Callbacks().Enqueue(
			&store.Callback{Channel: channel, Customer: about, Payload: []byte(payload), CreatedAt: at},
		)
	})
}

// What is claimed and not tried is as it was before.
func TestClaimedCallbackIsGivenBack(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		enqueue(t, s, customer(1), "a", noon)
		enqueue(t, s, customer(2), "b", noon)
		update(t, s, func(tx *store.Tx) error {
			claimed, err := tx.Callbacks().Claim(noon, noon.Add(time.Minute), 10)
			if err != nil || len(claimed) != 2 {
				t.Errorf("claimed %v, %v; want a, b", payloads(claimed), err)
				return err
			}
			return tx.Callbacks().GiveBack(claimed[1], noon)
		})
		again := callbacks(t, s, noon)
		if got := payloads(again); !slices.Equal(got, []string{"b"}) || again[0].Attempts != 1 {
			t.Errorf("claimed %v, want b at its first attempt", got)
		}
	})
}

// However many are asked for, what is claimed at once fits into memory.
func TestClaimedCallbacksAreBoundedInBytes(t *testing.T) {
	s := embedded.newStore(t)
	large := strings.Repeat("x", 6<<20)
	for n := range 4 {
		enqueue(t, s, customer(n+1), large, noon)
	}
	for _, want := range []int{2, 2, 0} {
		if got := len(callbacks(t, s, noon)); got != want {
			t.Errorf("claimed %d of 6 MiB each, want %d", got, want)
		}
	}
}

func TestCallbacksOfACustomerGoOneByOne(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		for n := range 2 {
			enqueue(t, s, customer(1), fmt.Sprintf("a%d", n), noon)
		}
		enqueue(t, s, customer(2), "b0", noon)
		first := callbacks(t, s, noon)
		if got := payloads(first); !slices.Equal(got, []string{"a0", "b0"}) {
			t.Fatalf("claimed %v; want a0, b0", got)
		}
		finish := func(c *store.Callback) (finished bool) {
			update(t, s, func(tx *store.Tx) (err error) {
				finished, err = tx.Callbacks().Finish(c, noon)
				return err
			})
			return finished
		}
		if !finish(first[0]) {
			t.Error("Finish = false; want true")
		}
		if finish(first[0]) {
			t.Error("Finish a second time = true; want false")
		}
		if got := payloads(callbacks(t, s, noon)); !slices.Equal(got, []string{"a1"}) {
			t.Errorf("claimed %v after a0; want a1", got)
		}
		view(t, s, func(tx *store.Tx) error {
			n, err := tx.Depth(store.Callbacks)
			if n != 2 {
				t.Errorf("%d callbacks wait; want a1 and b0", n)
			}
			return err
		})
	})
}

func TestLostLeaseCannotFinish(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		enqueue(t, s, customer(1), "a0", noon)
		lost := callbacks(t, s, noon)[0]
		if got := callbacks(t, s, noon.Add(59*time.Second)); len(got) != 0 {
			t.Fatalf("claimed %v within the lease; want none", payloads(got))
		}
		again := callbacks(t, s, noon.Add(time.Minute))
		if len(again) != 1 || again[0].Attempts != 2 {
			t.Fatalf("claimed %v after the lease; want a0 for the second time", payloads(again))
		}
		update(t, s, func(tx *store.Tx) error {
			finished, err := tx.Callbacks().Finish(lost, noon)
			if err != nil {
				return err
			}
			put, err := tx.Callbacks().Retry(lost, noon)
			if finished || put {
				t.Errorf("the lost claim finished (%v) or put off (%v) what another claim has", finished, put)
			}
			return err
		})
		update(t, s, func(tx *store.Tx) error {
			put, err := tx.Callbacks().Retry(again[0], noon.Add(time.Hour))
			if !put {
				t.Error("RetryCallback = false; want true")
			}
			return err
		})
		if got := callbacks(t, s, noon.Add(59*time.Minute)); len(got) != 0 {
			t.Errorf("claimed %v before the retry is due; want none", payloads(got))
		}
		if got := payloads(callbacks(t, s, noon.Add(time.Hour))); !slices.Equal(got, []string{"a0"}) {
			t.Errorf("claimed %v when the retry is due; want a0", got)
		}
	})
}

// Callbacks that a process had claimed when it ended are delivered again at once: nobody can hold
// them any more. One that waits for its next try goes on waiting.
func TestCallbacksOfAnEndedProcessAreReleased(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		place, keys := e.newPlace(t), newKeys(t)
		s := place.open(t, keys)
		enqueue(t, s, customer(1), "claimed", noon)
		enqueue(t, s, customer(2), "put off", noon)
		for _, c := range callbacks(t, s, noon) {
			if string(c.Payload) == "put off" {
				update(t, s, func(tx *store.Tx) error {
					_, err := tx.Callbacks().Retry(c, noon.Add(time.Hour))
					return err
				})
			}
		}
		release := func() (released int64) {
			update(t, s, func(tx *store.Tx) (err error) {
				released, err = tx.Callbacks().Release()
				return err
			})
			return released
		}
		if n := release(); n != 0 {
			t.Fatalf("released %d while the process lives; want none", n)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = place.open(t, keys)
		if n := release(); n != 1 {
			t.Errorf("released %d; want the one that was claimed", n)
		}
		if got := payloads(callbacks(t, s, noon)); !slices.Equal(got, []string{"claimed"}) {
			t.Errorf("claimed %v at once; want claimed", got)
		}
	})
}

// Deliveries that nobody takes any more do not stay for ever, and hold up nobody.
func TestPurgeDropsOldCallbacksAndLetsTheNextOneGo(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			for n, age := range []time.Duration{3 * time.Hour, 2 * time.Hour, time.Minute} {
				if err := tx.Callbacks().Enqueue(&store.Callback{
					Channel: channel, Customer: customer(1), Payload: []byte(
						strconv.Itoa(n),
					), CreatedAt: noon.Add(-age),
				}); err != nil {
					return err
				}
			}
			return nil
		})
		update(t, s, func(tx *store.Tx) error {
			removed, err := tx.Upkeep().Purge(noon, store.PurgeLimits{CallbacksBefore: noon.Add(-time.Hour), Rows: 10})
			if removed != 2 {
				t.Errorf("%d rows were removed, want the two old callbacks", removed)
			}
			return err
		})
		update(t, s, func(tx *store.Tx) error {
			if depth, err := tx.Depth(store.Callbacks); err != nil || depth != 1 {
				t.Errorf("%d callbacks wait, %v; want 1", depth, err)
			}
			claimed, err := tx.Callbacks().Claim(noon, noon.Add(time.Minute), 10)
			if len(claimed) != 1 || string(claimed[0].Payload) != "2" {
				t.Errorf("claimed %d callbacks; want the young one", len(claimed))
			}
			return err
		})
	})
}
