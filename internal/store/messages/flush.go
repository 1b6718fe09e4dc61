package messages

import (
	"time"

	"github.com/guichet-dev/guichet/internal/store/intake"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
	setMessage = `UPDATE messages SET lane = $1, state = $2, ready_at = $3, attempts = $4,
		upstream_hash = COALESCE($5, upstream_hash), upstream_id = COALESCE($6, upstream_id), settled = $7,
		unpriced = $8, reserved = $9, times = $10, error_code = $11, lease = $12, parked = $13, claims = $14,
		opened = $15`
	updateMessage        = setMessage + ` WHERE seq = $16`
	updateAndDropContent = setMessage + `, content = NULL WHERE seq = $16`
	keepContentUntil     = `UPDATE messages SET content_until = $1 WHERE seq = $2`
)

// FlushMessages writes the messages that the operation has changed. Every statement that searches
// messages comes after it.
func (tx *Tx) FlushMessages() error {
	for _, m := range tx.Known {
		if !m.dirty {
			continue
		}
		statement := updateMessage
		if m.dropContent {
			statement = updateAndDropContent
		}
		var upstreamHash any
		if m.UpstreamID != "" {
			upstreamHash = intake.HashID(m.UpstreamID)
		}
		if err := tx.Exec(statement, int64(m.Lane), int64(m.State), txn.NullableTime(m.ReadyAt), int64(m.Attempts),
			upstreamHash, txn.Nullable(m.sealedUpstreamID), txn.Count(m.Settled), txn.Count(m.Unpriced),
			m.Reserved.Amount.String(), m.packTimes(), int64(m.ErrorCode), m.Lease, int64(m.Parking), m.claims,
			txn.Count(m.Opened), m.seq,
		); err != nil {
			return err
		}
		m.dirty = false
	}
	return nil
}

// retireContent deletes a settled message's content, or marks when it shall be.
func (tx *Tx) retireContent(m *Message, until time.Time) error {
	if !until.IsZero() {
		return tx.Exec(keepContentUntil, txn.Millis(until), m.seq)
	}
	m.Content, m.dropContent, m.dirty = nil, true, true
	return nil
}
