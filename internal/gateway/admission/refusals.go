package admission

import (
	"errors"
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/policy"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/money"
)

// refusals remember the least amount for which a message was refused, for one period and one
// limit. The zero value remembers none. It is safe for concurrent use.
type refusals struct {
	mu     sync.Mutex
	period string
	limit  money.Money
	amount *money.Money
}

// record records that a send was refused, if it was for the budget.
func (b *refusals) record(t *served.Tenant, err error, now time.Time) {
	refused, ok := errors.AsType[*policy.OverBudget](err)
	if !ok || t.Budget == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begin(t, now)
	if b.amount == nil || refused.Needed.Amount.Cmp(b.amount.Amount) < 0 {
		b.amount = &refused.Needed
	}
}

// least is the least amount that the budget has refused; nil if none.
func (b *refusals) least(t *served.Tenant, now time.Time) *money.Money {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.Budget == nil {
		return nil
	}
	b.begin(t, now)
	return b.amount
}

// begin forgets what was refused in another period or under another limit.
func (b *refusals) begin(t *served.Tenant, now time.Time) {
	if period := settlement.PeriodAt(now, t.Zone); b.period != period || b.limit != t.Budget.Limit {
		b.period, b.limit, b.amount = period, t.Budget.Limit, nil
	}
}
