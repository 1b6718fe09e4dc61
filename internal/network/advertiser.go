package network

import (
	"context"
	"encoding/json"
	"time"

	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/market"
)

// Advertiser is a Network on which marketing messages are paid reach: they go out at the cost of an
// advertising account, see Access, to customers who have subscribed to them, see Subscription.
type Advertiser interface {
	// ParseAdvertised reads a request to send such a message, as Parse reads one for others. To is
	// the address of the subscription.
	ParseAdvertised(body []byte) (*Outbound, error)
	// ParseCampaign reads a request to create the campaign that such messages belong to: the
	// channel that it is for, and what the upstream gets. Its error is an Error.
	ParseCampaign(body []byte) (channel string, request []byte, err error)
	// CheckCountry refuses such messages to customers of a country; nil if they can be sent there,
	// or if the country is not known.
	CheckCountry(country market.Country) *Refusal
}

// AdvertisingUpstream is the Upstream of an Advertiser.
type AdvertisingUpstream interface {
	Upstream
	// CreateCampaign passes a request of ParseCampaign on, and returns the network's answer.
	CreateCampaign(ctx context.Context, request []byte) (json.RawMessage, error)
}

// Subscription tells that a customer has subscribed to marketing messages, or does so no more.
type Subscription struct {
	From []identity.Address
	// Address is what messages for the subscription are sent to: one more address of the customer.
	Address identity.Address
	// Stopped says that the customer wants none any more.
	Stopped bool
	// Expires is when the subscription ends; zero if the network tells none.
	Expires time.Time
	// Frequency is the network's word for how often messages may come, and Every the least time
	// between two of them.
	Frequency string
	Every     time.Duration
	// Zone is the customer's time zone by its IANA name; empty if the network tells none.
	Zone string
	At   time.Time
	// Callback is the webhook that tells the business, and what the event is known by when it is
	// told again.
	Callback []byte
}

func (*Subscription) event() {}
