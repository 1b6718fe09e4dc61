package conversation

// Status is how far an outbound message has come, as the upstream reports. Statuses may be reported
// in any order and any number of times; the highest one counts. A delivery may be reported after a
// failure, never the reverse.
type Status uint8

// The statuses, in their order.
const (
	Untold Status = iota
	Sent
	Failed
	Delivered
	Read
)

// ParseStatus reads a status's name. The result is false for a status that moves no message, such
// as "played", and for an unknown one. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
func ParseStatus(name string) (Status, bool) {
	switch name {
	case "sent":
		return Sent, true
	case "failed":
		return Failed, true
	case "delivered":
		return Delivered, true
	case "read":
		return Read, true
	default:
		return Untold, false
	}
}

// Ends reports whether the status ends a message whose highest status was before, and whether it
// was delivered. "read" is the delivery if "delivered" never came, and "sent" is the last status of
// a reaction. A message that ended as failed ends again if its delivery is reported.
func (s Status) Ends(form Form, before Status) (ended, delivered bool) {
	switch {
	case s <= before:
		return false, false
	case s == Failed:
		return true, false
	case s == Sent:
		return form == Reaction, true
	default:
		return before < Delivered, true
	}
}
