package cloudapitest

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/guichet-dev/guichet/internal/template"
)

// richDefinitions are templates of the kinds beyond text, pictures and plain buttons.
func richDefinitions() []template.Definition {
	of := func(name string, components ...template.Component) template.Definition {
		return template.Definition{
			Name: name, Language: "en_US", Category: template.CategoryMarketing, Components: components,
		}
	}
	body := func(text string) template.Component { return template.Component{Type: template.Body, Text: text} }
	header := func(format string) template.Component {
		return template.Component{Type: template.Header, Format: format}
	}
	button := func(list ...template.Button) template.Component {
		return template.Component{Type: template.Buttons, Buttons: list}
	}
	one := func(kind, text string) template.Component { return button(template.Button{Type: kind, Text: text}) }
	media := template.Card{Components: []template.Component{
		header(template.FormatImage), body("From {{1}} on."),
		button(
			template.Button{Type: template.ButtonQuickReply, Text: "More"},
			template.Button{Type: template.ButtonURL, Text: "Shop", URL: "https://ex.test/{{1}}"},
		),
	}}
	product := template.Card{Components: []template.Component{
		header(template.FormatProduct), one(template.ButtonSPM, "View"),
	}}
	oneTap := of(
		"one_tap", template.Component{Type: template.Body},
		button(template.Button{Type: template.ButtonOTP, OTPType: template.OTPOneTap, Text: "Autofill"}),
	)
	oneTap.Category = template.CategoryAuthentication
	zeroTap := oneTap
	zeroTap.Name = "zero_tap"
	zeroTap.Components = []template.Component{
		{Type: template.Body},
		button(template.Button{Type: template.ButtonOTP, OTPType: template.OTPZeroTap, Text: "Autofill"}),
	}
	capped := of("capped", body("Come in, {{1}}."))
	capped.OptimizationSpec = json.RawMessage(`{"bid_amount":1200,"bid_strategy":"LOWEST_COST_WITH_BID_CAP"}`)
	return []template.Definition{
		of("film", header(template.FormatVideo), body("See it.")),
		of("bill", header(template.FormatDocument), body("Pay it.")),
		of("clip", header(template.FormatGIF), body("See it move.")),
		of("shoe", header(template.FormatProduct), body("Our newest."), one(template.ButtonSPM, "View")),
		of("shoes", body("See these, {{1}}."), template.Component{
			Type: template.Carousel, Cards: []template.Card{media, media},
		}),
		of("wares", body("Our wares."), template.Component{
			Type: template.Carousel, Cards: []template.Card{product, product},
		}),
		of(
			"offer", header(template.FormatImage),
			template.Component{
				Type: template.LimitedTimeOffer, Offer: &template.Offer{Text: "Until then", HasExpiration: true},
			},
			body("Hurry, {{1}}."),
			button(
				template.Button{Type: template.ButtonCopyCode, Example: template.Strings{"SAVE"}},
				template.Button{Type: template.ButtonURL, Text: "Shop", URL: "https://ex.test/{{1}}"},
			),
		),
		of("menu", body("Eat."), one(template.ButtonMPM, "View items")),
		of("catalogue", body("Look."), one(template.ButtonCatalog, "View catalog")),
		of("survey", body("Tell us."), one(template.ButtonFlow, "Begin")),
		of("invoice", body("Pay."), one(template.ButtonOrderDetails, "Pay now")),
		of("progress", body("It is on its way."), template.Component{Type: "ORDER_STATUS"}),
		of("ring", body("Call us."), one(template.ButtonVoiceCall, "Call")),
		of("permission", body("May we call, {{1}}?"), template.Component{Type: "CALL_PERMISSION_REQUEST"}),
		oneTap, zeroTap, capped,
	}
}

