package gateway

import (
	"errors"
	"strings"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/graph/rawjson"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/store"
)

// errUnreadable says that a stored message is damaged, or its request no JSON object: one bad row
// must not hold up the others.
var errUnreadable = errors.New("a stored message cannot be read")

// upstreamBody is the client's request as the upstream gets it: with our id as callback data, so
// that any status tells which message it is about (P12), and with the upstream's ids in place of
// ours where the client quotes or reacts to a message that it sent itself.
func upstreamBody(tx *durable.Tx, m *store.Message) ([]byte, error) {
	if m.Condition != store.Whole {
		return nil, errUnreadable
	}
	object, err := rawjson.ParseObject(m.Content)
	if err != nil {
		return nil, errUnreadable
	}
	body := object.Set("biz_opaque_callback_data", rawjson.Quote(m.ID))
	if to, _ := rawjson.String(object.Get("to")); to != "" {
		if body, err = dialled(body, to); err != nil {
			return nil, err
		}
	}
	for _, member := range []string{"context", "reaction"} {
		if object.Get(member) == nil {
			continue
		}
		if body, err = replaceOwnID(tx, body, member); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// dialled writes a number as it is dialled from abroad, for whom it was looked up: with its plus
// sign, without which the upstream may put the country code of the business's own number in front
// and find somebody else, and without a trunk zero. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
func dialled(body []byte, to string) ([]byte, error) {
	object, err := rawjson.ParseObject(body)
	if err != nil {
		return nil, errUnreadable
	}
	number, ok := identity.ParsePhone(to)
	switch {
	case !ok:
		return body, nil // it is not from this version, and the upstream will judge it
	case strings.Contains(to, "+") && digitsIn(to) == len(number):
		return body, nil
	}
	return object.Set("to", rawjson.Quote("+"+string(number))), nil
}

func digitsIn(text string) (n int) {
	for _, c := range text {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}

// replaceOwnID replaces message_id in a member of the body if it is an id that we gave out.
func replaceOwnID(tx *durable.Tx, body []byte, member string) ([]byte, error) {
	object, err := rawjson.ParseObject(body)
	if err != nil {
		return nil, errUnreadable
	}
	// no object, in a member that the message's type does not use, holds no id
	inner, _ := rawjson.ParseObject(object.Get(member))
	id, _ := rawjson.String(inner.Get("message_id"))
	if !isOwnID(id) {
		return body, nil
	}
	quoted, found, err := tx.Message(id)
	if err != nil || !found || quoted.UpstreamID == "" {
		return body, err // the upstream will say that it does not know the message
	}
	return object.Set(member, inner.Set("message_id", rawjson.Quote(quoted.UpstreamID))), nil
}
