// Package durable is the account's store as the rest of a gateway uses it. It is opened once the
// first configuration says whose store it is, and may be away for a while. What an operation brings
// about outside the store happens when the operation is durable, see Tx.After.
package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// databaseFile is the name of an embedded store's database in its directory.
const databaseFile = "gateway.db"

// RetryPause is the pause before an operation is tried again that the store could not take. It
// grows to longestPause.
const (
	RetryPause   = 250 * time.Millisecond
	longestPause = 5 * time.Second
)

const (
	// idle is how long a loop sleeps when nothing wakes it.
	idle = time.Minute
	// sharedIdle is the same where replicas share the store: what another one has made ready, or
	// left when it ended, notifies nobody here.
	sharedIdle = 5 * time.Second
)

// ErrStarting says that the store is not open yet.
var ErrStarting = errors.New("the gateway is starting")

// Options say how the store is opened.
type Options struct {
	// Directory holds an embedded store.
	Directory string
	Keys      *seal.Keys
	// Clock is the process's.
	Clock   *clock.Clock
	Log     *slog.Logger
	Metrics *telemetry.Metrics
	Traces  telemetry.Traces
}

// Store is the account's store. It is safe for concurrent use.
type Store struct {
	options Options
	opened  atomic.Pointer[store.Store]
	// unopened is the outage that keeps the store from being opened; nil once it is open.
	unopened atomic.Pointer[store.Outage]
}

// New returns a store that Open has yet to open.
func New(options Options) *Store { return &Store{options: options} }

// Open opens the tenant's store, and has recovery take up in it what an earlier process left before
// anybody else may use it. A database that does not answer yet, or a disk that is full, is waited
// for until ctx is done; then the error is ctx's.
func (s *Store) Open(
	ctx context.Context, t *served.Tenant, recovery func(ctx context.Context, update Updater) error,
) error {
	timer := s.options.Clock.NewTimer(0)
	defer timer.Stop()
	for pause := RetryPause; ; pause = min(2*pause, longestPause) {
		opened, err := s.openOnce(ctx, t, recovery)
		if err == nil {
			s.opened.Store(opened)
		}
		if err == nil || !errors.Is(err, store.ErrUnavailable) {
			s.unopened.Store(nil)
			return err
		}
		s.cannotOpen(err, t)
		s.options.Log.Error("Store cannot be reached yet", "error", err)
		timer.Reset(pause)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// cannotOpen records what keeps the store from being opened.
func (s *Store) cannotOpen(err error, t *served.Tenant) {
	outage := store.Outage{Cause: store.OutageCauseOf(err, t.SharesStore()), Since: s.options.Clock.Now()}
	if before := s.unopened.Load(); before != nil {
		outage.Since = before.Since
	}
	s.unopened.Store(&outage)
}

func (s *Store) openOnce(
	ctx context.Context, t *served.Tenant, recovery func(ctx context.Context, update Updater) error,
) (*store.Store, error) {
	opened, err := store.Open(ctx, s.storeOptions(t))
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	update := func(ctx context.Context, fn func(*Tx) error, about ...store.Subject) error {
		return update(ctx, opened, fn, about...)
	}
	if err := recovery(ctx, update); err != nil {
		return nil, errors.Join(fmt.Errorf("recover the queue: %w", err), opened.Close())
	}
	return opened, nil
}

func (s *Store) storeOptions(t *served.Tenant) store.Options {
	metrics := s.options.Metrics
	options := store.Options{
		AccountUID:  t.Account.UID,
		AccountName: t.Account.Namespace + "/" + t.Account.Name,
		LedgerID:    t.Account.LedgerID,
		Keys:        s.options.Keys,
		OnCommit:    metrics.Committed,
		OnSync:      func(took time.Duration) { metrics.Syncs.Observe(took.Seconds()) },
		OnFault:     func(constraint string) { metrics.Faults.WithLabelValues(constraint).Inc() },
		Clock:       s.options.Clock,
		Log:         s.options.Log,
	}
	if t.Storage.Type == config.StorageShared {
		options.Shared = &store.Shared{URL: t.Storage.URL, CA: []byte(t.Storage.CAPEM)}
	} else {
		options.Path = filepath.Join(s.options.Directory, databaseFile)
	}
	return options
}

// Close closes the store, if it was opened.
func (s *Store) Close() error {
	if opened := s.opened.Load(); opened != nil {
		return opened.Close()
	}
	return nil
}

// IsOpen reports whether the store was opened.
func (s *Store) IsOpen() bool { return s.opened.Load() != nil }

// Clock is the process's clock, for timers. What is dated is dated with Now.
func (s *Store) Clock() *clock.Clock { return s.options.Clock }

// Now is the process's clock, corrected by that of a shared store's database: what one replica has
// dated is compared with the time of another.
func (s *Store) Now() time.Time {
	now := s.options.Clock.Now()
	if opened := s.opened.Load(); opened != nil {
		now = now.Add(opened.ClockOffset())
	}
	return now
}

// Outage returns the store's outage; nil if there is none.
func (s *Store) Outage() *store.Outage {
	if opened := s.opened.Load(); opened != nil {
		return opened.Outage()
	}
	return s.unopened.Load()
}

// Superseded returns why this process may not use the store any more; nil while it may.
func (s *Store) Superseded() error {
	if opened := s.opened.Load(); opened != nil {
		return opened.Superseded()
	}
	return nil
}

// Shared reports whether replicas share the store, which is open.
func (s *Store) Shared() bool { return s.opened.Load().Shared() }

// Replicas is how many gateways serve the account, as far as is known.
func (s *Store) Replicas() int64 {
	if opened := s.opened.Load(); opened != nil {
		return opened.Replicas()
	}
	return 1
}

// HoldsLease reports whether what was claimed under the lease is still this replica's.
func (s *Store) HoldsLease(lease int64) bool { return s.opened.Load().HoldsLease(lease) }

// Space returns the room of an embedded store; false where it is not known.
func (s *Store) Space() (store.Space, bool) {
	opened := s.opened.Load()
	if opened == nil {
		return store.Space{}, false
	}
	space, err := opened.Space()
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		s.options.Log.Error("Store's space cannot be read", "error", err)
	}
	return space, err == nil
}

// Idle is how long a loop sleeps when nothing wakes it.
func (s *Store) Idle() time.Duration {
	if s.Shared() {
		return sharedIdle
	}
	return idle
}

// View runs fn on a snapshot of the store.
func (s *Store) View(ctx context.Context, fn func(*store.Tx) error) error {
	opened := s.opened.Load()
	if opened == nil {
		return ErrStarting
	}
	return opened.View(ctx, fn)
}

// WorthLogging reports whether a failure should be logged where it is met. An unavailable store
// says so itself, once, and not for every request; what a stop of the gateway cuts short is no
// failure.
func WorthLogging(err error) bool {
	for _, quiet := range []error{store.ErrUnavailable, store.ErrClosed, ErrStarting, context.Canceled} {
		if errors.Is(err, quiet) {
			return false
		}
	}
	return true
}
