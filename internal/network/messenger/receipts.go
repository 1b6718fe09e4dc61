package messenger

import (
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// inboxApp is the application of Meta's own inbox, in which people of the business write.
const inboxApp = "263902037430900"

// echo tells of a message of the channel's own: ours, if it returns our id.
func (u *update) echo() *network.Status {
	to := u.object.Child("recipient").Text("id")
	status := &network.Status{
		ID: u.content.Text("mid"), Step: conversation.Sent, OfDelivery: true, Always: true, Word: "echo",
		At: u.at, Raw: u.raw,
		AsItCame: func() []byte { return u.callback() },
	}
	if to != "" {
		status.Recipient = []identity.Address{u.entry.of.personAddress(to)}
	}
	metadata := u.content.Text(memberMetadata)
	switch {
	case u.entry.of.IsOwnID(metadata):
		status.Correlation = metadata
	case metadata != "", u.content.Text("app_id") == inboxApp:
		status.Foreign = true
	default:
		status.Resembles = u.resembles
	}
	status.Callback = func(id string, data *string) []byte {
		changes := []rawjson.Member{{Name: "mid", Value: rawjson.Quote(id)}}
		without := memberMetadata
		if data != nil {
			changes = append(changes, rawjson.Member{Name: memberMetadata, Value: rawjson.Quote(*data)})
			without = ""
		}
		return u.callback(rawjson.Member{Name: kindMessage, Value: u.content.Edit(changes, without)})
	}
	return status
}

// resembles tells whether the echo may be of a stored message: the same text, or a file or a
// structured message of the same kind.
func (u *update) resembles(content []byte) bool {
	request, err := rawjson.ParseObject(content)
	if err != nil {
		return false
	}
	ours := request.Child(memberMessage)
	if text := ours.Text("text"); text != "" || u.content.Text("text") != "" {
		return text == u.content.Text("text")
	}
	attachments := u.content.List("attachments")
	if len(attachments) == 0 {
		return false
	}
	theirs, err := rawjson.ParseObject(attachments[0])
	return err == nil && theirs.Text("type") != "" && theirs.Text("type") == ours.Child("attachment").Text("type")
}

// watermark tells how far all messages to a person have come.
func (u *update) watermark(step conversation.Status) network.Event {
	upTo := u.content.Milliseconds("watermark")
	if upTo.IsZero() || u.person == "" {
		return u.passed()
	}
	w := &network.Watermark{Customer: u.from(), Step: step, UpTo: upTo, At: u.at, Raw: u.raw}
	for _, raw := range u.content.List("mids") {
		if id, ok := rawjson.String(raw); ok {
			w.IDs = append(w.IDs, id)
		}
	}
	w.Callback = func(ours []string) []byte {
		if len(w.IDs) == 0 {
			return u.callback()
		}
		return u.callback(rawjson.Member{
			Name: u.kind, Value: u.content.Set("mids", idList(w.IDs, ours)),
		})
	}
	return w
}

// idList are ids as JSON, with ours in place of those that are of our messages.
func idList(ids, ours []string) []byte {
	out := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			out = append(out, ',')
		}
		if i < len(ours) && ours[i] != "" {
			id = ours[i]
		}
		out = append(out, rawjson.Quote(id)...)
	}
	return append(out, ']')
}

// seen tells that a person has read one message and those before it, as Instagram does.
func (u *update) seen(id string) *network.Status {
	return &network.Status{
		ID: id, Step: conversation.Read, OfDelivery: true, Word: "read", At: u.at, Recipient: u.from(), Raw: u.raw,
		AsItCame: func() []byte { return u.callback() },
		Callback: func(ours string, _ *string) []byte {
			return u.callback(rawjson.Member{Name: kindRead, Value: u.content.Set("mid", rawjson.Quote(ours))})
		},
	}
}

// enforcement tells what Meta does to the channel for breaking a policy. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/webhook-events/messaging_policy_enforcement
func (u *update) enforcement() *network.Enforcement {
	event := &network.Enforcement{
		Action: u.content.Text("action"), Reason: u.content.Text("reason"), At: u.at, Callback: u.callback(),
	}
	switch event.Action {
	case "block":
		event.Stops, event.Cause = true, restricted()
	case "unblock":
		event.Ends = true
	}
	return event
}
