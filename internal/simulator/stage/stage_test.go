package stage

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/clock"
)

func TestScheduleRunsInOrderAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSchedule(clock.New(nil), newActivity())
		start := time.Now()
		var got []string
		note := func(name string) func() {
			return func() { got = append(got, name+" "+time.Since(start).String()) }
		}
		s.At(start.Add(3*time.Second), note("d"))
		s.At(start.Add(time.Second), note("b"))
		s.At(start.Add(time.Second), note("c"))
		s.At(start.Add(-time.Second), note("a"))
		go s.Run(t.Context())
		synctest.Wait()
		s.At(start.Add(2*time.Second), note("late"))
		if err := s.activity.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"a 0s", "b 1s", "c 1s", "late 2s", "d 3s"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRetryDelayOfWebhooks(t *testing.T) {
	for tries, want := range map[int]time.Duration{
		0: 100 * time.Millisecond, 1: 200 * time.Millisecond, 3: 800 * time.Millisecond, 50: 5 * time.Second,
	} {
		if got := retryDelay(tries); got != want {
			t.Errorf("after %d tries: got %s, want %s", tries, got, want)
		}
	}
}
