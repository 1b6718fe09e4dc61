package cloudapitest

import (
	"net/http"
	"strings"

	"github.com/guichet-dev/guichet/internal/template"
)

// Definitions are the approved templates that the cases use, all in en_US.
func Definitions() []template.Definition {
	definition := func(name, category string, components ...template.Component) template.Definition {
		return template.Definition{Name: name, Language: "en_US", Category: category, Components: components}
	}
	body := func(text string, values ...string) template.Component {
		return template.Component{
			Type: template.Body, Text: text, Example: &template.Example{BodyText: [][]string{values}},
		}
	}
	buttons := func(list ...template.Button) template.Component {
		return template.Component{Type: template.Buttons, Buttons: list}
	}
	named := definition("named", template.CategoryUtility, body("Hi {{first_name}}, order {{order_no}} is ready."))
	named.ParameterFormat = template.Named
	return append(richDefinitions(), []template.Definition{
		definition("order", template.CategoryUtility,
			template.Component{Type: template.Header, Format: template.FormatText, Text: "Order {{1}}"},
			body("Hi {{1}}, order {{2}} is ready.", "Ana", "881"),
			template.Component{Type: template.Footer, Text: "Shop X"},
			buttons(template.Button{Type: template.ButtonQuickReply, Text: "Later"},
				template.Button{Type: template.ButtonURL, Text: "Track", URL: "https://ex.test/t/{{1}}"}),
		),
		named,
		definition(
			"photo", template.CategoryUtility, template.Component{Type: template.Header, Format: template.FormatImage},
			body("Here it is, {{1}}.", "Ana"),
		),
		definition(
			"shop", template.CategoryUtility,
			template.Component{Type: template.Header, Format: template.FormatLocation},
			body("Here we are, {{1}}.", "Ana"),
		),
		definition("note", template.CategoryUtility, body("Hello {{1}}, that is all.", "Ana")),
		definition("code", template.CategoryAuthentication, template.Component{Type: template.Body},
			buttons(template.Button{Type: template.ButtonOTP, OTPType: template.OTPCopyCode, Text: "Copy code"})),
		definition(
			"coupon", template.CategoryMarketing, body("Here is your code."),
			buttons(template.Button{Type: template.ButtonCopyCode, Example: template.Strings{"SAVE"}}),
		),
		definition(
			"contact", template.CategoryUtility, body("Reach us."), buttons(
				template.Button{Type: template.ButtonPhoneNumber, Text: "Call", PhoneNumber: "+15550783881"},
				template.Button{Type: "VOICE_CALL", Text: "Ring"},
			),
		),
		definition("cards", template.CategoryMarketing, body("See these."), template.Component{Type: "CAROUSEL"}),
	}...)
}

