package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// intake applies a webhook in one commit and returns when that is durable. Applying it again changes nothing: every event is known by its id.
func (g *Gateway) intake(ctx context.Context, t *tenant, webhook *graph.Webhook, secret string) error {
	tellings := make([]told, len(webhook.Changes))
	for i := range webhook.Changes {
		tellings[i] = tell(&webhook.Changes[i], t.Callback != nil)
	}
	var in intake
	began := time.Now()
	err := updateSteps(ctx, g.update, func(tx *store.Tx, attempt func(func() error) error) error {
		in = intake{
			gateway: g, tx: tx, tenant: t, secret: secret, now: g.now(), counts: map[eventCount]int{}, began: began, attempt: attempt,
		}
		for i := range webhook.Changes {
			in.told = &tellings[i]
			if err := in.change(&webhook.Changes[i]); err != nil {
				return err
			}
		}
		return nil
	}, subjectsOf(webhook)...)
	if err != nil {
		return err
	}
	g.traces.statuses(ctx, in.began, in.traced)
	for _, tell := range in.rejected {
		tell()
	}
	for event, n := range in.counts {
		g.metrics.events.WithLabelValues(event.kind, event.result).Add(float64(n))
	}
	g.deliveries.ring()
	if in.confirmed {
		g.sends.ring()
	}
	return in.incomplete
}

// Errors that refuse a webhook of which a part is stored, so that the upstream tells it again.
var (
	errConversation = errors.New("what the webhook says of a customer whose conversation cannot be read is not stored: restore the row")
	errRefused      = fmt.Errorf("a part of the webhook is not stored: %w", store.ErrFault)
	errNumber       = errors.New("what the webhook says of messages that another replica has sent from a number that this one does not know yet is not stored")
)

// subjectsOf are the messages that a webhook's statuses are of, as far as they say so themselves.
func subjectsOf(webhook *graph.Webhook) (messages []store.Subject) {
	var last string // a message's statuses often come together
	for i := range webhook.Changes {
		for j := range webhook.Changes[i].Statuses {
			if id := webhook.Changes[i].Statuses[j].CallbackData; isOwnID(id) && id != last {
				messages, last = append(messages, store.Subject{Message: id}), id
			}
		}
	}
	return messages
}

// intake is one webhook within its commit.
type intake struct {
	gateway *Gateway
	tx      *store.Tx
	tenant  *tenant
	secret  string
	now     time.Time
	counts  map[eventCount]int
	// attempt runs a step that is about one event, see updateSteps.
	attempt func(step func() error) error
	// told is what the business is told of the change that is being applied.
	told *told
	// confirmed says that a message has left the queue: whoever waited behind it may go.
	confirmed bool
	// incomplete says why something was left out, see conversation and ofUnknown; nil if nothing was.
	incomplete error
	// rejected tell of the changes that are for nobody here.
	rejected []func()
	// traced are the statuses that moved a message, since began by the machine's clock, if they are traced.
	traced []tracedStatus
	began  time.Time
}

// eventCount is what an event was and what came of it, as labels.
type eventCount struct{ kind, result string }

// Kinds of events, as labels.
const (
	kindMessage    = "message"
	kindStatus     = "status"
	kindPreference = "preference"
	kindCall       = "call"
	kindTemplate   = "template"
	kindOther      = "other"
)

// each takes the step for each of n events. Those that the store refuses are left out, so that the upstream tells them again.
func (in *intake) each(n int, step func(i int) error) error {
	for i := range n {
		err := in.attempt(func() error { return step(i) })
		switch {
		case errors.Is(err, store.ErrFault):
			in.incomplete = errRefused
		case err != nil:
			return err
		}
	}
	return nil
}

func (in *intake) count(kind, result string) { in.counts[eventCount{kind, result}]++ }

// change routes a change to its number. A number that is not served, or that the signature does not speak for, is counted and ignored.
func (in *intake) change(c *graph.Change) error {
	if c.Object != graph.ObjectWhatsApp {
		in.count(kindOther, resultIgnored)
		return nil
	}
	if c.PhoneNumberID == "" {
		return in.each(1, func(int) error { return in.accountChange(c) })
	}
	channel := in.tenant.channels[c.PhoneNumberID]
	if channel == nil {
		in.reject(unknownNumber, "phoneNumberID", objectID(c.PhoneNumberID))
		return in.ofUnknown(c)
	}
	if !channel.trusts(in.secret) {
		in.reject(untrustedSecret, "channel", channel.Name)
		return nil
	}
	for _, events := range []struct {
		n    int
		step func(i int) error
	}{
		{len(c.Messages), func(i int) error { return in.message(channel, c, i) }},
		{len(c.Statuses), func(i int) error { return in.status(channel, c, i) }},
		{len(c.Preferences), func(i int) error { return in.preference(channel, &c.Preferences[i]) }},
		{len(c.Calls), func(i int) error { return in.call(channel, &c.Calls[i]) }},
	} {
		if err := in.each(events.n, events.step); err != nil {
			return err
		}
	}
	if len(c.Messages)+len(c.Statuses) > 0 {
		return nil
	}
	parts := in.told.parts // each is told in its customer's order, and erased with the customer
	return in.each(len(parts), func(i int) error {
		part := parts[i]
		customer := in.customerOf(channel.ID, addressOf(part.Customer, part.CustomerUserID))
		return in.forwardOnce(channel.ID, customer, unread{kindOther, resultApplied, part.Callback, part.Callback})
	})
}

