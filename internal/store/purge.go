package store

import (
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// PurgeLimits say what Purge removes.
type PurgeLimits struct {
	// SettledBefore removes settled messages that were accepted before it, have no reservation and
	// wait for no rate. The ledger keeps their records.
	SettledBefore time.Time
	// EarlyBefore removes statuses that were received before it and whose upstream id never became
	// known.
	EarlyBefore time.Time
	// CallbacksBefore removes deliveries that were queued before it: no endpoint is left that takes
	// them. The zero time removes none.
	CallbacksBefore time.Time
	// Rows is how many rows of a kind one call looks at. A few hundred keep an operation to a few
	// milliseconds.
	Rows int
}

const (
	selectOldest = `SELECT seq, accepted_at FROM messages WHERE seq > $1 ORDER BY seq LIMIT $2 + 0`
	deleteOldest = `DELETE FROM messages WHERE seq > $1 AND seq <= $2 AND settled = 1 AND unpriced = 0
		AND reserved = '0' AND state > 2 AND accepted_at < $3`
	purgeSeen = `DELETE FROM seen WHERE seq IN (SELECT seq FROM
		(SELECT seq, expires_at FROM seen ORDER BY seq LIMIT $1 + 0) AS oldest WHERE expires_at <= $2)`
	purgeEarly = `DELETE FROM early_statuses WHERE seq IN (SELECT seq FROM
		(SELECT seq, received_at FROM early_statuses ORDER BY seq LIMIT $1 + 0) AS oldest WHERE received_at < $2)`
	selectOldCallbacks = `SELECT seq, channel, customer, attempts, created_at FROM callbacks ORDER BY seq LIMIT $1 + 0`
	purgeContent       = `UPDATE messages SET content = NULL, content_until = 0 WHERE seq IN
		(SELECT seq FROM messages WHERE content_until > 0 AND content_until <= $1 LIMIT $2 + 0)`
)

// Purge removes a batch of what is no longer needed, the oldest first, and tells how many rows
// there were. Call it again, with a pause, until it says 0.
func (tx Upkeep) Purge(now time.Time, limits PurgeLimits) (int64, error) {
	removed, err := tx.purgeMessages(limits)
	if err != nil {
		return 0, err
	}
	dropped, err := tx.purgeCallbacks(now, limits)
	if err != nil {
		return 0, err
	}
	removed += dropped
	for _, step := range []struct {
		text string
		args []any
	}{
		{purgeSeen, []any{limits.Rows, millis(now)}},
		{purgeEarly, []any{limits.Rows, millis(limits.EarlyBefore)}},
		{purgeContent, []any{millis(now), limits.Rows}},
		{purgePairs, []any{millis(now), limits.Rows}},
		{purgeRecipients, []any{limits.Rows, millis(limits.SettledBefore)}},
	} {
		n, err := tx.changed(step.text, step.args...)
		if err != nil {
			return removed, err
		}
		removed += n
	}
	return removed, nil
}

// purgeMessages looks at the next page of the oldest messages, from where the last purge stopped:
// messages that stay unsettled for long, for want of a rate, must not keep it from those behind
// them. Where it stopped is only a hint, so it may be forgotten.
func (tx *transaction) purgeMessages(limits PurgeLimits) (int64, error) {
	if err := tx.write(); err != nil {
		return 0, err
	}
	if err := tx.flushMessages(); err != nil {
		return 0, err
	}
	from, to, looked, young := tx.store.purgedTo, int64(0), 0, false
	if err := tx.each(selectOldest, []any{from, int64(limits.Rows)}, func(v engine.Row) bool {
		to, young = v.Int(0), v.Int(1) >= millis(limits.SettledBefore)
		looked++
		return !young
	}); err != nil || looked == 0 {
		tx.store.purgedTo = 0
		return 0, err
	}
	if tx.store.purgedTo = to; young || looked < limits.Rows {
		tx.store.purgedTo = 0 // what is behind is younger: begin anew the next time
	}
	tx.store.recent.forget()
	return tx.changed(deleteOldest, from, to, millis(limits.SettledBefore))
}

// purgeCallbacks drops the oldest deliveries, each so that the one behind it may go.
func (tx *transaction) purgeCallbacks(now time.Time, limits PurgeLimits) (int64, error) {
	var old []*Callback
	if err := tx.each(selectOldCallbacks, []any{int64(limits.Rows)}, func(v engine.Row) bool {
		c := &Callback{Seq: v.Int(0), Channel: v.Text(1), Attempts: int(v.Int(3)), CreatedAt: instant(v.Int(4))}
		copy(c.Customer[:], v.Bytes(2))
		if !c.CreatedAt.Before(limits.CallbacksBefore) {
			return false // what is behind is younger
		}
		old = append(old, c)
		return true
	}); err != nil {
		return 0, err
	}
	for _, c := range old {
		if _, err := tx.callbacks().Finish(c, now); err != nil {
			return 0, err
		}
	}
	return int64(len(old)), nil
}
