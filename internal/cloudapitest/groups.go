package cloudapitest

// Group is the group that the cases write to.
const Group = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"

// groupCases are of messages to groups. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
func groupCases() []Case {
	to := func(members string) string {
		return `{"messaging_product":"whatsapp","recipient_type":"group","to":"` + Group + `",` + members + `}`
	}
	const (
		code   = `"type":"template","template":{"name":"code","language":{"code":"en_US"},"components":[`
		number = `{"type":"body","parameters":[{"type":"text","text":"123456"}]},`
		button = `{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"123456"}]}]}`
	)
	return []Case{
		accepted("template to a group", to(note)),
		refused("text to a group that is silent", to(text), 131047, "window"),
		refused("password to a group", to(code+number+button), 100, "AUTHENTICATION"),
		refused("buttons to a group", to(`"type":"interactive","interactive":{"type":"hologram"}`), 131051, "type"),
		refused("Direct Send to a group", to(text+`,"category":"utility"`), 100, "category"),
		refused(
			"group without an id", `{"messaging_product":"whatsapp","recipient_type":"group",`+note+`}`, 131008, "to",
		),
		refused(
			"group that is a user", `{"messaging_product":"whatsapp","recipient_type":"group","recipient":"FR.1",`+note+`}`,
			131008, "to",
		),
		refused(
			"group with a space", `{"messaging_product":"whatsapp","recipient_type":"group","to":"a b",`+note+`}`, 131009,
			"to",
		),
	}
}