// templateCases are of type template.
func templateCases() []Case {
	send := func(name string, components ...string) string {
		return message(
			"template",
			`{"name":"`+name+`","language":{"code":"en_US","policy":"deterministic"},"components":[`+strings.Join(components, ",")+`]}`,
		)
	}
	const (
		order  = "order"
		head   = `{"type":"header","parameters":[{"type":"text","text":"881"}]}`
		main   = `{"type":"body","parameters":[{"type":"text","text":"Ana"},{"type":"text","text":"#881"}]}`
		track  = `{"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text","text":"881"}]}`
		single = `{"type":"body","parameters":[{"type":"text","text":"Ana"}]}`
		path   = "template.components"
	)
	asText := func(component string) string { return strings.ReplaceAll(component, `"payload"`, `"text"`) }
	later := func(payload string) string {
		return `{"type":"button","sub_type":"quick_reply","index":0,"parameters":[{"type":"payload","payload":"` + payload + `"}]}`
	}
	value := func(text string) string {
		return `{"type":"body","parameters":[{"type":"text","text":"` + text + `"}]}`
	}
	first := func(parameter string) string {
		return `{"type":"body","parameters":[` + parameter + `,{"type":"text","text":"b"}]}`
	}
	header := func(parameter string) string { return `{"type":"header","parameters":[` + parameter + `]}` }
	const values = path + "[0].parameters[0]"
	return []Case{
		accepted("template", send(order, head, main, track)),
		accepted(
			"components in another order, types in capitals",
			send(order, track, strings.Replace(main, "body", "BODY", 1), head),
		),
		accepted("quick reply with a payload of 128", send(order, head, main, track, later(long(128)))),
		refused(
			"quick reply with a payload of 129", send(order, head, main, track, later(long(129))), 131009,
			path+"[3].parameters[0].payload",
		),
		accepted("quick reply with a text of 128", send(order, head, main, track, asText(later(long(128))))),
		refused(
			"quick reply with a text of 129", send(order, head, main, track, asText(later(long(129)))), 131009,
			path+"[3].parameters[0].text",
		),
		accepted(
			"index of a body",
			send("note", `{"type":"body","index":"","sub_type":"","parameters":[{"type":"text","text":"Ana"}]}`),
		),
		accepted(
			"index of a body, no number",
			send("note", `{"type":"body","index":"first","parameters":[{"type":"text","text":"Ana"}]}`),
		),
		refused("index of a button, empty", send(
			order, head, main,
			`{"type":"button","sub_type":"url","index":"","parameters":[{"type":"text","text":"1"}]}`,
		),
			131009, path+"[2].index"),
		refused(
			"button without index",
			send(order, head, main, `{"type":"button","sub_type":"url","parameters":[{"type":"text","text":"1"}]}`),
			132012, path+"[2].index",
		),
		refused(
			"button that is not there", send(order, head, main, strings.Replace(track, `"1"`, `"2"`, 1)), 132012,
			path+"[2].index",
		),

		refused("newline in a value", send("note", value(`A\nB`)), 132018, values+".text"),
		refused("carriage return in a value", send("note", value(`A\rB`)), 132018, values+".text"),
		refused("tab in a value", send("note", value(`A\tB`)), 132018, values+".text"),
		refused("five spaces in a value", send("note", value(`A     B`)), 132018, values+".text"),
		accepted("four spaces in a value", send("note", value(`A    B`))),
		refused(
			"newline in a header's value", send(order, header(`{"type":"text","text":"8\n81"}`), main, track), 132018,
			values+".text",
		),
		refused(
			"tab in a link's value",
			send(order, head, main, strings.Replace(track, `"text":"881"`, `"text":"8\t81"`, 1)), 132018,
			path+"[2].parameters[0].text",
		),
		refused("newline in a currency", send(
			order, first(`{"type":"currency","currency":{"fallback_value":"1\nEUR","code":"EUR","amount_1000":1000}}`),
			head, track,
		),
			132018, values+".currency.fallback_value"),
		accepted("newline in a payload", send(order, head, main, track, later(`A\nB`))),
		accepted("currency and time", send(order, head, track, `{"type":"body","parameters":[`+
			`{"type":"currency","currency":{"fallback_value":"10 EUR","code":"EUR","amount_1000":10000}},{"type":"date_time","date_time":{"fallback_value":"Monday"}}]}`)),
		accepted(
			"currency for the upstream to write",
			send(order, head, track, first(`{"type":"currency","currency":{"code":"EUR","amount_1000":10000}}`)),
		),

		refused("no components", send(order), 132000, path),
		refused("a value short", send(order, head, single, track), 132000, path+"[1]"),
		refused("a value too many", send("note", main), 132000, path+"[0]"),
		refused("no value for the header's text", send(order, main, track), 132000, path),
		refused("no value for the link", send(order, head, main), 132000, path),
		refused(
			"value for the footer",
			send(order, head, main, track, `{"type":"footer","parameters":[{"type":"text","text":"x"}]}`), 132000,
			path+"[3]",
		),
		refused("header where none is", send("note", head, single), 132000, path+"[0]"),
		refused("body twice", send(order, head, main, main, track), 132012, path+"[2]"),
		refused("link twice", send(order, head, main, track, track), 132012, path+"[3]"),
		refused(
			"image for a text", send(order, head, first(`{"type":"image","image":{"id":"1"}}`), track), 132012,
			path+"[1].parameters[0]",
		),
		refused("empty value", send("note", value("")), 132012, values),
		refused(
			"parameter without a type", send("note", `{"type":"body","parameters":[{"text":"Ana"}]}`), 131009,
			values+".type",
		),
		refused(
			"component without a type", send("note", `{"parameters":[{"type":"text","text":"Ana"}]}`), 131009,
			path+"[0].type",
		),
		refused(
			"value that is a number", send("note", `{"type":"body","parameters":[{"type":"text","text":1}]}`), 131009,
			values+".text",
		),
		refused(
			"value twice", send("note", `{"type":"body","parameters":[{"type":"text","text":"A","Text":"B"}]}`), 100,
			values,
		),
		refused("name twice", message(
			"template", `{"name":"note","Name":"coupon","language":{"code":"en_US"},"components":[`+single+`]}`,
		), 100, "template"),
		refused(
			"component of no kind", send("note", single, `{"type":"carousel","cards":[]}`), 132012, path+"[1].type",
		),
		refused(
			"components in an object",
			message("template", `{"name":"note","language":{"code":"en_US"},"components":{}}`), 131009, path,
		),

		refused(
			"sub_type that is none", send(order, head, main, strings.Replace(track, `"url"`, `"link"`, 1)), 100,
			path+"[2].sub_type",
		),
		refused(
			"sub_type of another button",
			send(order, head, main, track, strings.Replace(later("x"), "quick_reply", "flow", 1)), 132012, path+"[3]",
		),
		refused(
			"sub_type phone_number", send("contact", `{"type":"button","sub_type":"phone_number","index":0}`), 100,
			path+"[0].sub_type",
		),
		refused(
			"text parameter without a text", send("note", `{"type":"body","parameters":[{"type":"text"}]}`), 100,
			path+"[0].parameters[0].text",
		),
		refused(
			"sub_type voice_call of a phone number",
			send("contact", `{"type":"button","sub_type":"voice_call","index":0}`), 132012, path+"[0]",
		),
		accepted("button of an unknown type", send(
			"contact",
			`{"type":"button","sub_type":"voice_call","index":1,"parameters":[{"type":"payload","payload":"x"}]}`,
		)),
		accepted("button of an unknown type, left out", send("contact")),
		accepted(
			"component of an unknown type",
			send("cards", `{"type":"carousel","cards":[{"card_index":0,"components":[]}]}`),
		),

		accepted("image", send("photo", header(`{"type":"image","image":{"link":"https://ex.test/a.jpg"}}`), single)),
		refused("image missing", send("photo", single), 132012, path),
		refused("image header without a parameter", send("photo", `{"type":"header"}`, single), 132012, path+"[0]"),
		refused(
			"video for an image", send("photo", header(`{"type":"video","video":{"id":"1"}}`), single), 132012, values,
		),
		refused("text for an image", send("photo", head, single), 132012, values),
		refused("image without its object", send("photo", header(`{"type":"image"}`), single), 132012, values),
		refused(
			"image without id or link", send("photo", header(`{"type":"image","image":{}}`), single), 100,
			values+".image",
		),
		refused(
			"image by a relative link", send("photo", header(`{"type":"image","image":{"link":"a.jpg"}}`), single),
			131009, values+".image.link",
		),
		accepted("place", send(
			"shop",
			header(`{"type":"location","location":{"latitude":"1","longitude":"2","name":"Shop","address":"Rua A 1"}}`),
			single,
		)),
		refused(
			"place without longitude", send("shop", header(`{"type":"location","location":{"latitude":"1"}}`), single),
			131008, values+".location.longitude",
		),

		accepted(
			"named, in any order",
			send(
				"named",
				`{"type":"body","parameters":[{"type":"text","parameter_name":"order_no","text":"1"},{"type":"text","parameter_name":"first_name","text":"A"}]}`,
			),
		),
		refused("named, a name missing", send("named", main), 132012, values),
		refused("named, an unknown name", send(
			"named",
			`{"type":"body","parameters":[{"type":"text","parameter_name":"order_no","text":"1"},{"type":"text","parameter_name":"name","text":"A"}]}`,
		),
			132012, path+"[0].parameters[1]"),
		refused(
			"named, a value short",
			send("named", `{"type":"body","parameters":[{"type":"text","parameter_name":"order_no","text":"1"}]}`),
			132000, path+"[0]",
		),

		accepted("body of 1,024", send(order, head, `{"type":"body","parameters":[{"type":"text","text":"`+long(
			1024-len("Hi , order b is ready."),
		)+`"},{"type":"text","text":"b"}]}`, track)),
		refused("body of 1,025", send(order, head, `{"type":"body","parameters":[{"type":"text","text":"`+long(
			1025-len("Hi , order b is ready."),
		)+`"},{"type":"text","text":"b"}]}`, track),
			132005, path+"[1]"),
		accepted("lone body above 1,024", send("note", value(long(5000)))),
		accepted("lone body of 32,768", send("note", value(long(32_768-len("Hello , that is all."))))),
		refused(
			"lone body of 32,769", send("note", value(long(32_769-len("Hello , that is all.")))), 132005, path+"[0]",
		),
		refused(
			"header of 61", send(order, header(`{"type":"text","text":"`+long(61-len("Order "))+`"}`), main, track),
			132005, path+"[0]",
		),

		accepted("one-time code", send(
			"code", value("123456"),
			`{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"123456"}]}`,
		)),
		refused("one-time code of 16", send(
			"code", value("1234567890123456"),
			`{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"1"}]}`,
		), 132005, values),
		refused("one-time code without its button", send("code", value("123456")), 132000, path),
		accepted(
			"coupon of 20",
			send(
				"coupon",
				`{"type":"button","sub_type":"copy_code","index":0,"parameters":[{"type":"coupon_code","coupon_code":"`+long(20)+`"}]}`,
			),
		),
		refused(
			"coupon of 21",
			send(
				"coupon",
				`{"type":"button","sub_type":"copy_code","index":0,"parameters":[{"type":"coupon_code","coupon_code":"`+long(21)+`"}]}`,
			),
			132005, values,
		),

		refused(
			"template without a name", message("template", `{"language":{"code":"en_US"}}`), 131008, "template.name",
		),
		refused("template without a language", message("template", `{"name":"note"}`), 131008, "template.language"),
		refused(
			"template without a language code", message("template", `{"name":"note","language":{}}`), 131008,
			"template.language.code",
		),
		{Name: "unknown template", Body: send("nothing"), Status: http.StatusNotFound, Code: 132001, Field: "name"},
		{Name: "unknown language", Body: message("template", `{"name":"note","language":{"code":"fr"},"components":[`+single+`]}`), Status: http.StatusNotFound, Code: 132001, Field: "language"},
	}
}
