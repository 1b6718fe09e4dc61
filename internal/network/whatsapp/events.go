package whatsapp

import (
	"regexp"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
)

// Reads implements network.Receiver.
func (Network) Reads(object string) bool { return object == webhook.Object }

// Read implements network.Receiver. The callbacks of one batch's events are not to be written at
// the same time.
func (Network) Read(from network.Webhook) ([]network.Batch, error) {
	read, err := webhook.Read(from)
	if err != nil {
		return nil, err
	}
	batches := make([]network.Batch, len(read.Changes))
	for i := range read.Changes {
		batches[i] = batchOf(&read.Changes[i])
	}
	return batches, nil
}

// batchOf is what the change tells.
func batchOf(c *webhook.Change) network.Batch {
	batch := network.Batch{Channel: c.PhoneNumberID, Account: c.EntryID}
	if batch.Channel == "" {
		batch.Events = []network.Event{ofAccount(c)}
		return batch
	}
	of := &changeReader{change: c}
	batch.Events = make([]network.Event, 0, len(c.Messages)+len(c.Statuses)+2*(len(c.Preferences)+len(c.Calls))+1)
	for i := range c.Messages {
		batch.Events = append(batch.Events, of.inbound(&c.Messages[i]))
	}
	for i := range c.Statuses {
		batch.Events = append(batch.Events, of.status(&c.Statuses[i]))
	}
	for i := range c.Preferences {
		batch.Events = append(batch.Events, of.preference(&c.Preferences[i]))
	}
	for i := range c.Calls {
		batch.Events = append(batch.Events, of.call(&c.Calls[i]))
	}
	if len(c.Messages)+len(c.Statuses) > 0 {
		return batch
	}
	// Each is told in its customer's order, and erased with the customer.
	for _, part := range of.callbacks().Parts() {
		passed := &network.Passed{Callback: part.Callback}
		if list := addresses(part.Customer, part.CustomerUserID); len(list) > 0 {
			passed.About = list[0]
		}
		batch.Events = append(batch.Events, passed)
	}
	return batch
}

// ofAccount is what a change tells that is about no number.
func ofAccount(c *webhook.Change) network.Event {
	if c.Template == nil || c.Template.ID == "" {
		return &network.Passed{Callback: c.Callback()}
	}
	news := &network.TemplateNews{
		UpstreamID: c.Template.ID, Name: c.Template.Name, Language: c.Template.Language,
		Event: c.Template.Event, At: c.EntryTime, Callback: c.Callback(),
	}
	switch c.Field {
	case webhook.FieldTemplateCategory:
		news.Event = network.CategoryChanged
	case webhook.FieldTemplateQuality:
		news.Event = network.QualityChanged
	}
	return news
}

// changeReader makes events of a change's updates.
type changeReader struct {
	change *webhook.Change
	// written are the change's callbacks, once one was asked for.
	written *webhook.Callbacks
	// contacts are the addresses of the change's contacts, by each of them, once one was asked for:
	// a webhook may carry a thousand.
	contacts map[identity.Address][]identity.Address
}

func (r *changeReader) callbacks() *webhook.Callbacks {
	if r.written == nil {
		r.written = r.change.Callbacks()
	}
	return r.written
}

// withContact adds the addresses that the change's contact of the same person has.
func (r *changeReader) withContact(list []identity.Address) []identity.Address {
	i := slices.IndexFunc(list, func(a identity.Address) bool { return r.contactAt(a) != nil })
	if i < 0 {
		return list
	}
	for _, known := range r.contactAt(list[i]) {
		if !slices.Contains(list, known) {
			list = append(list, known)
		}
	}
	return list
}

// contactAt are the addresses of the contact that has one of them; nil if there is none.
func (r *changeReader) contactAt(address identity.Address) []identity.Address {
	if r.contacts == nil {
		r.contacts = make(map[identity.Address][]identity.Address, len(r.change.Contacts))
		for _, c := range r.change.Contacts {
			known := addresses(c.WAID, c.UserID, c.ParentUserID)
			for _, a := range known {
				r.contacts[a] = known
			}
		}
	}
	return r.contacts[address]
}

// ReadInbound reads one message of a webhook. What stands beside it, such as the contact, is not
// known.
func ReadInbound(raw []byte) *network.Inbound {
	m := webhook.ParseMessage(raw)
	return (&changeReader{change: &webhook.Change{}}).inbound(&m)
}

// inbound is a customer's message. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
func (r *changeReader) inbound(m *webhook.Message) *network.Inbound {
	from := addresses(m.From, m.FromUserID, m.FromParentUserID)
	if m.System != nil { // before the change
		from = append(from, addresses(m.System.OldUserID, m.System.OldParentUserID)...)
	}
	event := &network.Inbound{
		ID: m.ID, From: r.withContact(from), Renamed: renamed(m), Did: did(m),
		At: m.Timestamp, Text: m.Text, Raw: m.Raw, Group: identity.OfGroup(m.GroupID),
	}
	for _, id := range []string{m.ReplyTo, m.ReactionTo} {
		if id != "" {
			event.Quotes = append(event.Quotes, id)
		}
	}
	event.File = m.File()
	event.Callback = func(ours []string) []byte {
		return r.callbacks().Message(m, append(m.Quoting(ours), m.Readdressed(event.File)...)...)
	}
	return event
}

