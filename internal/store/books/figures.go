package books

import (
	"errors"
	"fmt"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Figures are what was counted, billed and reserved.
type Figures struct{ tx *Tx }

// Figures are what was counted, billed and reserved.
func (tx *Tx) Figures() Figures { return Figures{tx} }

// PlanRevision names a revision of a plan.
type PlanRevision struct {
	Plan     string
	Revision string
}

// Count is how much has been counted so far under a key: it implements pricing.Counts. If the
// engine fails it is 0, and the operation fails.
func (f Figures) Count(key pricing.CounterKey) int64 {
	c, err := f.tx.countCell(key)
	if err != nil {
		return 0
	}
	return c.Value
}

// Increment raises a count: of an allowance, of which a message that was priced in a currency took
// a place, or of a tier.
func (f Figures) Increment(currency money.Currency, increment pricing.Increment) error {
	c, err := f.tx.countCell(increment.Key)
	if err != nil {
		return err
	}
	if err := txn.Change(f.tx.Base(), c, c.Value+increment.By); err != nil || increment.Key.Allowance == "" {
		return err
	}
	return f.tx.use(currency, increment)
}

// Total is the sum of a period, or of a category of it. It is zero where there is no record.
func (f Figures) Total(key ledger.TotalKey) (ledger.Total, error) {
	c, err := f.tx.totalCell(key)
	if err != nil {
		return ledger.Total{}, err
	}
	return c.Value, nil
}

// Reserved is the most that accepted messages can still cost in a currency, all together: what
// allowances surely pay for is not in it. It is not of a period: a message that is accepted in one
// month may be billed in the next, so it weighs on whatever month is looked at.
func (f Figures) Reserved(currency money.Currency) (money.Decimal, error) {
	c, err := f.tx.reservedCell(currency)
	if err != nil {
		return money.Decimal{}, err
	}
	return c.Value.most()
}

const (
	selectPeriod = `SELECT category, currency, messages, charged, billed, cost FROM totals WHERE period = $1
		ORDER BY currency, category`
	selectRecent = `SELECT period, currency, messages, charged, billed, cost FROM totals WHERE category = ''
		AND period IN
		(SELECT DISTINCT period FROM totals WHERE category = '' AND period < $1 ORDER BY period DESC LIMIT $2 + 0)
		ORDER BY period DESC, currency`
	selectRevisions = `SELECT plan, revision FROM used_revisions ORDER BY plan, revision`
	insertWarning   = `INSERT INTO budget_warnings (period, percent) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	selectWarning   = `SELECT COALESCE(MAX(percent), 0) FROM budget_warnings WHERE period = $1`
)

// PeriodTotals are a period's totals by category and currency; the category "" is the whole of the
// period. A View reads it: within an Update it does not have what this transaction has added, see
// Total.
func (f Figures) PeriodTotals(period string) (map[ledger.TotalKey]ledger.Total, error) {
	totals := map[ledger.TotalKey]ledger.Total{}
	var bad error
	err := f.tx.Each(selectPeriod, []any{period}, func(v engine.Row) bool {
		key := ledger.TotalKey{Period: period, Category: v.Text(0), Currency: money.Currency(v.Text(1))}
		totals[key], bad = readTotal(v, 2)
		return bad == nil
	})
	return totals, errors.Join(err, bad)
}

// PeriodTotal is the whole of one period in one currency.
type PeriodTotal struct {
	Period   string
	Currency money.Currency
	Total    ledger.Total
}

// RecentPeriods are the periods before the given one, newest first, limit periods at most, in each
// of their currencies. A View reads it.
func (f Figures) RecentPeriods(before string, limit int) ([]PeriodTotal, error) {
	var periods []PeriodTotal
	var bad error
	err := f.tx.Each(selectRecent, []any{before, limit}, func(v engine.Row) bool {
		p := PeriodTotal{Period: v.Text(0), Currency: money.Currency(v.Text(1))}
		p.Total, bad = readTotal(v, 2)
		periods = append(periods, p)
		return bad == nil
	})
	return periods, errors.Join(err, bad)
}

// readTotal reads a total from the columns that begin with the given one.
func readTotal(v engine.Row, begin int) (ledger.Total, error) {
	billed, err := money.Parse(v.Text(begin + 2))
	if err != nil {
		return ledger.Total{}, fmt.Errorf("a total cannot be read: %w", err)
	}
	cost, err := money.Parse(v.Text(begin + 3))
	if err != nil {
		return ledger.Total{}, fmt.Errorf("a total cannot be read: %w", err)
	}
	return ledger.Total{Messages: v.Int(begin), Charged: v.Int(begin + 1), Billed: billed, Cost: cost}, nil
}

// UsedRevisions are the revisions that have priced something, sorted by plan and revision. A View
// reads it.
func (f Figures) UsedRevisions() ([]PlanRevision, error) {
	var revisions []PlanRevision
	err := f.tx.Each(selectRevisions, nil, func(v engine.Row) bool {
		revisions = append(revisions, PlanRevision{Plan: v.Text(0), Revision: v.Text(1)})
		return true
	})
	return revisions, err
}

// WarnBudget records that a period passed a warning level, in percent of the budget. It is true the
// first time only.
func (f Figures) WarnBudget(period string, percent int32) (bool, error) {
	n, err := f.tx.Changed(insertWarning, period, percent)
	return n == 1, err
}

// BudgetWarned is the highest warning level that a period has passed; 0 for none.
func (f Figures) BudgetWarned(period string) (int32, error) {
	var percent int32
	_, err := f.tx.First(selectWarning, []any{period}, func(v engine.Row) { percent = int32(v.Int(0)) })
	return percent, err
}
