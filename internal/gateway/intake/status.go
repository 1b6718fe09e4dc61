package intake

import (
	"context"
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
	"github.com/guichet-dev/guichet/internal/store"
)

// takeStatus takes one step in the life of a message that we sent. The message is known by our id,
// which the status returns, or by the network's. A status that returns no id and is of one that is
// not known yet is kept until it is, and passed on: most likely somebody else sends through the
// channel.
func (c *commit) takeStatus(channel *served.Channel, s *network.Status) error {
	m, found, err := c.find(channel, s)
	switch {
	case err != nil:
		return err
	case found && s.OfDelivery:
		return c.advance(channel, m, s)
	case found:
		return c.passOnAbout(channel, m, s)
	}
	if s.Resembles != nil {
		if m, err := c.resembling(channel, s); err != nil || m != nil {
			if err == nil {
				err = c.advance(channel, m, s)
			}
			return err
		}
	}
	if s.Correlation != "" && s.OfDelivery {
		c.count(kindStatus, telemetry.ResultUnknown)
		return nil // of a message that is forgotten or was erased: it names the recipient
	}
	body := s.AsItCame()
	if s.Correlation != "" { // a payment may end long after its message is forgotten
		body = s.Callback(s.Correlation, nil)
	}
	if s.OfDelivery && !s.Foreign && s.ID != "" {
		// Whatever we send carries our id. It is kept for an upstream that does not return it.
		if err := c.tx.Intake().KeepEarlyStatus(s.ID, body, c.now); err != nil {
			return err
		}
	}
	customer, err := c.customerAt(channel.ID, people.First(s.Recipient))
	if err != nil && !people.IsDamaged(err) {
		return err
	}
	return c.passOn(channel.ID, customer, kindStatus, telemetry.ResultUnknown, s.Raw, body)
}

// passOnAbout passes on what is told of a message of ours and is no step of its delivery, such as
// the "failed" of a payment that it asked for, or a word that nobody here knows.
func (c *commit) passOnAbout(channel *served.Channel, m *store.Message, s *network.Status) error {
	about, err := c.Settler.Open(c.tx, m)
	if err != nil {
		return err
	}
	body := s.Callback(m.ID, about.CallbackData)
	return c.passOn(channel.ID, m.Customer, kindStatus, telemetry.ResultApplied, s.Raw, body)
}

// find looks a status's message up. A message of another channel is none: channels of one account
// do not speak for each other.
func (c *commit) find(channel *served.Channel, s *network.Status) (*store.Message, bool, error) {
	var m *store.Message
	var found bool
	var err error
	if s.Correlation != "" {
		m, found, err = c.tx.Messages().ByID(s.Correlation)
	}
	if err == nil && !found && s.ID != "" {
		m, found, err = c.tx.Messages().ByUpstreamID(s.ID)
	}
	if err == nil && !found {
		m, found, err = c.findSubscribed(channel, s)
	}
	if err != nil || !found || m.Channel != channel.ID {
		return nil, false, err
	}
	return m, true, nil
}

// advance moves a message forward by a status and draws what follows: the settlement, and the
// callback to the business. A status that is told again or late changes nothing (P2).
func (c *commit) advance(channel *served.Channel, m *store.Message, s *network.Status) error {
	if err := c.confirm(channel, m, s); err != nil {
		return err
	}
	about, err := c.Settler.Open(c.tx, m)
	if err != nil {
		return err
	}
	if s.Step == conversation.Untold || about.Group && !concerns(s) { // "played" and whatever comes
		return c.passOnAbout(channel, m, s)
	}
	at := s.At
	if at.IsZero() || at.After(c.now) {
		at = c.now
	}
	of, err := c.subject(channel, m, about, s, at)
	if err != nil {
		return err
	}
	m, about = of.message, of.about
	if err := c.takeEntryPoint(m, s, at); err != nil {
		return err
	}
	before := stepOf(m.State)
	moved, err := c.move(channel, m, s, at)
	if err != nil {
		return err
	}
	switch {
	case !moved && s.Always:
		return c.passOnAbout(channel, m, s)
	case !moved:
		c.count(kindStatus, telemetry.ResultDuplicate)
		return nil
	}
	c.trace(about.Trace, of.id, s.Word)
	if err := c.settleIfEnded(m, about, s, before, at); err != nil {
		return err
	}
	if s.Always {
		return c.passOnAbout(channel, m, s)
	}
	c.count(kindStatus, telemetry.ResultApplied)
	if !c.Callbacks.Wanted(c.tenant) || s.Callback == nil {
		return nil
	}
	return c.tell(channel.ID, of.customer, s.Callback(of.id, about.CallbackData))
}

// trace draws a status into its message's trace once it is durable.
func (c *commit) trace(parent, id, word string) {
	if c.Traces.Tracer == nil {
		return
	}
	c.tx.After(func() {
		c.Traces.Statuses(c.ctx, c.began, []telemetry.TracedStatus{{Parent: parent, Message: id, Status: word}})
	})
}

