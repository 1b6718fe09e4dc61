package store_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

func TestP2ConcurrentDuplicatesAreSeenOnce(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		var group sync.WaitGroup
		var first atomic.Int64
		for range 50 {
			group.Go(func() {
				if err := s.Update(context.Background(), func(tx *store.Tx) error {
					yes, err := tx.FirstTime("wamid.inbound", noon)
					if yes {
						first.Add(1)
					}
					return err
				}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := first.Load(); got != 1 {
			t.Errorf("%d of 50 duplicates were the first; want 1", got)
		}
	})
}

func TestDedupeLastsEightDays(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		firstTime := func(at time.Time) (yes bool) {
			update(t, s, func(tx *store.Tx) (err error) {
				if _, err = tx.Purge(at, store.PurgeLimits{Rows: 10}); err != nil {
					return err
				}
				yes, err = tx.FirstTime("wamid.inbound", at)
				return err
			})
			return yes
		}
		const eightDays = 8 * 24 * time.Hour
		for _, tc := range []struct {
			at   time.Time
			want bool
		}{{noon, true}, {noon.Add(eightDays - time.Millisecond), false}, {noon.Add(eightDays), true}} {
			if got := firstTime(tc.at); got != tc.want {
				t.Errorf("FirstTime at %s = %v; want %v", tc.at, got, tc.want)
			}
		}
	})
}

// Statuses of what others send through the same number may come without end: the oldest are forgotten.
func TestEarlyStatusesAreBounded(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		const bound = 10_000
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			for n := range bound + 2 {
				if err := tx.KeepEarlyStatus(strconv.Itoa(n), []byte("sent"), noon); err != nil {
					return err
				}
			}
			return nil
		})
		for id, want := range map[string]int{"0": 0, "1": 0, "2": 1, strconv.Itoa(bound + 1): 1} {
			update(t, s, func(tx *store.Tx) error {
				kept, _, err := tx.TakeEarlyStatuses(id)
				if len(kept) != want {
					t.Errorf("%d statuses of id %s are kept, want %d", len(kept), id, want)
				}
				return err
			})
		}
	})
}

func TestEarlyStatusesWaitForTheirMessage(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			for _, status := range []string{"sent", "delivered"} {
				if err := tx.KeepEarlyStatus("upstream-a", []byte(status), noon); err != nil {
					return err
				}
			}
			return tx.KeepEarlyStatus("upstream-b", []byte("read"), noon)
		})
		take := func() (statuses []string) {
			update(t, s, func(tx *store.Tx) error {
				payloads, _, err := tx.TakeEarlyStatuses("upstream-a")
				for _, p := range payloads {
					statuses = append(statuses, string(p))
				}
				return err
			})
			return statuses
		}
		if got := take(); !slices.Equal(got, []string{"sent", "delivered"}) {
			t.Errorf("taken %v; want sent, delivered", got)
		}
		if got := take(); len(got) != 0 {
			t.Errorf("taken again: %v; want none", got)
		}
		update(t, s, func(tx *store.Tx) error {
			removed, err := tx.Purge(noon.Add(time.Hour), store.PurgeLimits{EarlyBefore: noon.Add(time.Second), Rows: 10})
			if removed != 1 {
				t.Errorf("purged %d rows; want the status of upstream-b", removed)
			}
			return err
		})
	})
}

// A transaction that found none to be kept sees the one that it keeps itself.
func TestEarlyStatusIsSeenInItsOwnTransaction(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			before, _, err := tx.TakeEarlyStatuses("upstream-a")
			if err != nil {
				return err
			}
			if err := tx.KeepEarlyStatus("upstream-a", []byte("sent"), noon); err != nil {
				return err
			}
			after, _, err := tx.TakeEarlyStatuses("upstream-a")
			if len(before) != 0 || len(after) != 1 {
				t.Errorf("%d statuses before one was kept and %d after; want none and one", len(before), len(after))
			}
			return err
		})
	})
}

