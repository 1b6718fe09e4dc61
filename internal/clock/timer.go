package clock

import "time"

// Timer sends on C when its time has come. Stop it when it is no longer needed.
type Timer struct {
	C <-chan time.Time

	clock *Clock
	sends chan time.Time
	// Clock.mu guards what follows.
	due     time.Time
	machine *time.Timer
	starts  int // so that a start that was stopped too late sends nothing
}

// NewTimer returns a timer that goes off after d.
func (c *Clock) NewTimer(d time.Duration) *Timer {
	sends := make(chan time.Time, 1)
	t := &Timer{C: sends, clock: c, sends: sends}
	t.Reset(d)
	return t
}

// Reset starts the timer anew: it goes off after d, and not for an earlier start.
func (t *Timer) Reset(d time.Duration) {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	t.halt()
	t.due = t.clock.now().Add(d)
	t.clock.timers[t] = struct{}{}
	t.start()
}

// Stop ends the timer: nothing is received from C until it is reset.
func (t *Timer) Stop() {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	t.halt()
}

// start has the machine wait for what is left until the timer is due.
func (t *Timer) start() {
	t.starts++
	start := t.starts
	t.machine = time.AfterFunc(t.due.Sub(t.clock.now()), func() { t.goOff(start) })
}

func (t *Timer) halt() {
	if t.machine != nil {
		t.machine.Stop()
	}
	t.starts++
	delete(t.clock.timers, t)
	select {
	case <-t.sends:
	default:
	}
}

func (t *Timer) goOff(start int) {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	if start == t.starts {
		delete(t.clock.timers, t)
		t.sends <- t.clock.now() // there is room: a start is preceded by a halt
	}
}
