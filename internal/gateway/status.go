package gateway

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/store"
)

// status takes one step in the life of a message that we sent. The message is known by our id,
// which the status carries as callback data, or by the upstream's. A status that carries no id of
// ours and is of an id that is not known yet is kept until it is, and passed on: most likely
// somebody else sends through the number. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
func (in *intake) status(channel *served.Channel, c *whatsapp.Change, i int) error {
	s := &c.Statuses[i]
	m, found, err := in.find(channel, s)
	switch {
	case err != nil:
		return err
	case found && s.OfDelivery():
		return in.apply(channel, m, c, i)
	case found:
		return in.aboutMessage(channel, m, s)
	}
	if (whatsapp.Network{}).IsOwnID(s.CallbackData) {
		in.count(kindStatus, telemetry.ResultUnknown)
		return nil // of a message that is forgotten or was erased: it names the recipient
	}
	if s.OfDelivery() && s.CallbackData == "" && s.ID != "" {
		// Whatever we send carries our id. It is kept for an upstream that does not return it.
		if err := in.tx.Intake().KeepEarlyStatus(s.ID, in.told.callbacks.ForeignStatus(s), in.now); err != nil {
			return err
		}
	}
	customer, err := in.gateway.customerAt(in.tx, channel.ID, first(addresses(s.RecipientID, s.RecipientUserID)))
	if err != nil && !damaged(err) {
		return err
	}
	return in.forwardOnce(
		channel.ID, customer, unread{kindStatus, telemetry.ResultUnknown, s.Raw, in.told.callbacks.ForeignStatus(s)},
	)
}

// aboutMessage passes on what is told of a message of ours and is no step of its delivery, such as
// the "failed" of a payment that it asked for, or a word that nobody here knows.
func (in *intake) aboutMessage(channel *served.Channel, m *store.Message, s *whatsapp.Status) error {
	about, err := in.gateway.envelopeOf(m)
	if err != nil {
		return err
	}
	body := in.told.status(s, m.ID, about.CallbackData)
	return in.forwardOnce(channel.ID, m.Customer, unread{kindStatus, telemetry.ResultApplied, s.Raw, body})
}

// ofUnknown leaves the statuses out that a number without a channel has of unsettled messages:
// while replicas take a new configuration over, another one sends from the number already. The
// upstream tells them again, and to a replica that knows the number by then.
func (in *intake) ofUnknown(c *whatsapp.Change) error {
	if !in.gateway.store.Shared() {
		return nil
	}
	for i := range c.Statuses {
		id := c.Statuses[i].CallbackData
		if !(whatsapp.Network{}).IsOwnID(id) {
			continue
		}
		m, found, err := in.tx.Messages().ByID(id)
		if err != nil {
			return err
		}
		if found && m.Channel == c.PhoneNumberID && !m.Settled {
			in.incomplete = errNumber
		}
	}
	return nil
}

// find looks a status's message up. A message of another number is none: numbers of one account do
// not speak for each other.
func (in *intake) find(channel *served.Channel, s *whatsapp.Status) (*store.Message, bool, error) {
	var m *store.Message
	var found bool
	var err error
	if (whatsapp.Network{}).IsOwnID(s.CallbackData) {
		m, found, err = in.tx.Messages().ByID(s.CallbackData)
	}
	if err == nil && !found {
		m, found, err = in.tx.Messages().ByUpstreamID(s.ID)
	}
	if err != nil || !found || m.Channel != channel.ID {
		return nil, false, err
	}
	return m, true, nil
}

// apply moves a message forward by a status and draws what follows: the settlement, and the
// callback to the business. A status that is told again or late changes nothing (P2).
func (in *intake) apply(channel *served.Channel, m *store.Message, c *whatsapp.Change, i int) error {
	s := &c.Statuses[i]
	if err := in.confirm(m, s); err != nil {
		return err
	}
	state, known := stateOf(s.Status)
	about, err := in.gateway.envelopeOf(m)
	if err != nil {
		return err
	}
	if !known { // "played" and whatever comes
		return in.aboutMessage(channel, m, s)
	}
	at := s.Timestamp
	if at.IsZero() || at.After(in.now) {
		at = in.now
	}
	if state == store.Sent && s.RecipientType != recipientGroup {
		if list := addresses(s.RecipientID, s.RecipientUserID); len(list) > 1 {
			if _, err := in.gateway.told(in.tx, list, at, in.now); err != nil && !damaged(err) {
				return err
			}
		}
	}
	if err := in.entryPoint(m, s, at); err != nil {
		return err
	}
	before := statusOf(m.State)
	moved, err := in.advance(channel, m, s, state, at)
	if err != nil {
		return err
	}
	if !moved {
		in.count(kindStatus, telemetry.ResultDuplicate)
		return nil
	}
	in.count(kindStatus, telemetry.ResultApplied)
	if in.gateway.traces.Tracer != nil {
		in.traced = append(in.traced, telemetry.TracedStatus{Parent: about.Trace, Message: m.ID, Status: s.Status})
	}
	if err := in.consequences(m, about, s, before, at); err != nil {
		return err
	}
	return in.forward(channel.ID, m.Customer, func() []byte { return in.told.status(s, m.ID, about.CallbackData) })
}

// confirm gives a message the upstream's id if it has none yet: the answer to its send is still
// under way, or was lost in a crash (P12).
func (in *intake) confirm(m *store.Message, s *whatsapp.Status) error {
	if m.UpstreamID != "" {
		return nil
	}
	if m.State == store.InDoubt {
		if err := in.tx.Ledger().Append(doubtRecord(m, noteDoubtConfirmed, in.now)); err != nil {
			return err
		}
	}
	if err := in.tx.Queue().Submit(m, s.ID, in.now); err != nil {
		return err
	}
	in.confirmed = true
	return nil
}

