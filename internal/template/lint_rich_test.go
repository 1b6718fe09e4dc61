package template

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// offered returns a limited-time offer that breaks no rule.
func offered() Definition {
	return Definition{
		Name: "summer", Language: "en_US", Category: CategoryMarketing,
		Components: []Component{
			{Type: Header, Format: FormatImage, Example: &Example{HeaderHandle: []string{"4::aW"}}},
			{Type: LimitedTimeOffer, Offer: &Offer{Text: "Until Sunday", HasExpiration: true}},
			{Type: Body, Text: "Our summer collection is here for you."},
			{Type: Buttons, Buttons: []Button{
				{Type: ButtonCopyCode, Example: Strings{"SUMMER"}},
				{Type: ButtonURL, Text: "Shop", URL: "https://ex.test"},
			}},
		},
	}
}

func cardOf(format, text string, buttons ...Button) Card {
	header := Component{Type: Header, Format: format}
	if format != FormatProduct {
		header.Example = &Example{HeaderHandle: []string{"4::aW"}}
	}
	card := Card{Components: []Component{header}}
	if text != "" {
		card.Components = append(card.Components, Component{Type: Body, Text: text})
	}
	if len(buttons) > 0 {
		card.Components = append(card.Components, Component{Type: Buttons, Buttons: buttons})
	}
	return card
}

// withCards returns a carousel of two cards that breaks no rule.
func withCards() Definition {
	quick := Button{Type: ButtonQuickReply, Text: "More"}
	return Definition{
		Name: "shoes", Language: "en_US", Category: CategoryMarketing,
		Components: []Component{
			{Type: Body, Text: "These are our shoes."},
			{Type: Carousel, Cards: []Card{cardOf(FormatImage, "Brown.", quick), cardOf(FormatImage, "Black.", quick)}},
		},
	}
}

func askingToCall() Definition {
	return Definition{
		Name: "call", Language: "en_US", Category: CategoryUtility,
		Components: []Component{
			{Type: Body, Text: "May we call you about your order?"}, {Type: CallPermissionRequest},
		},
	}
}

func libraryCopy() Definition {
	return Definition{
		Name: "delivery", Language: "en_US", Category: CategoryUtility, LibraryTemplateName: "delivery_update_1",
		LibraryButtonInputs: json.RawMessage(`[{"type":"URL","url":{"base_url":"https://ex.test/{{1}}"}}]`),
		Components:          []Component{{Type: Body, Text: "{{1}}, your parcel is on its way to {{2}}"}},
	}
}

func TestLintAcceptsEveryKind(t *testing.T) {
	products := withCards()
	spm := Button{Type: ButtonSPM, Text: "View"}
	products.Components[1].Cards = []Card{cardOf(FormatProduct, "", spm), cardOf(FormatProduct, "", spm)}
	one := func(button Button) Definition {
		d := valid()
		d.Components = []Component{
			{Type: Body, Text: "Look at this, please."}, {Type: Buttons, Buttons: []Button{button}},
		}
		return d
	}
	priced := offered()
	priced.OptimizationSpec = json.RawMessage(`{"bid_amount":1200}`)
	extra := valid()
	extra.Extra = map[string]json.RawMessage{
		"degrees_of_freedom_spec": json.RawMessage(`{"creative_features_spec":{}}`),
	}
	extra.Components[1].Extra = map[string]json.RawMessage{"tone": json.RawMessage(`"calm"`)}
	for name, d := range map[string]Definition{
		"limited-time offer": offered(), "carousel": withCards(), "carousel of products": products,
		"call permission": askingToCall(), "library": libraryCopy(), "max price": priced, "further members": extra,
		"flow by id":    one(Button{Type: ButtonFlow, Text: "Begin", FlowID: "1"}),
		"flow by name":  one(Button{Type: ButtonFlow, Text: "Begin", FlowName: "survey", FlowAction: "navigate"}),
		"flow by JSON":  one(Button{Type: ButtonFlow, Text: "Begin", FlowJSON: `{"version":"7.0"}`}),
		"catalogue":     one(Button{Type: ButtonCatalog, Text: "View catalog"}),
		"products":      one(Button{Type: ButtonMPM, Text: "View items"}),
		"product":       one(Button{Type: ButtonSPM, Text: "View"}),
		"order details": one(Button{Type: ButtonOrderDetails, Text: "Review and pay"}),
		"voice call":    one(Button{Type: ButtonVoiceCall, Text: "Call us"}),
	} {
		if findings := Lint(d); len(findings) != 0 {
			t.Errorf("%s: got %+v", name, findings)
		}
	}
}

