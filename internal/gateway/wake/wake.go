// Package wake lets one goroutine tell another that there is something to do.
package wake

import (
	"context"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
)

// Signal wakes a waiting loop. What is notified while the loop works is kept as one. It is safe for
// concurrent use.
type Signal chan struct{}

// New returns a signal that is not set.
func New() Signal { return make(Signal, 1) }

// Notify wakes the loop, or keeps it from sleeping the next time.
func (s Signal) Notify() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// Sleep waits for a notification, for the duration, or for the end of ctx. It reports whether ctx
// goes on. The timer is the loop's own.
func (s Signal) Sleep(ctx context.Context, timer *clock.Timer, d time.Duration) (goOn bool) {
	timer.Reset(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s:
	case <-timer.C:
	}
	return ctx.Err() == nil
}

// Every calls step at each interval until ctx is done. Of the times that pass while a step takes,
// or that the clock was set over, one is made up for.
func Every(ctx context.Context, by *clock.Clock, interval time.Duration, step func()) {
	next := by.Now().Add(interval)
	timer := by.NewTimer(interval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		step()
		next = next.Add(interval)
		if late := by.Since(next); late > interval {
			next = next.Add(late.Truncate(interval))
		}
		timer.Reset(max(0, next.Sub(by.Now())))
	}
}
