package graph

import (
	"encoding/json"
	"strconv"

	"github.com/guichet-dev/guichet/internal/graph/rawjson"
)

// The functions below write the body of a callback to the business: Meta's own
// envelope with one update in it, all its fields as they came. Sign the body
// with the business's secret.

// MessageCallback returns the webhook that carries message i alone, with the
// contact that belongs to it.
func (c *Change) MessageCallback(i int) json.RawMessage {
	message := c.Messages[i]
	return c.narrowed(listMessages, message.Raw, message.From, message.FromUserID)
}

// StatusCallback returns the webhook that carries status i alone. The gateway's
// own biz_opaque_callback_data is replaced by the business's; nil removes it,
// for a business that gave none.
func (c *Change) StatusCallback(i int, callbackData *string) json.RawMessage {
	const field = "biz_opaque_callback_data"
	status := c.Statuses[i]
	raw := []byte(status.Raw)
	if object, err := rawjson.ParseObject(raw); err == nil {
		switch {
		case callbackData != nil:
			raw = object.Set(field, rawjson.Quote(*callbackData))
		case object.Has(field):
			raw = object.Without(field)
		}
	}
	return c.narrowed(listStatuses, raw, status.RecipientID, status.RecipientUserID)
}

// Part is an update of a change on its own.
type Part struct {
	// Customer is the number in digits, CustomerUserID the business-scoped user id of whom it is about; both are empty where it is about nobody.
	Customer, CustomerUserID string
	// Callback is the webhook that carries it alone.
	Callback json.RawMessage
}

// Parts are the preferences and the steps of calls of a change, each on its own, for they are about different customers. A change that brings none, or only one, is a
// part by itself, as it came.
func (c *Change) Parts() []Part {
	updates := len(c.Preferences) + len(c.Calls)
	parts := make([]Part, 0, max(1, updates))
	bare := c.without(listPreferences, listCalls, listStatuses)
	for _, p := range c.Preferences {
		parts = append(parts, Part{p.WAID, p.UserID, bare.narrowed(listPreferences, p.Raw, p.WAID, p.UserID)})
	}
	for _, call := range c.Calls {
		parts = append(parts, Part{call.Customer, call.CustomerUserID, bare.narrowed(call.List, call.Raw, call.Customer, call.CustomerUserID)})
	}
	if updates == 0 {
		parts = append(parts, Part{})
	}
	if len(parts) == 1 {
		parts[0].Callback = c.Callback()
	}
	return parts
}

// Bare returns the change with its lists of messages and statuses emptied, and all else as it came. Each call of MessageCallback and StatusCallback reads the
// whole Value: who makes many of a large change puts the updates into a bare one.
func (c *Change) Bare() *Change {
	bare := c.without(listMessages, listStatuses)
	bare.Messages, bare.Statuses = nil, nil
	return bare
}

// without empties lists of Value, all else as it came.
func (c *Change) without(lists ...string) *Change {
	bare := *c
	for _, list := range lists {
		if value, err := rawjson.ParseObject(bare.Value); err == nil && value.Has(list) {
			bare.Value = value.Set(list, []byte("[]"))
		}
	}
	return &bare
}

// The lists of updates in a change's value.
const (
	listMessages    = "messages"
	listStatuses    = "statuses"
	listPreferences = "user_preferences"
	listCalls       = "calls"
)

// Callback returns the webhook that carries the whole change.
func (c *Change) Callback() json.RawMessage { return c.envelope(c.Value) }

// narrowed keeps one update of the change and drops the others.
func (c *Change) narrowed(list string, update []byte, waID, userID string) json.RawMessage {
	value, err := rawjson.ParseObject(c.Value)
	if err != nil {
		return c.envelope(c.Value)
	}
	out := make([]byte, 0, len(update)+256)
	out = append(out, '{')
	for name, content := range value.All() {
		switch name {
		case list:
			content = wrap(update)
		case listMessages, listStatuses, listPreferences, listCalls:
			continue
		case "contacts":
			contact := contactOf(content, waID, userID)
			if contact == nil {
				continue
			}
			content = wrap(contact)
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, rawjson.Quote(name)...)
		out = append(out, ':')
		out = append(out, content...)
	}
	return c.envelope(append(out, '}'))
}

// contactOf picks the contact of the update; the only one is always it.
func contactOf(contacts []byte, waID, userID string) []byte {
	elements, err := rawjson.Elements(contacts)
	if err != nil {
		return nil
	}
	if len(elements) == 1 {
		return elements[0]
	}
	for _, raw := range elements {
		contact, err := rawjson.ParseObject(raw)
		if err != nil {
			continue
		}
		sameNumber := waID != "" && text(contact, "wa_id") == waID
		sameUser := userID != "" && text(contact, "user_id") == userID
		if sameNumber || sameUser {
			return raw
		}
	}
	return nil
}

func wrap(element []byte) []byte {
	out := make([]byte, 0, len(element)+2)
	out = append(out, '[')
	out = append(out, element...)
	return append(out, ']')
}

// envelope puts a change, or the entry of a page, into a webhook of its own.
func (c *Change) envelope(value []byte) json.RawMessage {
	out := make([]byte, 0, len(value)+160)
	out = append(out, `{"object":`...)
	out = append(out, rawjson.Quote(c.Object)...)
	out = append(out, `,"entry":[`...)
	if c.Events != nil || c.Field == "" {
		out = append(out, value...)
		return append(out, "]}"...)
	}
	out = append(out, `{"id":`...)
	out = append(out, rawjson.Quote(c.EntryID)...)
	if !c.EntryTime.IsZero() {
		out = append(out, `,"time":`...)
		out = strconv.AppendInt(out, c.EntryTime.Unix(), 10)
	}
	out = append(out, `,"changes":[{"field":`...)
	out = append(out, rawjson.Quote(c.Field)...)
	out = append(out, `,"value":`...)
	if len(value) == 0 {
		value = []byte("null")
	}
	out = append(out, value...)
	return append(out, "}]}]}"...)
}
