package store

import (
	"context"
	"sync/atomic"
	"time"
)

// validity is until when a lease is known to be ours. It is written by the writer and read by anyone.
type validity struct{ at atomic.Pointer[time.Time] }

func (v *validity) set(until time.Time) { v.at.Store(&until) }

func (v *validity) holds(now time.Time) bool {
	until := v.at.Load()
	return until != nil && now.Before(*until)
}

// HoldsLease tells whether what this store has claimed is still its own to send: on a shared store, whether the lease has been renewed in time. An embedded store has
// one process, which holds it for as long as it lives.
func (s *Store) HoldsLease() bool {
	w, shared := s.writer.(*postgresWriter)
	return !shared || w.until.holds(time.Now())
}

// Shared tells whether other replicas may be at work on the same account.
func (s *Store) Shared() bool { return s.options.Shared != nil }

// keepLease renews the lease of a shared store while nothing else does. Every operation's transaction renews it, also one that does nothing.
func (s *Store) keepLease(term time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ticker := time.NewTicker(term / 3)
	defer ticker.Stop()
	for {
		select {
		case <-s.closing:
			return
		case <-ticker.C:
			_ = s.Update(ctx, func(*Tx) error { return nil }) // the writer has logged what is wrong
		}
	}
}
