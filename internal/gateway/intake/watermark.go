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
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// takeWatermark moves everything that went to a customer up to an instant, and what is listed
// beside, and settles what that ends. The business is told once, of all of it. A watermark says
// nothing of a message of which nobody knows whether the upstream has it: a doubt stays one (P12).
func (c *commit) takeWatermark(channel *served.Channel, w *network.Watermark) error {
	customer, err := c.customerAt(channel.ID, people.First(w.Customer))
	if err != nil && !people.IsDamaged(err) {
		return err
	}
	upTo := w.UpTo
	if upTo.After(c.now) {
		upTo = c.now // an instant to come would settle what is not sent yet
	}
	recipient := c.recipient(channel, people.First(w.Customer))
	if err := c.remember(channel, recipient, w.Step, upTo); err != nil {
		return err
	}
	reached, err := c.tx.Messages().Reached(recipient, upTo, stateOf(w.Step))
	if err != nil {
		return err
	}
	ours := make([]string, len(w.IDs))
	for i, id := range w.IDs {
		m, found, err := c.tx.Messages().ByUpstreamID(id)
		switch {
		case err != nil:
			return err
		case !found: // its answer may be under way
			if err := c.tx.Intake().KeepEarlyStatus(id, w.Callback(nil), c.now); err != nil {
				return err
			}
		case m.Channel == channel.ID:
			ours[i] = m.ID
			if !slices.Contains(reached, m) {
				reached = append(reached, m)
			}
		}
	}
	for _, m := range reached {
		if err := c.advance(channel, m, watermarked(w, m)); err != nil {
			return err
		}
	}
	return c.passOn(channel.ID, customer, kindStatus, telemetry.ResultApplied, w.Raw, w.Callback(ours))
}

// watermarked is what a watermark tells of one message. The business is told of the watermark.
func watermarked(w *network.Watermark, m *store.Message) *network.Status {
	at := w.At
	if at.IsZero() {
		at = w.UpTo
	}
	return &network.Status{
		ID: m.UpstreamID, Correlation: m.ID, Step: w.Step, OfDelivery: true, Word: stateOf(w.Step).String(), At: at,
	}
}

// recipient is whom watermarks are about, at rest.
func (c *commit) recipient(channel *served.Channel, address identity.Address) seal.CustomerHash {
	return c.Keys.CustomerHash(channel.ID, string(address))
}

// remember keeps how far a customer's messages have come, for one whose answer is under way.
func (c *commit) remember(
	channel *served.Channel, recipient seal.CustomerHash, step conversation.Status, upTo time.Time,
) error {
	state, err := c.tx.People().Conversation(channel.ID, recipient)
	if people.IsDamaged(err) {
		return nil // the messages whose ids or recipients are known are settled all the same
	}
	if err != nil {
		return err
	}
	if !state.Reach(step, upTo.UnixMilli()) {
		return nil
	}
	return c.tx.People().PutConversation(channel.ID, recipient, &state)
}

// submitted draws what follows from the upstream's having a message, which it took at an instant as
// far as is known.
func (c *commit) submitted(channel *served.Channel, m *store.Message, to identity.Address, at time.Time) error {
	traits := channel.Network.Traits()
	switch {
	case traits.SettlesOnAcceptance:
		return c.advance(channel, m, &network.Status{
			ID: m.UpstreamID, Correlation: m.ID, Step: conversation.Delivered, OfDelivery: true, Word: "accepted",
			At: c.now,
		})
	case traits.SettlesByWatermark && to != "":
		return c.await(channel, m, to, at)
	}
	return nil
}

