package cloudapitest

import (
	"strconv"
	"strings"
)

// otherInteractiveCases are of interactive messages beyond buttons, lists and links.
func otherInteractiveCases() []Case {
	const body = `"body":{"text":"Keep 10:00?"}`
	of := func(kind, members, action string) string {
		return message("interactive", `{"type":"`+kind+`",`+members+`,"action":`+action+`}`)
	}
	bare := func(kind, action string) string {
		return message("interactive", `{"type":"`+kind+`","action":`+action+`}`)
	}
	titled := `"header":{"type":"text","text":"Our shoes"},` + body
	item := `{"product_retailer_id":"#"}`
	shelf := func(n int, title string) string {
		return `{` + title + `"product_items":` + several(n, item) + `}`
	}
	const (
		parameters = "interactive.action.parameters"
		sections   = "interactive.action.sections"
	)
	flow := func(parameters string) string {
		return of("flow", body, `{"name":"flow","parameters":{"flow_message_version":"3",`+parameters+`}}`)
	}
	products := func(sections string) string {
		return of("product_list", titled, `{"catalog_id":"1","sections":`+sections+`}`)
	}
	order := func(name, reference string) string {
		return `{"name":"` + name + `","parameters":{` + reference + `"type":"digital-goods","payment_type":"br",` +
			`"currency":"BRL",` +
			`"total_amount":{"value":50000,"offset":100},"order":{"status":"pending","items":[]}}}`
	}
	return []Case{
		accepted(
			"flow by id",
			flow(
				`"flow_token":"t","flow_id":"1","flow_cta":"Book!","flow_action":"navigate",`+
					`"flow_action_payload":{"screen":"A","data":{"a":1}}`,
			),
		),
		accepted("flow by name, under an image", of(
			"flow", `"header":{"type":"image","image":{"id":"1"}},"footer":{"text":"Shop"},`+body,
			`{"name":"flow","parameters":{"flow_name":"book","flow_cta":"Book!","mode":"draft"}}`,
		)),
		refused("flow that is not named", flow(`"flow_cta":"Book!"`), 131008, parameters+".flow_id"),
		refused(
			"flow that is named twice", flow(`"flow_id":"1","flow_name":"a","flow_cta":"Book!"`), 131009,
			parameters+".flow_name",
		),
		refused("flow without a button", flow(`"flow_id":"1"`), 131008, parameters+".flow_cta"),
		refused(
			"flow with a button of 31", flow(`"flow_id":"1","flow_cta":"`+long(31)+`"`), 131009, parameters+".flow_cta",
		),
		refused("flow without a body", bare("flow", `{"name":"flow","parameters":{}}`), 131008, "interactive.body"),
		refused("flow without parameters", of("flow", body, `{"name":"flow"}`), 131008, parameters),
		refused(
			"flow of another action", of("flow", body, `{"name":"cta_url","parameters":{}}`), 131009,
			"interactive.action.name",
		),
		refused(
			"flow with a body of 1,025", of("flow", `"body":{"text":"`+long(1025)+`"}`, `{}`), 131009,
			"interactive.body.text",
		),

		accepted(
			"product", of("product", body+`,"footer":{"text":"Shop"}`, `{"catalog_id":"1","product_retailer_id":"2"}`),
		),
		accepted("product without a body", bare("product", `{"catalog_id":"1","product_retailer_id":"2"}`)),
		refused(
			"product of no catalogue", bare("product", `{"product_retailer_id":"2"}`), 131008,
			"interactive.action.catalog_id",
		),
		refused(
			"product that is not named", bare("product", `{"catalog_id":"1"}`), 131008,
			"interactive.action.product_retailer_id",
		),

		accepted("products", products(`[`+shelf(3, "")+`]`)),
		accepted("30 products in 10 sections", products(several(10, shelf(3, `"title":"`+long(23)+`#",`)))),
		refused("31 products", products(`[`+shelf(31, "")+`]`), 131009, sections+"[0].product_items"),
		refused(
			"31 products in 2 sections", products(`[`+shelf(30, `"title":"A",`)+`,`+shelf(1, `"title":"B",`)+`]`),
			131009, sections,
		),
		refused("11 sections of products", products(several(11, shelf(1, `"title":"#",`))), 131009, sections),
		refused(
			"2 sections of products, one without a title", products(`[`+shelf(1, `"title":"A",`)+`,`+shelf(1, "")+`]`),
			131008, sections+"[1].title",
		),
		refused(
			"section of no products", products(`[{"title":"A","product_items":[]}]`), 131009,
			sections+"[0].product_items",
		),
		refused(
			"product in a section that is not named", products(`[{"product_items":[{"id":"1"}]}]`), 131008,
			sections+"[0].product_items[0].product_retailer_id",
		),
		refused(
			"products without a catalogue", of("product_list", titled, `{"sections":[`+shelf(1, "")+`]}`), 131008,
			"interactive.action.catalog_id",
		),
		refused(
			"products under an image", of("product_list", `"header":{"type":"image","image":{"id":"1"}},`+body, `{}`),
			131009, "interactive.header.type",
		),
		refused(
			"products under a header of 61",
			of("product_list", `"header":{"type":"text","text":"`+long(61)+`"},`+body, `{}`), 131009,
			"interactive.header.text",
		),
		refused("products without a body", bare("product_list", `{}`), 131008, "interactive.body"),

		accepted(
			"catalogue",
			of(
				"catalog_message", body,
				`{"name":"catalog_message","parameters":{"thumbnail_product_retailer_id":"2"}}`,
			),
		),
		accepted("catalogue with its first picture", of("catalog_message", body, `{"name":"catalog_message"}`)),
		refused(
			"catalogue of another action", of("catalog_message", body, `{"name":"catalog"}`), 131009,
			"interactive.action.name",
		),

		accepted("request for a location", of("location_request_message", body, `{"name":"send_location"}`)),
		refused(
			"request for a location without words", bare("location_request_message", `{"name":"send_location"}`),
			131008, "interactive.body",
		),
		refused(
			"request for a location by another name", of("location_request_message", body, `{"name":"location"}`),
			131009, "interactive.action.name",
		),

		accepted(
			"request for an address",
			of(
				"address_message", body,
				`{"name":"address_message","parameters":{"country":"IN","values":{"name":"Ana"}}}`,
			),
		),
		refused(
			"request for an address in no country",
			of("address_message", body, `{"name":"address_message","parameters":{}}`), 131008, parameters+".country",
		),

		accepted("request to call", of("call_permission_request", body, `{"name":"call_permission_request"}`)),
		accepted(
			"request to call without words", bare("call_permission_request", `{"name":"call_permission_request"}`),
		),
		refused(
			"request to call by another name", of("call_permission_request", body, `{"name":"call"}`), 131009,
			"interactive.action.name",
		),
		accepted("request for contact info", of("request_contact_info", body, `{"name":"request_contact_info"}`)),
		refused(
			"request for contact info without an action",
			message("interactive", `{"type":"request_contact_info",`+body+`}`), 131008, "interactive.action",
		),

		accepted(
			"call button",
			of(
				"voice_call", body,
				`{"name":"voice_call","parameters":{"display_text":"`+long(20)+`","ttl_minutes":100,"payload":"x"}}`,
			),
		),
		accepted("call button with Meta's words", of("voice_call", body, `{"name":"voice_call"}`)),
		refused(
			"call button of 21",
			of("voice_call", body, `{"name":"voice_call","parameters":{"display_text":"`+long(21)+`"}}`), 131009,
			parameters+".display_text",
		),
		refused(
			"call button for 31 days",
			of("voice_call", body, `{"name":"voice_call","parameters":{"ttl_minutes":44640}}`), 131009,
			parameters+".ttl_minutes",
		),

		accepted("order", of("order_details", body, order("review_and_pay", `"reference_id":"o-1",`))),
		accepted("state of an order", of("order_status", body, order("review_order", `"reference_id":"o-1",`))),
		refused(
			"order without a reference", of("order_details", body, order("review_and_pay", "")), 131008,
			parameters+".reference_id",
		),
		refused(
			"order with a reference of 36",
			of("order_details", body, order("review_and_pay", `"reference_id":"`+strings.Repeat("a", 36)+`",`)), 131009,
			parameters+".reference_id",
		),

		accepted("a kind of tomorrow", of("hologram", body, `{"name":"hologram","parameters":{"Any":1,"any":2}}`)),
		refused(
			"a kind of tomorrow with a footer of 61", of("hologram", body+`,"footer":{"text":"`+long(61)+`"}`, `{}`),
			131009, "interactive.footer.text",
		),
	}
}

