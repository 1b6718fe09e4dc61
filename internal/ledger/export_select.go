package ledger

import (
	"iter"
	"time"
)

// Selection is a part of a ledger. The zero Selection is the whole.
type Selection struct {
	// Period selects the records that count in a month, such as "2026-11". Empty selects every
	// month.
	Period string
	// From and To select the records that were made at or after From and before To. The zero time
	// sets no bound.
	From, To time.Time
}

// Of yields the selected entries in their order. An error of entries is yielded and ends it, and so
// does a record that cannot be read.
func (s Selection) Of(entries iter.Seq2[Entry, error]) iter.Seq2[Entry, error] {
	if s == (Selection{}) {
		return entries
	}
	return func(yield func(Entry, error) bool) {
		for entry, err := range entries {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			record, err := ParseCanonical(entry.Canonical)
			if err != nil {
				yield(Entry{}, &VerifyError{Sequence: entry.Sequence, Problem: err.Error()})
				return
			}
			if s.has(record) && !yield(entry, nil) {
				return
			}
		}
	}
}

func (s Selection) has(r *Record) bool {
	return (s.Period == "" || r.Period == s.Period) &&
		(s.From.IsZero() || !r.SettledAt.Before(s.From)) &&
		(s.To.IsZero() || r.SettledAt.Before(s.To))
}
