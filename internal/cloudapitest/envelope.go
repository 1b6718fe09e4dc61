package cloudapitest

import (
	"net/http"
	"strings"
)

const (
	text = `"type":"text","text":{"body":"hi"}`
	note = `"type":"template","template":{"name":"note","language":{"code":"en_US"},"components":[{"type":"body",` +
		`"parameters":[{"type":"text","text":"Ana"}]}]}`
	receipt = `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.HBgM"`
)

// envelopeCases are of the fields that all types have in common, and of bodies
// that two readers could read in two ways.
func envelopeCases() []Case {
	return []Case{
		accepted("text", with(text)),
		accepted("text by default", with(`"text":{"body":"hi"}`)),
		accepted("unknown fields", with(text+`,"future":{"a":[1,2.5],"A":null},"messaging_account_id":"1"`)),
		accepted("reply", with(text+`,"context":{"message_id":"wamid.HBgM"}`)),
		accepted("callback data of 512", with(text+`,"biz_opaque_callback_data":"`+long(512)+`"`)),
		refused(
			"callback data of 513", with(text+`,"biz_opaque_callback_data":"`+long(513)+`"`), 131009,
			"biz_opaque_callback_data",
		),
		refused("no messaging_product", `{"to":"+33612345678",`+text+`}`, 131008, "messaging_product"),
		refused(
			"another product", `{"messaging_product":"sms","to":"+33612345678",`+text+`}`, 131009, "messaging_product",
		),
		refused("no recipient", `{"messaging_product":"whatsapp",`+text+`}`, 131008, "to"),
		refused("reply to nothing", with(text+`,"context":{}`), 131008, "context.message_id"),
		refused(
			"reply to two", with(text+`,"context":{"message_id":"wamid.1","message_id":"wamid.2"}`), 100, "context",
		),
		refused(
			"reply to two, one in capitals", with(text+`,"context":{"message_id":"wamid.1","Message_ID":"wamid.2"}`),
			100, "context",
		),
		refused("unknown type", with(`"type":"poll","poll":{}`), 131051, "type"),
		refused("no content", with(`"type":"image","text":{"body":"hi"}`), 131008, "image"),
		refused("Direct Send of marketing", with(text+`,"category":"marketing"`), 100, "category"),

		accepted("Direct Send of a utility", with(text+`,"category":"utility","ttl_seconds":43200`)),
		accepted("Direct Send of a password", with(text+`,"category":"authentication","ttl_seconds":30`)),
		refused(
			"Direct Send for more than 12 hours", with(text+`,"category":"utility","ttl_seconds":43201`), 100,
			"ttl_seconds",
		),
		refused("Direct Send for 29 seconds", with(text+`,"category":"utility","ttl_seconds":29`), 100, "ttl_seconds"),
		refused(
			"Direct Send of a password for 16 minutes", with(text+`,"category":"authentication","ttl_seconds":960`),
			100, "ttl_seconds",
		),
		refused("time to live without Direct Send", with(text+`,"ttl_seconds":600`), 100, "ttl_seconds"),
		refused("time to live in a string", with(text+`,"category":"utility","ttl_seconds":"600"`), 100, "ttl_seconds"),
		accepted("user id", `{"messaging_product":"whatsapp","recipient":"FR.1349",`+note+`}`),
		accepted(
			"user id and number",
			`{"messaging_product":"whatsapp","to":"+`+Customer+`","recipient":"FR.1349",`+text+`}`,
		),
		refused("user id in to", `{"messaging_product":"whatsapp","to":"FR.1349",`+text+`}`, 131009, "to"),
		refused(
			"user id that is none", `{"messaging_product":"whatsapp","recipient":"1349",`+text+`}`, 131009, "recipient",
		),
		refused(
			"recipient of another type",
			`{"messaging_product":"whatsapp","recipient_type":"broadcast","to":"+`+Customer+`",`+text+`}`, 131009,
			"recipient_type",
		),

		{Name: "read receipt", Body: receipt + `}`, Status: http.StatusOK},
		{Name: "read receipt with typing", Body: receipt + `,"typing_indicator":{"type":"text"}}`, Status: http.StatusOK},
		refused(
			"status delivered", `{"messaging_product":"whatsapp","status":"delivered","message_id":"wamid.HBgM"}`,
			131009, "status",
		),
		refused("read receipt of nothing", `{"messaging_product":"whatsapp","status":"read"}`, 131008, "message_id"),
		refused("typing aloud", receipt+`,"typing_indicator":{"type":"audio"}}`, 131009, "typing_indicator.type"),

		refused("to twice", with(text+`,"to":"+33612345679"`), 100, "twice"),
		refused("to twice, one escaped", with(text+`,"\u0074o":"+33612345679"`), 100, "twice"),
		refused("to twice, one in capitals", with(text+`,"TO":"+33612345679"`), 100, "twice"),
		refused("status in capitals", with(text+`,"Status":"read","message_id":"wamid.HBgM"`), 100, "status"),
		refused("type in capitals", with(`"TYPE":"template","text":{"body":"hi"}`), 100, "type"),
		refused("message_id with a long s", with(text+`,"me\u017f\u017fage_id":"wamid.HBgM"`), 100, "message_id"),
		refused("Direct Send in capitals", with(text+`,"Category":"utility"`), 100, "category"),
		refused("text body twice", message("text", `{"body":"a","body":"b"}`), 100, "text"),
		refused("text body twice, one in capitals", message("text", `{"body":"a","Body":"b"}`), 100, "text"),
		refused("two values", with(text)+with(text), 100, "JSON"),
		refused("array", `[`+with(text)+`]`, 100, "object"),
		refused("null", `null`, 100, "object"),
		refused("not a number", with(text+`,"x":NaN`), 100, "JSON"),
		refused("truncated", `{"messaging_product":"whatsapp"`, 100, "JSON"),
		refused("too deep", with(text+`,"x":`+deep), 100, "JSON"),
		refused("empty body", ``, 100, "empty"),
		refused("byte order mark", "\xef\xbb\xbf"+with(text), 100, "byte order mark"),
		refused("not UTF-8", with(`"text":{"body":"`+"\xff"+`"}`), 100, "UTF-8"),
		{
			Name: "multipart", ContentType: "multipart/form-data; boundary=b",
			Body:   parts("messaging_product", "whatsapp", "to", Customer, "type", "text", "text", `{"body":"hi"}`),
			Status: http.StatusOK,
		},
		{
			Name: "multipart, a field twice", ContentType: "multipart/form-data; boundary=b",
			Body:   parts("messaging_product", "whatsapp", "to", Customer, "to", Customer, "text", `{"body":"hi"}`),
			Status: http.StatusBadRequest, Code: 100, Field: "twice",
		},
		{
			Name: "multipart, cut off", ContentType: "multipart/form-data; boundary=b",
			Body:   "--b\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\n1\r\n",
			Status: http.StatusBadRequest, Code: 100, Field: "multipart",
		},
		{
			Name: "multipart with a file", ContentType: "multipart/form-data; boundary=b",
			Body:   "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n1\r\n--b--\r\n",
			Status: http.StatusBadRequest, Code: 100, Field: "file",
		},
	}
}

// pathCases are of paths.
func pathCases() []Case {
	return []Case{
		{Name: "path without a version", Path: "/" + PhoneNumberID + "/messages", Body: with(text), Status: http.StatusOK},
		{Name: "number without a version", Method: http.MethodGet, Path: "/" + PhoneNumberID, Status: http.StatusOK},
		{
			Name: "an id that is no number's", Method: http.MethodGet, Path: "/v26.0/1479537139650973",
			Status: http.StatusBadRequest, Code: 100, Field: "id",
		},
		{Name: "message from an unknown number", Path: "/v26.0/1/messages", Body: with(text), Status: http.StatusBadRequest, Code: 33, Field: "phone number id"},
	}
}

// parts is a form in parts with the boundary "b", of names and their values.
func parts(pairs ...string) string {
	var form strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		form.WriteString("--b\r\nContent-Disposition: form-data; name=\"" + pairs[i] + "\"\r\n\r\n")
		form.WriteString(pairs[i+1] + "\r\n")
	}
	return form.String() + "--b--\r\n"
}
