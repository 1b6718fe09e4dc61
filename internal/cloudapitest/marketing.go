package cloudapitest

import "net/http"

// marketingCases are of the endpoint for marketing, and of templates with a maximum price. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/marketing-messages/send-marketing-messages
func marketingCases() []Case {
	send := func(name, more string) string {
		return with(`"type":"template","template":{"name":"` + name + `","language":{"code":"en_US"}` + more + `}`)
	}
	const (
		values = `,"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]`
		coupon = `,"components":[{"type":"button","sub_type":"copy_code","index":0,"parameters":[` +
			`{"type":"coupon_code","coupon_code":"SAVE"}]}]`
		policy = `"product_policy":"CLOUD_API_FALLBACK","message_activity_sharing":true,`
	)
	here := func(c Case) Case {
		c.Path = "/v26.0/" + PhoneNumberID + "/marketing_messages"
		return c
	}
	return []Case{
		here(accepted("optimised marketing", send("coupon", coupon))),
		here(accepted("optimised marketing under a policy", `{`+policy+send("coupon", coupon)[1:])),
		here(accepted("optimised marketing under a maximum price", send("capped", values))),
		here(refused("optimised utility", send("note", values), 134100, "MARKETING")),
		here(refused("optimised text", with(text), 134100, "MARKETING")),
		here(refused("optimised read receipt", receipt+`}`, 134100, "MARKETING")),
		here(refused("optimised marketing, a value short", send("coupon", ""), 132000, "template.components")),
		here(Case{
			Name: "optimised, unknown template", Body: send("nothing", ""), Status: http.StatusNotFound, Code: 132001,
			Field: "name",
		}),
		refused("maximum price in a usual message", send("capped", values), 131061, "marketing_messages"),
		accepted("marketing in a usual message", send("coupon", coupon)),
	}
}
