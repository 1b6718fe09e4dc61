package people

import (
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
	selectReach = `SELECT 1 FROM reach WHERE customer = $1`
	upsertReach = `INSERT INTO reach (customer, at) VALUES ($1, $2) ON CONFLICT (customer) DO UPDATE
		SET at = excluded.at`
	selectReachFrees = `SELECT at FROM reach ORDER BY at LIMIT 1 OFFSET $1 + 0`
	deleteReach      = `DELETE FROM reach WHERE at <= $1`
)

// reachSpan is the moving span over which the upstream counts unique recipients
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits).
const reachSpan = 24 * time.Hour

// Reach tells how many people the account has opened a conversation with in the 24 hours before
// now, by whichever of its numbers, and whether the given one is among them.
func (p People) Reach(person seal.CustomerHash, now time.Time) (people int64, among bool, err error) {
	// Whoever fell out of the span since the last call is let go; usually that is nobody.
	gone, err := p.tx.Changed(deleteReach, txn.Millis(now.Add(-reachSpan)))
	if err != nil {
		return 0, false, err
	}
	if err := p.tx.Deepen(books.Reached, -gone); err != nil {
		return 0, false, err
	}
	among, err = p.tx.First(selectReach, []any{person[:]}, func(engine.Row) {})
	if err != nil {
		return 0, false, err
	}
	people, err = p.tx.Depth(books.Reached)
	return people, among, err
}

// ReachFrees is when fewer people than the limit are counted again, of those whom Reach has
// counted: one more may be written to then.
func (p People) ReachFrees(people, limit int64) (time.Time, error) {
	var at int64
	found, err := p.tx.First(selectReachFrees, []any{people - limit}, func(v engine.Row) { at = v.Int(0) })
	if err != nil || !found {
		return time.Time{}, err
	}
	return txn.Instant(at).Add(reachSpan), nil
}

// PutReach counts a person in the 24 hours after now. One who is counted already is counted on.
func (p People) PutReach(person seal.CustomerHash, now time.Time) error {
	_, among, err := p.Reach(person, now)
	if err != nil {
		return err
	}
	if !among {
		if err := p.tx.Deepen(books.Reached, 1); err != nil {
			return err
		}
	}
	delete(p.tx.ahead.known, person)
	return p.tx.Exec(upsertReach, person[:], txn.Millis(now))
}
