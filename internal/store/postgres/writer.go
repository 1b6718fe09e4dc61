package postgres

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

const (
	// reconnectPause is the first pause between attempts to connect; each failure doubles it, up to
	// maxReconnectPause.
	reconnectPause    = 100 * time.Millisecond
	maxReconnectPause = 5 * time.Second
	// inquiry is how long the outcome of a commit is asked for, while those who wait for it wait
	// on.
	inquiry = 10 * time.Second
	// leaseHistory is how long a lease is remembered after its end, for a replica that asks for its
	// last commit.
	leaseHistory = 24 * time.Hour
)

// The database's clock, in Unix milliseconds. It goes on while a transaction waits for its turn.
const databaseClock = `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`

const (
	takeTurn    = `SELECT one FROM owner WHERE one = 1 FOR UPDATE`
	insertLease = `INSERT INTO leases (expires_at, batch, taken) VALUES (` + databaseClock + ` + $1, 0, 0) RETURNING id`
	renewLease  = `UPDATE leases SET expires_at = ` + databaseClock + ` + $1, batch = batch + 1 WHERE id = $2
		AND taken = 0
		RETURNING batch, (SELECT COUNT(*) FROM leases WHERE taken = 0), (SELECT MAX(version) FROM schema_migrations),
		` + databaseClock + ``
	needNoSync   = `SET LOCAL synchronous_commit TO off`
	selectOver   = `SELECT 1 FROM leases WHERE taken = 0 AND expires_at < ` + databaseClock + ` AND id <> $1 LIMIT 1`
	selectBatch  = `SELECT batch FROM leases WHERE id = $1`
	takeLeases   = `UPDATE leases SET taken = 1 WHERE taken = 0 AND expires_at < ` + databaseClock + ` AND id <> $1`
	forgetLeases = `DELETE FROM leases WHERE taken = 1 AND expires_at < ` + databaseClock + ` - $1`
	endLease     = `UPDATE leases SET taken = 1 WHERE id = $1`
)

// standing is what the last commit has made sure of. It is read by anyone.
type standing struct {
	lease    int64
	until    time.Time
	replicas int64
}

// writer is one of several replicas' writers. Their transactions follow one after the
// other: each first locks the account's row in owner, and its statements then see all that was
// committed before (READ COMMITTED), so a decision is as exact as with one writer. Within its turn
// a transaction renews the replica's lease and counts itself there. A replica whose lease was taken
// can so commit nothing, and a commit whose answer was lost is looked up by its count.
type writer struct {
	*connection // nil before the first, and after the last was given up
	engine      *Engine

	id       int64     // of the lease; 0 for none
	batch    int64     // the current transaction's number under it
	async    bool      // whether the current transaction's commit need not be durable
	kept     kept      // the last transaction that was acknowledged as durable
	began    time.Time // the current transaction
	next     *entry    // what was sent behind the current transaction's commit
	active   int64     // replicas that hold a lease, as the current transaction sees it
	standing atomic.Pointer[standing]
	offset   atomic.Int64 // of the database's clock to this machine's, in milliseconds

	before  int64         // exchanges on the connections before
	pause   time.Duration // after the last failure to connect
	retryAt time.Time
	failure error
}

var _ engine.Overlapping = (*writer)(nil)

// kept is a transaction that the database has acknowledged as durable: its number under a lease.
type kept struct {
	lease, batch int64
	at           time.Time
}

// LastInserted is not known before an answer of the server's, which nobody waits for.
func (*writer) LastInserted() (int64, bool) { return 0, false }

// Exchanges counts those of the connections before this one too.
func (w *writer) Exchanges() int64 {
	if w.connection == nil {
		return w.before
	}
	return w.before + w.exchanges
}

func (w *writer) Lease() int64 { return w.id }

func (w *writer) HoldsLease(lease int64) bool {
	held := w.standing.Load()
	return held != nil && held.lease == lease && w.engine.clock.Now().Before(held.until)
}

func (w *writer) Replicas() int64 {
	if held := w.standing.Load(); held != nil {
		return max(held.replicas, 1)
	}
	return 1
}

func (w *writer) ClockOffset() time.Duration {
	return time.Duration(w.offset.Load()) * time.Millisecond
}

// enlist takes a new lease.
func (w *writer) enlist() error {
	_, err := engine.First(
		w.connection, insertLease, []any{w.engine.term.Milliseconds()}, func(v engine.Row) { w.id = v.Int(0) },
	)
	return err
}

// Begin starts a transaction in the replica's turn and under its lease.
func (w *writer) Begin() error { return w.BeginAsking() }

// BeginAsking takes the replica's turn under its lease, and asks in the same exchange. A connection
// that was lost while nothing was to do is replaced.
func (w *writer) BeginAsking(questions ...engine.Question) error {
	fresh := w.lost()
	if err := w.connect(); err != nil {
		return err
	}
	answered, err := w.enter(questions)
	if err == nil || fresh || answered || !w.lost() {
		return err
	}
	if err := w.connect(); err != nil {
		return err
	}
	_, err = w.enter(questions)
	return err
}

