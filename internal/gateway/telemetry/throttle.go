package telemetry

import (
	"sync"
	"time"
)

// throttleInterval is how often the log says that something of a kind goes on happening.
const throttleInterval = time.Minute

// Throttle keeps the log readable when much of a kind happens: the first is logged, and then once
// in an interval how many there were since. The exact counts are metrics. It is safe for concurrent
// use.
type Throttle struct {
	mu    sync.Mutex
	kinds map[string]*throttled
}

type throttled struct {
	unlogged int
	next     time.Time
}

// NewThrottle returns a throttle that has seen nothing.
func NewThrottle() *Throttle { return &Throttle{kinds: map[string]*throttled{}} }

// Add counts one of a kind, and returns how many are to be logged now; 0 for none yet.
func (t *Throttle) Add(kind string, now time.Time) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.kinds[kind]
	if of == nil {
		of = &throttled{}
		t.kinds[kind] = of
	}
	of.unlogged++
	if now.Before(of.next) {
		return 0
	}
	n := of.unlogged
	of.unlogged, of.next = 0, now.Add(throttleInterval)
	return n
}
