package messenger

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/template"
)

// maxBody is the largest body of a request, in bytes: files go by address or id.
const maxBody = 256 << 10

// Values of messaging_type. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages
const (
	typeResponse = "RESPONSE"
	typeUpdate   = "UPDATE"
	typeTag      = "MESSAGE_TAG"
	typeUtility  = "UTILITY"
)

// Members of a request.
const (
	memberRecipient = "recipient"
	memberMessage   = "message"
	memberTemplate  = "template"
	memberMetadata  = "metadata"
	memberReplyTo   = "reply_to"
	memberAction    = "sender_action"
)

// Send is a request to POST /{version}/{channel}/messages. Either Action is set, and the request
// only shows the person something, or the request is a message.
type Send struct {
	// Raw is the request as it came, as JSON and without credentials.
	Raw       json.RawMessage
	Recipient recipient
	// MessagingType is a value of messaging_type, and Tag that of a message outside of the window.
	MessagingType, Tag string
	// Type is the kind of message: text, image, generic, template, …
	Type string
	// Template is set on a utility message.
	Template *template.Send
	// Metadata is the client's own; HasMetadata tells an empty one from none.
	Metadata    string
	HasMetadata bool
	// Action is typing_on, typing_off, mark_seen, react or unreact.
	Action json.RawMessage

	// attachmentID is that of the file which came along with the request, if it is told.
	attachmentID string
}

// bodyRules say what a request may be.
func bodyRules() *clientbody.Rules {
	return &clientbody.Rules{
		MaxBytes: maxBody,
		Texts:    []string{"messaging_type", "tag", memberAction, "notification_type", "persona_id"},
		Others:   []string{memberRecipient, memberMessage, memberTemplate, memberReplyTo, "thread_control", "payload"},
	}
}

