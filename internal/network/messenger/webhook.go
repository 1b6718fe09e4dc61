package messenger

import (
	"encoding/json"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Lists of an entry that hold one object for each event. In the second one another application has
// the thread.
const (
	listMessaging = "messaging"
	listStandby   = "standby"
)

// Reads implements network.Receiver.
func (n Network) Reads(object string) bool { return object == n.object() }

// Read implements network.Receiver. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
func (n Network) Read(webhook network.Webhook) ([]network.Batch, error) {
	var batches []network.Batch
	events := 0
	for _, raw := range webhook.Entries {
		object, err := rawjson.ParseObject(raw)
		if err != nil {
			continue
		}
		e := &entry{of: n, object: object, id: object.Text("id")}
		batch := network.Batch{Channel: e.id, Events: e.events()}
		if events += len(batch.Events); events > network.MaxEvents {
			return nil, network.ErrTooManyEvents
		}
		if len(batch.Events) > 0 {
			batches = append(batches, batch)
		}
	}
	return batches, nil
}

// entry is an entry of a webhook, which is about one channel.
type entry struct {
	of     Network
	object rawjson.Object
	id     string
}

func (e *entry) events() (events []network.Event) {
	for _, list := range []string{listMessaging, listStandby} {
		for _, raw := range e.object.List(list) {
			events = append(events, e.read(list, raw))
			if len(events) > network.MaxEvents {
				return events
			}
		}
	}
	for _, raw := range e.object.List("changes") {
		events = append(events, e.readChange(raw))
	}
	return events
}

// update is one object of an entry's list.
type update struct {
	entry *entry
	list  string
	raw   json.RawMessage
	// object is the update taken apart, kind the member that says what it is, and content that
	// member.
	object  rawjson.Object
	kind    string
	content rawjson.Object
	// person is the id of whom it is about, at its instant; either may be missing.
	person string
	at     time.Time
}

// Kinds of updates, by the member that holds them.
const (
	kindMessage     = "message"
	kindEdit        = "message_edit"
	kindPostback    = "postback"
	kindReaction    = "reaction"
	kindDelivery    = "delivery"
	kindRead        = "read"
	kindReferral    = "referral"
	kindOptIn       = "optin"
	kindEnforcement = "policy_enforcement"
)

// read reads one object of a list.
func (e *entry) read(list string, raw []byte) network.Event {
	u := &update{entry: e, list: list, raw: raw}
	var err error
	if u.object, err = rawjson.ParseObject(raw); err != nil {
		return u.passed()
	}
	if event := e.readAdEvent(list, raw, u.object); event != nil {
		return event
	}
	u.at = u.object.Milliseconds("timestamp")
	u.person = u.object.Child("sender").Text("id")
	for _, kind := range []string{
		kindMessage, kindEdit, kindPostback, kindReaction, kindDelivery, kindRead, kindOptIn, kindEnforcement,
		kindReferral, // also beside others
	} {
		if content, err := rawjson.ParseObject(u.object.Get(kind)); err == nil {
			u.kind, u.content = kind, content
			return u.event()
		}
	}
	return u.passed()
}

// event is what the update tells.
func (u *update) event() network.Event {
	switch u.kind {
	case kindMessage:
		if u.flag("is_echo") || u.person == u.entry.id {
			return u.echo()
		}
		return u.message()
	case kindEdit:
		return u.inbound("edit/"+u.content.Text("mid")+"/"+u.content.Text("num_edit"), 0)
	case kindPostback:
		return u.postback()
	case kindReaction:
		return u.reaction()
	case kindDelivery:
		return u.watermark(conversation.Delivered)
	case kindRead:
		if id := u.content.Text("mid"); id != "" {
			return u.seen(id)
		}
		return u.watermark(conversation.Read)
	case kindReferral:
		return u.referral()
	case kindOptIn:
		return u.optIn()
	case kindEnforcement:
		return u.enforcement()
	}
	return u.passed()
}

func (u *update) flag(name string) bool {
	value := u.content.Bool(name)
	return value != nil && *value
}

// referral is a link into a thread that was there before. Behind an advertisement the person has
// yet to write.
func (u *update) referral() *network.Inbound {
	did := conversation.Referral
	if u.content.Text("source") == sourceAds {
		did |= conversation.Click
	}
	return u.inbound(u.ownID(), did)
}

// sourceAds is the source of a referral by an advertisement.
const sourceAds = "ADS"

// entryPoint says whether the customer came from an advertisement with this very act.
func (u *update) entryPoint() conversation.Events {
	if u.content.Child(kindReferral).Text("source") == sourceAds {
		return conversation.Ad
	}
	return 0
}

// ownID is what an update is known by that has no id: what it is, whose, and when to the
// millisecond.
func (u *update) ownID() string {
	return u.kind + "/" + u.person + "/" + string(u.object.Get("timestamp"))
}

// inbound is what a person did.
func (u *update) inbound(id string, did conversation.Events) *network.Inbound {
	event := &network.Inbound{
		ID: id, From: u.from(), Did: did, At: u.at, Raw: u.raw,
	}
	if u.object.Get("timestamp") == nil && id == u.ownID() {
		event.ID = "" // it could not be told from another one
	}
	event.Callback = func(ours []string) []byte { return u.callback(u.quoting(ours)...) }
	return event
}

func (u *update) from() []identity.Address {
	if u.person == "" {
		return nil
	}
	return []identity.Address{u.entry.of.personAddress(u.person)}
}

// message is what a person wrote.
func (u *update) message() *network.Inbound {
	id := u.content.Text("mid")
	if u.flag("is_deleted") {
		return u.inbound("deleted/"+id, 0)
	}
	kind := conversation.Message
	if u.flag("is_unsupported") {
		kind = conversation.Unsupported
	}
	event := u.inbound(id, kind|u.entryPoint())
	event.Text = u.content.Text("text")
	if quoted := u.content.Child(memberReplyTo).Text("mid"); quoted != "" {
		event.Quotes = []string{quoted}
	}
	return event
}

// postback is a tap on a button or a menu. While another application has the thread it lacks its
// payload.
func (u *update) postback() *network.Inbound {
	id := u.content.Text("mid")
	if id == "" {
		id = u.ownID()
	}
	event := u.inbound(id, conversation.Postback|u.entryPoint())
	event.Text = u.content.Text("title")
	return event
}

// reaction opens the window too, but taking one back does not.
func (u *update) reaction() *network.Inbound {
	quoted, action := u.content.Text("mid"), u.content.Text("action")
	did := conversation.Reacted
	if action == "unreact" {
		did = 0
	}
	event := u.inbound(u.ownID()+"/"+quoted+"/"+action, did)
	if u.object.Get("timestamp") == nil {
		event.ID = ""
	}
	if quoted != "" {
		event.Quotes = []string{quoted}
	}
	return event
}

// optIn is a person's agreement to something. Only the checkbox on a site, whose user is known by a
// reference of the site's, lets the business write first.
func (u *update) optIn() network.Event {
	token := u.content.Text("notification_messages_token")
	if u.content.Text("type") == optInMarketing && token != "" && len(token) <= maxID && u.person != "" {
		return u.subscription(token)
	}
	ref := u.content.Text("user_ref")
	if ref == "" || u.person != "" {
		return u.passed()
	}
	u.person = ref // for the id
	event := u.inbound(u.ownID(), conversation.Referral)
	event.From = []identity.Address{u.entry.of.address(recipient{recipientRef, ref})}
	return event
}

// passed is what changes nothing here, such as a handover, feedback or a cart.
func (u *update) passed() *network.Passed {
	event := &network.Passed{Callback: u.callback()}
	if person := u.person; person != "" && person != u.entry.id {
		event.About = u.entry.of.personAddress(person)
	}
	return event
}
