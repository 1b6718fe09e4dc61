package intake

import (
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// receiveInGroup opens the window of a group, which whoever writes in it opens for all. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/pricing
func (c *commit) receiveInGroup(channel *served.Channel, e *network.Inbound) error {
	if e.Did == 0 || e.At.IsZero() {
		return nil
	}
	group, err := c.customerAt(channel.ID, e.Group)
	if err != nil {
		return err
	}
	state, err := c.tx.People().Conversation(channel.ID, group)
	if people.IsDamaged(err) {
		c.tellUnreadable(telemetry.RowConversation, "channel", channel.Name)
		return nil // the group stays shut until the row is restored
	}
	if err != nil {
		return err
	}
	at := min(e.At.Unix(), c.now.Unix())
	rules := c.tenant.PricesOf(channel.ID).Book.Rules(at, c.tenant.Zone)
	state.Receive(conversation.Inbound{At: at, Events: e.Did}, rules)
	return c.tx.People().PutConversation(channel.ID, group, &state)
}

// concerns tells whether a status of a message to a group changes something: that somebody got it
// does only if it says who.
func concerns(s *network.Status) bool {
	return len(s.Member) > 0 || s.Step == conversation.Sent || s.Step == conversation.Failed
}

// subject is what a status is about: a message, or a member's share of one to a group.
type subject struct {
	message *store.Message
	about   settlement.Envelope
	// id is that by which the business knows the message, and customer whom the status names.
	id       string
	customer seal.CustomerHash
}

// subject finds what a status of a message is about, and learns what it says of the recipient.
func (c *commit) subject(
	channel *served.Channel, m *store.Message, about settlement.Envelope, s *network.Status, at time.Time,
) (subject, error) {
	whole := subject{message: m, about: about, id: m.ID, customer: m.Customer}
	switch {
	case about.Group && len(s.Member) > 0 && s.Step != conversation.Sent:
		return c.share(channel, whole, s.Member, at)
	case s.Step == conversation.Sent && !s.Group && len(s.Recipient) > 1:
		if _, err := c.learn(s.Recipient, at); err != nil && !people.IsDamaged(err) {
			return subject{}, err
		}
	}
	return whole, nil
}

// share is a member's share of a message to a group.
func (c *commit) share(
	channel *served.Channel, whole subject, member []identity.Address, at time.Time,
) (subject, error) {
	if _, err := c.learn(member, at); err != nil && !people.IsDamaged(err) {
		return subject{}, err
	}
	customer, err := c.customerAt(channel.ID, member[0])
	if err != nil && !people.IsDamaged(err) {
		return subject{}, err
	}
	who := &settlement.Member{Customer: customer, Addresses: make([]seal.CustomerHash, len(member))}
	for i, address := range member {
		who.Addresses[i] = c.Keys.CustomerHash(channel.ID, string(address.Spelling()))
	}
	country, err := market.CountryOf(string(member[0]))
	if err != nil {
		country = 0 // whose market is that of all others
	}
	m, about, err := c.Settler.ShareOf(c.tx, whole.message, &whole.about, who, country)
	return subject{message: m, about: about, id: whole.id, customer: customer}, err
}
