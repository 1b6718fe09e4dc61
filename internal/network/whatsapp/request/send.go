package request

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/template"
)

// Product is the messaging product that stands in every request and answer.
const Product = "whatsapp"

// Bounds of a request to the messages endpoint.
const (
	// MaxBody is the largest body, in bytes, that Parse reads. A text of
	// 4,096 characters takes 48 KiB when each is escaped; media go by id or link.
	MaxBody = 256 << 10
	// MaxCallbackData is the greatest length of biz_opaque_callback_data, in characters.
	MaxCallbackData = 512
	// MaxTextBody is the greatest length of text.body, in characters.
	MaxTextBody = 4096
	// MaxCaption is the greatest length of a caption, in characters.
	MaxCaption = 1024

	maxMessageID = 512
	maxGroupID   = 128
	maxEmoji     = 64 // bytes: the longest sequences take 35

	minTTL               = 30 * time.Second
	maxUtilityTTL        = 12 * time.Hour
	maxAuthenticationTTL = 15 * time.Minute
)

// Message types of a request. A request without a type is a text.
const (
	TypeText        = "text"
	TypeTemplate    = "template"
	TypeImage       = "image"
	TypeVideo       = "video"
	TypeAudio       = "audio"
	TypeDocument    = "document"
	TypeSticker     = "sticker"
	TypeLocation    = "location"
	TypeContacts    = "contacts"
	TypeInteractive = "interactive"
	TypeReaction    = "reaction"
	TypePin         = "pin"
)

// Send is a request to POST /{version}/{phone-number-id}/messages. Either
// Read is set, and the request only marks a message as read, or the request is
// a message and the other fields describe it.
type Send struct {
	// Raw is the request as it came, without credentials: nothing else in it is lost. What came as
	// a form is JSON.
	Raw json.RawMessage
	// Type is one of the Type constants.
	Type string
	// Optimised says that the message came to the endpoint for marketing.
	Optimised bool
	// Group tells that To is a group id rather than a phone number.
	Group bool
	// Input is the address as the business wrote it, for contacts[].input.
	Input string
	// To is the phone number in digits without a plus sign, or the group id;
	// empty when only BSUID is given.
	To string
	// BSUID is the business-scoped user id or the parent id, for example
	// "US.1349…" or "US.ENT.1181…". To wins when both are given.
	BSUID string
	// Text is set on type text.
	Text *Text
	// Template is set on type template.
	Template *template.Send
	// Reaction is set on type reaction.
	Reaction *Reaction
	// ReplyTo is the id of the quoted message, or empty.
	ReplyTo string
	// CallbackData is the business's own biz_opaque_callback_data.
	CallbackData string
	// HasCallbackData tells an empty CallbackData from an absent one.
	HasCallbackData bool
	// DirectCategory is the category of a Direct Send ("utility" or
	// "authentication"), or empty. TTL is how long Meta tries to deliver it; 0 for Meta's default.
	DirectCategory string
	TTL            time.Duration
	// Read is set on a request that is no message.
	Read *ReadReceipt
}

// Categories of a Direct Send.
const (
	DirectUtility        = "utility"
	DirectAuthentication = "authentication"
)

// Text is the content of a text message.
type Text struct {
	Body string
}

// Reaction is the content of a reaction; an empty Emoji takes it back.
type Reaction struct {
	MessageID string
	Emoji     string
}

// ReadReceipt marks a message and those before it as read.
type ReadReceipt struct {
	MessageID string
	// Typing tells that a typing indicator is asked for as well.
	Typing bool
}

// Body is the request to the upstream, made of what is known of a read receipt.
// Nothing else that the client wrote goes along: it could be a message that
// nobody meters.
func (r *ReadReceipt) Body() json.RawMessage {
	body := `{"messaging_product":"` + Product + `","status":"read","message_id":` +
		string(rawjson.Quote(r.MessageID))
	if r.Typing {
		body += `,"typing_indicator":{"type":"text"}`
	}
	return json.RawMessage(body + "}")
}

// IsTemplate tells whether the message may be sent outside the service window.
func (s *Send) IsTemplate() bool { return s.Type == TypeTemplate }

