// Package clock is the time that a whole process goes by: its instants, and the timers of its
// loops. It is the machine's clock, and can be set forward.
package clock

import (
	"sync"
	"time"
)

// Clock is the machine's clock, ahead of it by what it was advanced. It is safe for concurrent use.
//
// What waits for an instant reads the Clock. What bounds how long a peer may take, such as the
// deadline of a call, does not: an advance must not cut off a call that is under way.
type Clock struct {
	machine func() time.Time

	mu     sync.Mutex
	ahead  time.Duration
	timers map[*Timer]struct{} // those that run
}

// New returns the machine's clock. machine is what it says; nil is time.Now.
func New(machine func() time.Time) *Clock {
	if machine == nil {
		machine = time.Now
	}
	return &Clock{machine: machine, timers: map[*Timer]struct{}{}}
}

// Machine is what the machine's clock says, whatever was advanced. Another machine's clock is
// measured against it.
func (c *Clock) Machine() time.Time { return c.machine() }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time { return c.machine().Add(c.ahead) }

// Since is the time that has passed since an earlier Now.
func (c *Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Advance sets the clock forward. Timers that are due by then go off at once.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
	for t := range c.timers {
		t.machine.Stop()
		t.start()
	}
}
