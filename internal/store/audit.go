package store

import (
	"context"
	"fmt"
	"iter"
	"maps"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

const (
	selectRecords = `SELECT sequence, record, hash FROM ledger WHERE sequence > $1 ORDER BY sequence LIMIT $2 + 0`
	selectTotals  = `SELECT messages, charged, billed, cost, period, currency, category FROM totals`
)

// entriesPage is how many records are in memory at a time.
const entriesPage = 1000

// Entries are the ledger's entries after a sequence, in order. Each page is a view of its own, so
// that reading a long ledger holds nothing up; as records are only ever added, the pages fit
// together.
func (s *Store) Entries(ctx context.Context, after int64) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		for {
			var page []ledger.Entry
			if err := s.View(ctx, func(tx *Tx) (err error) {
				page, err = tx.entries(after)
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
			if len(page) < entriesPage {
				return
			}
		}
	}
}

func (tx *transaction) entries(after int64) ([]ledger.Entry, error) {
	entries := make([]ledger.Entry, 0, entriesPage)
	err := tx.each(selectRecords, []any{after, entriesPage}, func(v engine.Row) bool {
		entry := ledger.Entry{Sequence: v.Int(0), Canonical: v.Bytes(1)}
		copy(entry.Hash[:], v.Bytes(2))
		entries = append(entries, entry)
		return true
	})
	return entries, err
}

// Audit verifies the ledger and compares the totals with what its records add up to, both as of one
// instant. It holds back the clearing of SQLite's log while it runs. A *ledger.VerifyError names
// the first bad record; a *TotalError a total that is wrong although the records are good.
func (s *Store) Audit(ctx context.Context) (ledger.Head, error) {
	var head ledger.Head
	err := s.View(ctx, func(tx *Tx) error {
		var totals ledger.Totals
		var err error
		if head, totals, err = ledger.Verify(s.options.AccountUID, tx.Ledger().Entries(0)); err != nil {
			return err
		}
		stored, err := tx.storedTotals()
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

// Entries are the ledger's entries after a sequence, in order, within this transaction. To read a
// long ledger, see Store.Entries.
func (tx Ledger) Entries(after int64) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		for {
			page, err := tx.entries(after)
			if err != nil {
				yield(ledger.Entry{}, err)
				return
			}
			for _, entry := range page {
				if !yield(entry, nil) {
					return
				}
				after = entry.Sequence
			}
			if len(page) < entriesPage {
				return
			}
		}
	}
}

func (tx *transaction) storedTotals() (ledger.Totals, error) {
	totals := ledger.Totals{}
	var bad error
	err := tx.each(selectTotals, nil, func(v engine.Row) bool {
		key := ledger.TotalKey{Period: v.Text(4), Currency: money.Currency(v.Text(5)), Category: v.Text(6)}
		totals[key], bad = readTotal(v, 0)
		return bad == nil
	})
	if err == nil {
		err = bad
	}
	return totals, err
}
