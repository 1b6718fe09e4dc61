package upstream

import (
	"context"
	"sync"
)

// slots bounds the sends that are under way at once. What is claimed is sent at once: while the
// dispatcher claims for the slots that are free, messages may take them that are sent as they are
// accepted, and the bound is then passed by as many.
type slots struct {
	atOnce   int
	underWay sync.WaitGroup

	mu   sync.Mutex
	used int
	// ctx is the dispatcher's, nil while there is none: a send outlives the request that it comes
	// from.
	ctx     context.Context
	waiting map[string]bool // channels, by id, of which it is known whether messages wait for their turn
}

func newSlots(atOnce int) *slots {
	return &slots{atOnce: atOnce, waiting: map[string]bool{}}
}

// begin lets sends begin.
func (s *slots) begin(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx = ctx
}

// end lets none begin any more, and waits for those that are under way.
func (s *slots) end() {
	s.mu.Lock()
	s.ctx = nil
	s.mu.Unlock()
	s.underWay.Wait()
}

// free is how many slots there are.
func (s *slots) free() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.atOnce-s.used)
}

// take takes a slot for a message that is claimed.
func (s *slots) take() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used++
	s.underWay.Add(1)
}

// tryAcquire takes a slot for a message that is about to be accepted, if it may be sent at once:
// there is a slot, and nothing of its channel waits. The send runs in ctx.
func (s *slots) tryAcquire(channel string) (ctx context.Context, may bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	waits, known := s.waiting[channel]
	if s.ctx == nil || waits || !known || s.used >= s.atOnce {
		return nil, false
	}
	s.used++
	s.underWay.Add(1)
	return s.ctx, true
}

// release gives a slot back.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
	s.underWay.Done()
}

// setWaiting records whether messages of a channel wait for their turn.
func (s *slots) setWaiting(channel string, waits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting[channel] = waits
}

// anyWaits tells whether messages of any channel may be waiting for their turn: a slot that is
// given back is for whichever needs it.
func (s *slots) anyWaits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, waits := range s.waiting {
		if waits {
			return true
		}
	}
	return false
}
