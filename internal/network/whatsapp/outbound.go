package whatsapp

import (
	"errors"
	"strings"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Parse implements network.Sender.
func (Network) Parse(body []byte) (*network.Outbound, error) {
	send, err := request.Parse(body)
	if err != nil {
		return nil, err
	}
	if send.Read != nil {
		return &network.Outbound{
			Notice: send.Read.Body(), Answer: func(string) any { return Success() },
		}, nil
	}
	return outboundOf(send), nil
}

// outbound is the message that the request is for.
func outboundOf(s *request.Send) *network.Outbound {
	out := &network.Outbound{
		Answer: func(id string) any { return Accept(s, id) },
		To:     identity.Address(s.Recipient()), Recipient: s.Recipient(),
		Type: s.Type, Template: s.Template, TTL: ttl, Content: s.Raw,
	}
	if s.Optimised {
		out.Endpoint = endpointMarketing
	}
	if s.HasCallbackData {
		out.CallbackData = &s.CallbackData
	}
	if s.Group {
		out.Group, out.To, out.Unservable = true, identity.OfGroup(s.To), s.UnfitForGroup()
	} else {
		country, err := market.CountryOf(out.Recipient)
		if err != nil {
			out.Unservable = graph.NewError(graph.CodeInvalidValue,
				"to must begin with a country code, and recipient with a country code and a dot.")
		}
		out.Country = country
	}
	switch {
	case s.IsTemplate():
		out.Form = conversation.Templated
	case s.DirectCategory == request.DirectAuthentication:
		out.Form, out.Category, out.TTL = conversation.Direct, conversation.Authentication, oneTimeTTL
	case s.DirectCategory != "":
		out.Form, out.Category = conversation.Direct, conversation.Utility
	case s.Type == request.TypeReaction:
		out.Form = conversation.Reaction
	default:
		out.Form = conversation.FreeForm
	}
	if s.TTL > 0 {
		out.TTL = s.TTL
	}
	return out
}

// Categorize implements network.Sender.
func (Network) Categorize(
	message *network.Outbound, category conversation.Category, capped bool,
) (conversation.Category, error) {
	marketing := message.Endpoint == endpointMarketing
	switch {
	case message.Group && category == conversation.Authentication:
		return category, graph.NewError(
			graph.CodeInvalidParameter, "Templates of category AUTHENTICATION are not sent to groups.",
		)
	case category == conversation.Authentication && message.To.Kind() != identity.Phone:
		return category, graph.NewError(graph.CodeUserIDNotSupported,
			"An authentication message needs the customer's phone number in to: it is not sent to a user id.")
	case marketing && category != conversation.Marketing:
		return category, request.NotMarketing()
	case capped && !marketing:
		return category, graph.NewError(graph.CodeMaxPrice,
			"The template has a maximum price. Send it to /{phone-number-id}/marketing_messages.")
	case marketing:
		return conversation.MarketingLite, nil
	case message.Group && message.Form != conversation.Reaction:
		return category.InGroup(), nil
	}
	return category, nil
}

// ParseAddress implements network.Sender: a phone number whose country is known, or a user id.
func (Network) ParseAddress(text string) (identity.Address, error) {
	if address, ok := identity.Parse(text); ok {
		if _, err := market.CountryOf(string(address)); err == nil {
			return address, nil
		}
	}
	return "", errNoAddress
}

var errNoAddress = errors.New("must be a phone number with its country code, or a business-scoped user id")

// Members of a request that Encode changes.
const (
	callbackDataMember = "biz_opaque_callback_data"
	toMember           = "to"
	contextMember      = "context"
	reactionMember     = "reaction"
	pinMember          = "pin"
	messageIDMember    = "message_id"
)

// Encode implements network.Sender. It changes five members at most, and no other byte of the
// client's request.
func (n Network) Encode(
	content []byte, id string, upstreamID func(string) (string, error),
) ([]byte, error) {
	members, err := rawjson.ParseObject(content)
	if err != nil {
		return nil, network.ErrUnreadable
	}
	changes := append(make([]rawjson.Member, 0, 5), rawjson.Member{Name: callbackDataMember, Value: rawjson.Quote(id)})
	kind, _ := rawjson.String(members.Get("recipient_type"))
	if to, _ := rawjson.String(members.Get(toMember)); to != "" && kind != recipientGroup {
		if dialled := asDialled(to); dialled != to {
			changes = append(changes, rawjson.Member{Name: toMember, Value: rawjson.Quote(dialled)})
		}
	}
	for _, name := range []string{contextMember, reactionMember, pinMember} {
		// A member that the message's type does not use may be no object; then it holds no id.
		quoting := members.Child(name)
		quoted, _ := rawjson.String(quoting.Get(messageIDMember))
		if !n.IsOwnID(quoted) {
			continue
		}
		known, err := upstreamID(quoted)
		if err != nil {
			return nil, err
		}
		if known != "" { // otherwise the upstream will say that it does not know the message
			value := quoting.Set(messageIDMember, rawjson.Quote(known))
			changes = append(changes, rawjson.Member{Name: name, Value: value})
		}
	}
	return members.With(changes...), nil
}

// asDialled writes a number as it is dialled from abroad, for whom it was looked up: with its plus
// sign, without which the upstream may put the country code of the business's own number in front
// and find somebody else, and without a trunk zero. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
func asDialled(to string) string {
	number, ok := identity.ParsePhone(to)
	switch {
	case !ok:
		return to // it is not from this version, and the upstream will judge it
	case strings.Contains(to, "+") && digitsIn(to) == len(number):
		return to
	}
	return "+" + string(number)
}

func digitsIn(text string) (n int) {
	for _, c := range text {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}
