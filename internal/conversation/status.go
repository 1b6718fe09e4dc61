package conversation

// Status is how far an outbound message has come, as the upstream tells. Statuses may be told in
// any order and any number of times; the highest one counts. A delivery may be told after a
// failure, never the other way round.
type Status uint8

// The statuses, in their order.
const (
	Untold Status = iota
	Sent
	Failed
	Delivered
	Read
)

// ParseStatus reads a status's name; false for one that brings a message nowhere, such as "played",
// or that is yet to be invented. Source:
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

// Ends tells whether a status is the end of a message that had come as far as another one, and
// whether it was delivered. "read" is the delivery where "delivered" never came, and "sent" is the
// last that is told of a reaction. A message that has ended as failed ends anew if its delivery is
// told.
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