func (in *intake) advance(
	channel *served.Channel, m *store.Message, s *whatsapp.Status, to store.State, at time.Time,
) (bool, error) {
	if to != store.Failed {
		if isBillable(m) && in.gateway.channels.confirmed(channel.ID, m.ClaimedAt) {
			in.gateway.goesAgain(channel)
		}
		return in.tx.Queue().Advance(m, to, at)
	}
	code := graph.CodeInternal
	if len(s.Errors) > 0 {
		code = s.Errors[0].Code
	}
	moved, err := in.tx.Queue().Fail(m, code, at)
	if err != nil {
		return false, err
	}
	if !moved {
		return false, in.unreserve(m)
	}
	if code == graph.CodePayment {
		in.gateway.stop(channel, channelStop{code: code, since: in.now, until: in.now.Add(stopProbe), told: in.now})
	}
	return true, in.gateway.afterFailure(in.tx, m, code, at)
}

// unreserve gives back the reservation of a message that was given up in doubt, when the upstream
// says of its only copy that it failed.
func (in *intake) unreserve(m *store.Message) error {
	if !m.DoubtedAt.IsZero() || m.Unpriced {
		return nil // of another copy nothing was heard, or it was delivered and waits for its rate
	}
	return in.tx.Ledger().Unreserve(m)
}

// consequences settles a message that a status has moved forward, if that is its end.
func (in *intake) consequences(
	m *store.Message, about envelope, s *whatsapp.Status, before conversation.Status, at time.Time,
) error {
	ended, delivered := statusOf(m.State).Ends(about.Form, before)
	if !ended {
		return nil
	}
	e := ending{message: m, about: about, delivered: delivered, at: at, now: in.now, upstream: s.Pricing}
	if !delivered {
		e.refused = m.ErrorCode
		if slices.ContainsFunc(
			s.Errors, func(said whatsapp.StatusError) bool { return said.Code == graph.CodeReEngagement },
		) {
			e.refused = graph.CodeReEngagement // whatever else it says
		}
	}
	return in.gateway.settle(in.tx, in.tenant, e)
}

// recipientGroup is the recipient type of what went to a group.
const recipientGroup = "group"

// originReferral is the origin of a conversation that is a free entry point.
const originReferral = "referral_conversion"

// entryPoint takes over the end of a free entry point as the upstream states it, where the plan
// trusts that: also from a status that comes late and moves the message nowhere. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing (free entry
// points).
func (in *intake) entryPoint(m *store.Message, s *whatsapp.Status, at time.Time) error {
	if s.Conversation == nil || s.Conversation.Origin != originReferral || s.Conversation.Expires.IsZero() {
		return nil
	}
	rules := in.tenant.Book.Rules(at.Unix(), in.tenant.Zone)
	if !rules.EntryPoint.TrustsUpstream {
		return nil
	}
	state, err := in.tx.People().Conversation(m.Channel, m.Customer)
	if errors.Is(err, store.ErrDamaged) {
		return nil // the settlement says so
	}
	if err != nil {
		return err
	}
	reply := state.Reply(m.AcceptedAt.Unix(), at.Unix(), s.Conversation.Expires.Unix(), &rules.EntryPoint)
	if reply.Free.IsEmpty() {
		return nil
	}
	state.Apply(conversation.Change{EntryPoint: reply})
	return in.tx.People().PutConversation(m.Channel, m.Customer, &state)
}

// stateOf is the state that a status brings a message to; false for one that brings it nowhere.
func stateOf(name string) (store.State, bool) {
	switch status, _ := conversation.ParseStatus(name); status {
	case conversation.Sent:
		return store.Sent, true
	case conversation.Failed:
		return store.Failed, true
	case conversation.Delivered:
		return store.Delivered, true
	case conversation.Read:
		return store.Read, true
	default:
		return 0, false
	}
}

// statusOf is the status that brought a message to its state.
func statusOf(state store.State) conversation.Status {
	switch state {
	case store.Sent:
		return conversation.Sent
	case store.Failed:
		return conversation.Failed
	case store.Delivered:
		return conversation.Delivered
	case store.Read:
		return conversation.Read
	default:
		return conversation.Untold
	}
}

// applyKept applies the statuses that came before the message's upstream id was known.
func (g *Gateway) applyKept(tx *durable.Tx, t *served.Tenant, c *served.Channel, m *store.Message, now time.Time) error {
	kept, unreadable, err := tx.Intake().TakeEarlyStatuses(m.UpstreamID)
	if err != nil {
		return err
	}
	for range unreadable {
		g.unreadable(kindStatus, "message", m.ID)
	}
	in := intake{gateway: g, tx: tx, tenant: t, now: now, counts: map[eventCount]int{}, began: time.Now()}
	for _, body := range kept {
		webhook, err := whatsapp.ParseWebhook(body)
		if err != nil {
			continue // it was written by us and read by us; a body that no longer parses tells nothing
		}
		for i := range webhook.Changes {
			if webhook.Changes[i].PhoneNumberID != c.ID {
				continue // numbers of one account do not speak for each other
			}
			telling := tell(&webhook.Changes[i], false)
			in.told = &telling
			for j := range webhook.Changes[i].Statuses {
				if err := in.apply(c, m, &webhook.Changes[i], j); err != nil {
					return err
				}
			}
		}
	}
	g.traces.Statuses(context.Background(), in.began, in.traced)
	return nil
}
