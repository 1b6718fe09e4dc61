package messenger

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// callback writes the webhook that tells the business of one element of a list alone.
func (e *entry) callback(list string, element []byte) []byte {
	out := append([]byte(`{"object":`), rawjson.Quote(e.of.object())...)
	out = append(out, `,"entry":[{`...)
	for _, name := range []string{"id", "time"} {
		if value := e.object.Get(name); value != nil {
			out = append(append(append(out, `"`+name+`":`...), value...), ',')
		}
	}
	out = append(append(out, `"`+list+`":[`...), element...)
	return rawjson.ASCII(append(out, "]}]}"...))
}

// callback writes the webhook that tells the business of the update alone, with changes.
func (u *update) callback(changes ...rawjson.Member) []byte {
	if len(changes) == 0 {
		return u.entry.callback(u.list, u.raw)
	}
	return u.entry.callback(u.list, u.object.With(changes...))
}

// quoting are the members in which an id of a message stands that the business knows by ours.
func (u *update) quoting(ours []string) []rawjson.Member {
	if len(ours) != 1 || ours[0] == "" {
		return nil
	}
	value := rawjson.Quote(ours[0])
	switch u.kind {
	case kindReaction:
		return []rawjson.Member{{Name: kindReaction, Value: u.content.Set("mid", value)}}
	case kindMessage:
		quoted := u.content.Child(memberReplyTo)
		if quoted.Len() == 0 {
			return nil
		}
		changed := u.content.Set(memberReplyTo, quoted.Set("mid", value))
		return []rawjson.Member{{Name: kindMessage, Value: changed}}
	}
	return nil
}

// FailedCallback implements network.Receiver. Meta tells a failure in the answer to a send only,
// which a gateway that takes messages over cannot: the update message_failed is Guichet's own. It
// has the error as that answer would have it.
func (n Network) FailedCallback(f network.Failure) ([]byte, error) {
	cause, ok := graph.AsError(f.Cause)
	if !ok {
		return nil, fmt.Errorf("a failure's cause is %T, none of the Graph API", f.Cause)
	}
	if f.Campaign != "" {
		return n.failedAd(f, cause.Message)
	}
	type person struct {
		ID string `json:"id"`
	}
	type failure struct {
		MID      string          `json:"mid"`
		Metadata *string         `json:"metadata,omitempty"`
		Error    json.RawMessage `json:"error"`
	}
	said, err := rawjson.Marshal(cause)
	if err != nil {
		return nil, fmt.Errorf("encode an error: %w", err)
	}
	answer, err := rawjson.ParseObject(said)
	if err != nil {
		return nil, fmt.Errorf("read an error: %w", err)
	}
	update, err := rawjson.Marshal(struct {
		Sender    person  `json:"sender"`
		Recipient person  `json:"recipient"`
		Timestamp int64   `json:"timestamp"`
		Failed    failure `json:"message_failed"`
	}{person{f.Channel}, person{f.Recipient}, f.At.UnixMilli(), failure{f.ID, f.CallbackData, answer.Get("error")}})
	if err != nil {
		return nil, fmt.Errorf("encode a failed message: %w", err)
	}
	e, err := n.entryOf(f.Channel, f.At)
	if err != nil {
		return nil, err
	}
	return e.callback(listMessaging, update), nil
}

// entryOf is an entry of the gateway's own about a channel at an instant.
func (n Network) entryOf(channel string, at time.Time) (*entry, error) {
	head, err := rawjson.ParseObject([]byte(
		`{"id":` + string(rawjson.Quote(channel)) + `,"time":` + strconv.FormatInt(at.UnixMilli(), 10) + `}`,
	))
	if err != nil {
		return nil, err
	}
	return &entry{of: n, object: head, id: channel}, nil
}
