// Package callbacks is the queue of deliveries to the business's own endpoint.
package callbacks

import (
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/intake"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Tx is a transaction with the deliveries to the business's endpoint.
type Tx struct {
	*intake.Tx
	endpoint    *txn.Cell[Endpoint]
	hotEndpoint txn.Hot[struct{}]
	// waits tells of whom deliveries wait, and waiting is what they are, by their Seq: nil for one
	// that is gone.
	waits   txn.Ahead[txn.Person, bool]
	waiting txn.Ahead[int64, *waiting]
}

// waiting is a delivery that waits.
type waiting struct {
	attempts int
	bytes    int64
}

// New adds to a transaction the deliveries to the business's endpoint.
func New(tx *intake.Tx) *Tx { return &Tx{Tx: tx} }

// Reset begins a transaction.
func (tx *Tx) Reset() {
	tx.Tx.Reset()
	tx.endpoint = nil
	tx.ForgetCallbacks()
}

// Begin starts the next operation of the transaction.
func (tx *Tx) Begin() {
	tx.Tx.Begin()
	tx.waits.Begin()
	tx.waiting.Begin()
}

// Undo takes back the operation's work.
func (tx *Tx) Undo() error {
	tx.waits.Undo()
	tx.waiting.Undo()
	return tx.Tx.Undo()
}

// Forget remembers nothing of the transactions before.
func (tx *Tx) Forget() {
	tx.Tx.Forget()
	tx.ForgetCallbacks()
}

// ForgetCallbacks drops what was read ahead: a statement has changed rows that it does not name.
func (tx *Tx) ForgetCallbacks() {
	tx.waits.Clear()
	tx.waiting.Clear()
}

// AheadOf asks whether deliveries wait about customers.
func (tx *Tx) AheadOf(people []txn.Person) engine.Question {
	q := engine.Question{Text: selectWaiting, Scan: func(of int, _ engine.Row) { tx.waits.Read(people[of], true) }}
	for i := range people {
		tx.waits.Read(people[i], false)
		q.Lists = append(q.Lists, []any{people[i].Channel, people[i].Customer[:]})
	}
	return q
}

// Ahead asks for deliveries by their Seq.
func (tx *Tx) Ahead(seqs []int64) engine.Question {
	q := engine.Question{Text: selectOne, Scan: func(of int, v engine.Row) {
		tx.waiting.Read(seqs[of], &waiting{attempts: int(v.Int(0)), bytes: v.Int(1)})
	}}
	for _, seq := range seqs {
		tx.waiting.Read(seq, nil)
		q.Lists = append(q.Lists, []any{seq})
	}
	return q
}

// left says that a delivery is not in its line any more. Of whom none waited, it was not one.
func (tx *Tx) left(seq int64) {
	tx.waits.DropIf(func(_ txn.Person, waits bool) bool { return waits })
	tx.waiting.Put(seq, nil)
}

// waitsOf tells whether deliveries wait about a customer.
func (tx *Tx) waitsOf(of txn.Person) (bool, error) {
	if waits, known := tx.waits.Get(of); known {
		return waits, tx.Failure()
	}
	return tx.First(selectWaiting, []any{of.Channel, of.Customer[:]}, func(engine.Row) {})
}

// FlushTally writes what the transaction's operations changed.
func (tx *Tx) FlushTally() error {
	if err := tx.Tx.FlushTally(); err != nil {
		return err
	}
	return tx.flushEndpoint()
}

// CallbackQueue is the deliveries to the business's endpoint.
type CallbackQueue struct{ tx *Tx }

// Callbacks is the deliveries to the business's endpoint.
func (tx *Tx) Callbacks() CallbackQueue { return CallbackQueue{tx} }

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
	Condition txn.Condition
	CreatedAt time.Time
	// Attempts counts the times that it was claimed. Lease is what the last of them was under, see
	// Store.HoldsLease.
	Attempts int
	Lease    int64
	// FailedAt is when it failed first, see RecordFailure; zero if it has not.
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
	// meanwhile, see UniteCallbacks.
	retryCallback = `UPDATE callbacks SET lease = 0, ready_at = CASE WHEN EXISTS (SELECT 1 FROM callbacks AS c
		WHERE c.channel = callbacks.channel AND c.customer = callbacks.customer AND c.seq < callbacks.seq)
		THEN NULL ELSE CAST($1 AS BIGINT) END
		WHERE seq = $2 AND attempts = $3`
	giveBack = `UPDATE callbacks SET lease = 0, ready_at = $1, attempts = attempts - 1
		WHERE seq = $2 AND attempts = $3`
	deleteCallback = `DELETE FROM callbacks WHERE seq = $1 AND attempts = $2 RETURNING LENGTH(payload)`
	selectOne      = `SELECT attempts, LENGTH(payload) FROM callbacks WHERE seq = $1`
	removeCallback = `DELETE FROM callbacks WHERE seq = $1`
	selectNextDue  = `SELECT ready_at FROM callbacks WHERE ready_at IS NOT NULL ORDER BY ready_at LIMIT 1`
	// readyCallback makes the next delivery of a line ready. Whose line it is, the delivery before
	// it tells: it may have become another's while that was made.
	readyCallback = `UPDATE callbacks SET ready_at = $1 WHERE ready_at IS NULL AND seq = (SELECT n.seq
		FROM callbacks AS d, callbacks AS n
		WHERE d.seq = $2 AND d.attempts = $3 AND n.channel = d.channel AND n.customer = d.customer AND n.seq <> d.seq
		ORDER BY n.seq LIMIT 1)`

	// recordFailure remembers the first failure since the endpoint has its address.
	recordFailure = `UPDATE callbacks SET failed_at = $1 WHERE seq = $2 AND attempts = $3 AND failed_at < $4`
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
func (q CallbackQueue) Enqueue(c *Callback) error {
	sealed, err := q.tx.Keys.Seal(c.Payload, c.Place())
	if err != nil {
		return err
	}
	of := txn.Person{Channel: c.Channel, Customer: c.Customer}
	waits, err := q.tx.waitsOf(of)
	if err != nil {
		return err
	}
	if err := q.tx.AddChannel(c.Channel); err != nil {
		return err
	}
	var readyAt any
	if !waits {
		readyAt = txn.Millis(c.CreatedAt)
	}
	q.tx.KeepsNow(of)
	q.tx.waits.Put(of, true)
	if err := q.tx.Exec(
		insertCallback, c.Channel, c.Customer[:], sealed, txn.Millis(c.CreatedAt), readyAt,
	); err != nil {
		return err
	}
	return q.tx.CountCallbacks(1, int64(len(sealed)))
}

// CountCallbacks keeps the depths of the queue right: that of its deliveries, and that of their
// bytes.
func (tx *Tx) CountCallbacks(callbacks, bytes int64) error {
	if err := tx.Deepen(books.Callbacks, callbacks); err != nil {
		return err
	}
	return tx.Deepen(books.CallbackBytes, bytes)
}

// maxClaimed bounds the bytes of what is claimed at once, as long as it is more than one.
const maxClaimed = 16 << 20

// Claim takes deliveries whose turn it is, limit at most, until lease: if nothing is heard
// of one by then, it is claimed again; see also Release. A delivery may so be made twice;
// the endpoint tells by the ids that it carries.
func (q CallbackQueue) Claim(now, lease time.Time, limit int) ([]*Callback, error) {
	var due []*Callback
	bytes := 0
	if err := q.tx.Each(selectDue, []any{txn.Millis(now), limit}, func(v engine.Row) bool {
		c := &Callback{
			Seq: v.Int(0), Channel: v.Text(1), Payload: v.Bytes(3), CreatedAt: txn.Instant(v.Int(4)),
			Attempts: int(v.Int(5)) + 1, FailedAt: txn.Instant(v.Int(6)),
		}
		copy(c.Customer[:], v.Bytes(2))
		if bytes += len(c.Payload); bytes > maxClaimed && len(due) > 0 {
			return false
		}
		due = append(due, c)
		return true
	}); err != nil {
		return nil, err
	}
	for _, c := range due {
		q.tx.waiting.Drop(c.Seq)
		c.Payload = q.tx.OpenSealed(c.Payload, c.Place(), &c.Condition)
		c.Lease = q.tx.Writer.Lease()
		if err := q.tx.Exec(leaseCallback, txn.Millis(lease), c.Attempts, c.Lease, c.Seq); err != nil {
			return nil, err
		}
	}
	return due, nil
}

// Finish removes a delivery, made or given up, and makes the next one about the customer
// ready. It is false if the lease was lost and another claim has it.
func (q CallbackQueue) Finish(c *Callback, now time.Time) (bool, error) {
	is, ahead := q.tx.waiting.Get(c.Seq)
	if ahead && (is == nil || is.attempts != c.Attempts) {
		return false, q.tx.Failure()
	}
	if err := q.tx.Exec(readyCallback, txn.Millis(now), c.Seq, c.Attempts); err != nil {
		return false, err
	}
	bytes, err := q.tx.remove(c, is)
	if err != nil || bytes < 0 {
		return false, err
	}
	q.tx.left(c.Seq)
	return true, q.tx.CountCallbacks(-1, -bytes)
}

// remove deletes a delivery, of which is may be known, and returns the size of its body, as it is
// sealed; -1 if another claim has it.
func (tx *Tx) remove(c *Callback, is *waiting) (bytes int64, err error) {
	if is != nil {
		return is.bytes, tx.Exec(removeCallback, c.Seq)
	}
	bytes = -1
	_, err = tx.FirstChanged(deleteCallback, []any{c.Seq, c.Attempts}, func(v engine.Row) { bytes = v.Int(0) })
	return bytes, err
}

// Retry puts a delivery off. It is false if the lease was lost and another claim has it.
func (q CallbackQueue) Retry(c *Callback, readyAt time.Time) (bool, error) {
	arguments := []any{txn.Millis(readyAt), c.Seq, c.Attempts}
	if is, ahead := q.tx.waiting.Get(c.Seq); ahead {
		if is == nil || is.attempts != c.Attempts {
			return false, q.tx.Failure()
		}
		return true, q.tx.Exec(retryCallback, arguments...)
	}
	n, err := q.tx.Changed(retryCallback, arguments...)
	return n == 1, err
}

// GiveBack undoes the claim of a delivery that was not tried, in the transaction of the claim.
func (q CallbackQueue) GiveBack(c *Callback, now time.Time) error {
	return q.tx.Exec(giveBack, txn.Millis(now), c.Seq, c.Attempts)
}

// RecordFailure records that deliveries of a claimed one fail since now, unless it has failed
// before at an endpoint that the account has since the given time.
func (q CallbackQueue) RecordFailure(c *Callback, since, now time.Time) error {
	return q.tx.Exec(recordFailure, txn.Millis(now), c.Seq, c.Attempts, max(1, txn.Millis(since)))
}

// Probe lets one delivery behind a claimed one go before its turn: that which was tried least of
// the first hundred. Put off, it waits for its turn again. It tells whether there is one.
func (q CallbackQueue) Probe(c *Callback, now time.Time) (bool, error) {
	n, err := q.tx.Changed(probeBehind, txn.Millis(now), c.Seq)
	return n == 1, err
}

// Release makes ready what was claimed by a process that has ended, or on a shared store
// by a replica that has lost its lease, as of the last CutOff. It tells how many deliveries that
// were.
func (q CallbackQueue) Release() (int64, error) {
	if found, err := q.tx.First(selectReleasable, nil, func(engine.Row) {}); err != nil || !found {
		return 0, err
	}
	return q.tx.Changed(releaseCallbacks)
}

// Next is when the next delivery becomes ready; the zero time if none waits.
func (q CallbackQueue) Next() (time.Time, error) {
	var at int64
	_, err := q.tx.First(selectNextDue, nil, func(v engine.Row) { at = v.Int(0) })
	return txn.Instant(at), err
}

// Place names where the payload of a delivery is stored, which is sealed for that place alone.
func (c *Callback) Place() string {
	return "callbacks.payload/" + c.Channel + "/" + c.Customer.String()
}
