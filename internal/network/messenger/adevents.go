package messenger

import (
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// adField begins the fields of webhooks about marketing messages. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/marketing-messages-on-messenger/send-messages
const adField = "marketing_message_"

// Members of what is told of marketing messages.
const (
	memberTrackingID = "marketing_message_tracking_id"
	memberSubscriber = "messenger_subscription_token"
)

// adEvent is what a webhook tells of a marketing message. Meta prints it as an object of its own,
// with its field in it, and sends it as a change, which has the field beside the value.
type adEvent struct {
	entry *entry
	list  string // of the entry, and wrap makes an element of it
	wrap  func(value []byte) []byte
	raw   []byte // the element as it came
	field string
	value rawjson.Object
}

// readAdEvent reads what is told of a marketing message; nil if it is something else.
func (e *entry) readAdEvent(list string, raw []byte, object rawjson.Object) network.Event {
	event := &adEvent{entry: e, list: list, raw: raw, field: object.Text("field"), value: object}
	event.wrap = func(value []byte) []byte { return value }
	if object.Has("value") {
		event.value = object.Child("value")
		event.wrap = func(value []byte) []byte { return object.Set("value", value) }
	}
	kind, ours := strings.CutPrefix(event.field, adField)
	if !ours {
		return nil
	}
	switch kind {
	case "echoes":
		return event.status(conversation.Sent)
	case "deliveries":
		return event.status(conversation.Delivered)
	case "reads":
		return event.status(conversation.Read)
	case "delivery_failed":
		status := event.status(conversation.Failed)
		status.Errors = []network.StatusError{{Code: graph.CodeUnknown, Cause: network.OtherCause}}
		return status
	}
	return &network.Passed{About: first(event.people()), Callback: event.callback()}
}

// status is a step in the life of a marketing message.
func (e *adEvent) status(step conversation.Status) *network.Status {
	status := &network.Status{
		ID: e.value.Text(memberTrackingID), Campaign: e.value.Text(memberCampaign), Step: step, OfDelivery: true,
		Word: strings.TrimPrefix(e.field, adField), At: instantOf(e.value, "timestamp"), Recipient: e.people(),
		Raw:      e.raw,
		AsItCame: func() []byte { return e.callback() },
		Callback: func(id string, _ *string) []byte {
			return e.callback(rawjson.Member{Name: memberTrackingID, Value: rawjson.Quote(id)})
		},
	}
	if token := e.value.Text(memberSubscriber); token != "" {
		status.Subscription = e.entry.of.subscriptionAddress(token)
	}
	return status
}

// people are the addresses of whom the message went to.
func (e *adEvent) people() (list []identity.Address) {
	if id := e.value.Text("recipient_id"); id != "" && id != "0" {
		list = append(list, e.entry.of.personAddress(id))
	}
	if token := e.value.Text(memberSubscriber); token != "" {
		list = append(list, e.entry.of.subscriptionAddress(token))
	}
	return list
}

// callback writes the webhook that tells the business of the event alone, with changes.
func (e *adEvent) callback(changes ...rawjson.Member) []byte {
	if len(changes) == 0 {
		return e.entry.callback(e.list, e.raw)
	}
	return e.entry.callback(e.list, e.wrap(e.value.With(changes...)))
}

// failedAd writes how the business hears that the gateway has given a marketing message up: as Meta
// tells that one was not delivered, with the id by which the business knows it.
func (n Network) failedAd(f network.Failure, sentence string) ([]byte, error) {
	value, err := rawjson.Marshal(struct {
		PageID     string `json:"page_id"`
		Token      string `json:"messenger_subscription_token"`
		Timestamp  int64  `json:"timestamp"`
		Error      string `json:"error_message"`
		Campaign   string `json:"message_id"`
		TrackingID string `json:"marketing_message_tracking_id"`
	}{f.Channel, f.Recipient, f.At.UnixMilli(), sentence, f.Campaign, f.ID})
	if err != nil {
		return nil, err
	}
	e, err := n.entryOf(f.Channel, f.At)
	if err != nil {
		return nil, err
	}
	change := append([]byte(`{"field":"`+adField+`delivery_failed","value":`), value...)
	return e.callback("changes", append(change, '}')), nil
}

// Values of an opt-in to marketing messages. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messaging_optins
const (
	optInMarketing = "notification_messages"
	statusStopped  = "STOP_NOTIFICATIONS"
)

// subscription is a person's word on marketing messages.
func (u *update) subscription(token string) *network.Subscription {
	event := &network.Subscription{
		From: u.from(), Address: u.entry.of.subscriptionAddress(token),
		Stopped:   u.content.Text("notification_messages_status") == statusStopped,
		Expires:   instantOf(u.content, "token_expiry_timestamp"),
		Frequency: u.content.Text("notification_messages_frequency"),
		Zone:      u.content.Text("notification_messages_timezone"),
		At:        u.at, Callback: u.callback(),
	}
	event.Every = pauseOf(event.Frequency)
	if len(event.Frequency) > maxWord {
		event.Frequency = ""
	}
	if len(event.Zone) > maxWord {
		event.Zone = ""
	}
	return event
}

// maxWord bounds what is kept of an opt-in's words, in bytes.
const maxWord = 64

// pauseOf is the least time between two marketing messages: twelve hours for everybody, and more
// for those who have agreed to less.
func pauseOf(frequency string) time.Duration {
	const day = 24 * time.Hour
	switch frequency {
	case "WEEKLY":
		return 7 * day
	case "MONTHLY":
		return 30 * day
	}
	return 12 * time.Hour
}

func first(list []identity.Address) identity.Address {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
