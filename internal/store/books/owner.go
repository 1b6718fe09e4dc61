package books

import (
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

const (
	selectOwner     = `SELECT account_uid FROM owner WHERE one = 1`
	updateOwner     = `UPDATE owner SET account_uid = $1 WHERE one = 1`
	selectAdoptions = `SELECT record FROM ledger WHERE kind = 'adoption' ORDER BY sequence`
)

// Adopt makes the account of a UID the owner of the ledger, and appends a record that says so; it
// tells whether another account was the owner. One that has had the ledger before and gave it up
// does not get it back: it is a process that was left over.
func (r Records) Adopt(owner, ownerName string, at time.Time) (adopted bool, err error) {
	var former string
	if _, err := r.tx.First(selectOwner, nil, func(v engine.Row) { former = v.Text(0) }); err != nil {
		return false, err
	}
	if former == owner {
		return false, nil
	}
	had, err := r.hadBefore(owner)
	if err != nil {
		return false, err
	}
	if had {
		return false, fmt.Errorf(
			"the ledger went on to the account with UID %s: the one with UID %s cannot have it back", former, owner,
		)
	}
	head, err := r.Head()
	if err != nil {
		return false, err
	}
	if err := r.Append(ledger.Adopt(head, owner, ownerName, former, at)); err != nil {
		return false, err
	}
	return true, r.tx.Exec(updateOwner, owner)
}

// hadBefore tells whether an account has had the ledger and gave it up.
func (r Records) hadBefore(owner string) (had bool, err error) {
	var broken error
	err = r.tx.Each(selectAdoptions, nil, func(v engine.Row) bool {
		record, parseErr := ledger.ParseCanonical(v.Bytes(0))
		if parseErr != nil || record.Change == nil {
			broken = fmt.Errorf("an adoption in the ledger cannot be read: %w", parseErr)
			return false
		}
		had = had || record.Change.FormerOwner == owner
		return true
	})
	if err == nil {
		err = broken
	}
	return had, err
}
