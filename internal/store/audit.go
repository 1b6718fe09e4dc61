package store

import (
	"context"
	"fmt"
	"iter"
	"maps"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/store/books"
)

// Entries are the ledger's entries after a sequence, in order. Each page is a view of its own, so
// that reading a long ledger holds nothing up; as records are only ever added, the pages fit
// together.
func (s *Store) Entries(ctx context.Context, after int64) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		for {
			var page []ledger.Entry
			if err := s.View(ctx, func(tx *Tx) (err error) {
				page, err = tx.all.Entries(after)
				return err
			}); err != nil {
				yield(ledger.Entry{}, err)
				return
			}
			for _, entry := range page {
				if !yield(entry, nil) {
					return
				}
				after = entry.Sequence
			}
			if len(page) < books.EntriesPage {
				return
			}
		}
	}
}

// Audit verifies the ledger and compares the totals with what its records add up to, both as of one
// instant. It holds back the clearing of SQLite's log while it runs. A *ledger.VerifyError names
// the first bad record; a *TotalError a total that is wrong although the records are good.
func (s *Store) Audit(ctx context.Context) (ledger.Head, error) {
	var head ledger.Head
	err := s.View(ctx, func(tx *Tx) error {
		var totals ledger.Totals
		var err error
		if head, totals, err = ledger.Verify(s.options.LedgerID, tx.Ledger().Entries(0)); err != nil {
			return err
		}
		stored, err := tx.all.StoredTotals()
		if err != nil {
			return err
		}
		return compare(stored, totals)
	})
	return head, err
}

// TotalError says that a total is not what the records add up to.
type TotalError struct {
	Key              ledger.TotalKey
	Stored, Computed ledger.Total
}

func (e *TotalError) Error() string {
	return fmt.Sprintf(
		"the total of period %s, currency %s, category %q is %d messages for %s, and the records add up to "+
			"%d messages for %s",
		e.Key.Period, e.Key.Currency, e.Key.Category, e.Stored.Messages, e.Stored.Billed, e.Computed.Messages,
		e.Computed.Billed,
	)
}

func compare(stored, computed ledger.Totals) error {
	keys := maps.Clone(stored)
	maps.Copy(keys, computed)
	for key := range keys {
		if stored[key] != computed[key] {
			return &TotalError{Key: key, Stored: stored[key], Computed: computed[key]}
		}
	}
	return nil
}
