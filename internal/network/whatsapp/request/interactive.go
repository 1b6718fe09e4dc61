package request

import (
	"slices"

	"github.com/guichet-dev/guichet/internal/graph/clientbody"
)

// Limits of interactive messages, in characters and entries.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/
// (interactive-reply-buttons-messages, interactive-list-messages, interactive-cta-url-messages).
const (
	maxInteractiveType   = 64
	maxInteractiveBody   = 1024
	maxListBody          = 4096
	maxInteractiveHeader = 60
	maxInteractiveFooter = 60
	maxReplyButtons      = 3
	maxReplyID           = 256
	maxReplyTitle        = 20
	maxOpenButton        = 20
	maxSections          = 10
	maxRows              = 10
	maxSectionTitle      = 24
	maxRowID             = 200
	maxRowTitle          = 24
	maxRowDescription    = 72
)

const headerText = "text"

// interactiveRules are what is checked of a kind of interactive message.
type interactiveRules struct {
	// headers are the kinds that a header may have; nil for any.
	headers []string
	// leastBody and mostBody bound the body's text; a body that may be empty may be absent.
	leastBody, mostBody int
	// action checks what the customer can do.
	action func(field) error
}

// rulesOf are the rules of a kind of interactive message. Of a kind that is not known only what all
// have in common is checked; the rest is the upstream's to judge.
func rulesOf(kind string) interactiveRules {
	rules := interactiveRules{leastBody: 1, mostBody: maxInteractiveBody}
	switch kind {
	case "button":
		rules.headers, rules.action = mediaOrText(), replyButtons
	case "list":
		rules.headers, rules.mostBody, rules.action = []string{headerText}, maxListBody, listAction
	case actionLink:
		rules.headers, rules.action = mediaOrText(), named(actionLink, linkParameters)
	case actionFlow:
		rules.headers, rules.action = mediaOrText(), named(actionFlow, flowParameters)
	case "product":
		rules.leastBody, rules.action = 0, productAction
	case "product_list":
		rules.headers, rules.action = []string{headerText}, productListAction
	case "catalog_message":
		rules.action = named("catalog_message", passParameters)
	case "location_request_message":
		rules.action = named("send_location", passParameters)
	case "address_message":
		rules.action = named("address_message", addressParameters)
	case "voice_call":
		rules.action = named("voice_call", callParameters)
	case "call_permission_request", "request_contact_info":
		rules.leastBody, rules.action = 0, named(kind, passParameters)
	case "order_details":
		rules.action = named("review_and_pay", orderParameters)
	case "order_status":
		rules.action = named("review_order", orderParameters)
	case "carousel":
		rules.action = carouselAction
	default:
		rules.leastBody, rules.action = 0, passAction
	}
	return rules
}

// mediaOrText are the headers of most kinds.
func mediaOrText() []string { return []string{headerText, TypeImage, TypeVideo, TypeDocument} }

func readInteractive(_ *Send, path string, raw []byte) error {
	interactive, err := field{path, raw}.object()
	if err != nil {
		return err
	}
	kind, err := interactive.at("type").text(1, maxInteractiveType)
	if err != nil {
		return err
	}
	rules := rulesOf(kind)
	if err := interactiveHeader(interactive.at("header"), rules.headers); err != nil {
		return err
	}
	if err := interactiveText(interactive.at("body"), rules.leastBody, rules.mostBody); err != nil {
		return err
	}
	if err := interactiveText(interactive.at("footer"), 0, maxInteractiveFooter); err != nil {
		return err
	}
	return rules.action(interactive.at("action"))
}

// interactiveHeader checks a header of one of the kinds, or of any for nil.
func interactiveHeader(f field, kinds []string) error {
	if f.absent() {
		return nil
	}
	header, err := f.object()
	if err != nil {
		return err
	}
	kind, err := header.at("type").text(1, maxInteractiveType)
	switch {
	case err != nil:
		return err
	case kinds != nil && !slices.Contains(kinds, kind):
		return invalid(header.path+".type", "must be "+clientbody.Alternatives(kinds))
	}
	switch kind {
	case headerText:
		_, err = header.at("text").text(1, maxInteractiveHeader)
		return err
	case TypeImage, TypeVideo, TypeDocument:
		medium, err := header.at(kind).object()
		if err != nil {
			return err
		}
		return medium.medium()
	}
	return nil
}

// interactiveText checks {"text":…}, which may be absent if it may be empty; one
// that is there is not empty.
func interactiveText(f field, least, most int) error {
	if f.absent() && least == 0 {
		return nil
	}
	object, err := f.object()
	if err != nil {
		return err
	}
	_, err = object.at("text").text(1, most)
	return err
}