// ParseSend reads a request body. It is strict about what a gateway decides on and about Meta's
// published limits, and leaves every other field alone. The error is one of code 100 that names the
// field, never its value.
func (n Network) ParseSend(body []byte) (*Send, error) {
	raw, object, err := bodyRules().Read(body)
	if err != nil {
		return nil, err
	}
	if raw, object, err = withTemplateInMessage(raw, object); err != nil {
		return nil, err
	}
	s := &Send{Raw: raw}
	if s.Recipient, err = n.readRecipient(clientbody.At(object, memberRecipient)); err != nil {
		return nil, err
	}
	if action := clientbody.At(object, memberAction); !action.Absent() {
		return s, n.readAction(s, object, action)
	}
	for _, step := range []func(*Send, rawjson.Object) error{n.readType, n.readMessage, n.readOptions} {
		if err := step(s, object); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// withTemplateInMessage moves a template that stands beside the message, as one of Meta's samples
// has it, to where the others have it.
func withTemplateInMessage(raw []byte, object rawjson.Object) ([]byte, rawjson.Object, error) {
	outer := object.Get(memberTemplate)
	if outer == nil {
		return raw, object, nil
	}
	message := clientbody.At(object, memberMessage)
	inner := []byte("{}")
	if !message.Absent() {
		given, err := message.Object()
		if err != nil {
			return nil, object, err
		}
		if given.Has(memberTemplate) {
			return nil, object, given.Fail("has a template, and so has the body. Keep one of them")
		}
		inner = message.Raw()
	}
	parsed, err := rawjson.ParseObject(inner)
	if err != nil {
		return nil, object, message.Fail("must be an object")
	}
	raw = object.Edit(
		[]rawjson.Member{{Name: memberMessage, Value: parsed.Set(memberTemplate, outer)}}, memberTemplate,
	)
	object, err = rawjson.ParseObject(raw)
	return raw, object, err
}

// readAction reads a request that shows the person something. Nothing else that the client wrote
// goes along: it could be a message that nobody meters.
func (n Network) readAction(s *Send, object rawjson.Object, action clientbody.Field) error {
	if object.Has(memberMessage) {
		return action.Fail("must not stand beside a message. Send it in a request of its own")
	}
	words := []string{"typing_on", "typing_off", "mark_seen", "react", "unreact"}
	word, err := action.OneOf(words...)
	if err != nil {
		return err
	}
	if s.Recipient.isPublic() {
		return action.Fail("needs recipient.id")
	}
	notice := fmt.Appendf(nil, `{"recipient":%s,"sender_action":%s`, object.Get(memberRecipient), rawjson.Quote(word))
	for _, name := range []string{"persona_id", "payload"} {
		if value := object.Get(name); value != nil {
			notice = fmt.Appendf(notice, `,"%s":%s`, name, value)
		}
	}
	s.Action = json.RawMessage(fmt.Appendf(notice, "}"))
	return nil
}

// readType reads messaging_type and tag. Without the former a message is a response, as Meta takes
// it.
func (n Network) readType(s *Send, object rawjson.Object) error {
	kind, tag := clientbody.At(object, "messaging_type"), clientbody.At(object, "tag")
	s.MessagingType = typeResponse
	if !kind.Absent() {
		word, err := kind.OneOf(typeResponse, typeUpdate, typeTag, typeUtility)
		if err != nil {
			return err
		}
		s.MessagingType = word
	} else if !tag.Absent() {
		s.MessagingType = typeTag
	}
	switch {
	case s.MessagingType == typeTag && tag.Absent():
		return tag.Missing(`"HUMAN_AGENT"`)
	case s.MessagingType != typeTag && !tag.Absent():
		return tag.Fail(`needs messaging_type "MESSAGE_TAG"`)
	case n.Instagram && s.MessagingType == typeUtility:
		return kind.Fail(`must not be "UTILITY": Instagram has no utility messages`)
	case s.MessagingType == typeTag:
		return n.readTag(s, tag)
	}
	return nil
}

// tagHumanAgent is for what a person of the business writes.
const tagHumanAgent = "HUMAN_AGENT"

// readTag reads a tag. Source of what ended on 2026-04-27:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/message-tags
func (n Network) readTag(s *Send, tag clientbody.Field) error {
	word, err := tag.Text(1, maxID)
	if err != nil {
		return err
	}
	ended := []string{"CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE"}
	switch {
	case word == tagHumanAgent:
		s.Tag = word
		return nil
	case slices.Contains(ended, word) && n.Instagram:
		return tag.Fail(`names a tag that Meta has ended. "HUMAN_AGENT" is the only one, for what a person writes`)
	case slices.Contains(ended, word):
		return tag.Fail(`names a tag that Meta ended on 2026-04-27. Send an approved utility template with ` +
			`messaging_type "UTILITY", or "HUMAN_AGENT" for what a person writes within 7 days`)
	}
	return tag.Fail(`must be "HUMAN_AGENT"`)
}

// readOptions reads what a request may have beside its message.
func (n Network) readOptions(_ *Send, object rawjson.Object) error {
	if kind := clientbody.At(object, "notification_type"); !kind.Absent() {
		if _, err := kind.OneOf("REGULAR", "SILENT_PUSH", "NO_PUSH"); err != nil {
			return err
		}
	}
	if persona := clientbody.At(object, "persona_id"); !persona.Absent() {
		if _, err := persona.ID(maxID); err != nil {
			return err
		}
	}
	if reply := clientbody.At(object, memberReplyTo); !reply.Absent() {
		quoted, err := reply.Object()
		if err != nil {
			return err
		}
		if _, err := quoted.At("mid").ID(maxMessageID); err != nil {
			return err
		}
	}
	control := clientbody.At(object, "thread_control")
	if control.Absent() {
		return nil
	}
	given, err := control.Object()
	if err != nil {
		return err
	}
	word, err := given.At("control_type").OneOf("pass", "release")
	if err != nil || word == "release" {
		return err
	}
	_, err = given.At("app_id").ID(maxID)
	return err
}

// maxMessageID is the greatest length of a message's id, in characters.
const maxMessageID = 512