// enter takes the turn and tells whether the server has answered anything.
func (w *writer) enter(questions []engine.Question) (answered bool, err error) {
	if w.id == 0 {
		if err := w.checkSchema(); err != nil {
			return false, err
		}
		if err := w.checkKept(); err != nil {
			return false, err
		}
		if err := w.enlist(); err != nil {
			return false, err
		}
	}
	e, err := w.sendEntry(questions)
	if err == nil {
		err = w.flush()
	}
	if err != nil {
		return false, err
	}
	err = w.receiveEntry(e)
	return e.renewed, err
}

// checkKept is an error if the database does not know the last transaction that it has
// acknowledged.
func (w *writer) checkKept() error {
	if w.kept.lease == 0 || w.engine.clock.Now().Sub(w.kept.at) > leaseHistory {
		return nil
	}
	var counted int64
	found, err := engine.First(w.connection, selectBatch, []any{w.kept.lease}, func(v engine.Row) {
		counted = v.Int(0)
	})
	if err != nil || found && counted >= w.kept.batch {
		return err
	}
	return w.wentBack()
}

// wentBack says that the database was restored from a backup, or that its server was replaced by a
// standby that did not have everything. What this process knows is no longer so, and nobody can
// tell what was lost: it must not go on.
func (w *writer) wentBack() error {
	return fmt.Errorf(
		"%w: the database has gone back: it has acknowledged transaction %d of this replica, and does not have it; "+
			"compare the ledger's head with the one in the account's status before you start the gateway again",
		engine.ErrSuperseded, w.kept.batch,
	)
}

// checkSchema looks at the schema's version outside of a transaction.
func (w *writer) checkSchema() error {
	version, err := engine.StoredVersion(w.connection)
	if err != nil {
		return err
	}
	return w.engine.tables.Check(version)
}

// measure corrects what is known of the database's clock, which was read between two instants of
// this machine's. What is known stays if that can be: the exchange takes different times, and
// clocks that agree are not to be taken apart.
func (w *writer) measure(asked, clock, answered time.Time) {
	least, most := clock.Sub(answered).Milliseconds(), clock.Sub(asked).Milliseconds()
	w.offset.Store(min(max(w.offset.Load(), least), most))
}

// connect replaces a lost connection. After a failure it is not tried again for a while, and fails
// at once.
func (w *writer) connect() error {
	if !w.lost() {
		return nil
	}
	if w.engine.clock.Now().Before(w.retryAt) {
		return w.failure
	}
	c, err := w.engine.connect(context.Background(), beginWrite)
	if err != nil {
		w.pause = min(max(2*w.pause, reconnectPause), maxReconnectPause)
		w.retryAt, w.failure = w.engine.clock.Now().Add(w.pause), err
		return err
	}
	w.before = w.Exchanges()
	w.connection, w.pause, w.retryAt, w.failure = c, 0, time.Time{}, nil
	return nil
}

// Commit returns nil if the transaction is durable. If the connection is lost before the server's
// answer, it asks the database what became of it.
func (w *writer) Commit() error { return w.committed(w.end()) }

// committed notes how a commit has ended.
func (w *writer) committed(answered bool, err error) error {
	if err != nil && !answered {
		err = w.inquire(err)
	}
	if err != nil {
		return err
	}
	if !w.async {
		w.kept = kept{w.id, w.batch, w.began}
	}
	w.standing.Store(&standing{lease: w.id, until: w.began.Add(w.engine.term), replicas: w.active})
	return nil
}

// inquire asks for a while whether the transaction was committed. Without an answer the lease is
// given up: whatever was claimed in the transaction is cut off.
func (w *writer) inquire(cause error) error {
	for deadline := time.Now().Add(inquiry); time.Now().Before(deadline); time.Sleep(reconnectPause) {
		counted, err := w.wasCounted()
		switch {
		case err != nil:
			continue
		case counted:
			return nil
		default:
			return cause
		}
	}
	w.giveUpLease()
	return fmt.Errorf("%w: %w", engine.ErrOutcomeUnknown, cause)
}

func (w *writer) giveUpLease() {
	w.id = 0
	w.standing.Store(nil)
}

// wasCounted looks up whether the last transaction was counted. It takes the turn first: until the
// server has ended the lost connection's transaction, one way or the other, the turn is that one's.
func (w *writer) wasCounted() (bool, error) {
	w.retryAt = time.Time{}
	if err := w.connect(); err != nil {
		return false, err
	}
	defer w.Rollback()
	if err := w.Exec(w.opening); err != nil {
		return false, err
	}
	if err := w.Exec(takeTurn); err != nil {
		return false, err
	}
	var counted int64
	_, err := engine.First(w.connection, selectBatch, []any{w.id}, func(v engine.Row) { counted = v.Int(0) })
	return counted >= w.batch, err
}

func (w *writer) AsyncCommit() error {
	w.async = true // after a crash of the server it may be gone, and nothing with it
	return w.Exec(needNoSync)
}

func (w *writer) HasExpiredLeases() (bool, error) {
	return engine.First(w.connection, selectOver, []any{w.id}, func(engine.Row) {})
}

func (w *writer) TakeExpiredLeases() error {
	if err := w.Exec(takeLeases, w.id); err != nil {
		return err
	}
	return w.Exec(forgetLeases, leaseHistory.Milliseconds())
}

// close ends the lease, so that nobody waits for it.
func (w *writer) Close() error {
	if w.lost() {
		return nil
	}
	if w.id != 0 {
		_, _ = w.ExecCounted(endLease, w.id) // if not, it runs out
	}
	return w.connection.Close()
}
