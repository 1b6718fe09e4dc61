package wake_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/gateway/wake"
)

func TestEveryKeepsToItsTimes(t *testing.T) {
	tests := map[string]struct {
		takes []time.Duration // the steps, one after the other
		want  []time.Duration // when they begin
	}{
		"short steps":            {[]time.Duration{0, time.Second, 0}, []time.Duration{10, 20, 30}},
		"one that misses a time": {[]time.Duration{12 * time.Second, 0, 0}, []time.Duration{10, 22, 30}},
		"one that misses three":  {[]time.Duration{35 * time.Second, 0, 0}, []time.Duration{10, 45, 50}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				began := time.Now()
				var at []time.Duration
				wake.Every(ctx, clock.New(nil), 10*time.Second, func() {
					at = append(at, time.Since(began)/time.Second)
					time.Sleep(tc.takes[len(at)-1])
					if len(at) == len(tc.takes) {
						stop()
					}
				})
				if !slices.Equal(at, tc.want) {
					t.Errorf("steps began after %d seconds, want %d", at, tc.want)
				}
			})
		})
	}
}

func TestEveryStepsOnceWhenTheClockIsSetForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		by := clock.New(nil)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		steps := 0
		go wake.Every(ctx, by, time.Minute, func() { steps++ })
		synctest.Wait()
		by.Advance(time.Minute + 25*time.Hour)
		synctest.Wait()
		if steps > 2 {
			t.Errorf("%d steps, want the one that was due, and one that is made up for", steps)
		}
		before := steps
		time.Sleep(time.Minute)
		synctest.Wait()
		if before == 0 || steps != before+1 {
			t.Errorf("%d steps at once and %d in the minute behind, want 1 or 2, and 1", before, steps-before)
		}
	})
}
