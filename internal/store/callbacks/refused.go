package callbacks

import (
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// RefusedCallback is a delivery that was set aside because it always failed.
type RefusedCallback struct {
	// ID names it as long as it is set aside.
	ID int64
	// CreatedAt is when it was queued, SetAsideAt when it was given up.
	CreatedAt, SetAsideAt time.Time
	// Status is that of the endpoint's last answer, such as 400; 0 if there was none.
	Status int
	// Bytes is about the size of the body.
	Bytes int64
}

const (
	insertRefused = `INSERT INTO refused_callbacks (channel, customer, payload, created_at, set_aside_at, status)
		SELECT channel, customer, payload, created_at, CAST($1 AS BIGINT), CAST($2 AS INTEGER) FROM callbacks
		WHERE seq = $3 AND attempts = $4`
	selectRefused = `SELECT seq, created_at, set_aside_at, status, LENGTH(payload) FROM refused_callbacks
		WHERE channel = $1 AND seq > $2 ORDER BY seq LIMIT $3 + 0`
	selectCallbackOf    = `SELECT customer, LENGTH(payload) FROM callbacks WHERE seq = $1 AND attempts = $2`
	selectOneRefused    = `SELECT customer, payload FROM refused_callbacks WHERE channel = $1 AND seq = $2`
	selectOldestRefused = `SELECT seq, LENGTH(payload), set_aside_at FROM refused_callbacks ORDER BY seq LIMIT $1 + 0`
	deleteRefused       = `DELETE FROM refused_callbacks WHERE seq = $1`
	selectRefusedOf     = `SELECT seq, LENGTH(payload) FROM refused_callbacks WHERE channel = $1 AND customer = $2`
	selectLastRefusal   = `SELECT status FROM refused_callbacks ORDER BY seq DESC LIMIT 1`
)

// SetAside takes a claimed delivery out of its customer's line, so that the next one may go, and
// keeps it as it is sealed for Replay or Drop. It is false if the lease was lost and another claim
// has the delivery.
func (q CallbackQueue) SetAside(c *Callback, status int, now time.Time) (bool, error) {
	var bytes int64
	// The customer may have been found to be another one while the delivery was made.
	found, err := q.tx.First(selectCallbackOf, []any{c.Seq, c.Attempts}, func(v engine.Row) {
		copy(c.Customer[:], v.Bytes(0))
		bytes = v.Int(1)
	})
	if err != nil || !found {
		return false, err
	}
	q.tx.KeepsNow(txn.Person{Channel: c.Channel, Customer: c.Customer})
	if err := q.tx.Exec(insertRefused, txn.Millis(now), int64(status), c.Seq, c.Attempts); err != nil {
		return false, err
	}
	if err := q.tx.countRefused(1, bytes); err != nil {
		return false, err
	}
	return q.Finish(c, now)
}

func (tx *Tx) countRefused(callbacks, bytes int64) error {
	if err := tx.Deepen(books.RefusedCallbacks, callbacks); err != nil {
		return err
	}
	return tx.Deepen(books.RefusedBytes, bytes)
}

// ForgetRefused forgets the oldest of what is set aside, so many at most, and tells how many there
// were.
func (q CallbackQueue) ForgetRefused(callbacks int) (int64, error) {
	return q.tx.forgetRefused(callbacks, func(int64) bool { return true })
}

// PurgeRefused forgets what was set aside before an instant, the oldest first and so many rows at
// most, and tells how many there were.
func (q CallbackQueue) PurgeRefused(before time.Time, rows int) (int64, error) {
	return q.tx.forgetRefused(rows, func(setAsideAt int64) bool { return setAsideAt < txn.Millis(before) })
}

// forgetRefused deletes the oldest of what is set aside, so many at most, as long as they are old
// enough.
func (tx *Tx) forgetRefused(rows int, oldEnough func(setAsideAt int64) bool) (int64, error) {
	type row struct{ seq, bytes int64 }
	var oldest []row
	if err := tx.Each(selectOldestRefused, []any{int64(rows)}, func(v engine.Row) bool {
		if !oldEnough(v.Int(2)) {
			return false
		}
		oldest = append(oldest, row{v.Int(0), v.Int(1)})
		return true
	}); err != nil {
		return 0, err
	}
	for _, r := range oldest {
		if err := tx.deleteRefused(r.seq, r.bytes); err != nil {
			return 0, err
		}
	}
	return int64(len(oldest)), nil
}

func (tx *Tx) deleteRefused(seq, bytes int64) error {
	if err := tx.Exec(deleteRefused, seq); err != nil {
		return err
	}
	return tx.countRefused(-1, -bytes)
}

// Refused lists what is set aside of a channel behind an id, 0 at first, the oldest first,
// so many at most.
func (q CallbackQueue) Refused(channel string, after int64, limit int) ([]RefusedCallback, error) {
	var list []RefusedCallback
	err := q.tx.Each(selectRefused, []any{channel, after, int64(limit)}, func(v engine.Row) bool {
		list = append(list, RefusedCallback{
			ID: v.Int(0), CreatedAt: txn.Instant(v.Int(1)), SetAsideAt: txn.Instant(v.Int(2)), Status: int(v.Int(3)),
			Bytes: v.Int(4),
		})
		return true
	})
	return list, err
}

// LastRefusal is the status of the answer, 0 for none, after which a delivery was last set aside; 0
// if none is.
func (q CallbackQueue) LastRefusal() (status int, err error) {
	_, err = q.tx.First(selectLastRefusal, nil, func(v engine.Row) { status = int(v.Int(0)) })
	return status, err
}

// takeRefused takes a delivery that was set aside away because somebody has seen it. Once none is
// left, what was lost is over.
func (q CallbackQueue) takeRefused(seq, bytes int64) error {
	if err := q.tx.deleteRefused(seq, bytes); err != nil {
		return err
	}
	left, err := q.tx.Depth(books.RefusedCallbacks)
	if err != nil || left > 0 {
		return err
	}
	e, err := q.Endpoint()
	if err != nil || e.Lost == 0 {
		return err
	}
	e.Lost = 0
	return q.PutEndpoint(e)
}

// Replay puts a delivery that was set aside at the end of its customer's line, to be tried
// as a new one. It is false if none of the channel has the id, or it cannot be opened.
func (q CallbackQueue) Replay(channel string, id int64, now time.Time) (bool, error) {
	c := Callback{Channel: channel, CreatedAt: now}
	var sealed []byte
	found, err := q.tx.First(selectOneRefused, []any{channel, id}, func(v engine.Row) {
		copy(c.Customer[:], v.Bytes(0))
		sealed = v.Bytes(1)
	})
	if err != nil || !found {
		return false, err
	}
	c.Payload = q.tx.OpenSealed(sealed, c.Place(), &c.Condition)
	if c.Condition != txn.Whole {
		return false, nil
	}
	if err := q.takeRefused(id, int64(len(sealed))); err != nil {
		return false, err
	}
	return true, q.Enqueue(&c)
}

// Drop forgets a delivery that was set aside. It is false if none of the channel has the id.
func (q CallbackQueue) Drop(channel string, id int64) (bool, error) {
	var bytes int64
	found, err := q.tx.First(
		selectOneRefused, []any{channel, id}, func(v engine.Row) { bytes = int64(len(v.Bytes(1))) },
	)
	if err != nil || !found {
		return false, err
	}
	return true, q.takeRefused(id, bytes)
}

// EraseRefused forgets what is set aside about a customer.
func (tx *Tx) EraseRefused(channel string, customer seal.CustomerHash) error {
	sizes := map[int64]int64{}
	if err := tx.Each(selectRefusedOf, []any{channel, customer[:]}, func(v engine.Row) bool {
		sizes[v.Int(0)] = v.Int(1)
		return true
	}); err != nil {
		return err
	}
	for seq, bytes := range sizes {
		if err := tx.deleteRefused(seq, bytes); err != nil {
			return err
		}
	}
	return nil
}
