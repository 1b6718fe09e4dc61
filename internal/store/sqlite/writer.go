package sqlite

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// writer is the one writer of a database file. Whoever opened the file last holds its lease;
// a process that finds the lease gone has been taken over and commits nothing any more. So a
// successor need not wait for one that hangs, or that was cut off from its volume, and a lock that
// is lost there does no harm.
type writer struct {
	*connection
	schema    engine.Schema
	clock     *clock.Clock
	leaseID   int64
	confirmed atomic.Pointer[time.Time] // when the lease was last found to be this writer's
}

const (
	// The next number is one more than the highest, so the old leases go when the new one is there.
	insertEndlessLease = `INSERT INTO leases (expires_at, batch, taken) VALUES (0, 0, 0) RETURNING id`
	deleteOtherLeases  = `DELETE FROM leases WHERE id <> $1`
	selectFence        = `SELECT (SELECT COUNT(*) FROM leases WHERE id = $1), (SELECT MAX(version)
		FROM schema_migrations)`
)

// confirmationLasts is for how long what a transaction has found out about the lease is relied on
// without another look.
const confirmationLasts = 5 * time.Second

// enlist takes the lease from whoever had it.
func (w *writer) enlist() (err error) {
	if err := w.connection.Begin(); err != nil {
		return fmt.Errorf("the store's lease could not be taken: %w", err)
	}
	defer func() {
		if err != nil {
			w.Rollback()
			err = fmt.Errorf("the store's lease could not be taken: %w", err)
		}
	}()
	if _, err := engine.First(w, insertEndlessLease, nil, func(v engine.Row) { w.leaseID = v.Int(0) }); err != nil {
		return err
	}
	if err := w.Exec(deleteOtherLeases, w.leaseID); err != nil {
		return err
	}
	if err := w.Commit(); err != nil {
		return err
	}
	w.confirm()
	return nil
}

// Begin starts a transaction if the lease and the schema are still this process's own.
func (w *writer) Begin() error {
	if err := w.connection.Begin(); err != nil {
		return err
	}
	err := w.checkFence()
	if err != nil {
		w.Rollback()
		return err
	}
	w.confirm()
	return nil
}

// BeginAsking implements engine.Writer.
func (w *writer) BeginAsking(questions ...engine.Question) error {
	if err := w.Begin(); err != nil {
		return err
	}
	return w.Ask(questions...)
}

func (w *writer) checkFence() error {
	var held, version int64
	if _, err := engine.First(
		w, selectFence, []any{w.leaseID}, func(v engine.Row) { held, version = v.Int(0), v.Int(1) },
	); err != nil {
		return err
	}
	if err := w.schema.Check(int(version)); err != nil {
		return err
	}
	if held == 0 {
		return fmt.Errorf(
			"%w: another process has opened its file since and goes on with it; end this one", engine.ErrSuperseded,
		)
	}
	return nil
}

func (w *writer) confirm() {
	now := w.clock.Now()
	w.confirmed.Store(&now)
}

func (w *writer) Lease() int64 { return w.leaseID }

func (w *writer) HoldsLease(lease int64) bool {
	return lease == w.leaseID && w.clock.Since(*w.confirmed.Load()) < confirmationLasts
}

func (*writer) Replicas() int64 { return 1 }

func (*writer) ClockOffset() time.Duration { return 0 }

func (*writer) Exchanges() int64 { return 0 }

func (w *writer) LastInserted() (int64, bool) { return w.conn.LastInsertRowID(), true }

func (*writer) HasExpiredLeases() (bool, error) { return false, nil }

func (*writer) TakeExpiredLeases() error { return nil }

// AsyncCommit has nothing to do: a transaction without changes needs no sync.
func (*writer) AsyncCommit() error { return nil }
