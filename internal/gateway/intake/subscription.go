package intake

import (
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

// takeSubscription keeps what a customer has decided about marketing messages. The address by which
// messages go out is one more address of the customer: it is known by its keyed hash, found by
// whoever presents it, and forgotten with the person (P13).
func (c *commit) takeSubscription(channel *served.Channel, e *network.Subscription) error {
	at := c.now
	if !e.At.IsZero() && e.At.Before(at) {
		at = e.At
	}
	customer, state, readable, err := c.customer(channel, e.From, at, func(who identity.Address) error {
		unions, err := c.tx.People().Same(e.Address, who, c.now)
		c.unite(unions)
		return err
	})
	if err != nil || !readable {
		return err
	}
	state.Subscribe(subscriptionOf(e, people.Subscription(c.Keys, channel.ID, e.Address)), e.Stopped, at.Unix())
	if err := c.tx.People().PutConversation(channel.ID, customer, &state); err != nil {
		return err
	}
	return c.passOn(channel.ID, customer, kindPreference, telemetry.ResultApplied, e.Callback, e.Callback)
}

// subscriptionOf is what is kept of a subscription.
func subscriptionOf(e *network.Subscription, key string) conversation.Subscription {
	known := conversation.Subscription{
		Key: key, Frequency: e.Frequency, Every: int64(e.Every / time.Second), Zone: e.Zone,
	}
	if !e.Expires.IsZero() {
		known.Expires = e.Expires.Unix()
	}
	return known
}

// findSubscribed finds the message that a status means which names no id that is known here: of
// those that went to its subscription, the last one before the status, if it belongs to the same
// campaign and has no other id. A subscription gets one message at a time, hours apart, so there is
// no other one that it could be about (P12).
func (c *commit) findSubscribed(channel *served.Channel, s *network.Status) (*store.Message, bool, error) {
	if s.Subscription == "" {
		return nil, false, nil
	}
	customer, err := c.customerAt(channel.ID, s.Subscription)
	if err != nil {
		return nil, false, ignoreDamage(err)
	}
	state, err := c.tx.People().Conversation(channel.ID, customer)
	if err != nil {
		return nil, false, ignoreDamage(err)
	}
	known := state.Subscription(people.Subscription(c.Keys, channel.ID, s.Subscription))
	if known == nil {
		return nil, false, nil
	}
	for _, accepted := range slices.Backward(known.Accepted) {
		m, found, err := c.tx.Messages().ByID(accepted.ID)
		if err != nil {
			return nil, false, err
		}
		if !found || m.State == store.Queued || !s.At.IsZero() && s.At.Before(m.ClaimedAt.Add(-clockSkew)) {
			continue // it is forgotten, has not been sent, or was sent later than the status
		}
		about, err := c.Settler.Open(c.tx, m)
		mine := m.Channel == channel.ID && about.Campaign == s.Campaign && (s.ID == "" || m.UpstreamID == "")
		if err != nil || !mine {
			return nil, false, err
		}
		return m, true, nil
	}
	return nil, false, nil
}

func ignoreDamage(err error) error {
	if people.IsDamaged(err) {
		return nil
	}
	return err
}
