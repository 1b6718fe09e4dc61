// Package upkeep is what is done to the rows whatever they say: old ones removed, sealed ones
// re-encrypted.
package upkeep

import (
	"time"

	"github.com/guichet-dev/guichet/internal/store/callbacks"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/messages"
	"github.com/guichet-dev/guichet/internal/store/people"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Tx is a transaction with what is done to the rows whatever they say.
type Tx struct {
	*people.Tx
	purgedTo int64 // see purgeMessages
}

// New adds to a transaction what is done to the rows whatever they say.
func New(tx *people.Tx) *Tx { return &Tx{Tx: tx} }

// Upkeep is what is done to the rows whatever they say.
type Upkeep struct{ tx *Tx }

// Upkeep is what is done to the rows whatever they say.
func (tx *Tx) Upkeep() Upkeep { return Upkeep{tx} }

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
func (u Upkeep) Purge(now time.Time, limits PurgeLimits) (int64, error) {
	removed, err := u.tx.purgeMessages(limits)
	if err != nil {
		return 0, err
	}
	dropped, err := u.tx.purgeCallbacks(now, limits)
	if err != nil {
		return 0, err
	}
	removed += dropped
	for _, step := range []struct {
		text string
		args []any
	}{
		{purgeSeen, []any{limits.Rows, txn.Millis(now)}},
		{purgeEarly, []any{limits.Rows, txn.Millis(limits.EarlyBefore)}},
		{purgeContent, []any{txn.Millis(now), limits.Rows}},
		{people.PurgePairs, []any{txn.Millis(now), limits.Rows}},
		{messages.PurgeRecipients, []any{limits.Rows, txn.Millis(limits.SettledBefore)}},
	} {
		n, err := u.tx.Changed(step.text, step.args...)
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
func (tx *Tx) purgeMessages(limits PurgeLimits) (int64, error) {
	if err := tx.Write(); err != nil {
		return 0, err
	}
	if err := tx.FlushMessages(); err != nil {
		return 0, err
	}
	from, to, looked, young := tx.purgedTo, int64(0), 0, false
	if err := tx.Each(selectOldest, []any{from, int64(limits.Rows)}, func(v engine.Row) bool {
		to, young = v.Int(0), v.Int(1) >= txn.Millis(limits.SettledBefore)
		looked++
		return !young
	}); err != nil || looked == 0 {
		tx.purgedTo = 0
		return 0, err
	}
	if tx.purgedTo = to; young || looked < limits.Rows {
		tx.purgedTo = 0 // what is behind is younger: begin anew the next time
	}
	tx.Forget()
	return tx.Changed(deleteOldest, from, to, txn.Millis(limits.SettledBefore))
}

// purgeCallbacks drops the oldest deliveries, each so that the one behind it may go.
func (tx *Tx) purgeCallbacks(now time.Time, limits PurgeLimits) (int64, error) {
	var old []*callbacks.Callback
	if err := tx.Each(selectOldCallbacks, []any{int64(limits.Rows)}, func(v engine.Row) bool {
		c := &callbacks.Callback{
			Seq: v.Int(0), Channel: v.Text(1), Attempts: int(v.Int(3)), CreatedAt: txn.Instant(v.Int(4)),
		}
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
		if _, err := tx.Callbacks().Finish(c, now); err != nil {
			return 0, err
		}
	}
	return int64(len(old)), nil
}

const touchStore = `INSERT INTO counters (name, value) VALUES ('touched', $1)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`

// Touch writes the time, to learn whether the store takes writes while nothing else is written.
func (u Upkeep) Touch(at time.Time) error { return u.tx.Exec(touchStore, txn.Millis(at)) }
