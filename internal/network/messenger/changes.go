package messenger

import (
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// readChange reads a change of the channel itself: of a template, or a comment on what it has
// posted.
func (e *entry) readChange(raw []byte) network.Event {
	callback := e.callback("changes", raw)
	change, err := rawjson.ParseObject(raw)
	if err != nil {
		return &network.Passed{Callback: callback}
	}
	if event := e.readAdEvent("changes", raw, change); event != nil {
		return event
	}
	value := change.Child("value")
	switch change.Text("field") {
	case "message_template_status_update", "messenger_template_status_update":
		if id := value.Text("message_template_id"); id != "" {
			return &network.TemplateNews{
				UpstreamID: id, Name: value.Text("message_template_name"),
				Language: value.Text("message_template_language"),
				Event:    value.Text("event"), At: instantOf(e.object, "time"), Callback: callback,
			}
		}
	case "feed":
		if value.Text("verb") == "add" && value.Child("from").Text("id") != e.id {
			return e.comment(value.FirstText("comment_id", "post_id"), instantOf(value, "created_time"), raw, callback)
		}
	case "comments", "live_comments":
		if value.Child("from").Text("id") != e.id {
			return e.comment(value.FirstText("id", "comment_id"), instantOf(e.object, "time"), raw, callback)
		}
	}
	return &network.Passed{Callback: callback}
}

// comment is what somebody wrote in public, which one private reply may answer. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/discovery/private-replies
func (e *entry) comment(id string, at time.Time, raw, callback []byte) network.Event {
	if id == "" {
		return &network.Passed{Callback: callback}
	}
	return &network.Inbound{
		ID: "comment/" + id, From: []identity.Address{e.of.commentAddress(id)}, Did: conversation.Comment, At: at,
		Raw:      raw,
		Callback: func([]string) []byte { return callback },
	}
}

// instantOf reads a time that is in seconds or in milliseconds: webhooks have both.
func instantOf(object rawjson.Object, name string) time.Time {
	const year5138 = 100_000_000_000 // in seconds; 1973 in milliseconds
	if at := object.Milliseconds(name); at.UnixMilli() >= year5138 {
		return at
	}
	return object.Instant(name)
}