// Parse reads a request body. It is strict about what a gateway decides on
// and leaves every other field alone. The error, if any, is an *Error with code
// 100, 131008, 131009 or 131051 whose details name the field, never its value.
func Parse(body []byte) (*Send, error) {
	body, object, err := bodyRules().Read(body)
	if err != nil {
		return nil, err
	}
	if product, ok := rawjson.String(object.Get("messaging_product")); !ok {
		return nil, missing("messaging_product", `"whatsapp"`)
	} else if product != Product {
		return nil, invalid("messaging_product", `must be "whatsapp"`)
	}
	send := &Send{Raw: body}
	if object.Has("status") {
		send.Read, err = parseRead(object)
		if err != nil {
			return nil, err
		}
		return send, nil
	}
	for _, step := range []func(rawjson.Object) error{send.readAddress, send.readCommon, send.readContent} {
		if err := step(object); err != nil {
			return nil, err
		}
	}
	return send, nil
}

func parseRead(object rawjson.Object) (*ReadReceipt, error) {
	if status, _ := rawjson.String(object.Get("status")); status != "read" {
		return nil, invalid("status", `must be "read"`)
	}
	id, err := messageID(object, "message_id")
	if err != nil {
		return nil, err
	}
	receipt := &ReadReceipt{MessageID: id}
	if indicator := (field{"typing_indicator", object.Get("typing_indicator")}); !indicator.absent() {
		typing, err := indicator.object()
		if err != nil {
			return nil, err
		}
		if err := typing.at("type").oneOf("text"); err != nil {
			return nil, err
		}
		receipt.Typing = true
	}
	return receipt, nil
}

func (s *Send) readCommon(object rawjson.Object) error {
	s.HasCallbackData = object.Get("biz_opaque_callback_data") != nil
	data, ok := optionalString(object, "biz_opaque_callback_data")
	if !ok {
		return invalid("biz_opaque_callback_data", "must be a string")
	}
	if utf8.RuneCountInString(data) > MaxCallbackData {
		return invalid("biz_opaque_callback_data", fmt.Sprintf("must have at most %d characters", MaxCallbackData))
	}
	s.CallbackData = data

	var err error
	category, ok := optionalString(object, "category")
	if !ok || category != "" && category != DirectUtility && category != DirectAuthentication {
		return graph.NewError(
			graph.CodeInvalidParameter, `category must be "utility" or "authentication" (Direct Send), or be left out.`,
		)
	}
	s.DirectCategory = category
	if s.TTL, err = readTTL(field{"ttl_seconds", object.Get("ttl_seconds")}, category); err != nil {
		return err
	}
	return s.readContext(object)
}

// readTTL reads the time to live of a Direct Send. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/direct-send/configure-message-ttl
func readTTL(f field, category string) (time.Duration, error) {
	most := maxUtilityTTL
	switch {
	case f.absent():
		return 0, nil
	case category == "":
		return 0, graph.NewError(graph.CodeInvalidParameter,
			f.path+" is only possible with category (Direct Send). A template has a time to live of its own.")
	case category == DirectAuthentication:
		most = maxAuthenticationTTL
	}
	seconds, err := strconv.Atoi(string(f.raw))
	ttl := time.Duration(seconds) * time.Second
	if err != nil || seconds > int(most/time.Second) || ttl < minTTL {
		return 0, graph.NewError(graph.CodeInvalidParameter, fmt.Sprintf(
			"%s must be a whole number from %d to %d for category %s.",
			f.path, minTTL/time.Second, most/time.Second, category,
		))
	}
	return ttl, nil
}

func (s *Send) readContext(object rawjson.Object) error {
	if object.Get("context") == nil {
		return nil
	}
	if _, err := rawjson.ParseObject(object.Get("context")); err != nil {
		return invalid("context", "must be an object with message_id")
	}
	quoted, err := field{"context", object.Get("context")}.object()
	if err != nil {
		return err
	}
	s.ReplyTo, err = messageID(quoted.members, "context.message_id")
	return err
}

func messageID(object rawjson.Object, path string) (string, error) {
	id, ok := optionalString(object, "message_id")
	switch {
	case !ok:
		return "", invalid(path, "must be a string")
	case id == "":
		return "", missing(path, "the id of a message")
	case len(id) > maxMessageID:
		return "", invalid(path, fmt.Sprintf("must have at most %d characters", maxMessageID))
	}
	return id, nil
}

// optionalString reads a member; ok is false if it is there with another type.
func optionalString(object rawjson.Object, name string) (value string, ok bool) {
	raw := object.Get(name)
	if raw == nil {
		return "", true
	}
	return rawjson.String(raw)
}

func missing(path, what string) *graph.Error {
	return graph.NewError(graph.CodeMissingParameter, path+" is missing: give "+what+".")
}

func invalid(path, rule string) *graph.Error {
	return graph.NewError(graph.CodeInvalidValue, path+" "+rule+".")
}
