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

// managementBudgets keep each WhatsApp Business account within the upstream's limits. They are safe for concurrent use.
type managementBudgets struct {
	mutex sync.Mutex
	byID  map[string]*managementBudget
}

type managementBudget struct {
	submissions *rate.Limiter
	calls       *rate.Limiter
}

func newManagementBudgets() *managementBudgets {
	return &managementBudgets{byID: map[string]*managementBudget{}}
}

func (b *managementBudgets) of(businessAccountID string) *managementBudget {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	known := b.byID[businessAccountID]
	if known == nil {
		known = &managementBudget{
			submissions: rate.NewLimiter(rate.Limit(float64(submissionsHour)/time.Hour.Seconds()), submissionBurst),
			calls:       rate.NewLimiter(callsSecond, callBurst),
		}
		b.byID[businessAccountID] = known
	}
	return known
}
