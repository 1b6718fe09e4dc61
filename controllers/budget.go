package controllers

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits of the upstream's template management, for one WhatsApp Business account: 100 submissions an hour, of which the burst is a part, and 5,000 calls an
// hour. Sources: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management and
// https://developers.facebook.com/documentation/business-messaging/whatsapp/overview
const (
	submissionBurst = 10
	submissionsHour = 90
	callBurst       = 50
	callsSecond     = 1
)

// managementBudgets keep each WhatsApp Business account within the upstream's limits, for each namespace that names it: an id proves nothing, and what one
// tenant spends under another's must not be taken from it (P8). They are safe for concurrent use.
type managementBudgets struct {
	mutex sync.Mutex
	byID  map[budgetKey]*managementBudget
}

// budgetKey names a budget.
type budgetKey struct{ namespace, businessAccountID string }

type managementBudget struct {
	submissions *rate.Limiter
	calls       *rate.Limiter
}

func newManagementBudgets() *managementBudgets {
	return &managementBudgets{byID: map[budgetKey]*managementBudget{}}
}

func (b *managementBudgets) of(namespace, businessAccountID string) *managementBudget {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	key := budgetKey{namespace, businessAccountID}
	known := b.byID[key]
	if known == nil {
		known = &managementBudget{
			submissions: rate.NewLimiter(rate.Limit(float64(submissionsHour)/time.Hour.Seconds()), submissionBurst),
			calls:       rate.NewLimiter(callsSecond, callBurst),
		}
		b.byID[key] = known
	}
	return known
}
