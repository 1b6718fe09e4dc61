package store

import (
	"cmp"
	"fmt"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// tally holds the few rows that nearly every operation changes or asks for: totals, counts, depths,
// reservations and the ledger's head. A transaction reads each once and writes it once, however
// many operations share it. It lasts for one transaction, so the database stays the only truth.
type tally struct {
	totals    map[ledger.TotalKey]*cell[ledger.Total]
	counts    map[pricing.CounterKey]*cell[int64]
	reserved  map[money.Currency]*cell[reservation]
	pools     map[money.Currency]*cell[pricing.Pool]
	revisions map[PlanRevision]*cell[bool]
	sounds    map[string]*cell[sound] // by channel
	endpoint  *cell[Endpoint]
	depths    [depths]*cell[int64]
	head      *cell[ledger.Head]
	early     *bool // whether statuses of ids that are not known may be kept; nil is not known

	operation int
	touched   []undoer
	// attempt collects how to undo the changes of Tx.Attempt; nil outside of one.
	attempt *[]func()
}

// cell is a row's value, with what it was before the current operation.
type cell[T any] struct {
	value, before T
	operation     int // the operation that before belongs to
	dirty         bool
}

type undoer interface{ undo() }

func (c *cell[T]) undo() { c.value = c.before }

func newTally() *tally {
	return &tally{
		totals:    map[ledger.TotalKey]*cell[ledger.Total]{},
		counts:    map[pricing.CounterKey]*cell[int64]{},
		reserved:  map[money.Currency]*cell[reservation]{},
		pools:     map[money.Currency]*cell[pricing.Pool]{},
		revisions: map[PlanRevision]*cell[bool]{},
		sounds:    map[string]*cell[sound]{},
	}
}

// begin starts the next operation.
func (t *tally) begin() {
	t.operation++
	t.attempt = nil
	clear(t.touched)
	t.touched = t.touched[:0]
}

// undo takes back what the operation changed.
func (t *tally) undo() {
	for _, c := range t.touched {
		c.undo()
	}
}

// change sets a cell within the current operation.
func change[T any](tx *transaction, c *cell[T], value T) error {
	if err := tx.write(); err != nil {
		return err
	}
	if c.operation != tx.tally.operation {
		c.before, c.operation = c.value, tx.tally.operation
		tx.tally.touched = append(tx.tally.touched, c)
	}
	if undo := tx.tally.attempt; undo != nil {
		before := c.value
		*undo = append(*undo, func() { c.value = before })
	}
	c.value, c.dirty = value, true
	return nil
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

func (tx *transaction) totalCell(key ledger.TotalKey) (*cell[ledger.Total], error) {
	if c := tx.tally.totals[key]; c != nil {
		return c, nil
	}
	c := &cell[ledger.Total]{}
	var bad error
	_, err := tx.first(
		selectTotal, []any{key.Period, string(key.Currency), key.Category},
		func(v engine.Row) { c.value, bad = readTotal(v, 0) },
	)
	if err := cmp.Or(err, damaged("total", bad)); err != nil {
		return nil, tx.fail(err)
	}
	tx.tally.totals[key] = c
	return c, nil
}

func (tx *transaction) countCell(key pricing.CounterKey) (*cell[int64], error) {
	if c := tx.tally.counts[key]; c != nil {
		return c, nil
	}
	c, err := tx.counter(counterName(key))
	if err == nil {
		tx.tally.counts[key] = c
	}
	return c, err
}

func (tx *transaction) depthCell(of Depth) (*cell[int64], error) {
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

func (tx *transaction) counter(name string) (*cell[int64], error) {
	c := &cell[int64]{}
	_, err := tx.first(selectCounter, []any{name}, func(v engine.Row) { c.value = v.Int(0) })
	return c, err
}

func (tx *transaction) reservedCell(currency money.Currency) (*cell[reservation], error) {
	if c := tx.tally.reserved[currency]; c != nil {
		return c, nil
	}
	c := &cell[reservation]{}
	var bad error
	_, err := tx.first(selectReserve, []any{string(currency)}, func(v engine.Row) {
		for i, into := range []*money.Decimal{&c.value.amount, &c.value.coverable, &c.value.exposed} {
			amount, err := money.Parse(v.Text(i))
			*into, bad = amount, cmp.Or(bad, err)
		}
	})
	if err := cmp.Or(err, damaged("reservation", bad)); err != nil {
		return nil, tx.fail(err)
	}
	tx.tally.reserved[currency] = c
	return c, nil
}

// damaged marks an error that a stored value cannot be read.
func damaged(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: a %s cannot be read: %w", ErrDamaged, what, err)
}

func (tx *transaction) usedCell(revision PlanRevision) (*cell[bool], error) {
	if c := tx.tally.revisions[revision]; c != nil {
		return c, nil
	}
	c := &cell[bool]{}
	found, err := tx.first(selectUsed, []any{revision.Plan, revision.Revision}, func(engine.Row) {})
	if err != nil {
		return nil, err
	}
	c.value = found
	tx.tally.revisions[revision] = c
	return c, nil
}

func (tx *transaction) headCell() (*cell[ledger.Head], error) {
	if tx.tally.head != nil {
		return tx.tally.head, nil
	}
	c := &cell[ledger.Head]{value: ledger.Head{Hash: tx.store.genesis}}
	if _, err := tx.first(selectHead, nil, func(v engine.Row) {
		c.value.Sequence = v.Int(0)
		copy(c.value.Hash[:], v.Bytes(1))
	}); err != nil {
		return nil, err
	}
	tx.tally.head = c
	return c, nil
}

// flushTally writes what the transaction's operations changed. The ledger's head needs no row of
// its own.
func (tx *transaction) flushTally() error {
	for _, flush := range []func() error{
		tx.flushTotals, tx.flushCounters, tx.flushReserved, tx.flushSounds, tx.flushEndpoint,
	} {
		if err := flush(); err != nil {
			return err
		}
	}
	for revision, c := range tx.tally.revisions {
		if c.dirty && c.value {
			if err := tx.conn.Exec(insertUsed, revision.Plan, revision.Revision); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *transaction) flushTotals() error {
	for key, c := range tx.tally.totals {
		if t := &c.value; c.dirty {
			err := tx.conn.Exec(upsertTotal, key.Period, string(key.Currency), key.Category,
				t.Messages, t.Charged, t.Billed.String(), t.Cost.String())
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *transaction) flushCounters() error {
	for key, c := range tx.tally.counts {
		if c.dirty {
			if err := tx.conn.Exec(upsertCounter, counterName(key), c.value); err != nil {
				return err
			}
		}
	}
	for of, c := range tx.tally.depths {
		if c != nil && c.dirty {
			if err := tx.conn.Exec(upsertCounter, depthNames[of], c.value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *transaction) flushReserved() error {
	for currency, c := range tx.tally.reserved {
		if r := &c.value; c.dirty {
			if err := tx.conn.Exec(
				upsertReserve, string(currency), r.amount.String(), r.coverable.String(), r.exposed.String(),
			); err != nil {
				return err
			}
		}
	}
	for currency, c := range tx.tally.pools {
		if c.dirty {
			if err := tx.conn.Exec(upsertPool, string(currency), c.value.String()); err != nil {
				return err
			}
		}
	}
	return nil
}
