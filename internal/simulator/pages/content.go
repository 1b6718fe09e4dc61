package pages

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph"
)

// Limits of a message. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/send-api
const (
	maxText          = 2000 // characters
	maxTextInstagram = 1000 // bytes
	maxQuickReplies  = 13
	maxTitle         = 20
	maxPayload       = 1000
	maxMetadata      = 1000
	maxButtonText    = 640
	maxButtons       = 3
	maxElements      = 10
	maxElementTitle  = 80
)

// message is the content of a send.
type message struct {
	Text        string           `json:"text"`
	Attachment  *attached        `json:"attachment"`
	Attachments []attached       `json:"attachments"`
	Replies     []quickReply     `json:"quick_replies"`
	Metadata    string           `json:"metadata"`
	Template    *usedTemplate    `json:"template"`
	ReplyTo     *json.RawMessage `json:"reply_to"`

	raw json.RawMessage
}

type attached struct {
	Type    string  `json:"type"`
	Payload payload `json:"payload"`
}

type payload struct {
	URL          string          `json:"url"`
	AttachmentID json.RawMessage `json:"attachment_id"`
	TemplateType string          `json:"template_type"`
	Text         string          `json:"text"`
	Buttons      []button        `json:"buttons"`
	Elements     []element       `json:"elements"`
}

type element struct {
	Title   string   `json:"title"`
	Buttons []button `json:"buttons"`
}

type button struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	URL     string `json:"url"`
	Payload string `json:"payload"`
}

type quickReply struct {
	ContentType string `json:"content_type"`
	Title       string `json:"title"`
	Payload     string `json:"payload"`
}

// kind is what the message is, for the record.
func (m *message) kind() string {
	switch {
	case m.Template != nil:
		return "utility"
	case m.Attachment != nil && m.Attachment.Type == "template":
		return m.Attachment.Payload.TemplateType
	case m.Attachment != nil:
		return m.Attachment.Type
	case len(m.Attachments) > 0:
		return m.Attachments[0].Type
	}
	return "text"
}

// heavy tells whether the lower rate counts.
func (m *message) heavy() bool { return m.kind() == "audio" || m.kind() == "video" }

func readMessage(p *page, raw json.RawMessage) (message, *graph.Error) {
	var text string
	if json.Unmarshal(raw, &text) == nil { // in forms, the object may be a string
		raw = json.RawMessage(text)
	}
	m := message{raw: raw}
	if json.Unmarshal(raw, &m) != nil {
		return m, invalid("Param message must be an object")
	}
	return m, m.check(p)
}

func (m *message) check(p *page) *graph.Error {
	contents := 0
	for _, given := range []bool{
		m.Text != "", m.Attachment != nil, len(m.Attachments) > 0, m.Template != nil,
	} {
		if given {
			contents++
		}
	}
	switch {
	case contents == 0:
		return invalid("Must provide a text or an attachment in message")
	case contents > 1:
		return invalid("Only one of text, attachment and template may be in message")
	case p.instagram() && len(m.Text) > maxTextInstagram:
		return tooLong("text", fmt.Sprintf("%d bytes", maxTextInstagram))
	case utf8.RuneCountInString(m.Text) > maxText:
		return tooLong("text", strconv.Itoa(maxText))
	case utf8.RuneCountInString(m.Metadata) > maxMetadata:
		return tooLong("metadata", strconv.Itoa(maxMetadata))
	}
	if failure := m.checkReplies(); failure != nil {
		return failure
	}
	for _, a := range m.all() {
		if failure := a.check(); failure != nil {
			return failure
		}
	}
	return nil
}

func tooLong(name, limit string) *graph.Error {
	return invalid("Length of param message[" + name + "] must be less than or equal to " + limit)
}

func (m *message) all() []attached {
	if m.Attachment != nil {
		return []attached{*m.Attachment}
	}
	return m.Attachments
}

