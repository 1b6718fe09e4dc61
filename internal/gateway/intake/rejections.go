package intake

import (
	"log/slog"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
)

// rejection is why a webhook was not taken, or not heeded, as the log tells it.
type rejection string

// The rejections. Each says what to look at.
const (
	unsignedWebhook rejection = "Webhook refused: it has no signature. Meta signs each one, its dashboard's test too"
	forgedWebhook   rejection = "Webhook refused: its signature is not made with the app secret of any channel. " +
		"Compare appSecret in the channel's credentials with the app's secret at Meta"
	unknownNumber rejection = "Webhook ignored: the account has no channel with its phone number id. " +
		"The test of Meta's dashboard is sent for 123456123: it shows that the URL and the secret are right"
	unknownAccount rejection = "Webhook ignored: no channel of its business account is signed for by this app " +
		"secret. The test of Meta's dashboard is sent for account 0: it shows that the URL and the secret are right"
	untrustedSecret rejection = "Webhook ignored: it is about a channel whose app secret is another one"
)

// rejections logs webhooks that come to nothing: each kind at once, and then at
// most once an interval with its number, because anybody may post webhooks.
type rejections struct {
	log  *slog.Logger
	seen *telemetry.Throttle
}

func newRejections(log *slog.Logger) *rejections {
	return &rejections{log, telemetry.NewThrottle()}
}

// tell logs a rejection. The details must name no customer.
func (r *rejections) tell(why rejection, now time.Time, details ...any) {
	if n := r.seen.Add(string(why), now); n > 0 {
		r.log.Warn(string(why), append(details, "count", n)...) //nolint:sloglint // every kind is a constant
	}
}

// objectID is an id of the upstream's for the log: digits, or nothing where
// something else stands in its place.
func objectID(id string) string {
	const longest = 32
	if len(id) > longest {
		return ""
	}
	for _, c := range id {
		if c < '0' || c > '9' {
			return ""
		}
	}
	return id
}

// reject counts what is for nobody here, and has it logged once the webhook is durable.
func (c *commit) reject(why rejection, details ...any) {
	c.count(kindOther, telemetry.ResultUnknown)
	c.tx.After(func() { c.rejections.tell(why, c.now, details...) })
}
