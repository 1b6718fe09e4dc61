package whatsapp

import (
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
)

// Network is WhatsApp, as the Cloud API serves it. Its channels are phone numbers.
type Network struct{}

var (
	_ network.Network          = Network{}
	_ network.Blocker          = Network{}
	_ network.Marketer         = Network{}
	_ network.BlockingUpstream = (*upstream)(nil)
)

// Name implements network.Network.
func (Network) Name() string { return "WhatsApp" }

// Traits implements network.Network. Sources, under
// https://developers.facebook.com/documentation/business-messaging/whatsapp/: throughput (the
// limits of an upgraded number, and of a pair), templates/overview (time-to-live),
// webhooks/overview (repetitions, and that webhooks are a business account's).
func (Network) Traits() network.Traits {
	return network.Traits{
		Correlates: true, HasCountry: true, SecretScope: network.OwnAccount, TemplateScope: network.OwnAccount,
		MostPerSecond: 1000, PairLimit: network.RateLimit{Interval: 6 * time.Second, Burst: 45},
		GroupSize: groupSize,
		TTL:       ttl, OneTimeTTL: oneTimeTTL, RetoldFor: 7 * 24 * time.Hour, MaxRequest: request.MaxBody,
	}
}

// groupSize is how many customers a group has at most. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups
const groupSize = 8

// How long the upstream tries to deliver a message that says nothing else.
const (
	ttl        = 30 * 24 * time.Hour
	oneTimeTTL = 10 * time.Minute
)

// KnowsCode implements network.Refuser.
func (Network) KnowsCode(code int) bool {
	_, known := graph.LookupCode(code)
	return known
}

// CauseOf implements network.Refuser.
func (Network) CauseOf(code int) network.Cause { return graph.CauseOf(code) }
