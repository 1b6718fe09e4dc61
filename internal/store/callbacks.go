package store

import (
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Callback is a delivery to the business's own endpoint. Callbacks about one customer are delivered
// one after the other.
type Callback struct {
	Channel string
	// Customer is whom it is about; the zero hash for what is about no customer, such as a
	// template.
	Customer seal.CustomerHash
	// Payload is the body to deliver. Sealed at rest. If it cannot be opened it is nil, and
	// Condition says why.
	Payload   []byte
	Condition Condition
	CreatedAt time.Time
	// Attempts counts the times that it was claimed. Lease is what the last of them was under, see
	// Store.HoldsLease.
	Attempts int
	Lease    int64
	// FailedAt is when it failed first, see NoteFailure; zero if it has not.
	FailedAt time.Time
	// Seq names it while it waits. What was queued later has a higher one.
	Seq int64
}

const (
	insertCallback = `INSERT INTO callbacks (channel, customer, payload, created_at, ready_at, attempts)
		VALUES ($1, $2, $3, $4, $5, 0)`
	selectWaiting = `SELECT 1 FROM callbacks WHERE channel = $1 AND customer = $2 LIMIT 1`
	selectDue     = `SELECT seq, channel, customer, payload, created_at, attempts, failed_at FROM callbacks
		WHERE ready_at <= $1 ORDER BY ready_at, seq LIMIT $2 + 0`
	leaseCallback = `UPDATE callbacks SET ready_at = $1, attempts = $2, lease = $3 WHERE seq = $4`
	// retryCallback makes a delivery ready again, but for one that has come behind another
	// meanwhile, see uniteCallbacks.
	retryCallback = `UPDATE callbacks SET lease = 0, ready_at = CASE WHEN EXISTS (SELECT 1 FROM callbacks AS c
		WHERE c.channel = callbacks.channel AND c.customer = callbacks.customer AND c.seq < callbacks.seq)
		THEN NULL ELSE CAST($1 AS BIGINT) END
		WHERE seq = $2 AND attempts = $3`
	deleteCallback = `DELETE FROM callbacks WHERE seq = $1 AND attempts = $2 RETURNING LENGTH(payload)`
	selectNextDue  = `SELECT ready_at FROM callbacks WHERE ready_at IS NOT NULL ORDER BY ready_at LIMIT 1`
	// readyCallback makes the next delivery of a line ready. Whose line it is, the delivery before
	// it tells: it may have become another's while that was made.
	readyCallback = `UPDATE callbacks SET ready_at = $1 WHERE ready_at IS NULL AND seq = (SELECT n.seq
		FROM callbacks AS d, callbacks AS n
		WHERE d.seq = $2 AND d.attempts = $3 AND n.channel = d.channel AND n.customer = d.customer AND n.seq <> d.seq
		ORDER BY n.seq LIMIT 1)`

	// noteFailure remembers the first failure since the endpoint has its address.
	noteFailure = `UPDATE callbacks SET failed_at = $1 WHERE seq = $2 AND attempts = $3 AND failed_at < $4`
	// probeBehind makes the delivery ready that was tried least of the first hundred behind another
	// one.
	probeBehind = `UPDATE callbacks SET ready_at = $1 WHERE ready_at IS NULL AND seq = (SELECT seq FROM
		(SELECT n.seq AS seq, n.attempts AS attempts FROM callbacks AS d, callbacks AS n
			WHERE d.seq = $2 AND n.channel = d.channel AND n.customer = d.customer AND n.seq > d.seq
			AND n.ready_at IS NULL ORDER BY n.seq LIMIT 100) AS behind
		ORDER BY attempts, seq LIMIT 1)`

	leaseIsOver      = `lease <> 0 AND lease NOT IN (SELECT id FROM leases WHERE taken = 0)`
	selectReleasable = `SELECT 1 FROM callbacks WHERE ` + leaseIsOver + ` LIMIT 1`
	releaseCallbacks = `UPDATE callbacks SET ready_at = created_at, lease = 0 WHERE ` + leaseIsOver
)

// Enqueue stores a delivery. Channel, Customer, Payload and CreatedAt must be set.
func (tx CallbackQueue) Enqueue(c *Callback) error {
	sealed, err := tx.store.options.Keys.Seal(c.Payload, c.place())
	if err != nil {
		return err
	}
	waits, err := tx.first(selectWaiting, []any{c.Channel, c.Customer[:]}, func(engine.Row) {})
	if err != nil {
		return err
	}
	if err := tx.noteChannel(c.Channel); err != nil {
		return err
	}
	var readyAt any
	if !waits {
		readyAt = millis(c.CreatedAt)
	}
	tx.keepsNow(Person{c.Channel, c.Customer})
	if err := tx.exec(insertCallback, c.Channel, c.Customer[:], sealed, millis(c.CreatedAt), readyAt); err != nil {
		return err
	}
	return tx.countCallbacks(1, int64(len(sealed)))
}

// countCallbacks keeps the depths of the queue right: that of its deliveries, and that of their
// bytes.
func (tx *transaction) countCallbacks(callbacks, bytes int64) error {
	if err := tx.deepen(Callbacks, callbacks); err != nil {
		return err
	}
	return tx.deepen(CallbackBytes, bytes)
}

// Claim takes deliveries whose turn it is, limit at most, until lease: if nothing is heard
// of one by then, it is claimed again; see also Release. A delivery may so be made twice;
// the endpoint tells by the ids that it carries.
func (tx CallbackQueue) Claim(now, lease time.Time, limit int) ([]*Callback, error) {
	var due []*Callback
	if err := tx.each(selectDue, []any{millis(now), limit}, func(v engine.Row) bool {
		c := &Callback{
			Seq: v.Int(0), Channel: v.Text(1), Payload: v.Bytes(3), CreatedAt: instant(v.Int(4)),
			Attempts: int(v.Int(5)) + 1, FailedAt: instant(v.Int(6)),
		}
		copy(c.Customer[:], v.Bytes(2))
		due = append(due, c)
		return true
	}); err != nil {
		return nil, err
	}
	for _, c := range due {
		c.Payload = tx.openSealed(c.Payload, c.place(), &c.Condition)
		c.Lease = tx.store.writer.Lease()
		if err := tx.exec(leaseCallback, millis(lease), c.Attempts, c.Lease, c.Seq); err != nil {
			return nil, err
		}
	}
	return due, nil
}

// Finish removes a delivery, made or given up, and makes the next one about the customer
// ready. It is false if the lease was lost and another claim has it.
func (tx CallbackQueue) Finish(c *Callback, now time.Time) (bool, error) {
	if err := tx.exec(readyCallback, millis(now), c.Seq, c.Attempts); err != nil {
		return false, err
	}
	var bytes int64
	deleted, err := tx.firstChanged(deleteCallback, []any{c.Seq, c.Attempts}, func(v engine.Row) { bytes = v.Int(0) })
	if err != nil || !deleted {
		return false, err
	}
	return true, tx.countCallbacks(-1, -bytes)
}

// Retry puts a delivery off. It is false if the lease was lost and another claim has it.
func (tx CallbackQueue) Retry(c *Callback, readyAt time.Time) (bool, error) {
	n, err := tx.changed(retryCallback, millis(readyAt), c.Seq, c.Attempts)
	return n == 1, err
}

// NoteFailure remembers that deliveries of a claimed one fail since now, unless it has failed
// before at an endpoint that the account has since the given time.
func (tx CallbackQueue) NoteFailure(c *Callback, since, now time.Time) error {
	return tx.exec(noteFailure, millis(now), c.Seq, c.Attempts, max(1, millis(since)))
}

// Probe lets one delivery behind a claimed one go before its turn: that which was tried least of
// the first hundred. Put off, it waits for its turn again. It tells whether there is one.
func (tx CallbackQueue) Probe(c *Callback, now time.Time) (bool, error) {
	n, err := tx.changed(probeBehind, millis(now), c.Seq)
	return n == 1, err
}

// Release makes ready what was claimed by a process that has ended, or on a shared store
// by a replica that has lost its lease, as of the last CutOff. It tells how many deliveries that
// were.
func (tx CallbackQueue) Release() (int64, error) {
	if found, err := tx.first(selectReleasable, nil, func(engine.Row) {}); err != nil || !found {
		return 0, err
	}
	return tx.changed(releaseCallbacks)
}

// Next is when the next delivery becomes ready; the zero time if none waits.
func (tx CallbackQueue) Next() (time.Time, error) {
	var at int64
	_, err := tx.first(selectNextDue, nil, func(v engine.Row) { at = v.Int(0) })
	return instant(at), err
}

func (c *Callback) place() string {
	return "callbacks.payload/" + c.Channel + "/" + c.Customer.String()
}
