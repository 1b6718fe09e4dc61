package tenant

import (
	"strings"

	"github.com/guichet-dev/guichet/internal/template"
)

// Differences says in which parts the upstream's copy of a template is not what the spec asks for;
// none means that they are the same to a customer, as far as that can be seen. Samples, what the
// upstream itself writes (all of an authentication message, the texts of some buttons), and what
// this API has no field for are not compared.
func Differences(wanted, upstream template.Definition) []string {
	var different []string
	authentication := wanted.Category == template.CategoryAuthentication
	for _, part := range parts() {
		if authentication && part.kind != template.Buttons {
			continue
		}
		a, b := componentOf(wanted.Components, part.kind), componentOf(upstream.Components, part.kind)
		if !part.same(a, b, authentication) {
			different = append(different, part.name)
		}
	}
	return different
}

// HasUnseen tells whether a definition has what Differences cannot see in the upstream's copy.
func HasUnseen(wanted template.Definition) bool {
	if wanted.Category == template.CategoryAuthentication || len(wanted.Extra) > 0 ||
		wanted.MessageSendTTLSeconds != nil || wanted.LinkTrackingOptedOut != nil || wanted.OptimizationSpec != nil {
		return true
	}
	return unseenIn(wanted.Components)
}

func unseenIn(components []template.Component) bool {
	for _, c := range components {
		if len(c.Extra) > 0 {
			return true
		}
		for _, b := range c.Buttons {
			if len(b.Extra) > 0 || b.Type == template.ButtonFlow {
				return true
			}
		}
		for _, card := range c.Cards {
			if unseenIn(card.Components) {
				return true
			}
		}
	}
	return false
}

// part is a kind of component that is compared: what the spec calls it, and how.
type part struct {
	kind, name string
	same       func(a, b template.Component, authentication bool) bool
}

func parts() []part {
	return []part{
		{template.Header, "header", sameText},
		{template.Body, "body", sameText},
		{template.Footer, "footer", sameText},
		{template.Buttons, "buttons", sameButtons},
		{template.LimitedTimeOffer, "limitedTimeOffer", sameOffer},
		{template.Carousel, "carousel", sameCards},
		{template.CallPermissionRequest, "callPermission", samePresence},
	}
}

func componentOf(list []template.Component, kind string) template.Component {
	for _, c := range list {
		if strings.EqualFold(c.Type, kind) {
			return c
		}
	}
	return template.Component{}
}

func samePresence(a, b template.Component, _ bool) bool { return (a.Type == "") == (b.Type == "") }

func sameText(a, b template.Component, _ bool) bool {
	format := func(c template.Component) string {
		if c.Format == "" && c.Text != "" {
			return template.FormatText
		}
		return c.Format
	}
	return a.Text == b.Text && format(a) == format(b)
}

func sameButtons(a, b template.Component, authentication bool) bool {
	if len(a.Buttons) != len(b.Buttons) {
		return false
	}
	for i := range a.Buttons {
		// The upstream turns a one-time password button into one of another type, with a text of
		// its own.
		if !authentication && !sameButton(&a.Buttons[i], &b.Buttons[i]) {
			return false
		}
	}
	return true
}

// sameButton compares what a customer sees. A text that the spec leaves out is the upstream's own.
func sameButton(wanted, upstream *template.Button) bool {
	return wanted.Type == upstream.Type && (wanted.Text == "" || wanted.Text == upstream.Text) &&
		wanted.URL == upstream.URL && wanted.PhoneNumber == upstream.PhoneNumber
}

func sameOffer(a, b template.Component, _ bool) bool {
	if a.Offer == nil || b.Offer == nil {
		return a.Offer == b.Offer
	}
	return *a.Offer == *b.Offer
}

func sameCards(a, b template.Component, _ bool) bool {
	if len(a.Cards) != len(b.Cards) {
		return false
	}
	for i := range a.Cards {
		x, y := a.Cards[i].Components, b.Cards[i].Components
		if !sameText(componentOf(x, template.Header), componentOf(y, template.Header), false) ||
			!sameText(componentOf(x, template.Body), componentOf(y, template.Body), false) ||
			!sameButtons(componentOf(x, template.Buttons), componentOf(y, template.Buttons), false) {
			return false
		}
	}
	return true
}
