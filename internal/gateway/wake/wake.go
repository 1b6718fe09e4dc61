// Package wake lets one goroutine tell another that there is something to do.
package wake

import (
	"context"
	"time"
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
func (s Signal) Sleep(ctx context.Context, timer *time.Timer, d time.Duration) (goOn bool) {
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

// Every calls step at each interval until ctx is done.
func Every(ctx context.Context, interval time.Duration, step func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			step()
		}
	}
}