// confirm gives a message the upstream's id if it has none yet: the answer to its send is still
// under way, or was lost in a crash (P12).
func (c *commit) confirm(channel *served.Channel, m *store.Message, s *network.Status) error {
	switch {
	case m.UpstreamID != "" && s.Subscription != "":
		return nil // watermarks are not about marketing messages, each of which is told by itself
	case m.UpstreamID != "":
		return c.correctRecipient(channel, m, s)
	case s.ID == "":
		return nil // it has failed, and has no id
	}
	if m.State == store.InDoubt {
		note := settlement.DoubtRecord(m, ledger.NoteDoubtConfirmed, c.now)
		if err := c.tx.Ledger().Append(note); err != nil {
			return err
		}
	}
	if err := c.tx.Queue().Submit(m, s.ID, c.now); err != nil {
		return err
	}
	c.tx.After(c.Dispatch.Notify) // whoever waited behind it may go
	if s.Subscription != "" {
		return nil
	}
	return c.submitted(channel, m, people.First(s.Recipient), s.At)
}

// move brings a message to a status's step, and reports whether it was not there yet.
func (c *commit) move(channel *served.Channel, m *store.Message, s *network.Status, at time.Time) (bool, error) {
	if s.Step != conversation.Failed {
		if settlement.IsBillable(m) {
			claimed := m.ClaimedAt
			c.tx.After(func() { c.Dispatch.Confirmed(channel, claimed) })
		}
		return c.tx.Queue().Advance(m, stateOf(s.Step), at)
	}
	why := s.Errors[0]
	moved, err := c.tx.Queue().Fail(m, why.Code, at)
	if err != nil {
		return false, err
	}
	if !moved {
		return false, c.unreserve(m)
	}
	if len(s.Member) > 0 {
		return true, nil // what a member wants says nothing of the others
	}
	if why.Cause == network.Payment {
		c.tx.After(func() { c.Dispatch.Unpaid(channel, why.Code, c.now) })
	}
	return true, settlement.HeedFailure(c.tx, m, why.Cause, at)
}

// unreserve gives back the reservation of a message that was given up in doubt, when the upstream
// says of its only copy that it failed.
func (c *commit) unreserve(m *store.Message) error {
	if !m.DoubtedAt.IsZero() || m.Unpriced {
		return nil // of another copy nothing was heard, or it was delivered and waits for its rate
	}
	return c.tx.Ledger().Unreserve(m)
}

// settleIfEnded settles a message that a status has moved forward, if that is its end.
func (c *commit) settleIfEnded(
	m *store.Message, about settlement.Envelope, s *network.Status, before conversation.Status, at time.Time,
) error {
	ended, delivered := stepOf(m.State).Ends(about.Form, before)
	if !ended {
		return nil
	}
	e := settlement.Ending{Message: m, About: about, Delivered: delivered, At: at, Now: c.now, Price: s.Price}
	if !delivered {
		for _, said := range s.Errors {
			if said.Cause == network.OutsideWindow { // whatever else it says
				e.WindowCode = said.Code
			}
		}
	}
	return c.Settler.Settle(c.tx, c.tenant, e)
}

// takeEntryPoint takes over the end of a free entry point as the upstream states it, where the plan
// trusts that: also from a status that comes late and moves the message nowhere.
func (c *commit) takeEntryPoint(m *store.Message, s *network.Status, at time.Time) error {
	if s.EntryPointEnds.IsZero() {
		return nil
	}
	rules := c.tenant.PricesOf(m.Channel).Book.Rules(at.Unix(), c.tenant.Zone)
	if !rules.EntryPoint.TrustsUpstream {
		return nil
	}
	state, err := c.tx.People().Conversation(m.Channel, m.Customer)
	if errors.Is(err, store.ErrDamaged) {
		return nil // the settlement says so
	}
	if err != nil {
		return err
	}
	reply := state.Reply(m.AcceptedAt.Unix(), at.Unix(), s.EntryPointEnds.Unix(), &rules.EntryPoint)
	if reply.Free.IsEmpty() {
		return nil
	}
	state.Apply(conversation.Change{EntryPoint: reply})
	return c.tx.People().PutConversation(m.Channel, m.Customer, &state)
}

// stateOf is the state that a step brings a message to.
func stateOf(step conversation.Status) store.State {
	switch step {
	case conversation.Sent:
		return store.Sent
	case conversation.Delivered:
		return store.Delivered
	case conversation.Read:
		return store.Read
	default:
		return store.Failed
	}
}

// stepOf is the step that brought a message to its state.
func stepOf(state store.State) conversation.Status {
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

// Submitted draws what follows once the upstream has taken a message, of whom the network says
// that it went to: on some networks it has ended then. And it applies the statuses that came before
// the message's upstream id was known. They are kept as the webhooks that would tell the business
// of them: the one form that every version reads.
func (in *Intake) Submitted(
	tx *durable.Tx, t *served.Tenant, channel *served.Channel, m *store.Message, to identity.Address, now time.Time,
) error {
	kept, unreadable, err := tx.Intake().TakeEarlyStatuses(m.UpstreamID)
	if err != nil {
		return err
	}
	c := &commit{Intake: in, ctx: context.Background(), tx: tx, tenant: t, now: now, began: time.Now()}
	if err := c.submitted(channel, m, to, m.ClaimedAt); err != nil {
		return err
	}
	for range unreadable {
		c.tellUnreadable(telemetry.RowStatus, "message", m.ID)
	}
	for _, body := range kept {
		batches, _, err := meta.ReadWebhook(body)
		if err != nil {
			continue // it was written and read here; what cannot be read any more tells nothing
		}
		for i := range batches {
			if batches[i].Channel != channel.ID {
				continue // channels of one account do not speak for each other
			}
			for _, event := range batches[i].Events {
				if err := c.takeEarly(channel, m, event); err != nil {
					return err
				}
			}
			if err := tx.Intake().Heard(channel.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
