package gateway

import (
	"errors"
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/money"
)

// budgetError refuses a message because less is left of the budget than it can cost.
type budgetError struct {
	needed  money.Money
	refusal *graph.Error
}

// Error implements error.
func (e *budgetError) Error() string { return e.refusal.Error() }

// Unwrap returns the refusal that the business is told.
func (e *budgetError) Unwrap() error { return e.refusal }

// budgetRefusals remember the least amount for which a message was refused, for one period and one
// limit. The zero value remembers none. It is safe for concurrent use.
type budgetRefusals struct {
	mu     sync.Mutex
	period string
	limit  money.Money
	amount *money.Money
}

// note records that a send was refused, if it was for the budget.
func (b *budgetRefusals) note(t *served.Tenant, err error, now time.Time) {
	refused, ok := errors.AsType[*budgetError](err)
	if !ok || t.Budget == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begin(t, now)
	if b.amount == nil || refused.needed.Amount.Cmp(b.amount.Amount) < 0 {
		b.amount = &refused.needed
	}
}

// least is the least amount that the budget has refused; nil if none.
func (b *budgetRefusals) least(t *served.Tenant, now time.Time) *money.Money {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.Budget == nil {
		return nil
	}
	b.begin(t, now)
	return b.amount
}

// begin forgets what was refused in another period or under another limit.
func (b *budgetRefusals) begin(t *served.Tenant, now time.Time) {
	if period := settlement.PeriodAt(now, t.Zone); b.period != period || b.limit != t.Budget.Limit {
		b.period, b.limit, b.amount = period, t.Budget.Limit, nil
	}
}
