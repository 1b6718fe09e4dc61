package messenger

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
)

// Network is Messenger, or Instagram if it is set.
type Network struct {
	// Instagram says that the channels are professional accounts on Instagram.
	Instagram bool
}

var _ network.Network = Network{}

// Objects of webhooks.
const (
	ObjectPage      = "page"
	ObjectInstagram = "instagram"
)

// Name implements network.Network.
func (n Network) Name() string {
	if n.Instagram {
		return "Instagram"
	}
	return "Messenger"
}

// object is what webhooks about the channels are about.
func (n Network) object() string {
	if n.Instagram {
		return ObjectInstagram
	}
	return ObjectPage
}

// Traits implements network.Network. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/overview
// (rate limits: a page above 40 messages a second may be stopped). No limit is documented for what
// goes to one customer, nor for how long a message is tried.
func (n Network) Traits() network.Traits {
	return network.Traits{
		SecretScope: network.OwnChannel, TemplateScope: network.OwnChannel, HasMe: true,
		SettlesByWatermark: !n.Instagram, SettlesOnAcceptance: n.Instagram,
		MostPerSecond: 40,
		TTL:           ttl, OneTimeTTL: ttl, RetoldFor: 36 * time.Hour, MaxRequest: maxBody,
	}
}

// ttl is for how long a delivery is waited for: people open the application after weeks.
const ttl = 30 * 24 * time.Hour

// KnowsCode implements network.Refuser.
func (Network) KnowsCode(code int) bool {
	_, known := graph.LookupCode(code)
	return known
}

// CauseOf implements network.Refuser.
func (Network) CauseOf(code int) network.Cause { return graph.CauseOf(code) }

// ownTag is what the ids begin with that a gateway gives out; the ids of the upstream, which are
// random there, do not.
const ownTag = "GuichetID"

// NewID implements network.Sender. An id is the tag, the millisecond of now, which keeps neighbours
// together in an index, and 18 random bytes.
func (Network) NewID(now time.Time) (string, error) {
	raw := make([]byte, len(ownTag)+6+18)
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(now.UnixMilli()))
	copy(raw, ownTag)
	copy(raw[len(ownTag):], at[2:])
	if _, err := rand.Read(raw[len(ownTag)+6:]); err != nil {
		return "", fmt.Errorf("make a message id: %w", err)
	}
	return idPrefix + base64.RawURLEncoding.EncodeToString(raw), nil
}

const (
	idPrefix    = "m_"
	ownIDPrefix = idPrefix + "R3VpY2hldElE" // the tag, which has a multiple of three bytes, in base64
)

// IsOwnID implements network.Sender.
func (Network) IsOwnID(id string) bool { return strings.HasPrefix(id, ownIDPrefix) }
