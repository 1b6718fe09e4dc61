package books

import (
	"iter"
	"sort"
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Records are the ledger.
type Records struct{ tx *Tx }

// Records are the ledger.
func (tx *Tx) Records() Records { return Records{tx} }

const (
	insertRecord     = `INSERT INTO ledger (sequence, message_id, kind, record, hash) VALUES ($1, $2, $3, $4, $5)`
	selectSettlement = `SELECT record FROM ledger WHERE message_id = $1 AND kind = 'settlement'`
	selectRecordHash = `SELECT hash FROM ledger WHERE sequence = $1`
	selectRecords    = `SELECT sequence, record, hash FROM ledger WHERE sequence > $1 ORDER BY sequence LIMIT $2 + 0`
	selectTotals     = `SELECT messages, charged, billed, cost, period, currency, category FROM totals`
)

// EntriesPage is how many records are in memory at a time.
const EntriesPage = 1000

// Append adds a record to the ledger and its amounts to the totals. Settlements are made by Settle;
// Correct makes corrections; Append is for doubts and adoptions.
func (r Records) Append(record *ledger.Record) error {
	head, err := r.tx.headCell()
	if err != nil {
		return err
	}
	entry, next := head.Value.Append(record)
	if err := r.tx.Exec(
		insertRecord, entry.Sequence, record.MessageID, string(record.Kind), entry.Canonical, entry.Hash[:],
	); err != nil {
		return err
	}
	if err := txn.Change(r.tx.Base(), head, next); err != nil {
		return err
	}
	return r.tx.countRecord(record)
}

// countRecord adds a record to the derived figures.
func (tx *Tx) countRecord(record *ledger.Record) error {
	if !record.Counts() {
		return nil
	}
	for _, key := range record.TotalKeys() {
		c, err := tx.totalCell(key)
		if err != nil {
			return err
		}
		total := c.Value
		if err := total.Add(record); err != nil {
			return err
		}
		if err := txn.Change(tx.Base(), c, total); err != nil {
			return err
		}
	}
	if record.Revision == "" {
		return nil
	}
	used, err := tx.usedCell(PlanRevision{Plan: record.Plan, Revision: record.Revision})
	if err != nil || used.Value {
		return err
	}
	return txn.Change(tx.Base(), used, true)
}

// Genesis is what the ledger's first record follows.
func (r Records) Genesis() ledger.Hash { return r.tx.genesis }

// Head is the end of the ledger.
func (r Records) Head() (ledger.Head, error) {
	c, err := r.tx.headCell()
	if err != nil {
		return ledger.Head{}, err
	}
	return c.Value, nil
}

// RecordHash is the hash of the ledger's record of a sequence, and whether there is one.
func (r Records) RecordHash(sequence int64) (hash ledger.Hash, found bool, err error) {
	found, err = r.tx.First(selectRecordHash, []any{sequence}, func(v engine.Row) { copy(hash[:], v.Bytes(0)) })
	return hash, found, err
}

// Settlement is the ledger's settlement of a message, and whether there is one.
func (r Records) Settlement(messageID string) (*ledger.Record, bool, error) {
	var canonical []byte
	found, err := r.tx.First(selectSettlement, []any{messageID}, func(v engine.Row) { canonical = v.Bytes(0) })
	if err != nil || !found {
		return nil, false, err
	}
	record, err := ledger.ParseCanonical(canonical)
	return record, err == nil, err
}

// Entries are the next entries of the ledger after a sequence, in order, EntriesPage at most.
func (tx *Tx) Entries(after int64) ([]ledger.Entry, error) {
	entries := make([]ledger.Entry, 0, EntriesPage)
	err := tx.Each(selectRecords, []any{after, EntriesPage}, func(v engine.Row) bool {
		entry := ledger.Entry{Sequence: v.Int(0), Canonical: v.Bytes(1)}
		copy(entry.Hash[:], v.Bytes(2))
		entries = append(entries, entry)
		return true
	})
	return entries, err
}

// Entries are the ledger's entries after a sequence, in order, within this transaction. To read a
// long ledger, see Store.Entries.
func (r Records) Entries(after int64) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		for {
			page, err := r.tx.Entries(after)
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
			if len(page) < EntriesPage {
				return
			}
		}
	}
}

// StoredTotals are the totals of the ledger as they are stored, by what they are totals of.
func (tx *Tx) StoredTotals() (ledger.Totals, error) {
	totals := ledger.Totals{}
	var bad error
	err := tx.Each(selectTotals, nil, func(v engine.Row) bool {
		key := ledger.TotalKey{Period: v.Text(4), Currency: money.Currency(v.Text(5)), Category: v.Text(6)}
		totals[key], bad = readTotal(v, 0)
		return bad == nil
	})
	if err == nil {
		err = bad
	}
	return totals, err
}

const selectRecord = `SELECT record FROM ledger WHERE sequence = $1`

// RecordsSince counts the ledger's records that were made at or after an instant, and tells when
// the first of them was made; zero if there is none. It looks at some tens of records, however many
// there are.
func (r Records) RecordsSince(from time.Time) (records int64, first time.Time, err error) {
	head, err := r.Head()
	if err != nil {
		return 0, time.Time{}, err
	}
	made := func(sequence int64) (at time.Time) {
		var canonical []byte
		var found bool
		if found, err = r.tx.First(
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
