package graph

import (
	"encoding/json"
	"time"

	"github.com/guichet-dev/guichet/internal/graph/rawjson"
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
	for _, raw := range list(value, listCalls) {
		object, err := rawjson.ParseObject(raw)
		if err != nil {
			continue
		}
		call := Call{
			ID: text(object, "id"), Step: text(object, "event"), Timestamp: seconds(object.Get("timestamp")),
			ByCustomer: text(object, "direction") == userInitiated,
			Customer:   text(object, "to"),
			List:       listCalls, Raw: raw,
		}
		if call.ByCustomer {
			call.Customer, call.CustomerUserID = text(object, "from"), text(object, "from_user_id")
		}
		c.Calls = append(c.Calls, call)
	}
	for _, raw := range list(value, listStatuses) {
		object, err := rawjson.ParseObject(raw)
		if err != nil {
			continue
		}
		c.Calls = append(c.Calls, Call{
			ID: text(object, "id"), Step: text(object, "status"), Timestamp: seconds(object.Get("timestamp")),
			Customer: text(object, "recipient_id"), CustomerUserID: text(object, "recipient_user_id"),
			List: listStatuses, Raw: raw,
		})
	}
}
