package gateway

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/rawjson"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// told is what the business can be told of a change, as far as the store need not be asked for it.
// It is written before the commit, so that the store's one writer does not wait for it.
type told struct {
	callbacks *whatsapp.Callbacks
	// messages are the callbacks of the change's messages; nil for one that quotes another message,
	// and for all of them if nobody is told.
	messages [][]byte
	parts    []whatsapp.Part
}

// tell writes what the business is told of a change, its messages included.
func tell(c *whatsapp.Change, messages bool) told {
	t := told{callbacks: c.Callbacks(), messages: make([][]byte, len(c.Messages))}
	for i := range c.Messages {
		if !messages {
			break
		}
		if m := &c.Messages[i]; m.ReplyTo == "" && m.ReactionTo == "" {
			t.messages[i] = t.callbacks.Message(m)
		}
	}
	if len(c.Messages)+len(c.Statuses) == 0 {
		t.parts = t.callbacks.Parts()
	}
	return t
}

// status is the webhook that carries a status of a message of ours to the business: the upstream's
// own, but for the message's id, which is the one that the business knows, and its callback data,
// which is the business's own.
func (t *told) status(s *whatsapp.Status, id string, data *string) []byte {
	ours := *s
	if object, err := rawjson.ParseObject(s.Raw); err == nil {
		ours.Raw = object.Set("id", rawjson.Quote(id))
	}
	return t.callbacks.Status(&ours, data)
}

// messageCallback is the webhook that carries message i of a change to the business: the upstream's
// own, but where the customer answers or reacts to a message of the business, with the id by which
// the business knows that message.
func (in *intake) messageCallback(channel *served.Channel, change *whatsapp.Change, i int) ([]byte, error) {
	if body := in.told.messages[i]; body != nil {
		return body, nil
	}
	message := change.Messages[i]
	for _, quoted := range []struct{ id, member, name string }{
		{message.ReplyTo, "context", "id"},
		{message.ReactionTo, "reaction", "message_id"},
	} {
		if quoted.id == "" {
			continue
		}
		m, found, err := in.tx.Messages().ByUpstreamID(quoted.id)
		if err != nil {
			return nil, err
		}
		if found && m.Channel == channel.ID {
			message.Raw = replaceInner(message.Raw, quoted.member, quoted.name, m.ID)
		}
	}
	return in.told.callbacks.Message(&message), nil
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

// failure is a message that the gateway gives up itself, because the upstream refused it, or its
// time ran out, or its outcome stayed in doubt.
type failure struct {
	channel *served.Channel
	id      string
	at      time.Time
	cause   *graph.Error
}

// failedCallback is the webhook in Meta's shape by which the business hears of a failure. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
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
			ID: f.id, Status: whatsapp.StatusFailed, Timestamp: strconv.FormatInt(f.at.Unix(), 10),
			RecipientID: about.Recipient, CallbackData: about.CallbackData,
			Errors: []statusError{
				{Code: f.cause.Code, Title: f.cause.Title(), Message: f.cause.Title(), ErrorData: errorData{
					f.cause.Details,
				}},
			},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("encode a failed status: %w", err)
	}
	change := whatsapp.Change{
		Object: whatsapp.ObjectWhatsApp, EntryID: f.channel.BusinessAccountID, EntryTime: f.at, Field: whatsapp.FieldMessages, Value: value,
	}
	return change.Callback(), nil
}
