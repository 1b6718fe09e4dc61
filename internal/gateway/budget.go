package gateway

import (
	"context"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// spent is what weighs on the budget at an instant: what its period was charged, or the next one if
// that is more. A message is charged in the period in which it ends, and for a replica whose clock
// is slow, or an operation that has waited over midnight, that one may have begun (P3).
func spent(tx *store.Tx, t *served.Tenant, currency money.Currency, now time.Time) (money.Decimal, error) {
	month := civil.DateAt(now.Unix(), t.Zone).Month()
	total, err := tx.Figures().Total(ledger.TotalKey{Period: month.String(), Currency: currency})
	if err != nil {
		return money.Decimal{}, err
	}
	next, err := tx.Figures().Total(ledger.TotalKey{Period: (month + 1).String(), Currency: currency})
	return total.Billed.Max(next.Billed), err
}

// stillCovered renews the reservation of a message that waited, if the plan has become dearer since
// it was accepted, or its allowances others: the plan that is served when the message ends prices
// it. What a blocking budget cannot pay any more is refused, as it would be at its acceptance (P3).
func stillCovered(
	tx *durable.Tx, t *served.Tenant, m *store.Message, about envelope, state *conversation.State, now time.Time,
) (*graph.Error, error) {
	message := pricing.Message{
		Channel: m.Channel, Country: about.Country, Form: about.Form, Category: about.Category,
		SentAt: m.AcceptedAt.Unix(),
	}
	bound := t.Book.MaxCharge(&t.Payer, &message, state, m.ExpiresAt.Unix())
	if m.Reserves(&bound) {
		return nil, nil
	}
	currency := bound.Amount.Currency
	before, err := tx.Figures().Reserved(currency)
	if err != nil {
		return nil, err
	}
	rise, err := tx.Figures().Rise(&bound)
	if err != nil {
		return nil, err
	}
	m.Covered = m.Covered && rise == (pricing.Exposure{})
	if err := tx.Ledger().Rereserve(m, &bound); err != nil {
		return nil, err
	}
	after, err := tx.Figures().Reserved(currency)
	if err != nil {
		return nil, err
	}
	if rise.Amount, err = after.Sub(before); err != nil || rise.Amount.Sign() <= 0 && !rise.Unpriced {
		return nil, err
	}
	billed, err := spent(tx.Tx, t, currency, now)
	if err != nil {
		return nil, err
	}
	err = within(t.Budget, rise, &bound, billed, before)
	if refusal, refused := graph.AsError(err); refused {
		return refusal, nil
	}
	return nil, err
}

// warnOfBudget says, once for each level and period, that the period's charges have passed a part
// of the budget: of the one that is in force, so that a budget which was lowered warns too.
func (g *Gateway) warnOfBudget(ctx context.Context, t *served.Tenant, now time.Time) error {
	if t.Budget == nil || len(t.Budget.WarnAtPercent) == 0 {
		return nil
	}
	for _, period := range growingPeriods(now, t.Zone) {
		if err := g.warnOfPeriod(ctx, t, period); err != nil {
			return err
		}
	}
	return nil
}

// growingPeriods are the periods whose charges may still grow: the current one, and in its first
// days the one before, whose last deliveries may not have been told yet.
func growingPeriods(now time.Time, zone *time.Location) []string {
	return slices.Compact([]string{periodAt(now.Add(-retoldFor), zone), periodAt(now, zone)})
}

func (g *Gateway) warnOfPeriod(ctx context.Context, t *served.Tenant, period string) error {
	var billed money.Decimal
	var warned int32
	err := g.store.View(ctx, func(tx *store.Tx) error {
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
		err := g.store.Update(ctx, func(tx *durable.Tx) (err error) {
			first, err = tx.Figures().WarnBudget(period, percent)
			return err
		})
		if err != nil {
			return err
		}
		if !first {
			continue
		}
		g.log.Warn(
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