// carouselCases are of interactive carousels.
func carouselCases() []Case {
	const (
		cards   = "interactive.action.cards"
		picture = `"header":{"type":"image","image":{"link":"https://ex.test/a.jpg"}},`
		link    = `"action":{"name":"cta_url","parameters":{"display_text":"Shop","url":"https://ex.test/1"}}`
		replies = `"action":{"buttons":[{"type":"quick_reply","quick_reply":{"id":"a","title":"More"}}]}`
		product = `"action":{"product_retailer_id":"a","catalog_id":"1"}`
	)
	leaf := func(cards string) string {
		return message("interactive", `{"type":"carousel","body":{"text":"See these"},"action":{"cards":`+cards+`}}`)
	}
	// of are n cards with the given members.
	of := func(n int, members string) string {
		list := make([]string, n)
		for i := range list {
			list[i] = `{"card_index":` + strconv.Itoa(i) + `,"type":"cta_url",` + members + `}`
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	return []Case{
		accepted("carousel of links", leaf(of(2, picture+`"body":{"text":"`+long(160)+`"},`+link))),
		accepted("carousel of replies", leaf(of(10, picture+replies))),
		accepted("carousel of products", leaf(of(3, product))),
		refused("carousel of one card", leaf(of(1, picture+link)), 131009, cards),
		refused("carousel of 11 cards", leaf(of(11, picture+link)), 131009, cards),
		refused(
			"carousel without words",
			message("interactive", `{"type":"carousel","action":{"cards":`+of(2, picture+link)+`}}`), 131008,
			"interactive.body",
		),
		refused(
			"two cards in one place", leaf(`[{"card_index":0,`+product+`},{"card_index":0,`+product+`}]`), 131009,
			cards+"[1].card_index",
		),
		refused(
			"card in no place", leaf(`[{"card_index":0,`+product+`},{`+product+`}]`), 131008, cards+"[1].card_index",
		),
		refused(
			"card with a body of 161", leaf(of(2, picture+`"body":{"text":"`+long(161)+`"},`+link)), 131009,
			cards+"[0].body.text",
		),
		refused(
			"card under a document", leaf(of(2, `"header":{"type":"document","document":{"id":"1"}},`+link)), 131009,
			cards+"[0].header.type",
		),
		refused(
			"card with a link of 21", leaf(of(2, picture+strings.Replace(link, "Shop", long(21), 1))), 131009,
			cards+"[0].action.parameters.display_text",
		),
		refused(
			"card with a reply of 21", leaf(of(2, picture+strings.Replace(replies, "More", long(21), 1))), 131009,
			cards+"[0].action.buttons[0].quick_reply.title",
		),
		refused(
			"card with a product of no catalogue", leaf(of(2, `"action":{"product_retailer_id":"a"}`)), 131008,
			cards+"[0].action.catalog_id",
		),
		refused(
			"card without an action", leaf(of(2, `"header":{"type":"image","image":{"id":"1"}}`)), 131008,
			cards+"[0].action",
		),
	}
}
