package stage

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
)

// Schedule runs events at their time, one after the other, in one goroutine.
type Schedule struct {
	clock    *clock.Clock
	activity *Activity
	wake     chan struct{}

	mu     sync.Mutex
	events eventHeap
	number uint64
}

type event struct {
	at     time.Time
	number uint64
	run    func()
}

func newSchedule(by *clock.Clock, a *Activity) *Schedule {
	return &Schedule{clock: by, activity: a, wake: make(chan struct{}, 1)}
}

// At runs an event at an instant, or as soon as possible after it. Events of
// one instant run in the order in which they were planned.
func (s *Schedule) At(instant time.Time, run func()) {
	s.activity.begin(1)
	s.mu.Lock()
	s.number++
	heap.Push(&s.events, event{at: instant, number: s.number, run: run})
	first := s.events[0].number == s.number
	s.mu.Unlock()
	if first {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// Clear forgets every event.
func (s *Schedule) Clear() {
	s.mu.Lock()
	forgotten := len(s.events)
	s.events = nil
	s.mu.Unlock()
	s.activity.end(forgotten)
}

// Run works until the context ends.
func (s *Schedule) Run(ctx context.Context) {
	timer := s.clock.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		due, wait := s.next()
		if due != nil {
			due.run()
			s.activity.end(1)
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// next returns the event that is due, or the time until the next one.
func (s *Schedule) next() (*event, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) == 0 {
		return nil, time.Hour
	}
	if wait := s.events[0].at.Sub(s.clock.Now()); wait > 0 {
		return nil, wait
	}
	due, _ := heap.Pop(&s.events).(event)
	return &due, 0
}

type eventHeap []event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].number < h[j].number
	}
	return h[i].at.Before(h[j].at)
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *eventHeap) Push(x any) {
	if e, ok := x.(event); ok {
		*h = append(*h, e)
	}
}

// Pop implements heap.Interface.
func (h *eventHeap) Pop() any {
	last := len(*h) - 1
	popped := (*h)[last]
	(*h)[last] = event{} // lets its closure go
	*h = (*h)[:last]
	return popped
}

// Activity counts the work that is under way, so that a test can wait for its
// end instead of sleeping.
type Activity struct {
	mu    sync.Mutex
	count int
	idle  chan struct{}
}

func newActivity() *Activity {
	idle := make(chan struct{})
	close(idle)
	return &Activity{idle: idle}
}

func (a *Activity) begin(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count == 0 && n > 0 {
		a.idle = make(chan struct{})
	}
	a.count += n
}

func (a *Activity) end(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n == 0 {
		return
	}
	a.count -= n
	if a.count == 0 {
		close(a.idle)
	}
}

// Wait returns when nothing is under way, or the context's error.
func (a *Activity) Wait(ctx context.Context) error {
	a.mu.Lock()
	idle := a.idle
	a.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Pending is how much is under way.
func (a *Activity) Pending() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count
}