// richTemplateCases are of templates of those kinds.
func richTemplateCases() []Case {
	send := func(name string, components ...string) string {
		return message(
			"template",
			`{"name":"`+name+`","language":{"code":"en_US"},"components":[`+strings.Join(components, ",")+`]}`,
		)
	}
	component := func(kind, parameter string) string {
		return `{"type":"` + kind + `","parameters":[` + parameter + `]}`
	}
	button := func(kind string, index int, parameter string) string {
		return `{"type":"button","sub_type":"` + kind + `","index":"` + strconv.Itoa(index) + `","parameters":[` + parameter + `]}`
	}
	text := func(value string) string { return `{"type":"text","text":"` + value + `"}` }
	action := func(content string) string { return `{"type":"action","action":` + content + `}` }
	media := func(kind string) string { return `{"type":"` + kind + `","` + kind + `":{"id":"1"}}` }
	card := func(index int, components ...string) string {
		return `{"card_index":` + strconv.Itoa(index) + `,"components":[` + strings.Join(components, ",") + `]}`
	}
	carousel := func(cards ...string) string {
		return `{"type":"carousel","cards":[` + strings.Join(cards, ",") + `]}`
	}
	const (
		path    = "template.components"
		cards   = path + "[1].cards"
		product = `{"type":"product","product":{"product_retailer_id":"a","catalog_id":"1"}}`
		shelf   = `{"title":"A","product_items":[{"product_retailer_id":"a"}]}`
		ends    = `{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":1798761600000}}`
	)
	var (
		ana    = component("body", text("Ana"))
		photo  = component("header", media("image"))
		later  = button("quick_reply", 0, `{"type":"payload","payload":"MORE"}`)
		shop   = button("url", 1, text("a"))
		shoe   = func(index int) string { return card(index, photo, component("body", text("9 EUR")), later, shop) }
		ware   = func(index int) string { return card(index, component("header", product)) }
		coupon = button("copy_code", 0, `{"type":"coupon_code","coupon_code":"SAVE"}`)
		offer  = component("limited_time_offer", ends)
		code   = component("body", text("123456"))
	)
	return []Case{
		accepted("video header", send("film", component("header", media("video")))),
		accepted(
			"document header",
			send(
				"bill",
				component(
					"header", `{"type":"document","document":{"link":"https://ex.test/a.pdf","filename":"a.pdf"}}`,
				),
			),
		),
		accepted("GIF header", send("clip", component("header", media("gif")))),
		accepted("GIF header as a video", send("clip", component("header", media("video")))),
		refused("GIF header as an image", send("clip", photo), 132012, path+"[0].parameters[0]"),
		accepted("product header", send("shoe", component("header", product))),
		refused("product header without a product", send("shoe"), 132012, path),
		refused(
			"product header that names none",
			send("shoe", component("header", `{"type":"product","product":{"catalog_id":"1"}}`)), 131008,
			path+"[0].parameters[0].product.product_retailer_id",
		),

		accepted("carousel of media", send("shoes", ana, carousel(shoe(0), shoe(1)))),
		accepted("carousel of media, in another order", send("shoes", carousel(shoe(1), shoe(0)), ana)),
		accepted(
			"quick reply of a card left out",
			send("shoes", ana, carousel(shoe(0), card(1, photo, component("body", text("x")), shop))),
		),
		refused("carousel of media left out", send("shoes", ana), 132000, path),
		refused("carousel of media, a card short", send("shoes", ana, carousel(shoe(0))), 132000, path+"[1]"),
		refused(
			"carousel of media, a card too many", send("shoes", ana, carousel(shoe(0), shoe(1), shoe(2))), 132000,
			path+"[1]",
		),
		refused("card twice", send("shoes", ana, carousel(shoe(0), shoe(0))), 132012, cards+"[1].card_index"),
		refused(
			"card without a place",
			send("shoes", ana, carousel(shoe(0), strings.Replace(shoe(1), `"card_index":1,`, "", 1))), 132012,
			cards+"[1].card_index",
		),
		refused(
			"card without its picture",
			send("shoes", ana, carousel(shoe(0), card(1, component("body", text("x")), shop))), 132012,
			cards+"[1].components",
		),
		refused(
			"card with a value short", send("shoes", ana, carousel(shoe(0), card(1, photo, shop))), 132000,
			cards+"[1].components",
		),
		refused(
			"card without its link",
			send("shoes", ana, carousel(shoe(0), card(1, photo, component("body", text("x"))))), 132000,
			cards+"[1].components",
		),
		refused(
			"card with a newline",
			send("shoes", ana, carousel(shoe(0), strings.Replace(shoe(1), "9 EUR", `9\nEUR`, 1))), 132018,
			cards+"[1].components[1].parameters[0].text",
		),
		refused(
			"card with a body of 161",
			send("shoes", ana, carousel(shoe(0), strings.Replace(shoe(1), "9 EUR", long(161-len("From  on.")), 1))),
			132005, cards+"[1].components[1]",
		),
		refused("cards in an object", send("shoes", ana, `{"type":"carousel","cards":{}}`), 131009, cards),
		accepted("carousel of products", send("wares", carousel(ware(0), ware(1)))),
		accepted(
			"carousel of more products than the template shows", send("wares", carousel(ware(0), ware(1), ware(2))),
		),
		refused("carousel of one product", send("wares", carousel(ware(0))), 132000, path+"[0]"),
		refused(
			"carousel of pictures for products", send("wares", carousel(card(0, photo), card(1, photo))), 132012,
			path+"[0].cards[0].components[0].parameters[0]",
		),

		accepted("offer", send("offer", photo, ana, offer, coupon, shop)),
		refused("offer without its end", send("offer", photo, ana, coupon, shop), 132012, path),
		refused(
			"offer that ends at no time",
			send(
				"offer", photo, ana,
				component("limited_time_offer", `{"type":"limited_time_offer","limited_time_offer":{}}`), coupon, shop,
			),
			131008, path+"[2].parameters[0].limited_time_offer.expiration_time_ms",
		),
		refused("offer for a template without", send("note", ana, offer), 132012, path+"[1].type"),
		refused("offer without its coupon", send("offer", photo, ana, offer, shop), 132000, path),

		accepted(
			"multi-product",
			send("menu", button("mpm", 0, action(`{"thumbnail_product_retailer_id":"a","sections":[`+shelf+`]}`))),
		),
		refused(
			"multi-product of 11 sections",
			send("menu", button("mpm", 0, action(`{"sections":`+several(11, shelf)+`}`))), 131009,
			path+"[0].parameters[0].action.sections",
		),
		accepted(
			"catalogue button",
			send("catalogue", button("catalog", 0, action(`{"thumbnail_product_retailer_id":"a"}`))),
		),
		accepted("catalogue button left out", send("catalogue")),
		accepted(
			"flow button", send("survey", button("flow", 0, action(`{"flow_token":"t","flow_action_data":{"a":1}}`))),
		),
		accepted("flow button left out", send("survey")),
		refused(
			"flow button with a text", send("survey", button("flow", 0, text("t"))), 132012, path+"[0].parameters[0]",
		),
		refused(
			"flow button with a string", send("survey", button("flow", 0, action(`"t"`))), 131009,
			path+"[0].parameters[0].action",
		),
		accepted(
			"order button",
			send(
				"invoice",
				button(
					"order_details", 0,
					action(
						`{"order_details":{"reference_id":"o-1","type":"digital-goods","currency":"BRL",`+
							`"total_amount":{"value":1,"offset":100}}}`,
					),
				),
			),
		),
		refused("order button left out", send("invoice"), 132000, path),
		refused(
			"order without its reference", send("invoice", button("order_details", 0, action(`{"order_details":{}}`))),
			131008, path+"[0].parameters[0].action.order_details.reference_id",
		),
		accepted(
			"state of an order in a template",
			send(
				"progress",
				component(
					"order_status",
					`{"type":"order_status","order_status":{"reference_id":"o-1","order":{"status":"shipped"}}}`,
				),
			),
		),
		accepted(
			"call button of a template",
			send(
				"ring",
				button("voice_call", 0, `{"type":"ttl_minutes","ttl_minutes":100},{"type":"payload","payload":"x"}`),
			),
		),
		accepted("call button left out", send("ring")),
		refused(
			"call button with a text", send("ring", button("voice_call", 0, text("x"))), 132012,
			path+"[0].parameters[0]",
		),
		accepted("permission to call", send("permission", ana)),
		accepted("one tap", send("one_tap", code, button("url", 0, text("123456")))),
		accepted("zero tap", send("zero_tap", code, button("url", 0, text("123456")))),
		refused("one tap without its code", send("one_tap", code), 132000, path),
		accepted(
			"what a tap opens",
			send(
				"note", ana,
				component(
					"tap_target_configuration",
					`{"type":"tap_target_configuration","tap_target_configuration":[{"url":"https://ex.test",`+
						`"title":"Shop"}]}`,
				),
			),
		),
	}
}