// did says what a message was, as far as windows ask. One in a group is in the conversation with
// the group, see network.Inbound. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
func did(m *webhook.Message) conversation.Events {
	var entry conversation.Events
	if m.Referral != nil {
		switch m.Referral.SourceType {
		case referralAd:
			entry = conversation.Ad
		case referralPost:
			entry = conversation.PageButton
		}
	}
	return conversation.EventsOf(m.Kind(), entry)
}

// Kinds of referral. "post" is a page's own button or post in the older documents.
const (
	referralAd   = "ad"
	referralPost = "post"
)

// renamed are the addresses that a customer has from now on, if that is what the message tells:
// whoever has stopped marketing, or was blocked, would be written to again.
func renamed(m *webhook.Message) []identity.Address {
	if m.System == nil || m.System.Type != webhook.ChangedNumber && m.System.Type != webhook.ChangedUserID {
		return nil
	}
	return addresses(m.System.NewID, m.System.NewUserID, m.System.NewParentUserID)
}

// status is a step in the life of a message. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
func (r *changeReader) status(s *webhook.Status) *network.Status {
	event := &network.Status{
		ID: s.ID, OfDelivery: s.OfDelivery(), Word: s.Status, At: s.Timestamp,
		Recipient: addresses(s.RecipientID, s.RecipientUserID), Group: s.RecipientType == recipientGroup,
		Price: priceOf(s.Pricing), Raw: s.Raw,
		Callback: func(id string, data *string) []byte { return r.callbacks().Status(s, id, data) },
		AsItCame: func() []byte { return r.callbacks().ForeignStatus(s) },
	}
	if event.Group { // whoever the user id is, the recipient id is the group's
		event.Recipient = []identity.Address{identity.OfGroup(s.RecipientID)}
		event.Member = addresses(s.ParticipantID, s.ParticipantUserID)
	}
	if (Network{}).IsOwnID(s.CallbackData) {
		event.Correlation = s.CallbackData
	} else {
		event.Foreign = s.CallbackData != ""
	}
	if event.OfDelivery {
		event.Step, _ = conversation.ParseStatus(s.Status)
	}
	// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing
	// (free entry points).
	if s.Conversation != nil && s.Conversation.Origin == originReferral {
		event.EntryPointEnds = s.Conversation.Expires
	}
	for _, e := range s.Errors {
		event.Errors = append(event.Errors, network.StatusError{Code: e.Code, Cause: graph.CauseOf(e.Code)})
	}
	if event.Step == conversation.Failed && len(event.Errors) == 0 {
		event.Errors = []network.StatusError{{Code: graph.CodeInternal}}
	}
	return event
}

const (
	// recipientGroup is the recipient type of what went to a group.
	recipientGroup = "group"
	// originReferral is the origin of a conversation that is a free entry point.
	originReferral = "referral_conversion"
)

// priceOf is what Meta says of a message's price; nil if it says nothing. Whether a message is
// billed is told by the type where billable is absent, which Meta is to drop. A regular message of
// whom it exempts has a subtype. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
func priceOf(p *webhook.Pricing) *network.Price {
	if p == nil {
		return nil
	}
	price := &network.Price{Words: func() string { return wordsOf(p) }}
	price.Category, _ = conversation.ParseCategory(p.Category) // None for one that is not known here
	if p.Billable != nil {
		price.Billed, price.Said = *p.Billable, true
		return price
	}
	price.Billed = p.Type == "regular" && p.Subtype == ""
	price.Said = price.Billed || strings.HasPrefix(p.Type, "free_")
	return price
}

// metaWord is what a type or a category of Meta's looks like; anything else is not kept.
var metaWord = regexp.MustCompile(`^[a-z_-]{1,40}$`)

// wordsOf is the pricing object in words, such as "free free_customer_service utility".
func wordsOf(p *webhook.Pricing) string {
	var words []string
	switch {
	case p.Billable == nil:
	case *p.Billable:
		words = append(words, "billable")
	default:
		words = append(words, "free")
	}
	for _, word := range []string{p.Type, p.Category} {
		if metaWord.MatchString(word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// preference is a customer's choice about marketing messages. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences
func (r *changeReader) preference(p *webhook.UserPreference) *network.Preference {
	event := &network.Preference{From: r.withContact(addresses(p.WAID, p.UserID)), At: p.Timestamp}
	switch {
	case p.Category != "marketing_messages":
	case p.Value == "stop":
		event.Choice = network.Stop
	case p.Value == "resume":
		event.Choice = network.Resume
	}
	return event
}

// call is a step of a call: a customer's call opens the window, answered or not, and so does a call
// of the business that the customer takes.
func (r *changeReader) call(c *webhook.Call) *network.Call {
	event := &network.Call{From: r.withContact(addresses(c.Customer, c.CustomerUserID)), At: c.Timestamp}
	switch {
	case c.ByCustomer && c.Step == webhook.CallConnect:
		event.Did = conversation.Called
	case !c.ByCustomer && c.Step == webhook.CallAccepted:
		event.Did = conversation.AcceptedCall
	}
	return event
}