func TestConversationIsKeptAndItsWindowCounted(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		state := conversation.State{Windows: []conversation.Span{
			{From: noon.Unix() - 200_000, To: noon.Unix() - 113_600},
			{From: noon.Unix(), To: noon.Unix() + 86_400},
		}}
		update(t, s, func(tx *store.Tx) error {
			if err := tx.PutConversation(channel, customer(2), &conversation.State{FirstContact: noon.Unix()}); err != nil {
				return err
			}
			return tx.PutConversation(channel, customer(1), &state)
		})
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.Conversation(channel, customer(1))
			if !slices.Equal(got.Windows, state.Windows) {
				t.Errorf("windows = %v; want %v", got.Windows, state.Windows)
			}
			return err
		})
		for at, want := range map[time.Time]int64{noon: 1, noon.Add(24*time.Hour - time.Second): 1, noon.Add(24 * time.Hour): 0} {
			view(t, s, func(tx *store.Tx) error {
				n, err := tx.OpenWindows(at)
				if n != want {
					t.Errorf("open windows at %s = %d; want %d", at, n, want)
				}
				return err
			})
		}
	})
}

func TestTemplateEventsKeepTheLatest(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		put := func(id, event string, at time.Time) {
			update(t, s, func(tx *store.Tx) error {
				return tx.PutTemplateEvent(store.TemplateEvent{UpstreamID: id, Name: "parcel", Language: "fr", Event: event, At: at})
			})
		}
		put("1", "APPROVED", noon)
		put("1", "PAUSED", noon.Add(time.Hour))
		put("1", "PENDING", noon.Add(-time.Hour)) // late: changes nothing
		put("2", "REJECTED", noon.Add(time.Minute))
		view(t, s, func(tx *store.Tx) error {
			events, err := tx.TemplateEvents(100)
			var got []string
			for _, e := range events {
				got = append(got, e.UpstreamID+" "+e.Event)
			}
			if want := []string{"1 PAUSED", "2 REJECTED"}; !slices.Equal(got, want) {
				t.Errorf("events = %v; want %v", got, want)
			}
			return err
		})
	})
}

func TestReachCountsCustomersOfAMovingDay(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		put := func(n int, at time.Time) {
			update(t, s, func(tx *store.Tx) error { return tx.PutReach(customer(n), at) })
		}
		put(1, noon)
		put(2, noon.Add(time.Hour))
		put(2, noon.Add(2*time.Hour))
		for limit, want := range map[int64]time.Time{2: noon.Add(24 * time.Hour), 1: noon.Add(26 * time.Hour)} {
			view(t, s, func(tx *store.Tx) error {
				frees, err := tx.ReachFrees(2, limit)
				if !frees.Equal(want) {
					t.Errorf("one more than two may be written to at %s with a limit of %d; want %s", frees, limit, want)
				}
				return err
			})
		}
		tests := []struct {
			at    time.Time
			count int64
			among bool // customer 1
		}{
			{noon.Add(2 * time.Hour), 2, true},
			{noon.Add(24*time.Hour - time.Millisecond), 2, true},
			{noon.Add(24 * time.Hour), 1, false},
			{noon.Add(26 * time.Hour), 0, false},
		}
		for _, tc := range tests {
			update(t, s, func(tx *store.Tx) error {
				count, among, err := tx.Reach(customer(1), tc.at)
				if count != tc.count || among != tc.among {
					t.Errorf("Reach at %s = %d, %v; want %d, %v", tc.at, count, among, tc.count, tc.among)
				}
				return err
			})
		}
	})
}

