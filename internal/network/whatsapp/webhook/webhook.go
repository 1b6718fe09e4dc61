package webhook

import (
	"encoding/json"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Object is the object of WhatsApp's webhooks.
const Object = "whatsapp_business_account"

// Fields of a change that are typed here; every other field is kept as it came.
const (
	FieldMessages         = "messages"
	FieldTemplateStatus   = "message_template_status_update"
	FieldTemplateQuality  = "message_template_quality_update"
	FieldTemplateCategory = "template_category_update"
	FieldPhoneQuality     = "phone_number_quality_update"
	FieldUserPreferences  = "user_preferences"
	FieldAccountUpdate    = "account_update"
	FieldCalls            = "calls"
)

// NeededFields are the fields that a gateway acts on, whatever a business does. FieldMessages is
// the first of them: without it no window opens and nothing is settled.
func NeededFields() []string {
	return []string{
		FieldMessages, FieldUserPreferences, FieldTemplateStatus, FieldTemplateQuality, FieldTemplateCategory,
	}
}

// Webhook is a parsed webhook. Its raw values are parts of the body that was
// parsed, which must not be changed afterwards.
type Webhook struct {
	// Object is Object, if the webhook is WhatsApp's.
	Object  string
	Changes []Change
}

// Change is one element of entry[].changes[]. Which of the typed members are set depends on Field;
// all are empty for a field that is not known, and Value always holds the whole change.
type Change struct {
	// Object is the webhook's, so that a change can be re-emitted on its own.
	Object string
	// EntryID is the id of the WhatsApp Business account.
	EntryID string
	// EntryTime is when Meta made the entry, or the zero time.
	EntryTime time.Time
	Field     string
	// PhoneNumberID is the number concerned; empty on changes of the account.
	PhoneNumberID      string
	DisplayPhoneNumber string

	Contacts    []Contact
	Messages    []Message
	Statuses    []Status
	Errors      []StatusError
	Preferences []UserPreference
	Template    *TemplateUpdate
	Quality     *PhoneQuality
	Account     *AccountUpdate
	Calls       []Call

	// Value is changes[].value as it came, value the same taken apart.
	Value json.RawMessage
	value rawjson.Object
	// opening and closing are the pieces of the webhook's text around Value, without its other
	// changes; empty for a change that did not come in a webhook.
	opening, closing [][]byte
}

// Contact is a customer as the webhook names them. WAID may be empty for a
// customer who is known by a username only.
type Contact struct {
	WAID         string
	UserID       string
	ParentUserID string
	// place is where it stands among the contacts.
	place int
}

// UserPreference is a customer's choice about marketing messages.
type UserPreference struct {
	WAID   string
	UserID string
	// Category is "marketing_messages".
	Category string
	// Value is "stop" or "resume".
	Value     string
	Timestamp time.Time
	Raw       json.RawMessage
}

// TemplateUpdate is a change of a template's status, quality or category; Field
// of the Change tells which.
type TemplateUpdate struct {
	ID, Name, Language string
	// Event is APPROVED, REJECTED, PAUSED, … on a status change.
	Event string
	// Category is the template's category, in upper case, where it is told.
	Category string
	// Reason is why it was rejected; empty for none.
	Reason string
	// Explanation is Meta's text for people, where there is one.
	Explanation string
	// PreviousQuality and NewQuality are GREEN, YELLOW, RED or UNKNOWN.
	PreviousQuality, NewQuality string
	// PreviousCategory and NewCategory are set on a change of category.
	PreviousCategory, NewCategory string
	// CorrectCategory announces the category that comes into force at CategoryAt.
	CorrectCategory string
	CategoryAt      time.Time
}

// PhoneQuality is a change of a number's quality or throughput.
type PhoneQuality struct {
	DisplayPhoneNumber string
	Event              string
	// Limit is the messaging limit, for example TIER_2K.
	Limit string
}

// AccountUpdate is a change of the WhatsApp Business account.
type AccountUpdate struct {
	Event string
	// BanState is DISABLE, REINSTATE or SCHEDULE_FOR_DISABLE, or empty.
	BanState string
	// ViolationType is set on ACCOUNT_VIOLATION.
	ViolationType string
}

// Parse reads the body of a webhook whose signature has been verified. It tolerates whatever
// can be tolerated: unknown fields and types, ids and times as strings or numbers, and what is
// missing. It never panics.
func Parse(body []byte) (*Webhook, error) {
	webhook, err := graph.ParseWebhook(body)
	if err != nil {
		return nil, err
	}
	return Read(webhook)
}

// Read reads the changes of a webhook that is parsed already, and tolerates as much as Parse.
func Read(from network.Webhook) (*Webhook, error) {
	webhook, updates := &Webhook{Object: from.Object}, 0
	for _, raw := range from.Entries {
		entry, err := rawjson.ParseObject(raw)
		if err != nil {
			continue
		}
		id, at := entry.Text("id"), entry.Instant("time")
		for _, rawChange := range entry.List("changes") {
			change, err := rawjson.ParseObject(rawChange)
			if err != nil {
				continue
			}
			webhook.Changes = append(webhook.Changes, Change{
				Object: from.Object, EntryID: id, EntryTime: at,
				Field: change.Text("field"), Value: change.Get("value"),
			})
			read := &webhook.Changes[len(webhook.Changes)-1]
			read.read()
			read.keepSurroundings(from, entry, change)
			if updates += read.updates(); updates > network.MaxEvents {
				return nil, network.ErrTooManyEvents
			}
		}
	}
	return webhook, nil
}

// updates counts what the change brings; an empty or unknown one counts as 1.
func (c *Change) updates() int {
	return max(1, len(c.Messages)+len(c.Statuses)+len(c.Preferences)+len(c.Calls))
}

// read fills the typed members from Value.
func (c *Change) read() {
	value, err := rawjson.ParseObject(c.Value)
	if err != nil {
		return
	}
	c.value = value
	metadata := value.Child("metadata")
	c.PhoneNumberID = metadata.Text("phone_number_id")
	c.DisplayPhoneNumber = metadata.Text("display_phone_number")
	switch c.Field {
	case FieldMessages:
		c.readMessages(value)
	case FieldCalls:
		c.readCalls(value)
	case FieldUserPreferences:
		c.Contacts = parseContacts(value)
		c.Preferences = parsePreferences(value)
	case FieldTemplateStatus, FieldTemplateQuality, FieldTemplateCategory:
		c.Template = parseTemplateUpdate(value)
	case FieldPhoneQuality:
		c.Quality = &PhoneQuality{
			DisplayPhoneNumber: value.Text("display_phone_number"),
			Event:              value.Text("event"),
			Limit:              value.FirstText("max_daily_conversations_per_business", "current_limit"),
		}
	case FieldAccountUpdate:
		c.Account = &AccountUpdate{
			Event:         value.Text("event"),
			BanState:      value.Child("ban_info").Text("waba_ban_state"),
			ViolationType: value.Child("violation_info").Text("violation_type"),
		}
	}
}

func parseContacts(value rawjson.Object) []Contact {
	list := value.List(listContacts)
	if len(list) == 0 {
		return nil
	}
	contacts := make([]Contact, 0, len(list))
	for i, raw := range list {
		contact, err := rawjson.ParseObject(raw)
		if err != nil {
			continue
		}
		contacts = append(contacts, Contact{
			WAID:         contact.Text("wa_id"),
			UserID:       contact.Text("user_id"),
			ParentUserID: contact.Text("parent_user_id"),
			place:        i,
		})
	}
	return contacts
}

func parsePreferences(value rawjson.Object) []UserPreference {
	var preferences []UserPreference
	for _, raw := range value.List("user_preferences") {
		preference, err := rawjson.ParseObject(raw)
		if err != nil {
			continue
		}
		preferences = append(preferences, UserPreference{
			WAID:      preference.Text("wa_id"),
			UserID:    preference.Text("user_id"),
			Category:  preference.Text("category"),
			Value:     preference.Text("value"),
			Timestamp: preference.Seconds("timestamp"),
			Raw:       raw,
		})
	}
	return preferences
}

func parseTemplateUpdate(value rawjson.Object) *TemplateUpdate {
	reason := value.Text("reason")
	if reason == "NONE" {
		reason = ""
	}
	rejection, other := value.Child("rejection_info"), value.Child("other_info")
	explanation := rejection.FirstText("reason")
	if explanation == "" {
		explanation = other.FirstText("description", "title")
	}
	return &TemplateUpdate{
		ID:               value.Text("message_template_id"),
		Name:             value.Text("message_template_name"),
		Language:         value.Text("message_template_language"),
		Event:            value.Text("event"),
		Category:         value.Text("message_template_category"),
		Reason:           reason,
		Explanation:      explanation,
		PreviousQuality:  value.Text("previous_quality_score"),
		NewQuality:       value.Text("new_quality_score"),
		PreviousCategory: value.Text("previous_category"),
		NewCategory:      value.Text("new_category"),
		CorrectCategory:  value.Text("correct_category"),
		CategoryAt:       value.Seconds("category_update_timestamp"),
	}
}
