package gateway

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/rawjson"
)

// statusCallback is the webhook that carries status i of a change to the business: the upstream's own, but for the message's id, which is the one that
// the business knows, and its callback data, which is the business's own.
func (in *intake) statusCallback(change *graph.Change, i int, id string, data *string) []byte {
	status := change.Statuses[i]
	object, err := rawjson.ParseObject(status.Raw)
	if err == nil {
		status.Raw = object.Set("id", rawjson.Quote(id))
	}
	single := in.bareOf(change)
	single.Statuses = []graph.Status{status}
	return single.StatusCallback(0, data)
}

// bareOf is a change without its updates. A webhook may carry a thousand of them, so the change is taken apart once.
func (in *intake) bareOf(change *graph.Change) graph.Change {
	if in.bare.of != change {
		in.bare.of, in.bare.change = change, change.Bare()
	}
	return *in.bare.change
}

// messageCallback is the webhook that carries message i of a change to the business: the upstream's own, but where the customer answers or reacts to a message of
// the business, with the id by which the business knows that message.
func (in *intake) messageCallback(channel *channel, change *graph.Change, i int) ([]byte, error) {
	message := change.Messages[i]
	for _, quoted := range []struct{ id, member, name string }{
		{message.ReplyTo, "context", "id"},
		{message.ReactionTo, "reaction", "message_id"},
	} {
		if quoted.id == "" {
			continue
		}
		m, found, err := in.tx.MessageByUpstreamID(quoted.id)
		if err != nil {
			return nil, err
		}
		if found && m.Channel == channel.ID {
			message.Raw = replaceInner(message.Raw, quoted.member, quoted.name, m.ID)
		}
	}
	single := in.bareOf(change)
	single.Messages = []graph.Message{message}
	return single.MessageCallback(0), nil
}

// replaceInner replaces a text in a member of an object.
func replaceInner(text []byte, member, name, value string) []byte {
	object, err := rawjson.ParseObject(text)
	if err != nil {
		return text
	}
	inner, err := rawjson.ParseObject(object.Get(member))
	if err != nil {
		return text
	}
	return object.Set(member, inner.Set(name, rawjson.Quote(value)))
}

// failure is a message that the gateway gives up itself, because the upstream refused it, or its time ran out, or its outcome stayed in doubt.
type failure struct {
	channel *channel
	id      string
	at      time.Time
	cause   *graph.Error
}

// failedCallback is the webhook in Meta's shape by which the business hears of a failure.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
func failedCallback(f failure, about envelope) ([]byte, error) {
	type errorData struct {
		Details string `json:"details"`
	}
	type statusError struct {
		Code      int       `json:"code"`
		Title     string    `json:"title"`
		Message   string    `json:"message"`
		ErrorData errorData `json:"error_data"`
	}
	type status struct {
		ID           string        `json:"id"`
		Status       string        `json:"status"`
		Timestamp    string        `json:"timestamp"`
		RecipientID  string        `json:"recipient_id"`
		CallbackData *string       `json:"biz_opaque_callback_data,omitempty"`
		Errors       []statusError `json:"errors"`
	}
	type metadata struct {
		PhoneNumberID string `json:"phone_number_id"`
	}
	value, err := json.Marshal(struct {
		Product  string   `json:"messaging_product"`
		Metadata metadata `json:"metadata"`
		Statuses []status `json:"statuses"`
	}{
		Product:  "whatsapp",
		Metadata: metadata{f.channel.ID},
		Statuses: []status{{
			ID: f.id, Status: graph.StatusFailed, Timestamp: strconv.FormatInt(f.at.Unix(), 10),
			RecipientID: about.Recipient, CallbackData: about.CallbackData,
			Errors: []statusError{{Code: f.cause.Code, Title: f.cause.Title(), Message: f.cause.Title(), ErrorData: errorData{f.cause.Details}}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("encode a failed status: %w", err)
	}
	change := graph.Change{
		Object: graph.ObjectWhatsApp, EntryID: f.channel.BusinessAccountID, EntryTime: f.at, Field: graph.FieldMessages, Value: value,
	}
	return change.Callback(), nil
}