func TestLintRulesOfRichKinds(t *testing.T) {
	cards := func(change func([]Card)) func(*Definition) {
		return func(d *Definition) { change(d.Components[1].Cards) }
	}
	flow := func(button Button) func(*Definition) {
		return func(d *Definition) { d.Components[3].Buttons = []Button{button} }
	}
	tests := map[string]struct {
		from   func() Definition
		change func(*Definition)
		want   Finding
	}{
		"an offer in utility": {
			offered, func(d *Definition) { d.Category = CategoryUtility },
			Finding{
				"offer-category", Error, "components[1].type", "Use a limited-time offer only in category MARKETING.",
			},
		},
		"an offer with a footer": {
			offered, func(d *Definition) {
				d.Components[3] = Component{Type: Footer, Text: "Shop X"}
			},
			Finding{
				"offer-footer", Error, "components[1].type", "Remove the footer: a limited-time offer has none.",
			},
		},
		"an offer of 17 characters": {
			offered, func(d *Definition) { d.Components[1].Offer.Text = strings.Repeat("é", 17) },
			Finding{
				"offer-text", Error, "components[1].limited_time_offer.text",
				"Shorten the text to 16 characters; it has 17.",
			},
		},
		"an offer of nothing": {
			offered, func(d *Definition) { d.Components[1].Offer = nil },
			Finding{"offer-text", Error, "components[1].limited_time_offer.text", "Say what is offered."},
		},
		"an offer with a body of 601": {
			offered, func(d *Definition) { d.Components[2].Text = strings.Repeat("a", 601) },
			Finding{
				"body-length", Error, "components[2].text", "Shorten the text to 600 characters; it has 601.",
			},
		},
		"a card with a text above": {
			withCards, cards(func(c []Card) {
				c[1].Components[0] = Component{Type: Header, Format: FormatText, Text: "A"}
			}),
			Finding{
				"card-header", Error, "components[1].cards[1].components[0].format",
				"Use IMAGE, VIDEO or PRODUCT for the header of a card.",
			},
		},
		"a card without a header": {
			withCards, cards(func(c []Card) {
				c[0].Components, c[1].Components = c[0].Components[1:], c[1].Components[1:]
			}),
			Finding{
				"card-header", Error, "components[1].cards[0]",
				"Give the card a header: a picture, a video or a product.",
			},
		},
		"a card of 161 characters": {
			withCards, cards(func(c []Card) { c[1].Components[1].Text = strings.Repeat("a", 161) }),
			Finding{
				"body-length", Error, "components[1].cards[1].components[1].text",
				"Shorten the text to 160 characters; it has 161.",
			},
		},
		"a card with three buttons": {
			withCards, cards(func(c []Card) {
				quick := c[0].Components[2].Buttons[0]
				c[0].Components[2].Buttons = []Button{quick, quick, quick}
			}),
			Finding{
				"button-count", Error, "components[1].cards[0].components[2].buttons",
				"Use 1 to 2 buttons; there are 3.",
			},
		},
		"a card of another shape": {
			withCards, cards(func(c []Card) { c[1].Components = c[1].Components[:2] }),
			Finding{
				"carousel-shape", Error, "components[1].cards[1]",
				"Give all cards the same components: the same header, and the same types of buttons in the same order.",
			},
		},
		"eleven cards": {
			withCards, func(d *Definition) {
				for len(d.Components[1].Cards) < 11 {
					d.Components[1].Cards = append(d.Components[1].Cards, d.Components[1].Cards[0])
				}
			},
			Finding{"carousel-cards", Error, "components[1].cards", "Use 1 to 10 cards; there are 11."},
		},
		"a footer below cards": {
			withCards, func(d *Definition) { d.Components = append(d.Components, Component{Type: Footer, Text: "X"}) },
			Finding{
				"carousel-alone", Warning, "components[1].type",
				"Remove the footer: Meta describes carousels with a body only.",
			},
		},
		"a request for a call with buttons": {
			askingToCall, func(d *Definition) {
				d.Components = append(d.Components, Component{
					Type: Buttons, Buttons: []Button{{Type: ButtonQuickReply, Text: "No"}},
				})
			},
			Finding{
				"call-permission", Error, "components", "Remove buttons and cards: a request for a call has none.",
			},
		},
		"a flow that is not named": {
			valid, flow(Button{Type: ButtonFlow, Text: "Begin"}),
			Finding{
				"button-flow", Error, "components[3].buttons[0].flow_id",
				"Say which flow the button opens: by its id, its name or its JSON.",
			},
		},
		"a flow that is named twice": {
			valid, flow(Button{Type: ButtonFlow, Text: "Begin", FlowID: "1", FlowName: "a"}),
			Finding{
				"button-flow", Error, "components[3].buttons[0].flow_id",
				"Say which flow the button opens: by its id, its name or its JSON.",
			},
		},
		"a flow that is no JSON": {
			valid, flow(Button{Type: ButtonFlow, Text: "Begin", FlowJSON: "{"}),
			Finding{"button-flow", Error, "components[3].buttons[0].flow_json", "Write the flow as JSON."},
		},
		"a price for utility": {
			valid, func(d *Definition) { d.OptimizationSpec = json.RawMessage(`{"bid_amount":1}`) },
			Finding{"max-price", Error, "optimization_spec", "Set a price only in category MARKETING."},
		},
		"a library copy that no message can fit": {
			libraryCopy, func(d *Definition) { d.Components[0].Text = "Hi {{2}}" },
			Finding{
				"library-components", Error, "components",
				"Write what the library's template has: components[0].text: {{1}} is missing; number the variables " +
					"from 1 without gaps.",
			},
		},
		"a component that Meta may know": {
			valid, func(d *Definition) { d.Components = append(d.Components, Component{Type: "ORDER_STATUS"}) },
			Finding{
				"component-type", Warning, "components[4].type",
				`"ORDER_STATUS" is not known here: Meta decides about it.`,
			},
		},
		"a component that it cannot": {
			valid, func(d *Definition) { d.Components = append(d.Components, Component{Type: "order status"}) },
			Finding{
				"component-type", Error, "components[4].type",
				"Use HEADER, BODY, FOOTER, BUTTONS or another type of component in capitals.",
			},
		},
		"a category that Meta may know": {
			valid, func(d *Definition) { d.Category = "SERVICE" },
			Finding{"category", Warning, "category", `"SERVICE" is not known here: Meta decides about it.`},
		},
		"more than can be passed on": {
			valid, func(d *Definition) {
				d.Extra = map[string]json.RawMessage{"a": json.RawMessage(`"` + strings.Repeat("b", 16<<10) + `"`)}
			},
			Finding{
				"extra-size", Error, "extra", "Shorten the further members to 16384 bytes; they have 16387.",
			},
		},
		"a member that a field says": {
			valid, func(d *Definition) {
				d.Extra = map[string]json.RawMessage{"components": json.RawMessage("[]")}
			},
			Finding{
				"extra-known", Error, "extra",
				`Remove "components" from the further members: a field of its own says it.`,
			},
		},
		"another method": {
			valid, func(d *Definition) {
				d.Extra = map[string]json.RawMessage{"Method[]": json.RawMessage(`"delete"`)}
			},
			Finding{
				"extra-parameter", Error, "extra",
				`Remove "Method[]" from the further members: it is a parameter of requests,` +
					` and says nothing of a template.`,
			},
		},
		"a token": {
			libraryCopy, func(d *Definition) {
				d.Extra = map[string]json.RawMessage{"access_token": json.RawMessage(`"x"`)}
			},
			Finding{
				"extra-parameter", Error, "extra",
				`Remove "access_token" from the further members: ` +
					`it is a parameter of requests, and says nothing of a template.`,
			},
		},
		"another address of webhooks": {
			valid, func(d *Definition) {
				d.Extra = map[string]json.RawMessage{"override_callback_uri": json.RawMessage(`"https://x.example"`)}
			},
			Finding{
				"extra-parameter", Error, "extra",
				`Remove "override_callback_uri" from the further members: ` +
					`it is a parameter of requests, and says nothing of a template.`,
			},
		},
		"a button that says its text twice": {
			valid, func(d *Definition) {
				d.Components[3].Buttons[0].Extra = map[string]json.RawMessage{"text": json.RawMessage(`"B"`)}
			},
			Finding{
				"extra-known", Error, "components[3].buttons[0].extra",
				`Remove "text" from the further members: a field of its own says it.`,
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d := tc.from()
			tc.change(&d)
			found := Lint(d)
			for _, finding := range found {
				if cmp.Equal(finding, tc.want) {
					return
				}
			}
			t.Errorf("got %+v, want %+v", found, tc.want)
		})
	}
}
