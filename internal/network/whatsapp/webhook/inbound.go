package webhook

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Types that only inbound messages have; the others are those of a request.
const (
	TypeButton      = "button"
	TypeOrder       = "order"
	TypeSystem      = "system"
	TypeUnsupported = "unsupported"
	TypeEdit        = "edit"
	TypeRevoke      = "revoke"
)

// Statuses of a message.
const (
	StatusSent      = "sent"
	StatusDelivered = "delivered"
	StatusRead      = "read"
	StatusFailed    = "failed"
	StatusPlayed    = "played"
)

// Message is an inbound message. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
type Message struct {
	ID string
	// From is the customer's number in digits, FromUserID their business-scoped
	// user id, FromParentUserID their parent id; each may be empty. GroupID is
	// set on messages of a group.
	From, FromUserID, FromParentUserID, GroupID string
	// Type is text, image, button, interactive, reaction, system, … or unknown.
	Type string
	// Timestamp is the message's own, to the second; zero if absent or absurd.
	Timestamp time.Time
	// Text is what the customer wrote or tapped: the body of a text, the label
	// of a button, the title of a reply; empty on other types.
	Text string
	// ReplyTo is the id of the message that the customer answered.
	ReplyTo string
	// ReactionTo and Emoji are set on reactions; an empty Emoji takes it back.
	ReactionTo, Emoji string
	// Referral is set when the customer came from an advertisement or post.
	Referral *Referral
	// System is set on type system.
	System *SystemNotice
	// Unsupported is what the network calls a message that the API cannot show,
	// such as "edit" or "poll_update". It is set on type unsupported.
	Unsupported string
	// Errors are set on type unsupported.
	Errors []StatusError
	// Raw is the message as it came, object the same taken apart.
	Raw    json.RawMessage
	object rawjson.Object
}

// Kind is what the customer did: the type, except for edits and revocations. Outside coexistence
// those arrive as unsupported messages that name them.
func (m *Message) Kind() string {
	if m.Type == TypeEdit || m.Type == TypeRevoke {
		return m.Type
	}
	if m.Unsupported == TypeEdit || m.Unsupported == TypeRevoke {
		return m.Unsupported
	}
	if m.Unsupported != "" || slices.ContainsFunc(m.Errors, StatusError.unsupportedType) {
		return TypeUnsupported
	}
	return m.Type
}

// unsupportedType tells whether the error says that the API cannot show a message.
func (e StatusError) unsupportedType() bool { return e.Code == graph.CodeUnsupportedType }

// Referral is how a customer came.
type Referral struct {
	// SourceType is "ad" or "post".
	SourceType string
	SourceID   string
	ClickID    string
}

// Types of a notice that a customer is known by another address. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/system
const (
	ChangedNumber = "user_changed_number"
	ChangedUserID = "user_changed_user_id"
	// customerChangedNumber is what ChangedNumber was called before 2022.
	customerChangedNumber = "customer_changed_number"
)

// SystemNotice tells that a customer changed number, and with it the
// business-scoped user id, or that id alone: From of the message is the old
// number.
type SystemNotice struct {
	// Type is ChangedNumber or ChangedUserID.
	Type string
	// NewID is the new number in digits; it may be empty, as the user ids may.
	NewID                            string
	OldUserID, NewUserID             string
	OldParentUserID, NewParentUserID string
}

// Status is one step in the life of an outbound message. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
type Status struct {
	ID string
	// Type is what the status is about: empty or "message" for the delivery of a
	// message, "payment" for a payment that a message asked for, or unknown.
	Type string
	// Status is one of the Status constants, or unknown.
	Status string
	// Timestamp is when the step happened, to the second; zero if absent.
	Timestamp time.Time
	// RecipientID is the customer's number in digits, or a group id;
	// RecipientUserID their business-scoped user id. Either may be empty.
	RecipientID, RecipientUserID string
	// RecipientType is "group" on statuses of a group, whose member
	// ParticipantID is.
	RecipientType, ParticipantID, ParticipantUserID string
	// CallbackData is biz_opaque_callback_data as sent upstream.
	CallbackData string
	Pricing      *Pricing
	Conversation *Conversation
	Errors       []StatusError
	// Raw is the status as it came, object the same taken apart.
	Raw    json.RawMessage
	object rawjson.Object
}

// OfDelivery tells whether the status is about the delivery of a message, which is what "failed"
// means then. The On-Premises API wrote the type "message", the Cloud API writes none.
func (s *Status) OfDelivery() bool { return s.Type == "" || s.Type == typeMessage }

const typeMessage = "message"

// Pricing is Meta's word on the price of a message. Unknown values are kept.
type Pricing struct {
	// Model is NBP, CBP or PMP.
	Model string
	// Type is regular, free_customer_service, free_entry_point or
	// free_group_customer_service; empty before July 2025.
	Type string
	// Category is marketing, utility, service, … in lower case.
	Category string
	// Subtype is paid_exempt for exempt organisations.
	Subtype string
	// Billable is nil if absent.
	Billable *bool
}

