package people

import (
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
	selectPair = `SELECT full_at FROM pairs WHERE channel = $1 AND customer = $2`
	upsertPair = `INSERT INTO pairs (channel, customer, full_at) VALUES ($1, $2, $3)
		ON CONFLICT (channel, customer) DO UPDATE SET full_at = excluded.full_at`
	// PurgePairs forgets the oldest pairs that are whole again by an instant, so many at a time.
	PurgePairs = `DELETE FROM pairs WHERE full_at <= (SELECT MAX(full_at) FROM
		(SELECT full_at FROM pairs WHERE full_at <= $1 ORDER BY full_at LIMIT $2 + 0) AS oldest)`
	erasePair = `DELETE FROM pairs WHERE channel = $1 AND customer = $2`
)

// PairFullAt is when what the replicas share of the rate limit between a channel and a customer
// will be whole again; the zero time if that is not known, and it is whole.
func (p People) PairFullAt(channel string, customer seal.CustomerHash) (time.Time, error) {
	var at int64
	_, err := p.tx.First(selectPair, []any{channel, customer[:]}, func(v engine.Row) { at = v.Int(0) })
	return txn.Instant(at), err
}

// PutPairFullAt records PairFullAt, which is kept to the millisecond. Purge forgets it once it is
// past.
func (p People) PutPairFullAt(channel string, customer seal.CustomerHash, at time.Time) error {
	p.tx.KeepsNow(txn.Person{Channel: channel, Customer: customer})
	return p.tx.Exec(upsertPair, channel, customer[:], txn.Millis(at))
}
