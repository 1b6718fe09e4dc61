package store

import (
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// RefusedCallback is a delivery that was set aside because the business's endpoint refuses it.
type RefusedCallback struct {
	// ID names it as long as it is set aside.
	ID int64
	// CreatedAt is when it was queued, SetAsideAt when it was given up.
	CreatedAt, SetAsideAt time.Time
	// Status is that of the endpoint's last answer, such as 400.
	Status int
	// Bytes is about the size of the body.
	Bytes int64
}

// Bounds of what is set aside. Of more, the oldest is forgotten.
const (
	maxRefused      = 10_000
	maxRefusedBytes = 64 << 20
)

const (
	noteRefusal   = `UPDATE callbacks SET refused_at = $1 WHERE seq = $2 AND attempts = $3 AND refused_at = 0`
	insertRefused = `INSERT INTO refused_callbacks (channel, customer, payload, created_at, set_aside_at, status)
		VALUES ($1, $2, $3, $4, $5, $6)`
	selectRefused = `SELECT seq, created_at, set_aside_at, status, LENGTH(payload) FROM refused_callbacks
		WHERE channel = $1 AND seq > $2 ORDER BY seq LIMIT $3 + 0`
	selectCallbackOf    = `SELECT customer FROM callbacks WHERE seq = $1`
	selectOneRefused    = `SELECT customer, payload FROM refused_callbacks WHERE channel = $1 AND seq = $2`
	selectOldestRefused = `SELECT seq, LENGTH(payload), set_aside_at FROM refused_callbacks ORDER BY seq LIMIT $1 + 0`
	deleteRefused       = `DELETE FROM refused_callbacks WHERE seq = $1`
	selectRefusedOf     = `SELECT seq, LENGTH(payload) FROM refused_callbacks WHERE channel = $1 AND customer = $2`
	selectLastRefusal   = `SELECT status FROM refused_callbacks ORDER BY seq DESC LIMIT 1`
)

// NoteRefusal remembers that the endpoint refuses a claimed delivery since now, if it did not
// before.
func (tx CallbackQueue) NoteRefusal(c *Callback, now time.Time) error {
	return tx.exec(noteRefusal, millis(now), c.seq, c.Attempts)
}

// SetAside takes a claimed delivery that the endpoint refuses out of its customer's line,
// so that the next one may go, and keeps it for Replay or Drop. Of too many the
// oldest are forgotten; it tells how many those were. SetAside is false if the lease was lost and
// another claim has the delivery.
func (tx CallbackQueue) SetAside(c *Callback, status int, now time.Time) (setAside bool, forgotten int64, err error) {
	// The customer may have been found to be another one while the delivery was made.
	if _, err := tx.first(
		selectCallbackOf, []any{c.seq}, func(v engine.Row) { copy(c.Customer[:], v.Bytes(0)) },
	); err != nil {
		return false, 0, err
	}
	finished, err := tx.Finish(c, now)
	if err != nil || !finished {
		return false, 0, err
	}
	sealed, err := tx.store.options.Keys.Seal(c.Payload, c.place())
	if err != nil {
		return false, 0, err
	}
	tx.keepsNow(Person{c.Channel, c.Customer})
	err = tx.exec(insertRefused, c.Channel, c.Customer[:], sealed, millis(c.CreatedAt), millis(now), int64(status))
	if err != nil {
		return false, 0, err
	}
	if err := tx.countRefused(1, int64(len(sealed))); err != nil {
		return false, 0, err
	}
	forgotten, err = tx.boundRefused()
	return true, forgotten, err
}

func (tx *transaction) countRefused(callbacks, bytes int64) error {
	if err := tx.deepen(RefusedCallbacks, callbacks); err != nil {
		return err
	}
	return tx.deepen(refusedBytes, bytes)
}

// boundRefused forgets the oldest of what is set aside until the rest is within the bounds.
func (tx *transaction) boundRefused() (forgotten int64, err error) {
	for {
		callbacks, err := tx.depth(RefusedCallbacks)
		if err != nil {
			return forgotten, err
		}
		bytes, err := tx.depth(refusedBytes)
		if err != nil || callbacks <= maxRefused && bytes <= maxRefusedBytes {
			return forgotten, err
		}
		n, err := tx.forgetRefused(1, func(int64) bool { return true })
		if err != nil || n == 0 {
			return forgotten, err
		}
		forgotten += n
	}
}

// PurgeRefused forgets what was set aside before an instant, the oldest first and so many rows at
// most, and tells how many there were.
func (tx CallbackQueue) PurgeRefused(before time.Time, rows int) (int64, error) {
	return tx.forgetRefused(rows, func(setAsideAt int64) bool { return setAsideAt < millis(before) })
}

// forgetRefused deletes the oldest of what is set aside, so many at most, as long as they are old
// enough.
func (tx *transaction) forgetRefused(rows int, oldEnough func(setAsideAt int64) bool) (int64, error) {
	type row struct{ seq, bytes int64 }
	var oldest []row
	if err := tx.each(selectOldestRefused, []any{int64(rows)}, func(v engine.Row) bool {
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

func (tx *transaction) deleteRefused(seq, bytes int64) error {
	if err := tx.exec(deleteRefused, seq); err != nil {
		return err
	}
	return tx.countRefused(-1, -bytes)
}

// Refused lists what is set aside of a channel behind an id, 0 at first, the oldest first,
// so many at most.
func (tx CallbackQueue) Refused(channel string, after int64, limit int) ([]RefusedCallback, error) {
	var list []RefusedCallback
	err := tx.each(selectRefused, []any{channel, after, int64(limit)}, func(v engine.Row) bool {
		list = append(list, RefusedCallback{
			ID: v.Int(0), CreatedAt: instant(
				v.Int(1),
			), SetAsideAt: instant(v.Int(2)), Status: int(v.Int(3)), Bytes: v.Int(4),
		})
		return true
	})
	return list, err
}

// LastRefusal is the status of the answer for which a delivery was last set aside; 0 if none is.
func (tx CallbackQueue) LastRefusal() (status int, err error) {
	_, err = tx.first(selectLastRefusal, nil, func(v engine.Row) { status = int(v.Int(0)) })
	return status, err
}

// Replay puts a delivery that was set aside at the end of its customer's line, to be tried
// as a new one. It is false if none of the channel has the id, or it cannot be opened.
func (tx CallbackQueue) Replay(channel string, id int64, now time.Time) (bool, error) {
	c := Callback{Channel: channel, CreatedAt: now}
	var sealed []byte
	found, err := tx.first(selectOneRefused, []any{channel, id}, func(v engine.Row) {
		copy(c.Customer[:], v.Bytes(0))
		sealed = v.Bytes(1)
	})
	if err != nil || !found {
		return false, err
	}
	c.Payload = tx.openSealed(sealed, c.place(), &c.Condition)
	if c.Condition != Whole {
		return false, nil
	}
	if err := tx.deleteRefused(id, int64(len(sealed))); err != nil {
		return false, err
	}
	return true, tx.Enqueue(&c)
}

// Drop forgets a delivery that was set aside. It is false if none of the channel has the id.
func (tx CallbackQueue) Drop(channel string, id int64) (bool, error) {
	var bytes int64
	found, err := tx.first(selectOneRefused, []any{channel, id}, func(v engine.Row) { bytes = int64(len(v.Bytes(1))) })
	if err != nil || !found {
		return false, err
	}
	return true, tx.deleteRefused(id, bytes)
}

// eraseRefused forgets what is set aside about a customer.
func (tx *transaction) eraseRefused(channel string, customer seal.CustomerHash) error {
	sizes := map[int64]int64{}
	if err := tx.each(selectRefusedOf, []any{channel, customer[:]}, func(v engine.Row) bool {
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
