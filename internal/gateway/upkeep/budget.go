package upkeep

import (
	"context"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/store"
)

// warnOfBudget says, once for each level and period, that the period's charges have passed a part
// of the budget: of the one that is in force, so that a budget which was lowered warns too.
func (u *Upkeep) warnOfBudget(ctx context.Context, t *served.Tenant, now time.Time) error {
	if t.Budget == nil || len(t.Budget.WarnAtPercent) == 0 {
		return nil
	}
	for _, period := range growingPeriods(now, t.Zone) {
		if err := u.warnOfPeriod(ctx, t, period); err != nil {
			return err
		}
	}
	return nil
}

// growingPeriods are the periods whose charges may still grow: the current one, and in its first
// days the one before, whose last deliveries may not have been told yet.
func growingPeriods(now time.Time, zone *time.Location) []string {
	return slices.Compact([]string{settlement.PeriodAt(now.Add(-retoldFor), zone), settlement.PeriodAt(now, zone)})
}

func (u *Upkeep) warnOfPeriod(ctx context.Context, t *served.Tenant, period string) error {
	var billed money.Decimal
	var warned int32
	err := u.Store.View(ctx, func(tx *store.Tx) error {
		total, err := tx.Figures().Total(ledger.TotalKey{Period: period, Currency: t.Book.Currency()})
		if err != nil {
			return err
		}
		billed = total.Billed
		warned, err = tx.Figures().BudgetWarned(period)
		return err
	})
	if err != nil {
		return err
	}
	for _, percent := range newLevels(billed, t.Budget.Limit.Amount, t.Budget.WarnAtPercent, warned) {
		first := false // of the replicas
		err := u.Store.Update(ctx, func(tx *durable.Tx) (err error) {
			first, err = tx.Figures().WarnBudget(period, percent)
			return err
		})
		if err != nil {
			return err
		}
		if !first {
			continue
		}
		u.Log.Warn(
			"Budget level passed", "period", period, "percent", percent, "billed", billed.String(), "limit",
			t.Budget.Limit.String(),
		)
	}
	return nil
}

// newLevels are the levels, in percent of the limit, that the amount has reached and that are above
// the highest one that was warned of.
func newLevels(amount, limit money.Decimal, levels []int32, warned int32) []int32 {
	var passed []int32
	for _, percent := range levels {
		if percent > warned && reaches(amount, limit, percent) {
			passed = append(passed, percent)
		}
	}
	return passed
}

// reaches tells whether an amount is at or above a percentage of the limit. An amount that is too
// large to be compared is.
func reaches(amount, limit money.Decimal, percent int32) bool {
	hundredfold, err := amount.MulInt(100)
	if err != nil {
		return true
	}
	level, err := limit.MulInt(int64(percent))
	return err == nil && hundredfold.Cmp(level) >= 0
}
