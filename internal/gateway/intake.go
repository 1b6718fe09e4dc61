package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/keywords"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// intake applies a webhook in one commit and returns when that is durable. Applying it again
// changes nothing: every event is known by its id.
func (g *Gateway) intake(ctx context.Context, t *served.Tenant, webhook *whatsapp.Webhook, secret string) error {
	tellings := make([]told, len(webhook.Changes))
	for i := range webhook.Changes {
		tellings[i] = tell(&webhook.Changes[i], t.Callback != nil)
	}
	var in intake
	began := time.Now()
	err := g.store.UpdateInSteps(ctx, func(tx *durable.Tx, attempt durable.Attempt) error {
		in = intake{
			gateway: g, tx: tx, tenant: t, secret: secret, now: g.store.Now(), counts: map[eventCount]int{}, began: began, attempt: attempt,
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
	g.traces.Statuses(ctx, in.began, in.traced)
	for _, tell := range in.rejected {
		tell()
	}
	for event, n := range in.counts {
		g.metrics.Events.WithLabelValues(event.kind, event.result).Add(float64(n))
	}
	g.deliveries.Notify()
	if in.confirmed {
		g.sends.Notify()
	}
	return in.incomplete
}

// Errors that refuse a webhook of which a part is stored, so that the upstream tells it again.
var (
	errConversation = errors.New(
		"what the webhook says of a customer whose conversation cannot be read is not stored: restore the row",
	)
	errRefused = fmt.Errorf("a part of the webhook is not stored: %w", store.ErrFault)
	errNumber  = errors.New(
		"what the webhook says of messages that another replica has sent from a number that this one does not know " +
			"yet is not stored",
	)
)

// subjectsOf are the messages that a webhook's statuses are of, as far as they say so themselves,
// and the customers who write.
func subjectsOf(webhook *whatsapp.Webhook) (subjects []store.Subject) {
	var last string // a message's statuses often come together
	for i := range webhook.Changes {
		c := &webhook.Changes[i]
		for j := range c.Statuses {
			if id := c.Statuses[j].CallbackData; (whatsapp.Network{}).IsOwnID(id) && id != last {
				subjects, last = append(subjects, store.Subject{Message: id}), id
			}
		}
		for j := range c.Messages {
			for _, address := range addressesOf(&c.Messages[j]) {
				subjects = append(subjects, store.Subject{Channel: c.PhoneNumberID, Address: address})
			}
		}
	}
	return subjects
}

// intake is one webhook within its commit.
type intake struct {
	gateway *Gateway
	tx      *durable.Tx
	tenant  *served.Tenant
	secret  string
	now     time.Time
	counts  map[eventCount]int
	// attempt runs a step that is about one event, see updateSteps.
	attempt durable.Attempt
	// told is what the business is told of the change that is being applied.
	told *told
	// contacts are those of the change that was looked at last, by each of their addresses: a
	// webhook may carry a thousand of them.
	contacts struct {
		of        *whatsapp.Change
		byAddress map[identity.Address]*whatsapp.Contact
	}
	// confirmed says that a message has left the queue: whoever waited behind it may go.
	confirmed bool
	// incomplete says why something was left out, see conversation and ofUnknown; nil if nothing
	// was.
	incomplete error
	// rejected tell of the changes that are for nobody here.
	rejected []func()
	// traced are the statuses that moved a message, since began by the machine's clock, if they are
	// traced.
	traced []telemetry.TracedStatus
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

// each takes the step for each of n events. Those that the store refuses are left out, so that the
// upstream tells them again.
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

// change routes a change to its number. A number that is not served, or that the signature does not
// speak for, is counted and ignored.
func (in *intake) change(c *whatsapp.Change) error {
	if c.Object != whatsapp.ObjectWhatsApp {
		in.count(kindOther, telemetry.ResultIgnored)
		return nil
	}
	if c.PhoneNumberID == "" {
		return in.each(1, func(int) error { return in.accountChange(c) })
	}
	channel := in.tenant.Channel(c.PhoneNumberID)
	if channel == nil {
		in.reject(unknownNumber, "phoneNumberID", objectID(c.PhoneNumberID))
		return in.ofUnknown(c)
	}
	if !channel.Trusts(in.secret) {
		in.reject(untrustedSecret, "channel", channel.Name)
		return nil
	}
	for _, events := range []struct {
		n    int
		step func(i int) error
	}{
		{len(c.Messages), func(i int) error { return in.message(channel, c, i) }},
		{len(c.Statuses), func(i int) error { return in.status(channel, c, i) }},
		{len(c.Preferences), func(i int) error { return in.preference(channel, c, i) }},
		{len(c.Calls), func(i int) error { return in.call(channel, c, i) }},
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
		customer, err := in.gateway.customerAt(in.tx, channel.ID, first(addresses(part.Customer, part.CustomerUserID)))
		if err != nil && !damaged(err) {
			return err
		}
		return in.forwardOnce(channel.ID, customer, unread{kindOther, telemetry.ResultApplied, part.Callback, part.Callback})
	})
}

// unread is what is passed on to the business although it changes nothing here.
type unread struct {
	kind, result string // how it is counted the first time
	// identity is what it is known by when the upstream tells it again: all that it says.
	identity []byte
	body     []byte
}

// forwardOnce queues for the business what the gateway has no use for, about a customer or about
// none.
func (in *intake) forwardOnce(channel string, customer seal.CustomerHash, u unread) error {
	first, err := in.firstTime(channel, kindOther, string(u.identity))
	if err != nil {
		return err
	}
	if !first {
		in.count(u.kind, telemetry.ResultDuplicate)
		return nil
	}
	in.count(u.kind, u.result)
	return in.forward(channel, customer, func() []byte { return u.body })
}

// message takes a customer's message: it opens the window that it opens by its own timestamp (P4),
// hears whether the customer stops marketing, and is queued for the business. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
func (in *intake) message(channel *served.Channel, c *whatsapp.Change, i int) error {
	m := &c.Messages[i]
	if m.ID == "" { // it could not be told from its repetition, so it opens nothing
		customer, err := in.gateway.customerAt(in.tx, channel.ID, first(addressesOf(m)))
		if err != nil && !damaged(err) {
			return err
		}
		return in.forwardOnce(
			channel.ID, customer, unread{kindMessage, telemetry.ResultMalformed, m.Raw, in.told.callbacks.Message(m)},
		)
	}
	first, err := in.firstTime(channel.ID, kindMessage, m.ID)
	if err != nil {
		return err
	}
	if !first {
		in.count(kindMessage, telemetry.ResultDuplicate)
		return nil
	}
	list, events := in.withContact(c, addressesOf(m)), eventsOf(m)
	if m.GroupID != "" || len(list) == 0 {
		events = 0 // it is in no conversation with the number
	}
	customer, state, readable, err := in.customer(channel, list, m.Timestamp, in.notice(m))
	if err != nil {
		return err
	}
	if !readable {
		return in.notSeen(channel.ID, kindMessage, m.ID)
	}
	if err := in.receive(channel, customer, &state, events, m.Timestamp, m.Text); err != nil {
		return err
	}
	in.count(kindMessage, telemetry.ResultApplied)
	if in.tenant.Callback == nil {
		return nil
	}
	body, err := in.messageCallback(channel, c, i)
	if err != nil {
		return err
	}
	return in.gateway.queueCallback(in.tx, in.tenant, channel.ID, customer, body, in.now)
}

// addressesOf are those of who writes a message; of a notice those before the change.
func addressesOf(m *whatsapp.Message) []identity.Address {
	list := addresses(m.From, m.FromUserID, m.FromParentUserID)
	if m.System != nil {
		list = append(list, addresses(m.System.OldUserID, m.System.OldParentUserID)...)
	}
	return list
}

// withContact adds the addresses that the change's contact of the same person has.
func (in *intake) withContact(c *whatsapp.Change, list []identity.Address) []identity.Address {
	if in.contacts.of != c {
		in.contacts.of, in.contacts.byAddress = c, make(map[identity.Address]*whatsapp.Contact, len(c.Contacts))
		for i := range c.Contacts {
			for _, address := range addressesOfContact(&c.Contacts[i]) {
				in.contacts.byAddress[address] = &c.Contacts[i]
			}
		}
	}
	for _, address := range list {
		if contact := in.contacts.byAddress[address]; contact != nil {
			return append(list, addressesOfContact(contact)...)
		}
	}
	return list
}

func addressesOfContact(c *whatsapp.Contact) []identity.Address {
	return addresses(c.WAID, c.UserID, c.ParentUserID)
}

// customer is who does something, and what is remembered of that person; of nobody it is nothing.
// Before that it learns that the addresses are one person's, and what the notice tells. Where what
// is remembered cannot be read it is false: what the webhook says of the customer is left out, so
// that it is as new when the upstream tells it again, and what it says of others is stored.
func (in *intake) customer(channel *served.Channel, list []identity.Address, told time.Time, notice func(who identity.Address) error) (
	customer seal.CustomerHash, state conversation.State, readable bool, err error,
) {
	if len(list) == 0 {
		return customer, state, true, nil
	}
	who := list[0]
	err = in.gateway.adopt(in.tx, in.now, channel.ID, list...)
	if err == nil {
		who, err = in.gateway.told(in.tx, list, told, in.now)
	}
	if err == nil {
		err = notice(who)
	}
	if err == nil {
		customer, err = in.gateway.customerAt(in.tx, channel.ID, who)
	}
	if err == nil {
		state, err = in.tx.People().Conversation(channel.ID, customer)
	}
	if damaged(err) {
		in.gateway.unreadable(kindConversation, "channel", channel.Name)
		in.incomplete = errConversation
		return customer, state, false, nil
	}
	return customer, state, err == nil, err
}

// notice learns that a customer is known by another address, if that is what a message tells:
// whoever has stopped marketing, or was blocked, would be written to again.
func (in *intake) notice(m *whatsapp.Message) func(who identity.Address) error {
	return func(who identity.Address) error {
		if m.System == nil || m.System.Type != whatsapp.ChangedNumber && m.System.Type != whatsapp.ChangedUserID {
			return nil
		}
		number := first(addresses(m.System.NewID))
		userIDs := addresses(m.System.NewUserID, m.System.NewParentUserID)
		at := m.Timestamp
		if at.IsZero() {
			at = in.now
		}
		var unions []store.Union
		var err error
		if number == "" || number.Spelling() == who.Spelling() {
			unions, err = in.tx.People().Renamed(who, userIDs, in.now)
		} else {
			unions, err = in.tx.People().Moved(who, number, userIDs, at, in.now)
		}
		in.gateway.follow(in.tx, unions)
		return err
	}
}

// noNotice is for what tells of no change.
func noNotice(identity.Address) error { return nil }

// receive changes the conversation by what a customer does, and maybe writes, at an instant. An
// instant in the future counts as now, so that no window reaches beyond what an honest clock
// allows; what has none opens nothing, and a stop that has none counts from now on. Receiving it
// again changes nothing.
func (in *intake) receive(
	channel *served.Channel, customer seal.CustomerHash, state *conversation.State, events conversation.Events, when time.Time, words string,
) error {
	wish := in.tenant.Keywords.Wish(words)
	if events == 0 || when.IsZero() && wish != keywords.Stop {
		return nil
	}
	at := in.now.Unix()
	if !when.IsZero() {
		at = min(when.Unix(), at)
		state.Receive(conversation.Inbound{At: at, Events: events}, in.tenant.Book.Rules(at, in.tenant.Zone))
	}
	switch wish {
	case keywords.Stop:
		state.StopMarketing(true, at)
	case keywords.Resume:
		state.StopMarketing(false, at)
	}
	return in.tx.People().PutConversation(channel.ID, customer, state)
}

// call takes a step of a call: a customer's call opens the window, answered or not, and so does a
// call of the business that the customer takes.
func (in *intake) call(channel *served.Channel, change *whatsapp.Change, i int) error {
	c := &change.Calls[i]
	var events conversation.Events
	switch {
	case c.ByCustomer && c.Step == whatsapp.CallConnect:
		events = conversation.Called
	case !c.ByCustomer && c.Step == whatsapp.CallAccepted:
		events = conversation.AcceptedCall
	}
	list := in.withContact(change, addresses(c.Customer, c.CustomerUserID))
	if events == 0 || len(list) == 0 {
		in.count(kindCall, telemetry.ResultIgnored)
		return nil
	}
	customer, state, readable, err := in.customer(channel, list, c.Timestamp, noNotice)
	if err != nil || !readable {
		return err
	}
	in.count(kindCall, telemetry.ResultApplied)
	return in.receive(channel, customer, &state, events, c.Timestamp, "")
}

// preference takes a customer's choice about marketing messages. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences
func (in *intake) preference(channel *served.Channel, c *whatsapp.Change, i int) error {
	p := &c.Preferences[i]
	list := in.withContact(c, addresses(p.WAID, p.UserID))
	stop := p.Value == "stop"
	if p.Category != "marketing_messages" || len(list) == 0 || !stop && p.Value != "resume" {
		in.count(kindPreference, telemetry.ResultIgnored)
		return nil
	}
	at := in.now.Unix()
	if !p.Timestamp.IsZero() {
		at = min(p.Timestamp.Unix(), at)
	}
	customer, state, readable, err := in.customer(channel, list, p.Timestamp, noNotice)
	if err != nil || !readable {
		return err
	}
	state.StopMarketing(stop, at)
	in.count(kindPreference, telemetry.ResultApplied)
	return in.tx.People().PutConversation(channel.ID, customer, &state)
}

// accountChange takes a change of the business account rather than of a number: it must be signed
// with a secret of that account.
func (in *intake) accountChange(c *whatsapp.Change) error {
	channel := accountChannel(in.tenant, c.EntryID, in.secret)
	if channel == nil {
		in.reject(unknownAccount, "businessAccountID", objectID(c.EntryID))
		return nil
	}
	kind := kindOther
	if c.Template != nil && c.Template.ID != "" {
		kind = kindTemplate
		if err := in.tx.Intake().PutTemplateEvent(templateEvent(c, in.now)); err != nil {
			return err
		}
	}
	body := c.Callback()
	return in.forwardOnce(channel.ID, seal.CustomerHash{}, unread{kind, telemetry.ResultApplied, body, body})
}

// accountChannel is a channel of the business account for which the secret speaks, or nil.
func accountChannel(t *served.Tenant, businessAccountID, secret string) *served.Channel {
	for i := range t.Channels {
		c := t.Channel(t.Channels[i].ID)
		if c.BusinessAccountID == businessAccountID && c.Trusts(secret) {
			return c
		}
	}
	return nil
}

// eventCategory is the word under which a change of a template's category is reported; a change of
// quality is eventQuality.
const (
	eventCategory = "CATEGORY"
	eventQuality  = "QUALITY"
)

// templateEvent is the upstream's word on a template, as the operator hears it.
func templateEvent(c *whatsapp.Change, now time.Time) store.TemplateEvent {
	event := store.TemplateEvent{
		UpstreamID: c.Template.ID, Name: c.Template.Name, Language: c.Template.Language, Event: c.Template.Event, At: c.EntryTime,
	}
	switch c.Field {
	case whatsapp.FieldTemplateCategory:
		event.Event = eventCategory
	case whatsapp.FieldTemplateQuality:
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

// firstTime tells whether an event is told for the first time.
func (in *intake) firstTime(channel, kind, id string) (bool, error) {
	return in.tx.Intake().FirstTime(in.eventID(channel, kind, id), in.now)
}

// notSeen takes firstTime back: the event is left out, and as new when it is told again.
func (in *intake) notSeen(channel, kind, id string) error {
	return in.tx.Intake().NotSeen(in.eventID(channel, kind, id))
}

// eventID is what an event is known by. The id is hashed with the customers' key, because the
// upstream's ids hold phone numbers in base64.
func (in *intake) eventID(channel, kind, id string) string {
	return kind + "/" + in.gateway.keys.Seal().CustomerHash(channel, id).String()
}
