package request

import (
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Recipient is the address that the message goes to: To, or else BSUID.
func (s *Send) Recipient() string {
	if s.To != "" {
		return s.To
	}
	return s.BSUID
}

func (s *Send) readAddress(object rawjson.Object) error {
	switch kind, ok := optionalString(object, "recipient_type"); {
	case !ok:
		return invalid("recipient_type", "must be a string")
	case kind == "group":
		s.Group = true
	case kind != "" && kind != "individual":
		return invalid("recipient_type", `must be "individual" or "group"`)
	}
	to, ok := optionalString(object, "to")
	if !ok {
		return invalid("to", "must be a string")
	}
	recipient, ok := optionalString(object, "recipient")
	if !ok {
		return invalid("recipient", "must be a string")
	}
	switch {
	case to != "":
		return s.readTo(to)
	case s.Group:
		return missing("to", "the id of the group")
	case recipient != "":
		if !identity.IsUserID(recipient) {
			return invalid(
				"recipient",
				"must be a business-scoped user id: a country code, a dot, and up to 128 letters or digits",
			)
		}
		s.Input, s.BSUID = recipient, recipient
		return nil
	default:
		return missing(
			"to", "the customer's phone number with its country code, or recipient with a business-scoped user id",
		)
	}
}

func (s *Send) readTo(to string) error {
	s.Input = to
	if s.Group {
		if len(to) > maxGroupID || strings.ContainsAny(to, " \t\r\n") {
			return invalid("to", "must be a group id")
		}
		s.To = to
		return nil
	}
	number, ok := identity.ParsePhone(to)
	if !ok {
		return invalid(
			"to",
			"must be a phone number of 7 to 15 digits with its country code; only a leading plus sign, spaces, "+
				"dashes, dots and parentheses may stand between them",
		)
	}
	s.To = string(number)
	return nil
}

// UnfitForGroup is why a message is not sent to a group; nil for one that is. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups
func (s *Send) UnfitForGroup() error {
	switch {
	case s.Type == TypeInteractive:
		return graph.NewError(graph.CodeUnsupportedType, "type interactive is not sent to groups.")
	case s.DirectCategory != "":
		return graph.NewError(graph.CodeInvalidParameter, "category (Direct Send) is not possible to groups.")
	case s.Optimised:
		return graph.NewError(graph.CodeInvalidParameter, "recipient_type must be individual on this path.")
	}
	return nil
}
