package messenger

import (
	"encoding/json"
	"time"

	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Referral is how a customer came.
type Referral struct {
	// SourceType is ADS, SHORTLINK, …
	SourceType string
	SourceID   string
	ClickID    string
}

// PageKind is what an event of a page is.
type PageKind string

// Kinds of page events.
const (
	PageMessage  PageKind = "message"
	PagePostback PageKind = "postback"
	PageReaction PageKind = "reaction"
	PageReferral PageKind = "referral"
	PageDelivery PageKind = "delivery"
	PageRead     PageKind = "read"
	PageOptIn    PageKind = "optin"
	PageUnknown  PageKind = "unknown"
)

// PageEvent is one element of entry[].messaging[] or standby[]. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
type PageEvent struct {
	Kind PageKind
	// Sender and Recipient are page-scoped user ids or the page's id.
	Sender, Recipient string
	// Timestamp is to the millisecond; zero if absent.
	Timestamp time.Time
	// Standby tells that another app owns the thread.
	Standby bool
	// Echo tells that the page itself sent the message: it opens no window.
	Echo bool
	// ID is the id of the message, of the postback, or of the one reacted to.
	ID string
	// Text is the text of a message, or the title of a postback.
	Text string
	// Payload is that of a postback or quick reply.
	Payload string
	// Removed tells that a reaction was taken back.
	Removed bool
	// Watermark, on delivery and read, says that every message up to then is
	// delivered or read; IDs lists them on delivery, if Meta does.
	Watermark time.Time
	IDs       []string
	// Referral is set when the customer came from an advertisement or a link.
	Referral *Referral
	Raw      json.RawMessage
}

// ReadEntry reads the events of an entry of a webhook about a page.
func ReadEntry(entry rawjson.Object) []PageEvent {
	var events []PageEvent
	for _, name := range []string{"messaging", "standby"} {
		for _, raw := range entry.List(name) {
			event := parsePageEvent(raw)
			event.Standby = name == "standby"
			events = append(events, event)
		}
	}
	return events
}

func parsePageEvent(raw []byte) PageEvent {
	event := PageEvent{Kind: PageUnknown, Raw: raw}
	object, err := rawjson.ParseObject(raw)
	if err != nil {
		return event
	}
	event.Sender = object.Child("sender").Text("id")
	event.Recipient = object.Child("recipient").Text("id")
	event.Timestamp = object.Milliseconds("timestamp")
	kinds := []PageKind{PageMessage, PagePostback, PageReaction, PageReferral, PageDelivery, PageRead, PageOptIn}
	for _, kind := range kinds {
		if content, err := rawjson.ParseObject(object.Get(string(kind))); err == nil {
			event.Kind = kind
			event.readContent(content)
			break
		}
	}
	if event.Referral == nil {
		event.Referral = parsePageReferral(object.Child("referral"))
	}
	return event
}

func (e *PageEvent) readContent(content rawjson.Object) {
	e.ID = content.Text("mid")
	e.Referral = parsePageReferral(content.Child("referral"))
	switch e.Kind {
	case PageMessage:
		echo := content.Bool("is_echo")
		e.Echo = echo != nil && *echo
		e.Text = content.Text("text")
		e.Payload = content.Child("quick_reply").Text("payload")
	case PagePostback:
		e.Text = content.Text("title")
		e.Payload = content.Text("payload")
	case PageReaction:
		e.Removed = content.Text("action") == "unreact"
	case PageDelivery, PageRead:
		e.Watermark = content.Milliseconds("watermark")
		for _, raw := range content.List("mids") {
			if id, ok := rawjson.String(raw); ok {
				e.IDs = append(e.IDs, id)
			}
		}
	}
}

func parsePageReferral(object rawjson.Object) *Referral {
	if object.Len() == 0 {
		return nil
	}
	return &Referral{SourceType: object.Text("source"), SourceID: object.Text("ad_id"), ClickID: object.Text("ref")}
}

// Callback writes the webhook that carries an entry of a page or an Instagram account alone.
func Callback(object string, entry []byte) []byte {
	out := append([]byte(`{"object":`), rawjson.Quote(object)...)
	out = append(append(out, `,"entry":[`...), entry...)
	return rawjson.ASCII(append(out, "]}"...))
}
