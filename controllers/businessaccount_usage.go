package controllers

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// Bounds of what a status shows of a report; the schema has the same.
const (
	maxCategories = 16
	maxAllowances = 64
	maxHistory    = 13
)

// Usage is a report's current period as a status shows it. planCurrency stands in where nothing has
// been billed yet; an amount without any currency is left out rather than shown as zero.
func Usage(r *report.Report, budget *v1alpha1.Budget, planCurrency money.Currency) *v1alpha1.Usage {
	amount := func(m money.Money) *v1alpha1.Money { return amountOf(m, planCurrency) }
	usage := &v1alpha1.Usage{
		Period:      r.Period.Name,
		StartTime:   metav1.NewTime(r.Period.Start.UTC()),
		EndTime:     metav1.NewTime(r.Period.End.UTC()),
		AsOfTime:    metav1.NewTime(r.AsOf.UTC()),
		Messages:    &r.Period.Messages,
		Billed:      amount(r.Period.Billed),
		Cost:        amount(r.Period.Cost),
		Reserved:    amount(r.Period.Reserved),
		BudgetLeft:  budgetLeft(r, budget, planCurrency),
		Unpriced:    &r.Period.Unpriced,
		InDoubt:     &r.Period.InDoubt,
		OpenWindows: &r.OpenWindows,
		Ledger:      &v1alpha1.LedgerHead{Sequence: &r.Ledger.Sequence, RootHash: r.Ledger.Hash},
	}
	for i := range min(len(r.Period.Categories), maxCategories) {
		c := &r.Period.Categories[i]
		usage.Categories = append(usage.Categories, v1alpha1.CategoryUsage{
			Category: c.Name, Messages: &c.Messages, Charged: &c.Charged, Billed: amount(c.Billed),
		})
	}
	for i := range r.Period.Allowances {
		a := &r.Period.Allowances[i]
		if len(usage.Allowances) == maxAllowances {
			break
		}
		if slices.ContainsFunc(usage.Allowances, func(known v1alpha1.AllowanceUsage) bool {
			return known.Name == a.Name && known.Scope == a.Scope
		}) {
			continue // a status with two of them is refused as a whole
		}
		usage.Allowances = append(
			usage.Allowances, v1alpha1.AllowanceUsage{Name: a.Name, Scope: a.Scope, Used: &a.Used, Count: &a.Count},
		)
	}
	return usage
}

// History is a report's periods that are over, newest first.
func History(r *report.Report, planCurrency money.Currency) []v1alpha1.PeriodTotal {
	var history []v1alpha1.PeriodTotal
	for i := range min(len(r.History), maxHistory) {
		h := &r.History[i]
		history = append(
			history,
			v1alpha1.PeriodTotal{Period: h.Name, Messages: &h.Messages, Billed: amountOf(h.Billed, planCurrency)},
		)
	}
	return history
}

// amountOf is an amount as the API writes it. Zero has no currency of its own before the first
// charge, and takes the plan's.
func amountOf(m money.Money, planCurrency money.Currency) *v1alpha1.Money {
	currency := m.Currency
	if currency == "" && m.Amount.IsZero() {
		currency = planCurrency
	}
	if currency == "" {
		return nil
	}
	return &v1alpha1.Money{Amount: m.Amount.String(), Currency: string(currency)}
}

// budgetLeft is what the budget's limit leaves after charges and reservations, or nil if there is
// no budget or it cannot be told exactly.
func budgetLeft(r *report.Report, budget *v1alpha1.Budget, planCurrency money.Currency) *v1alpha1.Money {
	if budget == nil {
		return nil
	}
	limit, err := tenant.Money(budget.Limit)
	if err != nil {
		return nil
	}
	left := limit
	for _, spent := range []money.Money{r.Period.Billed, r.Period.Reserved} {
		if spent.Amount.IsZero() {
			continue
		}
		if left, err = left.Sub(spent); err != nil {
			return nil
		}
	}
	return amountOf(left, planCurrency)
}

// reached tells whether charges and reservations have reached a share of the limit.
func reached(spent, limit money.Money, percent int32) bool {
	hundredfold, err := spent.Amount.MulInt(100)
	if err != nil {
		return true
	}
	share, err := limit.Amount.MulInt(int64(percent))
	return err == nil && hundredfold.Cmp(share) >= 0
}
