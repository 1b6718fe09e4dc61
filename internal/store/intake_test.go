package store_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
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
					yes, err := tx.Intake().FirstTime("wamid.inbound", noon)
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
				if _, err = tx.Upkeep().Purge(at, store.PurgeLimits{Rows: 10}); err != nil {
					return err
				}
				yes, err = tx.Intake().FirstTime("wamid.inbound", at)
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

// Statuses of what others send through the same number may come without end: the oldest are
// forgotten.
func TestEarlyStatusesAreBounded(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		const bound = 10_000
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			for n := range bound + 2 {
				if err := tx.Intake().KeepEarlyStatus(strconv.Itoa(n), []byte("sent"), noon); err != nil {
					return err
				}
			}
			return nil
		})
		for id, want := range map[string]int{"0": 0, "1": 0, "2": 1, strconv.Itoa(bound + 1): 1} {
			update(t, s, func(tx *store.Tx) error {
				kept, _, err := tx.Intake().TakeEarlyStatuses(id)
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
				if err := tx.Intake().KeepEarlyStatus("upstream-a", []byte(status), noon); err != nil {
					return err
				}
			}
			return tx.Intake().KeepEarlyStatus("upstream-b", []byte("read"), noon)
		})
		take := func() (statuses []string) {
			update(t, s, func(tx *store.Tx) error {
				payloads, _, err := tx.Intake().TakeEarlyStatuses("upstream-a")
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
			removed, err := tx.Upkeep().Purge(
				noon.Add(time.Hour), store.PurgeLimits{EarlyBefore: noon.Add(time.Second), Rows: 10},
			)
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
			before, _, err := tx.Intake().TakeEarlyStatuses("upstream-a")
			if err != nil {
				return err
			}
			if err := tx.Intake().KeepEarlyStatus("upstream-a", []byte("sent"), noon); err != nil {
				return err
			}
			after, _, err := tx.Intake().TakeEarlyStatuses("upstream-a")
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
			if err := tx.People().PutConversation(
				channel, customer(2), &conversation.State{FirstContact: noon.Unix()},
			); err != nil {
				return err
			}
			return tx.People().PutConversation(channel, customer(1), &state)
		})
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.People().Conversation(channel, customer(1))
			if !slices.Equal(got.Windows, state.Windows) {
				t.Errorf("windows = %v; want %v", got.Windows, state.Windows)
			}
			return err
		})
		for at, want := range map[time.Time]int64{
			noon: 1, noon.Add(24*time.Hour - time.Second): 1, noon.Add(24 * time.Hour): 0,
		} {
			view(t, s, func(tx *store.Tx) error {
				n, err := tx.People().OpenWindows(at)
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
				return tx.Intake().PutTemplateEvent(
					store.TemplateEvent{UpstreamID: id, Name: "parcel", Language: "fr", Event: event, At: at},
				)
			})
		}
		put("1", "APPROVED", noon)
		put("1", "PAUSED", noon.Add(time.Hour))
		put("1", "PENDING", noon.Add(-time.Hour)) // late: changes nothing
		put("2", "REJECTED", noon.Add(time.Minute))
		view(t, s, func(tx *store.Tx) error {
			events, err := tx.Intake().TemplateEvents(100)
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
			update(t, s, func(tx *store.Tx) error { return tx.People().PutReach(customer(n), at) })
		}
		put(1, noon)
		put(2, noon.Add(time.Hour))
		put(2, noon.Add(2*time.Hour))
		for limit, want := range map[int64]time.Time{2: noon.Add(24 * time.Hour), 1: noon.Add(26 * time.Hour)} {
			view(t, s, func(tx *store.Tx) error {
				frees, err := tx.People().ReachFrees(2, limit)
				if !frees.Equal(want) {
					t.Errorf(
						"one more than two may be written to at %s with a limit of %d; want %s", frees, limit, want,
					)
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
				count, among, err := tx.People().Reach(customer(1), tc.at)
				if count != tc.count || among != tc.among {
					t.Errorf("Reach at %s = %d, %v; want %d, %v", tc.at, count, among, tc.count, tc.among)
				}
				return err
			})
		}
	})
}