// await keeps whom a message went to, for watermarks, and applies those that have come already.
func (c *commit) await(channel *served.Channel, m *store.Message, to identity.Address, at time.Time) error {
	if at.IsZero() || at.After(c.now) {
		at = m.ClaimedAt
	}
	recipient := c.recipient(channel, to)
	if err := c.tx.Messages().KeepRecipient(m, recipient, at); err != nil {
		return err
	}
	state, err := c.tx.People().Conversation(channel.ID, recipient)
	if people.IsDamaged(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, known := range []struct {
		step conversation.Status
		upTo int64
	}{{conversation.Delivered, state.DeliveredTo}, {conversation.Read, state.ReadTo}} {
		if known.upTo < at.UnixMilli() {
			continue
		}
		upTo := time.UnixMilli(known.upTo)
		reached, err := c.tx.Messages().Reached(recipient, upTo, stateOf(known.step))
		if err != nil {
			return err
		}
		for _, other := range reached {
			w := &network.Watermark{Step: known.step, UpTo: upTo}
			if err := c.advance(channel, other, watermarked(w, other)); err != nil {
				return err
			}
		}
	}
	return nil
}

// correctRecipient takes over the instant at which the upstream took a message, from a status that
// says so: until then it is that of the claim.
func (c *commit) correctRecipient(channel *served.Channel, m *store.Message, s *network.Status) error {
	to := people.First(s.Recipient)
	if s.Step != conversation.Sent || to == "" || s.At.IsZero() || m.State >= store.Delivered ||
		!channel.Network.Traits().SettlesByWatermark {
		return nil
	}
	return c.await(channel, m, to, s.At)
}

// takeEarly applies what was told before a message's upstream id was known.
func (c *commit) takeEarly(channel *served.Channel, m *store.Message, event network.Event) error {
	switch e := event.(type) {
	case *network.Status:
		return c.advance(channel, m, e)
	case *network.Watermark:
		return c.advance(channel, m, watermarked(e, m))
	}
	return nil
}

// Bounds of the time between a claim and the upstream's instant of the message: clocks differ, and
// an answer is waited for.
const (
	clockSkew  = time.Minute
	sendWindow = 2 * time.Minute
)

// resembling is the message that is under way to a status's recipient, if the status may well be
// of it: of the same content, and told of about when the message was sent. Of a customer's messages
// only one is under way at a time, so which one is no guess.
func (c *commit) resembling(channel *served.Channel, s *network.Status) (*store.Message, error) {
	customer, err := c.customerAt(channel.ID, people.First(s.Recipient))
	if people.IsDamaged(err) || len(s.Recipient) == 0 {
		return nil, nil //nolint:nilnil // no message is an answer
	}
	if err != nil {
		return nil, err
	}
	m, found, err := c.tx.Queue().UnderWay(store.Person{Channel: channel.ID, Customer: customer})
	if err != nil || !found {
		return nil, err
	}
	at := s.At
	if at.IsZero() {
		at = c.now
	}
	if at.Before(m.ClaimedAt.Add(-clockSkew)) || at.After(m.ClaimedAt.Add(sendWindow)) {
		return nil, nil //nolint:nilnil // it is of another one
	}
	if err := c.tx.Messages().ReadContent(m); err != nil {
		return nil, err
	}
	if m.Content == nil || !s.Resembles(m.Content) {
		return nil, nil //nolint:nilnil // the same
	}
	return m, nil
}

// takeEnforcement takes what the network does to a channel that breaks its policies: a blocked one
// is stopped, and the operator hears of every word.
func (c *commit) takeEnforcement(channel *served.Channel, e *network.Enforcement) error {
	at := e.At
	if at.IsZero() || at.After(c.now) {
		at = c.now
	}
	if err := c.tx.Intake().PutEnforcement(store.Enforcement{
		Channel: channel.ID, Action: e.Action, Reason: e.Reason, Stopped: e.Stops, Lifted: e.Ends, At: at,
	}); err != nil {
		return err
	}
	switch {
	case e.Stops:
		c.tx.After(func() { c.Dispatch.Blocked(channel, e.Cause, c.now) })
	case e.Ends:
		c.tx.After(func() { c.Dispatch.Unblocked(channel) })
	}
	return c.passOn(channel.ID, seal.CustomerHash{}, kindOther, telemetry.ResultApplied, e.Callback, e.Callback)
}
