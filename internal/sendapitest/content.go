package sendapitest

import "strings"

func texts() []Case {
	reply := func(replies string) string { return to(`{"text":"Which one?","quick_replies":[` + replies + `]}`) }
	titled := func(title string) string { return `{"content_type":"text","title":"` + title + `","payload":"p"}` }
	one := titled("Red")
	return []Case{
		{Name: "2,000 characters", Body: to(`{"text":"` + strings.Repeat("é", 2000) + `"}`)},
		invalid("2,001 characters", to(`{"text":"`+strings.Repeat("é", 2001)+`"}`), "text"),
		{Name: "metadata", Body: to(`{"text":"hello","metadata":"order 17"}`)},
		{Name: "13 quick replies", Body: reply(strings.Repeat(one+",", 12) + one)},
		invalid("14 quick replies", reply(strings.Repeat(one+",", 13)+one), "quick_replies"),
		{
			Name: "quick replies for addresses",
			Body: reply(`{"content_type":"user_phone_number"},{"content_type":"user_email"}`),
		},
		invalid("a quick reply of no kind", reply(`{"title":"Red"}`), "content_type"),
		{Name: "a title of 20", Body: reply(titled(strings.Repeat("a", 20)))},
		invalid("a title of 21", reply(titled(strings.Repeat("a", 21))), "title"),
		invalid("a quick reply without a title", reply(`{"content_type":"text","payload":"p"}`), "title"),
	}
}

func attachments() []Case {
	file := func(kind, payload string) string {
		return to(`{"attachment":{"type":"` + kind + `","payload":` + payload + `}}`)
	}
	const address = `{"url":"https://shop.example/bike.jpg","is_reusable":true}`
	return []Case{
		{Name: "image", Body: file("image", address)},
		{Name: "video", Body: file("video", address)},
		{Name: "audio", Body: file("audio", address)},
		{Name: "file", Body: file("file", address)},
		invalid("an attachment of no kind", file("sticker", address), "type"),
		invalid("an address that is none", file("image", `{"url":"bike.jpg"}`), "url"),
		invalid(
			"text beside an attachment",
			to(`{"text":"hello","attachment":{"type":"image","payload":`+address+`}}`), "attachment",
		),
	}
}

func templates() []Case {
	template := func(payload string) string {
		return to(`{"attachment":{"type":"template","payload":{` + payload + `}}}`)
	}
	button := `{"type":"postback","title":"Yes","payload":"YES"}`
	element := `{"title":"Red bike","subtitle":"299","buttons":[` + button + `]}`
	generic := func(elements string) string {
		return template(`"template_type":"generic","elements":[` + elements + `]`)
	}
	buttons := func(list string) string {
		return template(`"template_type":"button","text":"Shall we?","buttons":[` + list + `]`)
	}
	return []Case{
		{Name: "button template", Body: buttons(button)},
		{Name: "web_url button", Body: buttons(`{"type":"web_url","title":"Shop","url":"https://shop.example"}`)},
		{Name: "three buttons", Body: buttons(button + "," + button + "," + button)},
		invalid("four buttons", buttons(strings.Repeat(button+",", 3)+button), "buttons"),
		invalid("no button", buttons(""), "buttons"),
		invalid("a button without text", template(`"template_type":"button","buttons":[`+button+`]`), "text"),
		invalid("a postback without payload", buttons(`{"type":"postback","title":"Yes"}`), "payload"),
		invalid("a link that is none", buttons(`{"type":"web_url","title":"Shop","url":"shop"}`), "url"),
		{Name: "generic template", Body: generic(element)},
		{Name: "ten elements", Body: generic(strings.Repeat(element+",", 9) + element)},
		invalid("eleven elements", generic(strings.Repeat(element+",", 10)+element), "elements"),
		invalid("no element", generic(""), "elements"),
		{Name: "receipt", Body: template(
			`"template_type":"receipt","recipient_name":"Ana","order_number":"17","currency":"EUR",` +
				`"payment_method":"Visa 1","summary":{"total_cost":299},"elements":[{"title":"Red bike","price":299}]`,
		)},
		invalid("a template of no kind", template(`"template_type":"list"`), "template_type"),
	}
}