// unread is what is passed on to the business although it changes nothing here.
type unread struct {
	kind, result string // how it is counted the first time
	// identity is what it is known by when the upstream tells it again: all that it says.
	identity []byte
	body     []byte
}

// forwardOnce queues for the business what the gateway has no use for, about a customer or about none.
func (in *intake) forwardOnce(channel string, customer seal.CustomerHash, u unread) error {
	first, err := in.firstTime(channel, kindOther, string(u.identity))
	if err != nil {
		return err
	}
	if !first {
		in.count(u.kind, resultDuplicate)
		return nil
	}
	in.count(u.kind, u.result)
	return in.forward(channel, customer, func() []byte { return u.body })
}

// message takes a customer's message: it opens the window that it opens by its own timestamp (P4), hears whether the customer stops marketing, and is
// queued for the business.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
func (in *intake) message(channel *channel, c *graph.Change, i int) error {
	m := &c.Messages[i]
	address := addressOf(m.From, m.FromUserID)
	if address == "" && m.System != nil {
		address = m.System.OldUserID
	}
	customer, events := in.customerOf(channel.ID, address), eventsOf(m)
	if m.ID == "" { // it could not be told from its repetition, so it opens nothing
		return in.forwardOnce(channel.ID, customer, unread{kindMessage, resultMalformed, m.Raw, in.told.callbacks.Message(m)})
	}
	if m.GroupID != "" || address == "" {
		events = 0 // it is in no conversation with the number
	}
	state, readable, err := in.conversation(channel, customer)
	if err == nil && readable {
		readable, err = in.follow(channel, m)
	}
	if err != nil || !readable {
		return err
	}
	first, err := in.firstTime(channel.ID, kindMessage, m.ID)
	if err != nil {
		return err
	}
	if !first {
		in.count(kindMessage, resultDuplicate)
		return nil
	}
	if err := in.receive(channel, customer, &state, events, m.Timestamp, m.Text); err != nil {
		return err
	}
	in.count(kindMessage, resultApplied)
	if in.tenant.Callback == nil {
		return nil
	}
	body, err := in.messageCallback(channel, c, i)
	if err != nil {
		return err
	}
	return in.gateway.queueCallback(in.tx, in.tenant, channel.ID, customer, body, in.now)
}

// conversation is what is remembered of a customer, who does something; of nobody it is nothing. Where that cannot be read it is false: what the webhook says of the
// customer is left out, so that it is as new when the upstream tells it again, and what it says of others is stored.
func (in *intake) conversation(channel *channel, customer seal.CustomerHash) (state conversation.State, readable bool, err error) {
	if customer == (seal.CustomerHash{}) {
		return state, true, nil
	}
	state, err = in.tx.Conversation(channel.ID, customer)
	if errors.Is(err, store.ErrDamaged) {
		in.gateway.unreadable(kindConversation, "channel", channel.Name)
		in.incomplete = errConversation
		return state, false, nil
	}
	return state, err == nil, err
}

// receive changes the conversation by what a customer does, and maybe writes, at an instant. An instant in the future counts as now, so that no window reaches beyond what
// an honest clock allows; what has none opens nothing, and a stop that has none counts from now on. Receiving it again changes nothing.
func (in *intake) receive(
	channel *channel, customer seal.CustomerHash, state *conversation.State, events conversation.Events, when time.Time, words string,
) error {
	wish := in.tenant.words.wishOf(words)
	if events == 0 || when.IsZero() && wish != wishStop {
		return nil
	}
	at := in.now.Unix()
	if !when.IsZero() {
		at = min(when.Unix(), at)
		state.Receive(conversation.Inbound{At: at, Events: events}, in.tenant.book.Rules(at, in.tenant.zone))
	}
	switch wish {
	case wishStop:
		state.StopMarketing(true, at)
	case wishResume:
		state.StopMarketing(false, at)
	}
	return in.tx.PutConversation(channel.ID, customer, state)
}

