// Package sendapitest holds requests to the Send API of pages and the answers that its
// documentation gives, as literal cases. They judge the gateway and the simulator, which read
// requests each in its own way: what both get wrong would otherwise be seen by nobody.
//
// Sources: the pages below
// https://developers.facebook.com/documentation/business-messaging/messenger-platform (send-messages, policy,
// reference/send-api, error-codes).
package sendapitest

import "slices"

// What the cases speak of.
const (
	// PageID is the page's, PageToken lets its business in.
	PageID = "108181820024680"
	// Customer has written a moment ago, Silent eight days ago, and Stranger never.
	Customer = "24680135"
	Silent   = "24680136"
	Stranger = "24680137"
)

// Case is a request with the answer's status, code and subcode; 0 for none.
type Case struct {
	Name string
	// Path is behind the host. Where it has no access_token, the token comes as Bearer.
	Path        string
	ContentType string
	Body        string
	// ByPerson says that a person of the business wrote the message.
	ByPerson bool

	Status, Code, Subcode int
	// Field is what the answer's sentence names.
	Field string
}

// Cases returns the cases, each with a path and a content type.
func Cases() []Case {
	cases := slices.Concat(envelopes(), types(), texts(), attachments(), templates())
	for i := range cases {
		c := &cases[i]
		if c.Path == "" {
			c.Path = "/v26.0/me/messages"
		}
		if c.ContentType == "" {
			c.ContentType = "application/json"
		}
		if c.Status == 0 {
			c.Status = 200
		}
	}
	return cases
}

// to is a request with a message for the customer.
func to(message string) string {
	return `{"recipient":{"id":"` + Customer + `"},"messaging_type":"RESPONSE","message":` + message + `}`
}

func invalid(name, body, field string) Case {
	return Case{Name: name, Body: body, Status: 400, Code: 100, Field: field}
}

func envelopes() []Case {
	const hello = `"message":{"text":"hello"}`
	customer := `"recipient":{"id":"` + Customer + `"}`
	form := "recipient=%7B%22id%22%3A%22" + Customer + "%22%7D&messaging_type=RESPONSE" +
		"&message=%7B%22text%22%3A%22hi%22%7D"
	return []Case{
		{Name: "me", Body: to(`{"text":"hello"}`)},
		{Name: "the page by its id", Path: "/v26.0/" + PageID + "/messages", Body: to(`{"text":"hello"}`)},
		{Name: "an old version", Path: "/v3.2/me/messages", Body: to(`{"text":"hello"}`)},
		{Name: "no version", Path: "/me/messages", Body: to(`{"text":"hello"}`)},
		{Name: "without messaging_type", Body: `{` + customer + `,` + hello + `}`},
		{Name: "a form", ContentType: "application/x-www-form-urlencoded", Body: form},
		{
			Name: "a form as Meta's samples write it", ContentType: "application/x-www-form-urlencoded",
			Body: "recipient={'id':'" + Customer + "'}&messaging_type=RESPONSE&message={'text':'hi'}",
		},
		{Name: "typing", Body: `{` + customer + `,"sender_action":"typing_on"}`},
		{Name: "seen", Body: `{` + customer + `,"sender_action":"mark_seen"}`},
		invalid("an unknown action", `{`+customer+`,"sender_action":"dance"}`, "sender_action"),
		invalid("no recipient", `{`+hello+`}`, "recipient"),
		invalid("two recipients", `{"recipient":{"id":"`+Customer+`","user_ref":"x"},`+hello+`}`, "recipient"),
		invalid("no message", `{`+customer+`}`, "message"),
		invalid("an empty message", `{`+customer+`,"message":{}}`, "message"),
		invalid("no JSON", `hello`, ""),
		{
			Name: "somebody who never wrote", Body: `{"recipient":{"id":"` + Stranger + `"},` + hello + `}`,
			Status: 400, Code: 100, Subcode: 2018001,
		},
	}
}

func types() []Case {
	const hello = `"message":{"text":"hello"}`
	customer, silent := `"recipient":{"id":"`+Customer+`"}`, `"recipient":{"id":"`+Silent+`"}`
	outside := func(name, body string) Case {
		return Case{Name: name, Body: body, Status: 400, Code: 10, Subcode: 2018278}
	}
	tagged := func(who, tag string) string {
		return `{` + who + `,"messaging_type":"MESSAGE_TAG","tag":"` + tag + `",` + hello + `}`
	}
	byPerson := func(c Case) Case {
		c.ByPerson = true
		return c
	}
	return []Case{
		{Name: "UPDATE inside", Body: `{` + customer + `,"messaging_type":"UPDATE",` + hello + `}`},
		outside("RESPONSE outside", `{`+silent+`,"messaging_type":"RESPONSE",`+hello+`}`),
		outside("UPDATE outside", `{`+silent+`,"messaging_type":"UPDATE",`+hello+`}`),
		invalid("an unknown messaging_type", `{`+customer+`,"messaging_type":"HELLO",`+hello+`}`, "messaging_type"),
		invalid("a tag is missing", `{`+customer+`,"messaging_type":"MESSAGE_TAG",`+hello+`}`, "tag"),
		invalid("an unknown tag", tagged(customer, "HELLO"), "HELLO"),
		byPerson(Case{Name: "HUMAN_AGENT inside", Body: tagged(customer, "HUMAN_AGENT")}),
		byPerson(outside("HUMAN_AGENT after eight days", tagged(silent, "HUMAN_AGENT"))),
		invalid("a tag that ended: event", tagged(customer, "CONFIRMED_EVENT_UPDATE"), "CONFIRMED_EVENT_UPDATE"),
		invalid("a tag that ended: account", tagged(customer, "ACCOUNT_UPDATE"), "ACCOUNT_UPDATE"),
		invalid("a tag that ended: purchase", tagged(customer, "POST_PURCHASE_UPDATE"), "POST_PURCHASE_UPDATE"),
		invalid("UTILITY without a template", `{`+customer+`,"messaging_type":"UTILITY",`+hello+`}`, "UTILITY"),
	}
}
