package store

import "time"

// PurgeLimits say what Purge removes.
type PurgeLimits struct {
	// SettledBefore removes settled messages that were accepted before it. The ledger keeps their records.
	SettledBefore time.Time
	// EarlyBefore removes statuses that were received before it and whose upstream id never became known.
	EarlyBefore time.Time
	// Rows is how many rows of a kind one call looks at. A few hundred keep an operation to a few milliseconds.
	Rows int
}

const (
	purgeMessages = `DELETE FROM messages WHERE seq IN (SELECT seq FROM
		(SELECT seq, settled, accepted_at FROM messages ORDER BY seq LIMIT $1 + 0) AS oldest WHERE settled = 1 AND accepted_at < $2)`
	purgeSeen = `DELETE FROM seen WHERE seq IN (SELECT seq FROM
		(SELECT seq, expires_at FROM seen ORDER BY seq LIMIT $1 + 0) AS oldest WHERE expires_at <= $2)`
	purgeEarly = `DELETE FROM early_statuses WHERE seq IN (SELECT seq FROM
		(SELECT seq, received_at FROM early_statuses ORDER BY seq LIMIT $1 + 0) AS oldest WHERE received_at < $2)`
	purgeContent = `UPDATE messages SET content = NULL, content_until = 0 WHERE seq IN
		(SELECT seq FROM messages WHERE content_until > 0 AND content_until <= $1 LIMIT $2 + 0)`
)

// Purge removes a batch of what is no longer needed, the oldest first, and tells how many rows there were. Call it again, with a pause, until it says 0.
func (tx *Tx) Purge(now time.Time, limits PurgeLimits) (int64, error) {
	var removed int64
	for _, step := range []struct {
		text string
		args []any
	}{
		{purgeMessages, []any{limits.Rows, millis(limits.SettledBefore)}},
		{purgeSeen, []any{limits.Rows, millis(now)}},
		{purgeEarly, []any{limits.Rows, millis(limits.EarlyBefore)}},
		{purgeContent, []any{millis(now), limits.Rows}},
	} {
		n, err := tx.changed(step.text, step.args...)
		if err != nil {
			return removed, err
		}
		removed += n
	}
	return removed, nil
}
