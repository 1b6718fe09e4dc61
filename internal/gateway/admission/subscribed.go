package admission

import (
	"context"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

// subscribed completes a message to a subscription by what is known of that: the customer's country
// is that of the time zone in which the customer has agreed. Nothing else tells it.
func (a *Admission) subscribed(c *candidate, state *conversation.State) error {
	message := *c.message // a run that the store repeats begins with the message as it was
	message.Subscription = people.Subscription(a.keys, c.Channel.ID, c.Outbound.To)
	if known := state.Subscription(message.Subscription); known != nil {
		message.Country = market.CountryOfZone(known.Zone)
	}
	c.message = &message
	if advertiser, ok := c.Channel.Network.(network.Advertiser); ok {
		if refusal := advertiser.CheckCountry(message.Country); refusal != nil {
			return refusal
		}
	}
	return nil
}

// ChannelOf is the channel with which somebody has subscribed by an address, of those that share an
// ad account; the first one for an address that none of them knows.
func (a *Admission) ChannelOf(
	ctx context.Context, channels []*served.Channel, address identity.Address,
) (found *served.Channel, err error) {
	found = channels[0]
	if len(channels) == 1 {
		return found, nil
	}
	err = a.store.View(ctx, func(tx *store.Tx) error {
		primary, err := tx.People().Primary(address)
		if err != nil {
			return err
		}
		for _, c := range channels {
			state, err := tx.People().Conversation(c.ID, a.keys.CustomerHash(c.ID, string(primary)))
			if err != nil {
				return err
			}
			if state.Subscription(people.Subscription(a.keys, c.ID, address)) != nil {
				found = c
				return nil
			}
		}
		return nil
	})
	return found, err
}
