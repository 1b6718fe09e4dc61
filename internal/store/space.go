package store

import (
	"sort"
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Space is the room that an embedded store takes, and that its volume has. In bytes.
type Space = engine.Space

// Space asks the file system for the room that the store takes and has. It needs no transaction, so
// that a full volume is told of too. The error is errors.ErrUnsupported for a shared store, whose
// server's room cannot be seen from here, and where the system does not tell.
func (s *Store) Space() (Space, error) { return s.engine.Space() }

const selectRecord = `SELECT record FROM ledger WHERE sequence = $1`

// RecordsSince counts the ledger's records that were made at or after an instant, and tells when
// the first of them was made; zero if there is none. It looks at some tens of records, however many
// there are.
func (tx Ledger) RecordsSince(from time.Time) (records int64, first time.Time, err error) {
	head, err := tx.Head()
	if err != nil {
		return 0, time.Time{}, err
	}
	made := func(sequence int64) (at time.Time) {
		var canonical []byte
		var found bool
		if found, err = tx.first(
			selectRecord, []any{sequence}, func(v engine.Row) { canonical = v.Bytes(0) },
		); err != nil || !found {
			return time.Time{}
		}
		record, parseErr := ledger.ParseCanonical(canonical)
		if parseErr != nil {
			err = parseErr
			return time.Time{}
		}
		return record.SettledAt
	}
	older := int64(sort.Search(int(head.Sequence), func(i int) bool {
		return err != nil || !made(int64(i)+1).Before(from)
	}))
	if err != nil || older == head.Sequence {
		return 0, time.Time{}, err
	}
	first = made(older + 1)
	return head.Sequence - older, first, err
}
