package store

import (
	"context"
	"time"
)

// HoldsLease tells whether what this store has claimed under a lease is still its own to send:
// whether a transaction has confirmed the lease a short time ago. Any Update confirms it.
func (s *Store) HoldsLease(lease int64) bool {
	return s.superseded.Load() == nil && s.writer.HoldsLease(lease)
}

// Replicas is how many replicas are at work on the account, this one included, as of its last
// commit. It is 1 for an embedded store.
func (s *Store) Replicas() int64 { return s.writer.Replicas() }

// ClockOffset is how far the clock of a shared store's database is ahead of this machine's, see
// Options.Now. Replicas that add it to their own clocks agree on the time, whatever those say. It
// is 0 for an embedded store, which has no clock of its own.
func (s *Store) ClockOffset() time.Duration { return s.writer.ClockOffset() }

// Superseded is why this process may not use the store any more, an ErrSuperseded; nil while it
// may.
func (s *Store) Superseded() error {
	if cause := s.superseded.Load(); cause != nil {
		return *cause
	}
	return nil
}

// Shared tells whether other replicas may be at work on the same account.
func (s *Store) Shared() bool { return s.traits.Shared }

// keepLease renews the lease of a shared store while nothing else does. Every operation's
// transaction renews it, also one that does nothing.
func (s *Store) keepLease(every time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	timer := s.options.Clock.NewTimer(every)
	defer timer.Stop()
	for {
		select {
		case <-s.closing:
			return
		case <-timer.C:
			timer.Reset(every)
			_ = s.Update(ctx, func(*Tx) error { return nil }) // the writer has logged what is wrong
		}
	}
}
