package graph

import (
	"slices"

	"github.com/guichet-dev/guichet/internal/template"
)

// buttonPostback is what a page's templates call the button that WhatsApp's call QUICK_REPLY.
// Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/utility-messages
const buttonPostback = "POSTBACK"

// ForPage is a definition as a page's templates are written.
func ForPage(d template.Definition) template.Definition {
	return withButtons(d, template.ButtonQuickReply, buttonPostback)
}

// FromPage is the definition that ForPage has written.
func FromPage(d template.Definition) template.Definition {
	return withButtons(d, buttonPostback, template.ButtonQuickReply)
}

// withButtons is a definition whose buttons of one type are of another one.
func withButtons(d template.Definition, from, to string) template.Definition {
	d.Components = slices.Clone(d.Components)
	for i := range d.Components {
		buttons := slices.Clone(d.Components[i].Buttons)
		for j := range buttons {
			if buttons[j].Type == from {
				buttons[j].Type = to
			}
		}
		d.Components[i].Buttons = buttons
	}
	return d
}
