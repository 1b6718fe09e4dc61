package cloudapitest

import (
	"net/http"
	"net/url"
)

// formCases are of bodies that are forms, as the Graph API takes them and Meta's own libraries post
// them, and of the credentials that may stand in a body.
func formCases() []Case {
	form := func(c Case) Case {
		c.ContentType = "application/x-www-form-urlencoded"
		return c
	}
	values := func(pairs ...string) string {
		form := url.Values{"messaging_product": {"whatsapp"}, "to": {"+" + Customer}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form.Encode()
	}
	return []Case{
		form(accepted("form", values("type", "text", "text", `{"body":"hi","preview_url":true}`))),
		form(accepted("form without a type", values("text", `{"body":"hi"}`))),
		form(accepted("form of a template", values(
			"type", "template", "template",
			`{"name":"note","language":{"code":"en_US"},"components":[{"type":"body","parameters":[{"type":"text",`+
				`"text":"Ana"}]}]}`,
		))),
		form(
			accepted(
				"form with data that look like a number",
				values("text", `{"body":"hi"}`, "biz_opaque_callback_data", "42"),
			),
		),
		form(accepted("form with unknown fields", values("text", `{"body":"hi"}`, "future", "true", "past", "a b"))),
		form(accepted("form with a token", values("text", `{"body":"hi"}`, "access_token", "secret"))),
		form(Case{
			Name: "form of a read receipt", Body: "messaging_product=whatsapp&status=read&message_id=wamid.HBgM",
			Status: http.StatusOK,
		}),
		form(refused("form with a text that is no object", values("text", "hi"), 131009, "text")),
		form(refused("form with a text of nothing", values("text", "{}"), 131008, "text.body")),
		form(refused("form with a field twice", values("text", `{"body":"hi"}`)+"&to=1", 100, "twice")),
		form(refused("form with brackets", values("text[body]", "hi"), 100, "bracket")),
		form(refused("form with a broken percent sign", values()+"&text=%7", 100, "percent")),
		form(refused("form with broken characters", values()+"&text=%ff", 100, "UTF-8")),
		accepted("JSON with a token", with(text+`,"access_token":"secret","appsecret_proof":"00"`)),
	}
}
