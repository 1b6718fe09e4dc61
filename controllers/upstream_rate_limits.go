package controllers

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits of the upstream's template management, for one WhatsApp Business account: 100 submissions
// an hour, of which the burst is a part, and 5,000 calls an hour. Sources:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
// and https://developers.facebook.com/documentation/business-messaging/whatsapp/overview
const (
	submissionBurst = 10
	submissionsHour = 90
	callBurst       = 50
	callsSecond     = 1
)

// upstreamLimits keep each WhatsApp Business account within the upstream's limits, for each
// namespace that names it: an id proves nothing, and what one tenant uses under another's must not
// be taken from it (P8). They are safe for concurrent use.
type upstreamLimits struct {
	mutex sync.Mutex
	byKey map[limitKey]*upstreamLimit
}

// limitKey names a WhatsApp Business account as one namespace does.
type limitKey struct{ namespace, businessAccountID string }

// upstreamLimit limits the submissions and the calls of one WhatsApp Business account.
type upstreamLimit struct {
	submissions *rate.Limiter
	calls       *rate.Limiter
}

func newUpstreamLimits() *upstreamLimits {
	return &upstreamLimits{byKey: map[limitKey]*upstreamLimit{}}
}

func (l *upstreamLimits) of(namespace, businessAccountID string) *upstreamLimit {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	key := limitKey{namespace, businessAccountID}
	known := l.byKey[key]
	if known == nil {
		known = &upstreamLimit{
			submissions: rate.NewLimiter(rate.Limit(float64(submissionsHour)/time.Hour.Seconds()), submissionBurst),
			calls:       rate.NewLimiter(callsSecond, callBurst),
		}
		l.byKey[key] = known
	}
	return known
}
