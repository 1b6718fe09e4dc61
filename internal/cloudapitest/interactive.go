package cloudapitest

import "strings"

// interactiveCases are of type interactive.
func interactiveCases() []Case {
	button := func(members, buttons string) string {
		return message("interactive", `{"type":"button",`+members+`,"action":{"buttons":`+buttons+`}}`)
	}
	list := func(members, action string) string {
		return message("interactive", `{"type":"list",`+members+`,"action":{`+action+`}}`)
	}
	link := func(parameters string) string {
		return message(
			"interactive",
			`{"type":"cta_url","body":{"text":"Track it"},"action":{"name":"cta_url","parameters":{`+parameters+`}}}`,
		)
	}
	const (
		body    = `"body":{"text":"Keep 10:00?"}`
		reply   = `{"type":"reply","reply":{"id":"#","title":"Title #"}}`
		row     = `{"id":"#","title":"Title #"}`
		buttons = "interactive.action.buttons"
		section = "interactive.action.sections"
	)
	one, rows := several(1, reply), `"button":"Open","sections":[{"title":"AM","rows":`+several(1, row)+`}]`
	titled := func(title string) string { return `[{"type":"reply","reply":{"id":"y","title":"` + title + `"}}]` }
	header := func(header string) string { return button(`"header":`+header+`,`+body, one) }
	return []Case{
		accepted("3 buttons", button(
			body+`,"header":{"type":"text","text":"`+long(60)+`"},"footer":{"text":"`+long(60)+`"}`, several(3, reply),
		)),
		accepted("button body of 1,024, title of 20, id of 256", button(`"body":{"text":"`+long(1024)+`"}`,
			`[{"type":"reply","reply":{"id":"`+long(256)+`","title":"`+long(20)+`"}}]`)),
		accepted("buttons under an image", header(`{"type":"image","image":{"link":"https://ex.test/a.jpg"}}`)),
		accepted("buttons under a document", header(`{"type":"document","document":{"id":"1","filename":"a.pdf"}}`)),
		refused("4 buttons", button(body, several(4, reply)), 131009, buttons),
		refused("no button", button(body, `[]`), 131009, buttons),
		refused("buttons absent", message("interactive", `{"type":"button",`+body+`,"action":{}}`), 131008, buttons),
		refused("action absent", message("interactive", `{"type":"button",`+body+`}`), 131008, "interactive.action"),
		refused("empty title", button(body, titled("")), 131009, buttons+"[0].reply.title"),
		refused("blank title", button(body, titled("  ")), 131009, buttons+"[0].reply.title"),
		refused("title of 21", button(body, titled(long(21))), 131009, buttons+"[0].reply.title"),
		refused(
			"title absent", button(body, `[{"type":"reply","reply":{"id":"y"}}]`), 131008, buttons+"[0].reply.title",
		),
		refused(
			"title of a number", button(body, `[{"type":"reply","reply":{"id":"y","title":1}}]`), 131009,
			buttons+"[0].reply.title",
		),
		refused(
			"id of 257", button(body, `[{"type":"reply","reply":{"id":"`+long(257)+`","title":"Yes"}}]`), 131009,
			buttons+"[0].reply.id",
		),
		refused(
			"button id twice", button(body, strings.ReplaceAll(several(2, reply), `"id":"b"`, `"id":"a"`)), 131009,
			buttons+"[1].reply.id",
		),
		refused(
			"button title twice", button(body, strings.ReplaceAll(several(2, reply), `Title b`, `Title a`)), 131009,
			buttons+"[1].reply.title",
		),
		refused(
			"button of another type", button(body, `[{"type":"url","reply":{"id":"y","title":"Yes"}}]`), 131009,
			buttons+"[0].type",
		),
		refused(
			"button body of 1,025", button(`"body":{"text":"`+long(1025)+`"}`, one), 131009, "interactive.body.text",
		),
		refused("button body absent", button(`"footer":{"text":"Shop"}`, one), 131008, "interactive.body"),
		refused("button body empty", button(`"body":{"text":""}`, one), 131009, "interactive.body.text"),
		refused(
			"footer of 61", button(body+`,"footer":{"text":"`+long(61)+`"}`, one), 131009, "interactive.footer.text",
		),
		refused("header of 61", header(`{"type":"text","text":"`+long(61)+`"}`), 131009, "interactive.header.text"),
		refused("header without its text", header(`{"type":"text"}`), 131008, "interactive.header.text"),
		refused("header without a type", header(`{"text":"Slot"}`), 131008, "interactive.header.type"),
		refused(
			"header of another type", header(`{"type":"audio","audio":{"id":"1"}}`), 131009, "interactive.header.type",
		),
		refused("header without its image", header(`{"type":"image"}`), 131008, "interactive.header.image"),
		refused(
			"header with a relative link", header(`{"type":"video","video":{"link":"a.mp4"}}`), 131009,
			"interactive.header.video.link",
		),

		accepted("list", list(body, rows)),
		accepted("10 rows in 2 sections", list(`"body":{"text":"`+long(
			4096,
		)+`"}`, `"button":"`+long(20)+`","sections":[{"title":"`+long(24)+`","rows":`+
			several(5, `{"id":"#","title":"`+long(24)+`","description":"`+long(72)+`"}`)+`},{"title":"PM","rows":`+several(5, `{"id":"#`+long(199)+`","title":"x"}`)+`}]`)),
		accepted(
			"one section without a title", list(body, `"button":"Open","sections":[{"rows":`+several(10, row)+`}]`),
		),
		refused(
			"blank row", list(body, `"button":"Open","sections":[{"rows":[{"id":"1","title":" "}]}]`), 131009,
			`interactive.action.sections[0].rows[0].title`,
		),
		refused("11 rows", list(body, `"button":"Open","sections":[{"rows":`+several(11, row)+`}]`), 131009, section),
		refused("11 rows in 2 sections", list(body, `"button":"Open","sections":[{"title":"A","rows":`+several(
			6, row,
		)+`},{"title":"B","rows":`+
			several(5, `{"id":"2#","title":"x"}`)+`}]`), 131009, section),
		refused(
			"11 sections",
			list(body, `"button":"Open","sections":`+several(11, `{"title":"#","rows":[{"id":"#","title":"x"}]}`)),
			131009, section,
		),
		refused("no section", list(body, `"button":"Open","sections":[]`), 131009, section),
		refused("no row", list(body, `"button":"Open","sections":[{"rows":[]}]`), 131009, section+"[0].rows"),
		refused(
			"two sections, one without a title", list(
				body,
				`"button":"Open","sections":[{"title":"A","rows":[{"id":"1","title":"x"}]},{"rows":[{"id":"2","title":"x"}]}]`,
			), 131008, section+"[1].title",
		),
		refused(
			"section title of 25",
			list(body, `"button":"Open","sections":[{"title":"`+long(25)+`","rows":`+several(1, row)+`}]`), 131009,
			section+"[0].title",
		),
		refused("row id twice", list(
			body,
			`"button":"Open","sections":[{"title":"A","rows":[{"id":"1","title":"x"}]},{"title":"B","rows":[{"id":"1","title":"y"}]}]`,
		),
			131009, section+"[1].rows[0].id"),
		refused(
			"row id of 201", list(body, `"button":"Open","sections":[{"rows":[{"id":"`+long(201)+`","title":"x"}]}]`),
			131009, section+"[0].rows[0].id",
		),
		refused(
			"row title of 25", list(body, `"button":"Open","sections":[{"rows":[{"id":"1","title":"`+long(25)+`"}]}]`),
			131009, section+"[0].rows[0].title",
		),
		refused(
			"row title empty", list(body, `"button":"Open","sections":[{"rows":[{"id":"1","title":""}]}]`), 131009,
			section+"[0].rows[0].title",
		),
		refused("row description of 73", list(
			body, `"button":"Open","sections":[{"rows":[{"id":"1","title":"x","description":"`+long(73)+`"}]}]`,
		),
			131009, section+"[0].rows[0].description"),
		refused(
			"list button absent", list(body, `"sections":[{"rows":`+several(1, row)+`}]`), 131008,
			"interactive.action.button",
		),
		refused(
			"list button of 21", list(body, `"button":"`+long(21)+`","sections":[{"rows":`+several(1, row)+`}]`),
			131009, "interactive.action.button",
		),
		refused("list body of 4,097", list(`"body":{"text":"`+long(4097)+`"}`, rows), 131009, "interactive.body.text"),
		refused(
			"list under an image", list(`"header":{"type":"image","image":{"id":"1"}},`+body, rows), 131009,
			"interactive.header.type",
		),

		accepted("link button", link(`"display_text":"`+long(20)+`","url":"https://ex.test/t/1"`)),
		refused(
			"link text of 21", link(`"display_text":"`+long(21)+`","url":"https://ex.test/t/1"`), 131009,
			"interactive.action.parameters.display_text",
		),
		refused(
			"link text empty", link(`"display_text":"","url":"https://ex.test/t/1"`), 131009,
			"interactive.action.parameters.display_text",
		),
		refused("link absent", link(`"display_text":"Track"`), 131008, "interactive.action.parameters.url"),
		refused(
			"relative link button", link(`"display_text":"Track","url":"/t/1"`), 131009,
			"interactive.action.parameters.url",
		),

		refused("interactive without a type", message("interactive", `{`+body+`}`), 131008, "interactive.type"),
		refused(
			"type of interactive twice", message("interactive", `{"type":"button","Type":"list",`+body+`}`), 100,
			"interactive",
		),
	}
}
