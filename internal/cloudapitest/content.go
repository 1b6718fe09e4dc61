package cloudapitest

// contentCases are of the types but interactive and template.
func contentCases() []Case {
	reaction := func(emoji string) string {
		return message("reaction", `{"message_id":"wamid.HBgM","emoji":`+emoji+`}`)
	}
	location := func(members string) string { return message("location", `{"name":"Shop",`+members+`}`) }
	return []Case{
		accepted("text of 4,096", message("text", `{"body":"`+long(4096)+`","preview_url":true}`)),
		refused("text of 4,097", message("text", `{"body":"`+long(4097)+`"}`), 131009, "text.body"),
		refused("text of nothing", message("text", `{}`), 131008, "text.body"),
		refused("text as a string", with(`"type":"text","text":"hi"`), 131009, "text"),

		accepted("image by id", message("image", `{"id":"1479537139650973","caption":"`+long(1024)+`"}`)),
		accepted("image by link", message("image", `{"link":"https://ex.test/a.jpg"}`)),
		accepted("video by link, http", message("video", `{"link":"http://ex.test/a.mp4"}`)),
		accepted("audio", message("audio", `{"id":"1","voice":true}`)),
		accepted("document", message("document", `{"id":"1","filename":"bill.pdf","caption":"bill"}`)),
		accepted("sticker", message("sticker", `{"id":"1"}`)),
		refused("caption of 1,025", message("video", `{"id":"1","caption":"`+long(1025)+`"}`), 131009, "video.caption"),
		refused("caption on audio", message("audio", `{"id":"1","caption":"a"}`), 131009, "audio.caption"),
		refused("id and link", message("image", `{"id":"1","link":"https://ex.test/a.jpg"}`), 100, "image"),
		refused("neither id nor link", message("document", `{"filename":"bill.pdf"}`), 100, "document"),
		refused("relative link", message("image", `{"link":"/a.jpg"}`), 131009, "image.link"),
		refused("link without a scheme", message("document", `{"link":"ex.test/a.pdf"}`), 131009, "document.link"),
		refused("link of another scheme", message("video", `{"link":"ftp://ex.test/a.mp4"}`), 131009, "video.link"),
		refused("link without a host", message("sticker", `{"link":"https:///a.webp"}`), 131009, "sticker.link"),
		refused(
			"link with a space in its host", message("audio", `{"link":"https://ex test/a.ogg"}`), 131009, "audio.link",
		),

		accepted("location in strings", location(`"latitude":"-23.55","longitude":"-46.63","address":"Rua A 1"`)),
		accepted("location in numbers", location(`"latitude":-90,"longitude":180.0`)),
		refused("location without latitude", location(`"longitude":"-46.63"`), 131008, "location.latitude"),
		refused(
			"location without longitude", location(`"latitude":"-23.55","longitude":null`), 131008,
			"location.longitude",
		),
		refused(
			"location that is no number", location(`"latitude":"north","longitude":"0"`), 131009, "location.latitude",
		),
		refused("location beyond the pole", location(`"latitude":90.1,"longitude":0`), 131009, "location.latitude"),
		refused(
			"location beyond the date line", location(`"latitude":0,"longitude":"-180.5"`), 131009,
			"location.longitude",
		),
		refused("location beyond numbers", location(`"latitude":1e999,"longitude":0`), 131009, "location.latitude"),
		refused("location nowhere", location(`"latitude":"NaN","longitude":0`), 131009, "location.latitude"),

		accepted(
			"contact",
			message(
				"contacts",
				`[{"name":{"formatted_name":"Ana Lima","first_name":"Ana"},"phones":[{"phone":"+5511999990000","type":"WORK"}]}]`,
			),
		),
		refused("no contact", message("contacts", `[]`), 131009, "contacts"),
		refused(
			"contact without a name", message("contacts", `[{"phones":[{"phone":"+5511999990000"}]}]`), 131008,
			"contacts[0].name",
		),
		refused("second contact without its full name",
			message("contacts", `[{"name":{"formatted_name":"Ana"}},{"name":{"first_name":"Bo"}}]`), 131008, "contacts[1].name.formatted_name"),
		refused(
			"contact with an empty name", message("contacts", `[{"name":{"formatted_name":""}}]`), 131009,
			"contacts[0].name.formatted_name",
		),
		refused("contact that is a string", message("contacts", `["Ana"]`), 131009, "contacts[0]"),

		accepted("reaction", reaction(`"\ud83d\udc4d"`)),
		accepted("reaction with a skin tone", reaction(`"👍🏽"`)),
		accepted("reaction of one picture", reaction(`"👩‍👩‍👧‍👦"`)),
		accepted("reaction with a flag", reaction(`"🇫🇷"`)),
		accepted("reaction with a heart", reaction(`"❤"`)),
		accepted("reaction taken back", reaction(`""`)),
		refused("reaction ok", reaction(`"ok"`), 131009, "reaction.emoji"),
		refused("reaction with two emoji", reaction(`"👍👍"`), 131009, "reaction.emoji"),
		refused("reaction with a space", reaction(`"👍 "`), 131009, "reaction.emoji"),
		refused("reaction with a digit", reaction(`"1"`), 131009, "reaction.emoji"),
		refused("reaction with half a pair", reaction(`"\ud83d"`), 131009, "reaction.emoji"),
		refused("reaction without emoji", message("reaction", `{"message_id":"wamid.HBgM"}`), 131008, "reaction.emoji"),
		refused("reaction to nothing", message("reaction", `{"emoji":"👍"}`), 131008, "reaction.message_id"),
		refused(
			"reaction as a reply", with(
				`"type":"reaction","reaction":{"message_id":"wamid.HBgM","emoji":"👍"},"context":{"message_id":"wamid.HBgM"}`,
			), 131009, "context",
		),
	}
}
