package store

import (
	"context"
	"time"
)

// HoldsLease tells whether what this store has claimed under a lease is still its own to send: on a shared store, whether the lease has been renewed in time. An
// embedded store has one process, which holds its lease for as long as it lives.
func (s *Store) HoldsLease(lease int64) bool {
	w, shared := s.writer.(*postgresWriter)
	if !shared {
		return lease == s.writer.lease()
	}
	held := w.standing.Load()
	return held != nil && held.lease == lease && time.Now().Before(held.until)
}

// Replicas is how many replicas are at work on the account, this one included, as of its last commit. It is 1 for an embedded store.
func (s *Store) Replicas() int64 {
	if w, shared := s.writer.(*postgresWriter); shared {
		if held := w.standing.Load(); held != nil {
			return max(held.replicas, 1)
		}
	}
	return 1
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