func (m *message) checkReplies() *graph.Error {
	if len(m.Replies) > maxQuickReplies {
		return invalid(fmt.Sprintf("Param message[quick_replies] must have at most %d elements", maxQuickReplies))
	}
	for i, reply := range m.Replies {
		name := fmt.Sprintf("message[quick_replies][%d]", i)
		switch reply.ContentType {
		case "user_phone_number", "user_email":
			continue
		case "text":
		default:
			return invalid("Param " + name + "[content_type] must be one of {TEXT, USER_PHONE_NUMBER, USER_EMAIL}")
		}
		if reply.Title == "" || utf8.RuneCountInString(reply.Title) > maxTitle {
			return invalid(fmt.Sprintf("Param %s[title] must have 1 to %d characters", name, maxTitle))
		}
		if utf8.RuneCountInString(reply.Payload) > maxPayload {
			return invalid(fmt.Sprintf("Param %s[payload] must have at most %d characters", name, maxPayload))
		}
	}
	return nil
}

func (a *attached) check() *graph.Error {
	switch a.Type {
	case "image", "video", "audio", "file":
		if a.Payload.URL != "" && !isHTTP(a.Payload.URL) {
			return invalid("Param message[attachment][payload][url] must be a valid URI")
		}
		return nil
	case "template":
		return a.Payload.checkTemplate()
	case "MEDIA_SHARE", "media_share": // Instagram's
		return nil
	}
	return invalid("Param message[attachment][type] must be one of {IMAGE, VIDEO, AUDIO, FILE, TEMPLATE}")
}

func (p *payload) checkTemplate() *graph.Error {
	switch p.TemplateType {
	case "button":
		if p.Text == "" || utf8.RuneCountInString(p.Text) > maxButtonText {
			return invalid(fmt.Sprintf(
				"Param message[attachment][payload][text] must have 1 to %d characters", maxButtonText,
			))
		}
		if len(p.Buttons) == 0 {
			return invalid("Param message[attachment][payload][buttons] must have at least one button")
		}
		return checkButtons(p.Buttons)
	case "generic", "media", "product":
		return p.checkElements()
	case "receipt", "customer_feedback", "coupon":
		return nil
	}
	return invalid("Param message[attachment][payload][template_type] must be one of " +
		"{GENERIC, BUTTON, MEDIA, RECEIPT, PRODUCT, CUSTOMER_FEEDBACK, COUPON}")
}

func (p *payload) checkElements() *graph.Error {
	if len(p.Elements) == 0 || len(p.Elements) > maxElements {
		return invalid(fmt.Sprintf(
			"Param message[attachment][payload][elements] must have 1 to %d elements", maxElements,
		))
	}
	for i, e := range p.Elements {
		length := utf8.RuneCountInString(e.Title)
		if p.TemplateType == "generic" && (length == 0 || length > maxElementTitle) {
			return invalid(fmt.Sprintf(
				"Param message[attachment][payload][elements][%d][title] must have 1 to %d characters",
				i, maxElementTitle,
			))
		}
		if failure := checkButtons(e.Buttons); failure != nil {
			return failure
		}
	}
	return nil
}

func checkButtons(buttons []button) *graph.Error {
	if len(buttons) > maxButtons {
		return invalid(fmt.Sprintf("Param buttons must have at most %d elements", maxButtons))
	}
	for i, b := range buttons {
		name := fmt.Sprintf("Param buttons[%d]", i)
		switch {
		case b.Type == "web_url" && !isHTTP(b.URL):
			return invalid(name + "[url] must be a valid URI")
		case b.Type == "postback" && b.Payload == "":
			return invalid(name + "[payload] is required")
		case (b.Type == "web_url" || b.Type == "postback") &&
			(b.Title == "" || utf8.RuneCountInString(b.Title) > maxTitle):
			return invalid(fmt.Sprintf("%s[title] must have 1 to %d characters", name, maxTitle))
		case b.Type == "":
			return invalid(name + "[type] is required")
		}
	}
	return nil
}