// follow lets what was refused under a customer's old number or user id count under the new ones, if that is what a message tells: otherwise whoever has stopped marketing,
// or was blocked, would be written to again. It is false where what is remembered under one of them cannot be read. Following again changes nothing.
func (in *intake) follow(channel *channel, m *graph.Message) (readable bool, err error) {
	if m.System == nil || m.System.Type != graph.ChangedNumber && m.System.Type != graph.ChangedUserID {
		return true, nil
	}
	for _, before := range given(canonicalAddress(m.From), m.FromUserID, m.System.OldUserID) {
		earlier, readable, err := in.conversation(channel, in.customerOf(channel.ID, before))
		if err != nil || !readable {
			return false, err
		}
		for _, after := range given(canonicalAddress(m.System.NewID), m.System.NewUserID) {
			customer := in.customerOf(channel.ID, after)
			state, readable, err := in.conversation(channel, customer)
			if err != nil || !readable {
				return false, err
			}
			if !state.Follow(&earlier) {
				continue
			}
			if err := in.tx.PutConversation(channel.ID, customer, &state); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// given are those addresses that are not empty.
func given(addresses ...string) []string {
	return slices.DeleteFunc(addresses, func(address string) bool { return address == "" })
}

// call takes a step of a call: a customer's call opens the window, answered or not, and so does a call of the business that the customer takes.
func (in *intake) call(channel *channel, c *graph.Call) error {
	var events conversation.Events
	switch {
	case c.ByCustomer && c.Step == graph.CallConnect:
		events = conversation.Called
	case !c.ByCustomer && c.Step == graph.CallAccepted:
		events = conversation.AcceptedCall
	}
	address := addressOf(c.Customer, c.CustomerUserID)
	if events == 0 || address == "" {
		in.count(kindCall, resultIgnored)
		return nil
	}
	customer := in.customerOf(channel.ID, address)
	state, readable, err := in.conversation(channel, customer)
	if err != nil || !readable {
		return err
	}
	in.count(kindCall, resultApplied)
	return in.receive(channel, customer, &state, events, c.Timestamp, "")
}

// preference takes a customer's choice about marketing messages.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences
func (in *intake) preference(channel *channel, p *graph.UserPreference) error {
	address := addressOf(p.WAID, p.UserID)
	stop := p.Value == "stop"
	if p.Category != "marketing_messages" || address == "" || !stop && p.Value != "resume" {
		in.count(kindPreference, resultIgnored)
		return nil
	}
	at := in.now.Unix()
	if !p.Timestamp.IsZero() {
		at = min(p.Timestamp.Unix(), at)
	}
	customer := in.customerOf(channel.ID, address)
	state, readable, err := in.conversation(channel, customer)
	if err != nil || !readable {
		return err
	}
	state.StopMarketing(stop, at)
	in.count(kindPreference, resultApplied)
	return in.tx.PutConversation(channel.ID, customer, &state)
}

// accountChange takes a change of the business account rather than of a number: it must be signed with a secret of that account.
func (in *intake) accountChange(c *graph.Change) error {
	channel := in.tenant.accountChannel(c.EntryID, in.secret)
	if channel == nil {
		in.reject(unknownAccount, "businessAccountID", objectID(c.EntryID))
		return nil
	}
	kind := kindOther
	if c.Template != nil && c.Template.ID != "" {
		kind = kindTemplate
		if err := in.tx.PutTemplateEvent(templateEvent(c, in.now)); err != nil {
			return err
		}
	}
	body := c.Callback()
	return in.forwardOnce(channel.ID, seal.CustomerHash{}, unread{kind, resultApplied, body, body})
}

// accountChannel is a channel of the business account for which the secret speaks, or nil.
func (t *tenant) accountChannel(businessAccountID, secret string) *channel {
	for i := range t.Channels {
		c := t.channels[t.Channels[i].ID]
		if c.BusinessAccountID == businessAccountID && c.trusts(secret) {
			return c
		}
	}
	return nil
}

// eventCategory is the word under which a change of a template's category is reported; a change of quality is eventQuality.
const (
	eventCategory = "CATEGORY"
	eventQuality  = "QUALITY"
)

// templateEvent is the upstream's word on a template, as the operator hears it.
func templateEvent(c *graph.Change, now time.Time) store.TemplateEvent {
	event := store.TemplateEvent{
		UpstreamID: c.Template.ID, Name: c.Template.Name, Language: c.Template.Language, Event: c.Template.Event, At: c.EntryTime,
	}
	switch c.Field {
	case graph.FieldTemplateCategory:
		event.Event = eventCategory
	case graph.FieldTemplateQuality:
		event.Event = eventQuality
	}
	if event.At.IsZero() || event.At.After(now) {
		event.At = now
	}
	return event
}

// forward queues a webhook for the business's endpoint; an account without one is told nothing.
func (in *intake) forward(channel string, customer seal.CustomerHash, body func() []byte) error {
	if in.tenant.Callback == nil {
		return nil
	}
	return in.gateway.queueCallback(in.tx, in.tenant, channel, customer, body(), in.now)
}

// firstTime tells whether an event is told for the first time. The id is hashed with the customers' key, because the upstream's ids hold phone numbers in
// base64.
func (in *intake) firstTime(channel, kind, id string) (bool, error) {
	return in.tx.FirstTime(kind+"/"+in.gateway.keys.seal.CustomerHash(channel, id).String(), in.now)
}

// customerOf is who an address belongs to at rest; nobody for none.
func (in *intake) customerOf(channel, address string) seal.CustomerHash {
	if address == "" {
		return seal.CustomerHash{}
	}
	return in.gateway.keys.seal.CustomerHash(channel, address)
}

// addressOf is the address that a customer is known by: the number if there is one, else the business-scoped user id.
func addressOf(number, userID string) string {
	if number != "" {
		return canonicalAddress(number)
	}
	return userID
}
