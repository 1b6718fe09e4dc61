// Package books is what was counted, billed and reserved, and the ledger.
package books

import (
	"cmp"
	"fmt"

	"github.com/guichet-dev/guichet/internal/allowances"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Tx is a transaction with what is counted, billed and reserved.
type Tx struct {
	*txn.Tx
	tally   *tally
	hot     hot
	genesis ledger.Hash
}

// New adds to a transaction what is counted, billed and reserved.
func New(tx *txn.Tx, genesis ledger.Hash) *Tx {
	return &Tx{Tx: tx, tally: newTally(), genesis: genesis}
}

// Reset begins a transaction.
func (tx *Tx) Reset() {
	tx.Tx.Reset()
	tx.tally = newTally()
}

// tally holds the few rows that nearly every operation changes or asks for: totals, counts, depths,
// reservations and the ledger's head. A transaction reads each once and writes it once, however
// many operations share it. It lasts for one transaction, so the database stays the only truth.
type tally struct {
	totals    map[ledger.TotalKey]*txn.Cell[ledger.Total]
	counts    map[pricing.CounterKey]*txn.Cell[int64]
	reserved  map[money.Currency]*txn.Cell[reservation]
	pools     map[money.Currency]*txn.Cell[allowances.Pool]
	revisions map[PlanRevision]*txn.Cell[bool]
	depths    [depths]*txn.Cell[int64]
	head      *txn.Cell[ledger.Head]
}

func newTally() *tally {
	return &tally{
		totals:    map[ledger.TotalKey]*txn.Cell[ledger.Total]{},
		counts:    map[pricing.CounterKey]*txn.Cell[int64]{},
		reserved:  map[money.Currency]*txn.Cell[reservation]{},
		pools:     map[money.Currency]*txn.Cell[allowances.Pool]{},
		revisions: map[PlanRevision]*txn.Cell[bool]{},
	}
}

const (
	selectTotal = `SELECT messages, charged, billed, cost FROM totals WHERE period = $1 AND currency = $2
		AND category = $3`
	upsertTotal = `INSERT INTO totals (period, currency, category, messages, charged, billed, cost)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (period, currency, category) DO UPDATE SET
		messages = excluded.messages, charged = excluded.charged, billed = excluded.billed, cost = excluded.cost`
	selectCounter = `SELECT value FROM counters WHERE name = $1`
	upsertCounter = `INSERT INTO counters (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE
		SET value = excluded.value`
	selectReserve = `SELECT amount, coverable, exposed FROM reservations WHERE currency = $1`
	upsertReserve = `INSERT INTO reservations (currency, amount, coverable, exposed) VALUES ($1, $2, $3, $4)
		ON CONFLICT (currency) DO UPDATE SET
		amount = excluded.amount, coverable = excluded.coverable, exposed = excluded.exposed`
	selectUsed = `SELECT 1 FROM used_revisions WHERE plan = $1 AND revision = $2`
	insertUsed = `INSERT INTO used_revisions (plan, revision) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	selectHead = `SELECT sequence, hash FROM ledger ORDER BY sequence DESC LIMIT 1`
)

func (tx *Tx) totalCell(key ledger.TotalKey) (*txn.Cell[ledger.Total], error) {
	tx.hot.totals.Use(key)
	if c := tx.tally.totals[key]; c != nil {
		return c, nil
	}
	c := &txn.Cell[ledger.Total]{}
	var bad error
	_, err := tx.First(
		selectTotal, []any{key.Period, string(key.Currency), key.Category},
		func(v engine.Row) { c.Value, bad = readTotal(v, 0) },
	)
	if err := cmp.Or(err, txn.Unreadable("total", bad)); err != nil {
		return nil, tx.Fail(err)
	}
	tx.tally.totals[key] = c
	return c, nil
}

func (tx *Tx) countCell(key pricing.CounterKey) (*txn.Cell[int64], error) {
	tx.hot.counts.Use(key)
	if c := tx.tally.counts[key]; c != nil {
		return c, nil
	}
	c, err := tx.counter(counterName(key))
	if err == nil {
		tx.tally.counts[key] = c
	}
	return c, err
}

func (tx *Tx) depthCell(of Depth) (*txn.Cell[int64], error) {
	tx.hot.depths.Use(of)
	if c := tx.tally.depths[of]; c != nil {
		return c, nil
	}
	c, err := tx.counter(depthNames[of])
	if err == nil {
		tx.tally.depths[of] = c
	}
	return c, err
}

// counterName is what a count is stored under.
func counterName(key pricing.CounterKey) string {
	return fmt.Sprintf(
		"count/%d/%q/%q/%q/%d/%s", key.Scope, key.ScopeID, key.Allowance, key.Market, key.Category, key.Month,
	)
}

func (tx *Tx) counter(name string) (*txn.Cell[int64], error) {
	c := &txn.Cell[int64]{}
	_, err := tx.First(selectCounter, []any{name}, func(v engine.Row) { c.Value = v.Int(0) })
	return c, err
}

func (tx *Tx) reservedCell(currency money.Currency) (*txn.Cell[reservation], error) {
	tx.hot.reserved.Use(currency)
	if c := tx.tally.reserved[currency]; c != nil {
		return c, nil
	}
	c := &txn.Cell[reservation]{}
	var bad error
	_, err := tx.First(selectReserve, []any{string(currency)}, func(v engine.Row) {
		c.Value, bad = readReservation(v)
	})
	if err := cmp.Or(err, txn.Unreadable("reservation", bad)); err != nil {
		return nil, tx.Fail(err)
	}
	tx.tally.reserved[currency] = c
	return c, nil
}

func readReservation(v engine.Row) (r reservation, err error) {
	for i, into := range []*money.Decimal{&r.amount, &r.coverable, &r.exposed} {
		amount, bad := money.Parse(v.Text(i))
		*into, err = amount, cmp.Or(err, bad)
	}
	return r, err
}

func (tx *Tx) usedCell(revision PlanRevision) (*txn.Cell[bool], error) {
	tx.hot.revisions.Use(revision)
	if c := tx.tally.revisions[revision]; c != nil {
		return c, nil
	}
	c := &txn.Cell[bool]{}
	found, err := tx.First(selectUsed, []any{revision.Plan, revision.Revision}, func(engine.Row) {})
	if err != nil {
		return nil, err
	}
	c.Value = found
	tx.tally.revisions[revision] = c
	return c, nil
}

func (tx *Tx) headCell() (*txn.Cell[ledger.Head], error) {
	tx.hot.head.Use(struct{}{})
	if tx.tally.head != nil {
		return tx.tally.head, nil
	}
	c := &txn.Cell[ledger.Head]{Value: ledger.Head{Hash: tx.genesis}}
	if _, err := tx.First(selectHead, nil, func(v engine.Row) { readHead(v, &c.Value) }); err != nil {
		return nil, err
	}
	tx.tally.head = c
	return c, nil
}

// FlushTally writes what the transaction's operations changed. The ledger's head needs no row of
// its own.
func (tx *Tx) FlushTally() error {
	for _, flush := range []func() error{
		tx.flushTotals, tx.flushCounters, tx.flushReserved,
	} {
		if err := flush(); err != nil {
			return err
		}
	}
	for revision, c := range tx.tally.revisions {
		if c.Dirty && c.Value {
			if err := tx.Conn.Exec(insertUsed, revision.Plan, revision.Revision); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *Tx) flushTotals() error {
	for key, c := range tx.tally.totals {
		if t := &c.Value; c.Dirty {
			err := tx.Conn.Exec(upsertTotal, key.Period, string(key.Currency), key.Category,
				t.Messages, t.Charged, t.Billed.String(), t.Cost.String())
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *Tx) flushCounters() error {
	for key, c := range tx.tally.counts {
		if c.Dirty {
			if err := tx.Conn.Exec(upsertCounter, counterName(key), c.Value); err != nil {
				return err
			}
		}
	}
	for of, c := range tx.tally.depths {
		if c != nil && c.Dirty {
			if err := tx.Conn.Exec(upsertCounter, depthNames[of], c.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *Tx) flushReserved() error {
	for currency, c := range tx.tally.reserved {
		if r := &c.Value; c.Dirty {
			if err := tx.Conn.Exec(
				upsertReserve, string(currency), r.amount.String(), r.coverable.String(), r.exposed.String(),
			); err != nil {
				return err
			}
		}
	}
	for currency, c := range tx.tally.pools {
		if c.Dirty {
			if err := tx.Conn.Exec(upsertPool, string(currency), c.Value.String()); err != nil {
				return err
			}
		}
	}
	return nil
}