// Conversation is the billing conversation or free entry point of a message. It
// is absent since version 24, except on a free entry point.
type Conversation struct {
	ID string
	// Origin is user_initiated, referral_conversion, utility, …
	Origin string
	// Expires is the end of the conversation or entry point, never of the
	// service window; zero if absent.
	Expires time.Time
}

// StatusError is an error as webhooks carry it.
type StatusError struct {
	Code    int
	Title   string
	Message string
	Details string
}

func (c *Change) readMessages(value rawjson.Object) {
	c.Contacts = parseContacts(value)
	c.Errors = parseErrors(value)
	if list := value.List(listMessages); len(list) > 0 {
		c.Messages = make([]Message, len(list))
		for i, raw := range list {
			c.Messages[i] = ParseMessage(raw)
		}
	}
	if list := value.List(listStatuses); len(list) > 0 {
		c.Statuses = make([]Status, len(list))
		for i, raw := range list {
			c.Statuses[i] = parseStatus(raw)
		}
	}
}

// ParseMessage reads a message of a webhook; of one that is no object, it keeps the Raw alone.
func ParseMessage(raw []byte) Message {
	object, err := rawjson.ParseObject(raw)
	if err != nil {
		return Message{Raw: raw}
	}
	message := Message{
		ID:         object.Text("id"),
		From:       object.Text("from"),
		FromUserID: object.Text("from_user_id"), FromParentUserID: object.Text("from_parent_user_id"),
		GroupID:     object.Text("group_id"),
		Type:        object.Text("type"),
		Timestamp:   object.Seconds("timestamp"),
		ReplyTo:     object.Child("context").Text("id"),
		Unsupported: object.Child("unsupported").Text("type"),
		Errors:      parseErrors(object),
		Raw:         raw,
		object:      object,
	}
	if referral := object.Child("referral"); referral.Len() > 0 {
		message.Referral = &Referral{
			SourceType: referral.Text("source_type"),
			SourceID:   referral.Text("source_id"),
			ClickID:    referral.Text("ctwa_clid"),
		}
	}
	message.readContent(object)
	return message
}

func (m *Message) readContent(object rawjson.Object) {
	content := object.Child(m.Type)
	switch m.Type {
	case request.TypeText:
		m.Text = content.Text("body")
	case TypeButton:
		m.Text = content.Text("text")
	case request.TypeInteractive:
		m.Text = content.Child(content.Text("type")).Text("title")
	case request.TypeReaction:
		m.ReactionTo = content.Text("message_id")
		m.Emoji = content.Text("emoji")
	case TypeSystem:
		m.System = &SystemNotice{
			Type: content.Text("type"), NewID: content.FirstText("wa_id", "new_wa_id"),
			OldUserID: content.Text("previous_user_id"), NewUserID: content.Text("user_id"),
			OldParentUserID: content.Text("previous_parent_user_id"), NewParentUserID: content.Text("parent_user_id"),
		}
		if m.System.Type == customerChangedNumber {
			m.System.Type = ChangedNumber
		}
	}
}

func parseStatus(raw []byte) Status {
	object, err := rawjson.ParseObject(raw)
	if err != nil {
		return Status{Raw: raw}
	}
	status := Status{
		ID:              object.Text("id"),
		Type:            object.Text("type"),
		Status:          object.Text("status"),
		Timestamp:       object.Seconds("timestamp"),
		RecipientID:     object.Text("recipient_id"),
		RecipientUserID: object.Text("recipient_user_id"),
		RecipientType:   object.Text("recipient_type"),
		ParticipantID:   object.Text("recipient_participant_id"),

		ParticipantUserID: object.Text("recipient_participant_user_id"),
		CallbackData:      object.Text("biz_opaque_callback_data"),
		Errors:            parseErrors(object),
		Raw:               raw,
		object:            object,
	}
	if pricing := object.Child("pricing"); pricing.Len() > 0 {
		status.Pricing = &Pricing{
			Model:    pricing.Text("pricing_model"),
			Type:     pricing.Text("type"),
			Category: pricing.Text("category"),
			Subtype:  pricing.Text("subtype"),
			Billable: pricing.Bool("billable"),
		}
	}
	if conversation := object.Child("conversation"); conversation.Len() > 0 {
		status.Conversation = &Conversation{
			ID:      conversation.Text("id"),
			Origin:  conversation.Child("origin").Text("type"),
			Expires: conversation.Seconds("expiration_timestamp"),
		}
	}
	return status
}

func parseErrors(object rawjson.Object) []StatusError {
	var failures []StatusError
	for _, raw := range object.List("errors") {
		failure, err := rawjson.ParseObject(raw)
		if err != nil {
			continue
		}
		number, _ := failure.Int32("code")
		failures = append(failures, StatusError{
			Code:    number,
			Title:   failure.Text("title"),
			Message: failure.Text("message"),
			Details: failure.Child("error_data").Text("details"),
		})
	}
	return failures
}
