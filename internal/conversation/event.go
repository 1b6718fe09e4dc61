package conversation

import "fmt"

// Events is the set of things that a customer does in one inbound event. A message that came from
// an advertisement is Message|Ad.
type Events uint16

// The things that a customer can do.
const (
	Message      Events = 1 << iota // text, media, location, contacts, order, a quick reply or any other content
	Reacted                         // a reaction to a message, or its removal
	Unsupported                     // a message of a type that the API cannot show
	Called                          // a call to the business, answered or not
	AcceptedCall                    // the business's call was accepted
	Postback                        // a tap on a postback button or a persistent menu
	Referral                        // a link into an existing thread
	Ad                              // the event came from an advertisement that opens a chat
	PageButton                      // the event came from a page's call-to-action button
	Comment                         // a comment on, or a post to, a page: what a private reply answers
	Click                           // an advertisement led into an existing thread; no plan names it, see State.Clicks
)

// eventNames are the names in a price plan.
var eventNames = [...]struct {
	event Events
	name  string
}{
	{Message, "Message"},
	{Reacted, "Reaction"},
	{Unsupported, "Unsupported"},
	{Called, "Call"},
	{AcceptedCall, "AcceptedCall"},
	{Postback, "Postback"},
	{Referral, "Referral"},
	{Ad, "Ad"},
	{PageButton, "PageButton"},
	{Comment, "Comment"},
}

// ParseEvent reads a name in a price plan, for example "Message".
func ParseEvent(name string) (Events, error) {
	for _, e := range eventNames {
		if e.name == name {
			return e.event, nil
		}
	}
	return 0, fmt.Errorf(
		"event %.40q must be one of Message, Reaction, Unsupported, Call, AcceptedCall, Postback, Referral, Ad, "+
			"PageButton, Comment",
		name,
	)
}

// Inbound is one event of a customer.
type Inbound struct {
	At     int64  // Unix seconds: the event's own timestamp, not that of its arrival
	Events Events // what it was; 0 for events that open nothing (a read receipt, a changed number)
}

// The kinds of inbound events that are not content from the customer. Every other kind is a
// Message. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
const (
	KindReaction     = "reaction"
	KindUnsupported  = "unsupported"
	KindCall         = "call"
	KindAcceptedCall = "accepted_call"
	KindPostback     = "postback"
	KindReferral     = "referral"
	KindComment      = "comment"
	KindSystem       = "system"
	KindPreference   = "user_preferences"
	KindEdit         = "edit"
	KindRevoke       = "revoke"
)

// EventsOf says what an inbound event of a kind is that came from an entry: Ad, PageButton, both
// where it is not known which, or 0. The gateway and the replay of recorded traffic both ask here,
// so that they open the same windows. It is 0 for kinds that open nothing, wherever they came from.
func EventsOf(kind string, entry Events) Events {
	switch kind {
	case KindReaction:
		return Reacted | entry
	case KindUnsupported:
		return Unsupported | entry
	case KindCall:
		return Called | entry
	case KindAcceptedCall:
		return AcceptedCall | entry
	case KindPostback:
		return Postback | entry
	case KindReferral:
		if entry&Ad != 0 {
			return Referral | Click
		}
		return Referral | entry
	case KindComment:
		return Comment
	case KindSystem, KindPreference: // the network's word, or a setting
		return 0
	case KindEdit, KindRevoke: // about an earlier message: nothing new was written
		return 0
	default:
		return Message | entry
	}
}
