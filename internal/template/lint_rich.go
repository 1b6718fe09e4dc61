package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph/parameter"
)

// Bounds of what is passed on unread.
const (
	// maxExtra is how many bytes the further members of an object may have together.
	maxExtra = 16 << 10
	// maxCardButtons is how many buttons a card may have.
	maxCardButtons = 2
)

// offer checks a limited-time offer. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/limited-time-offer-templates
func (l *linter) offer(path string, c Component) {
	at := path + ".limited_time_offer"
	if c.Offer == nil || c.Offer.Text == "" {
		l.fail("offer-text", at+".text", "Say what is offered.")
		return
	}
	if n := utf8.RuneCountInString(c.Offer.Text); n > maxOffer {
		l.fail("offer-text", at+".text", "Shorten the text to %d characters; it has %d.", maxOffer, n)
	}
	if strings.Contains(c.Offer.Text, "{{") {
		l.fail("offer-text", at+".text", "Remove the variable: an offer's text has none.")
	}
	if l.definition.Category != CategoryMarketing {
		l.fail("offer-category", path+".type", "Use a limited-time offer only in category MARKETING.")
	}
	if l.definition.component(Footer).Type != "" {
		l.fail("offer-footer", path+".type", "Remove the footer: a limited-time offer has none.")
	}
}

// carousel checks the cards. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/media-card-carousel-templates
func (l *linter) carousel(path string, c Component) {
	if n := len(c.Cards); n == 0 || n > maxCards {
		l.fail("carousel-cards", path+".cards", "Use 1 to %d cards; there are %d.", maxCards, n)
	}
	for i, card := range c.Cards {
		at := fmt.Sprintf("%s.cards[%d]", path, i)
		l.card(at, card)
		if i > 0 && shape(card) != shape(c.Cards[0]) {
			l.fail(
				"carousel-shape", at,
				"Give all cards the same components: the same header, and the same types of buttons in the same order.",
			)
		}
	}
	for _, kind := range []string{Header, Footer} {
		if l.definition.component(kind).Type != "" {
			l.warn("carousel-alone", path+".type", "Remove the %s: Meta describes carousels with a body only.",
				strings.ToLower(kind))
		}
	}
}

func (l *linter) card(path string, card Card) {
	seen := map[string]bool{}
	for i, c := range card.Components {
		at := fmt.Sprintf("%s.components[%d]", path, i)
		if seen[c.Type] {
			l.fail("component-once", at, "Keep one %s component of the card.", c.Type)
		}
		seen[c.Type] = true
		switch c.Type {
		case Header:
			if c.Format == FormatText || c.Format == FormatDocument || c.Format == FormatLocation {
				l.fail("card-header", at+".format", "Use IMAGE, VIDEO or PRODUCT for the header of a card.")
				continue
			}
			l.header(at, c)
		case Body:
			l.bodyText(at, c, maxCardBody)
		case Buttons:
			l.someButtons(at, c, maxCardButtons)
		default:
			l.unlisted("component-type", at+".type", c.Type, "Use HEADER, BODY or BUTTONS in a card.")
		}
		l.extra(at+".", c.Extra, plainComponent(c))
	}
	if !seen[Header] {
		l.fail("card-header", path, "Give the card a header: a picture, a video or a product.")
	}
}

// shape is what all cards of a carousel must have in common.
func shape(card Card) string {
	var parts []string
	for _, c := range card.Components {
		kinds := []string{c.Type, c.Format}
		for _, b := range c.Buttons {
			kinds = append(kinds, b.Type)
		}
		parts = append(parts, strings.Join(kinds, ":"))
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

// combinations checks what components rule out of each other.
func (l *linter) combinations() {
	d := l.definition
	if d.component(CallPermissionRequest).Type == "" {
		return
	}
	if l.authentication {
		l.fail("call-permission", "components", "Ask for a call only in category MARKETING or UTILITY.")
	}
	if d.component(Buttons).Type != "" || d.component(Carousel).Type != "" {
		l.fail("call-permission", "components", "Remove buttons and cards: a request for a call has none.")
	}
}

// bid checks the most that the business pays for a delivery.
func (l *linter) bid() {
	if len(l.definition.OptimizationSpec) > 0 && l.definition.Category != CategoryMarketing {
		l.fail("max-price", "optimization_spec", "Set a price only in category MARKETING.")
	}
}

// libraryCopy checks what is said of a template of Meta's library: that messages can be matched
// with it.
func (l *linter) libraryCopy() {
	if _, err := Compile(l.definition); err != nil {
		l.fail("library-components", "components", "Write what the library's template has: %s.", err)
	}
	for _, inputs := range []json.RawMessage{l.definition.LibraryBodyInputs, l.definition.LibraryButtonInputs} {
		if len(inputs) > maxExtra {
			l.fail("extra-size", "library_template_name", "Shorten the inputs to %d bytes.", maxExtra)
		}
	}
}

// extra bounds what is passed on unread, and keeps it from saying again what a field says.
func (l *linter) extra(path string, members map[string]json.RawMessage, said any) {
	if len(members) == 0 {
		return
	}
	size := 0
	for name, value := range members {
		size += len(name) + len(value)
	}
	if size > maxExtra {
		l.fail("extra-size", path+"extra", "Shorten the further members to %d bytes; they have %d.", maxExtra, size)
	}
	taken := saidBy(said)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if taken[name] {
			l.fail("extra-known", path+"extra", "Remove %q from the further members: a field of its own says it.", name)
		}
	}
}

// parameters refuses further members of the template that the upstream would not take for its own:
// they stand beside the parameters of the request that submits it.
func (l *linter) parameters(members map[string]json.RawMessage) {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if parameter.IsCredential(name) || parameter.IsControl(name) || parameter.IsWebhook(name) {
			l.fail(
				"extra-parameter", "extra",
				"Remove %q from the further members: it is a parameter of requests, and says nothing of a template.",
				name,
			)
		}
	}
}
