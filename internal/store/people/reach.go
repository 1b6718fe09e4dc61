package people

import (
	"math"
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
	selectReachFrees   = `SELECT at FROM reach ORDER BY at LIMIT 1 OFFSET $1 + 0`
	selectFirstReached = `SELECT at FROM reach ORDER BY at LIMIT 1`
	deleteReach        = `DELETE FROM reach WHERE at <= $1`
)

// reachSpan is the moving span over which the upstream counts unique recipients
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits).
const reachSpan = 24 * time.Hour

// Reach tells how many people the account has opened a conversation with in the 24 hours before
// now, by whichever of its numbers, and whether the given one is among them.
func (p People) Reach(person seal.CustomerHash, now time.Time) (people int64, among bool, err error) {
	if err := p.tx.letReachedGo(now.Add(-reachSpan)); err != nil {
		return 0, false, err
	}
	among, known := p.tx.reached.Get(person)
	if !known {
		if among, err = p.tx.First(selectReach, []any{person[:]}, func(engine.Row) {}); err != nil {
			return 0, false, err
		}
	}
	people, err = p.tx.Depth(books.Reached)
	return people, among, err
}

// letReachedGo forgets who was reached last at an instant or before it; usually that is nobody.
func (tx *Tx) letReachedGo(before time.Time) error {
	tx.hotReach.Use(struct{}{})
	if tx.firstReached != nil && *tx.firstReached > txn.Millis(before) {
		return nil
	}
	gone, err := tx.Changed(deleteReach, txn.Millis(before))
	if err != nil {
		return err
	}
	if tx.Remote() {
		if err := tx.readFirstReached(); err != nil {
			return err
		}
	}
	if gone > 0 {
		tx.reached.Clear()
	}
	return tx.Deepen(books.Reached, -gone)
}

// readFirstReached asks who falls out of the span first.
func (tx *Tx) readFirstReached() error {
	first := int64(math.MaxInt64)
	_, err := tx.First(selectFirstReached, nil, func(v engine.Row) { first = v.Int(0) })
	tx.firstReached = &first
	return err
}

// Hot asks for the rows of the moment.
func (tx *Tx) Hot() []engine.Question {
	questions := tx.Tx.Hot()
	tx.hotReach.Begin()
	if len(tx.hotReach.Keys()) > 0 {
		first := int64(math.MaxInt64)
		tx.firstReached = &first
		questions = append(questions, engine.Question{
			Text: selectFirstReached, Lists: [][]any{nil}, Scan: func(_ int, v engine.Row) { first = v.Int(0) },
		})
	}
	return questions
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
	p.tx.reached.Put(person, true)
	if first := p.tx.firstReached; first != nil {
		*first = min(*first, txn.Millis(now))
	}
	return p.tx.Exec(upsertReach, person[:], txn.Millis(now))
}
