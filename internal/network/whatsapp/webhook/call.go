package webhook

import (
	"encoding/json"
	"time"

	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Steps of a call.
const (
	CallConnect  = "connect"  // whoever calls has begun to
	CallAccepted = "ACCEPTED" // the customer has taken the business's call
)

// Call is a step in the life of a call. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/user-initiated-calls
// and
// https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/business-initiated-calls.
type Call struct {
	ID string
	// Customer is the customer's number in digits, CustomerUserID their
	// business-scoped user id; either may be empty.
	Customer, CustomerUserID string
	// Step is one of the constants above, terminate, RINGING, REJECTED, or
	// unknown.
	Step string
	// ByCustomer says that the customer calls the business.
	ByCustomer bool
	// Timestamp is when the step happened, to the second; zero if absent.
	Timestamp time.Time
	// List is the list that the step stands in, "calls" or "statuses".
	List string
	Raw  json.RawMessage
}

const userInitiated = "USER_INITIATED"

// readCalls reads the steps of calls, and what Meta tells of calls of the
// business as statuses, which look like those of messages and are none.
func (c *Change) readCalls(value rawjson.Object) {
	c.Contacts = parseContacts(value)
	for _, raw := range value.List(listCalls) {
		object, err := rawjson.ParseObject(raw)
		if err != nil {
			continue
		}
		call := Call{
			ID: object.Text("id"), Step: object.Text("event"), Timestamp: object.Seconds("timestamp"),
			ByCustomer: object.Text("direction") == userInitiated,
			Customer:   object.Text("to"),
			List:       listCalls, Raw: raw,
		}
		if call.ByCustomer {
			call.Customer, call.CustomerUserID = object.Text("from"), object.Text("from_user_id")
		}
		c.Calls = append(c.Calls, call)
	}
	for _, raw := range value.List(listStatuses) {
		object, err := rawjson.ParseObject(raw)
		if err != nil {
			continue
		}
		c.Calls = append(c.Calls, Call{
			ID: object.Text("id"), Step: object.Text("status"), Timestamp: object.Seconds("timestamp"),
			Customer: object.Text("recipient_id"), CustomerUserID: object.Text("recipient_user_id"),
			List: listStatuses, Raw: raw,
		})
	}
}
