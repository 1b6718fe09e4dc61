package gateway

import (
	"context"
	"sync"
)

// senders bounds the sends that are under way at once. What is claimed is sent at once: while the
// dispatcher claims for the slots that are free, messages may take them that are sent as they are
// accepted, and the bound is then passed by as many.
type senders struct {
	slots    int
	underWay sync.WaitGroup

	mu   sync.Mutex
	used int
	// ctx is the dispatcher's, nil while there is none: a send outlives the request that it comes
	// from.
	ctx     context.Context
	waiting map[string]bool // channels, by id, of which it is known whether messages wait for their turn
}

func newSenders(atOnce int) *senders {
	return &senders{slots: atOnce, waiting: map[string]bool{}}
}

// begin lets sends begin.
func (s *senders) begin(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx = ctx
}

// end lets none begin any more, and waits for those that are under way.
func (s *senders) end() {
	s.mu.Lock()
	s.ctx = nil
	s.mu.Unlock()
	s.underWay.Wait()
}

// free is how many slots there are.
func (s *senders) free() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.slots-s.used)
}

// take takes a slot for a message that is claimed.
func (s *senders) take() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used++
	s.underWay.Add(1)
}

// overtakes takes a slot for a message that is about to be accepted, if it may be sent at once:
// there is a slot, and nothing of its channel waits. The send runs in ctx.
func (s *senders) overtakes(channel string) (ctx context.Context, may bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	waits, known := s.waiting[channel]
	if s.ctx == nil || waits || !known || s.used >= s.slots {
		return nil, false
	}
	s.used++
	s.underWay.Add(1)
	return s.ctx, true
}

// release gives a slot back.
func (s *senders) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
	s.underWay.Done()
}

// note records whether messages of a channel wait for their turn.
func (s *senders) note(channel string, waits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting[channel] = waits
}

// anyWaits tells whether messages of any channel may be waiting for their turn: a slot that is
// given back is for whichever needs it.
func (s *senders) anyWaits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, waits := range s.waiting {
		if waits {
			return true
		}
	}
	return false
}
