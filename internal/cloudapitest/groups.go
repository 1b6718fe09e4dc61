package cloudapitest

// Group is the group that the cases write to.
const Group = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"

// groupCases are of messages to groups. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
func groupCases() []Case {
	to := func(members string) string {
		return `{"messaging_product":"whatsapp","recipient_type":"group","to":"` + Group + `",` + members + `}`
	}
	pin := func(members string) string { return to(`"type":"pin","pin":{` + members + `}`) }
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
		refused("pin in a group that is silent", pin(`"type":"pin","message_id":"wamid.HBgM","expiration_days":4`), 131047,
			"window"),
		refused("unpin in a group that is silent", pin(`"type":"unpin","message_id":"wamid.HBgM"`), 131047, "window"),
		refused("pin of nothing", pin(`"type":"pin","expiration_days":4`), 131008, "pin.message_id"),
		refused("pin for ever", pin(`"type":"pin","message_id":"wamid.HBgM"`), 131008, "pin.expiration_days"),
		refused("pin for 31 days", pin(`"type":"pin","message_id":"wamid.HBgM","expiration_days":31`), 131009,
			"pin.expiration_days"),
		refused("pin of another kind", pin(`"type":"stick","message_id":"wamid.HBgM"`), 131009, "pin.type"),
		refused("pin for one person", message("pin", `{"type":"pin","message_id":"wamid.HBgM","expiration_days":4}`),
			131009, "recipient_type"),
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