// callbacks claims and returns the payloads.
func callbacks(t *testing.T, s *store.Store, now time.Time) []*store.Callback {
	t.Helper()
	var claimed []*store.Callback
	update(t, s, func(tx *store.Tx) (err error) {
		claimed, err = tx.ClaimCallbacks(now, now.Add(time.Minute), 10)
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
		return tx.EnqueueCallback(&store.Callback{Channel: channel, Customer: about, Payload: []byte(payload), CreatedAt: at})
	})
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
				finished, err = tx.FinishCallback(c, noon)
				return err
			})
			return finished
		}
		if !finish(first[0]) {
			t.Error("FinishCallback = false; want true")
		}
		if finish(first[0]) {
			t.Error("FinishCallback a second time = true; want false")
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
			finished, err := tx.FinishCallback(lost, noon)
			if err != nil {
				return err
			}
			put, err := tx.RetryCallback(lost, noon)
			if finished || put {
				t.Errorf("the lost claim finished (%v) or put off (%v) what another claim has", finished, put)
			}
			return err
		})
		update(t, s, func(tx *store.Tx) error {
			put, err := tx.RetryCallback(again[0], noon.Add(time.Hour))
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

func TestPurgeRemovesSettledMessagesOnly(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			for n, id := range []string{"settled", "open", "young"} {
				m := newMessage(id, customer(n))
				if id == "young" {
					m.AcceptedAt = noon.Add(time.Hour)
				}
				if err := tx.Accept(m); err != nil {
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
			removed, err := tx.Purge(noon.Add(time.Hour), store.PurgeLimits{SettledBefore: noon.Add(time.Minute), Rows: 10})
			if removed != 1 {
				t.Errorf("purged %d rows; want 1", removed)
			}
			return err
		})
		view(t, s, func(tx *store.Tx) error {
			for id, want := range map[string]bool{"settled": false, "open": true, "young": true} {
				if _, found, err := tx.Message(id); err != nil || found != want {
					t.Errorf("message %q found = %v, %v; want %v", id, found, err, want)
				}
			}
			_, found, err := tx.Settlement("settled")
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
				if err := tx.Accept(newMessage(id, customer(n))); err != nil {
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
				n, err := tx.Purge(noon, store.PurgeLimits{SettledBefore: noon.Add(time.Hour), Rows: 5})
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
				_, found, err := tx.Message(fmt.Sprintf("m%02d", n))
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

// Callbacks that a process had claimed when it ended are delivered again at once: nobody can hold them any more. One that waits for its next try goes on waiting.
func TestCallbacksOfAnEndedProcessAreReleased(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		place, keys := e.newPlace(t), newKeys(t)
		s := place.open(t, keys)
		enqueue(t, s, customer(1), "claimed", noon)
		enqueue(t, s, customer(2), "put off", noon)
		for _, c := range callbacks(t, s, noon) {
			if string(c.Payload) == "put off" {
				update(t, s, func(tx *store.Tx) error {
					_, err := tx.RetryCallback(c, noon.Add(time.Hour))
					return err
				})
			}
		}
		release := func() (released int64) {
			update(t, s, func(tx *store.Tx) (err error) {
				released, err = tx.ReleaseCallbacks()
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
				if err := tx.EnqueueCallback(&store.Callback{
					Channel: channel, Customer: customer(1), Payload: []byte(strconv.Itoa(n)), CreatedAt: noon.Add(-age),
				}); err != nil {
					return err
				}
			}
			return nil
		})
		update(t, s, func(tx *store.Tx) error {
			removed, err := tx.Purge(noon, store.PurgeLimits{CallbacksBefore: noon.Add(-time.Hour), Rows: 10})
			if removed != 2 {
				t.Errorf("%d rows were removed, want the two old callbacks", removed)
			}
			return err
		})
		update(t, s, func(tx *store.Tx) error {
			if depth, err := tx.Depth(store.Callbacks); err != nil || depth != 1 {
				t.Errorf("%d callbacks wait, %v; want 1", depth, err)
			}
			claimed, err := tx.ClaimCallbacks(noon, noon.Add(time.Minute), 10)
			if len(claimed) != 1 || string(claimed[0].Payload) != "2" {
				t.Errorf("claimed %d callbacks; want the young one", len(claimed))
			}
			return err
		})
	})
}
