package request

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/template"
)

func TestParse(t *testing.T) {
	index := func(n template.Index) *template.Index { return &n }
	tests := map[string]struct {
		body string
		want Send
	}{
		"text with context and callback data": {
			`{"messaging_product":"whatsapp","recipient_type":"individual","to":"+55 (11) 99999-0000","type":"text",` +
				`"text":{"body":"Your bike is ready","preview_url":true},"context":{"message_id":"wamid.HBgM"},` +
				`"biz_opaque_callback_data":"tenant=acme;job=42"}`,
			Send{
				Type: "text", Input: "+55 (11) 99999-0000", To: "5511999990000",
				Text: &Text{Body: "Your bike is ready"}, ReplyTo: "wamid.HBgM", CallbackData: "tenant=acme;job=42",
				HasCallbackData: true,
			},
		},
		"text by default": {
			`{"messaging_product":"whatsapp","to":"33612345678","text":{"body":"oui"}}`,
			Send{Type: "text", Input: "33612345678", To: "33612345678", Text: &Text{Body: "oui"}},
		},
		"empty callback data": {
			`{"messaging_product":"whatsapp","to":"33612345678","text":{"body":"oui"},"biz_opaque_callback_data":""}`,
			Send{
				Type: "text", Input: "33612345678", To: "33612345678", Text: &Text{Body: "oui"}, HasCallbackData: true,
			},
		},
		"BSUID": {
			`{"messaging_product":"whatsapp","recipient":"US.13491208655302741918","type":"text","text":{"body":"hi"}}`,
			Send{
				Type: "text", Input: "US.13491208655302741918", BSUID: "US.13491208655302741918",
				Text: &Text{Body: "hi"},
			},
		},
		"to wins over recipient": {
			`{"messaging_product":"whatsapp","to":"+4915112345678","recipient":"DE.1","text":{"body":"hi"}}`,
			Send{Type: "text", Input: "+4915112345678", To: "4915112345678", Text: &Text{Body: "hi"}},
		},
		"group": {
			`{"messaging_product":"whatsapp","recipient_type":"group","to":"Y2FwaV9ncm91cDox","text":{"body":"hi"}}`,
			Send{Type: "text", Group: true, Input: "Y2FwaV9ncm91cDox", To: "Y2FwaV9ncm91cDox", Text: &Text{Body: "hi"}},
		},
		"template, positional": {
			`{"messaging_product":"whatsapp","to":"+5511999990000","type":"template",` +
				`"template":{"name":"order_ready","language":{"code":"pt_BR","policy":"deterministic"},` +
				`"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"}]},{"type":"button",` +
				`"sub_type":"url","index":"1","parameters":[{"type":"text","text":"881"}]}]}}`,
			Send{Type: "template", Input: "+5511999990000", To: "5511999990000", Template: &template.Send{
				Name: "order_ready", Language: "pt_BR", Components: []template.SendComponent{
					{Type: "body", Parameters: []template.Parameter{{Type: "text", Text: "Ana"}}},
					{
						Type: "button", SubType: "url", Index: index(1),
						Parameters: []template.Parameter{{Type: "text", Text: "881"}},
					},
				},
			}},
		},
		"template, named, no components": {
			`{"messaging_product":"whatsapp","to":"+5511999990000","type":"template","template":{"name":"hello",` +
				`"language":{"code":"en"}}}`,
			Send{
				Type: "template", Input: "+5511999990000", To: "5511999990000",
				Template: &template.Send{Name: "hello", Language: "en"},
			},
		},
		"reaction taken back": {
			`{"messaging_product":"whatsapp","to":"+5511999990000","type":"reaction",` +
				`"reaction":{"message_id":"wamid.1","emoji":""}}`,
			Send{
				Type: "reaction", Input: "+5511999990000", To: "5511999990000",
				Reaction: &Reaction{MessageID: "wamid.1"},
			},
		},
		"image by link": {
			`{"messaging_product":"whatsapp","to":"+5511999990000","type":"image",` +
				`"image":{"link":"https://ex.test/a.jpg","caption":"front"}}`,
			Send{Type: "image", Input: "+5511999990000", To: "5511999990000"},
		},
		"interactive": {
			`{"messaging_product":"whatsapp","to":"+5511999990000","type":"interactive",` +
				`"interactive":{"type":"button","body":{"text":"Keep 10:00?"},"action":{"buttons":[{"type":"reply",` +
				`"reply":{"id":"y","title":"Yes"}}]}}}`,
			Send{Type: "interactive", Input: "+5511999990000", To: "5511999990000"},
		},
		"Direct Send": {
			`{"messaging_product":"whatsapp","to":"+5511999990000","category":"utility",` +
				`"direct_send_config":{"template_name":"x"},"text":{"body":"hi"}}`,
			Send{
				Type: "text", Input: "+5511999990000", To: "5511999990000", Text: &Text{Body: "hi"},
				DirectCategory: "utility",
			},
		},
		"read receipt with typing": {
			`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1",` +
				`"typing_indicator":{"type":"text"}}`,
			Send{Read: &ReadReceipt{MessageID: "wamid.1", Typing: true}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse([]byte(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			tc.want.Raw = json.RawMessage(tc.body)
			if diff := cmp.Diff(tc.want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	base := func(rest string) string { return `{"messaging_product":"whatsapp","to":"+33612345678",` + rest + `}` }
	tests := map[string]struct {
		body    string
		code    int
		details string
	}{
		"malformed": {
			`{"to":`, 100, "The body is not valid JSON. Check quotes, commas and braces, and that it holds one object.",
		},
		"array":     {`[]`, 100, "The body must be a JSON object."},
		"not UTF-8": {"{\"to\":\"\xff\"}", 100, "The body is not valid UTF-8."},
		"too large": {
			`"` + strings.Repeat("a", MaxBody) + `"`, 100,
			"The body is larger than 262144 bytes. Send media by id or link.",
		},
		"twice": {
			`{"messaging_product":"whatsapp","to":"1","to":"2"}`, 100,
			"A field stands twice in the body, maybe in another case. Keep one of them.",
		},
		"twice, in capitals": {
			base(`"TO":"490000000000","text":{"body":"hi"}`), 100,
			"A field stands twice in the body, maybe in another case. Keep one of them.",
		},
		"in capitals": {
			base(`"Type":"template","text":{"body":"hi"}`), 100,
			"The field type stands in the body in another case. Write it in lower case.",
		},
		"another method": {
			base(`"method":"delete","text":{"body":"hi"}`), 100,
			"The parameters method, ids and batch are not taken: send one message in each request.",
		},
		"several in one": {
			base(`"Batch[]":[],"text":{"body":"hi"}`), 100,
			"The parameters method, ids and batch are not taken: send one message in each request.",
		},
		"a callback of its own": {
			base(`"override_callback_uri":"x","text":{"body":"hi"}`), 100,
			"Webhooks come to the gateway, which passes them on: remove override_callback_uri and verify_token.",
		},
		"twice, escaped": {
			`{"messaging_product":"whatsapp","to":"1","\u0074o":"2"}`, 100,
			"A field stands twice in the body, maybe in another case. Keep one of them.",
		},
		"too many fields": {
			`{` + strings.TrimSuffix(manyFields(65), ",") + `}`, 100, "The body has more than 64 fields.",
		},
		"no product": {
			`{"to":"+33612345678","text":{"body":"hi"}}`, 131008, `messaging_product is missing: give "whatsapp".`,
		},
		"wrong product": {
			`{"messaging_product":"sms","to":"+33612345678"}`, 131009, `messaging_product must be "whatsapp".`,
		},
		"no address": {
			`{"messaging_product":"whatsapp","text":{"body":"hi"}}`, 131008,
			"to is missing: give the customer's phone number with its country code, or recipient with a " +
				"business-scoped user id.",
		},
		"null address": {
			`{"messaging_product":"whatsapp","to":null,"text":{"body":"hi"}}`, 131008,
			"to is missing: give the customer's phone number with its country code, or recipient with a " +
				"business-scoped user id.",
		},
		"number as JSON number": {`{"messaging_product":"whatsapp","to":33612345678}`, 131009, "to must be a string."},
		"letters in number": {
			`{"messaging_product":"whatsapp","to":"+33CALLME"}`, 131009,
			"to must be a phone number of 7 to 15 digits with its country code; only a leading plus sign, spaces, " +
				"dashes, dots and parentheses may stand between them.",
		},
		"16 digits": {
			`{"messaging_product":"whatsapp","to":"+1234567890123456"}`, 131009,
			"to must be a phone number of 7 to 15 digits with its country code; only a leading plus sign, spaces, " +
				"dashes, dots and parentheses may stand between them.",
		},
		"no country code": {
			`{"messaging_product":"whatsapp","to":"06 12 34 56 78"}`, 131009,
			"to must be a phone number of 7 to 15 digits with its country code; only a leading plus sign, spaces, " +
				"dashes, dots and parentheses may stand between them.",
		},
		"dialled abroad": {
			`{"messaging_product":"whatsapp","to":"0033612345678"}`, 131009,
			"to must be a phone number of 7 to 15 digits with its country code; only a leading plus sign, spaces, " +
				"dashes, dots and parentheses may stand between them.",
		},
		"bad BSUID": {
			`{"messaging_product":"whatsapp","recipient":"usa.1"}`, 131009,
			"recipient must be a business-scoped user id: a country code, a dot, and up to 128 letters or digits.",
		},
		"recipient type": {
			base(`"recipient_type":"broadcast"`), 131009, `recipient_type must be "individual" or "group".`,
		},
		"unknown type": {
			base(`"type":"poll","poll":{}`), 131051,
			"type must be one of text, template, image, video, audio, document, sticker, location, contacts, " +
				"interactive, reaction, pin.",
		},
		"type is a number": {base(`"type":1`), 131009, "type must be a string."},
		"no content": {
			base(`"type":"image","text":{"body":"hi"}`), 131008,
			"image is missing: give the content that belongs to the type.",
		},
		"text is a string": {base(`"text":"hi"`), 131009, "text must be an object."},
		"no text body":     {base(`"text":{}`), 131008, "text.body is missing: give 1 to 4096 characters."},
		"text body too long": {
			base(`"text":{"body":"` + long(4097) + `"}`), 131009,
			"text.body must have at most 4096 characters and has 4097.",
		},
		"text body twice": {
			base(`"text":{"body":"a","body":"b"}`), 100,
			"A field stands twice in text, maybe in another case. Keep one of them.",
		},
		"callback data too long": {
			base(`"text":{"body":"a"},"biz_opaque_callback_data":"` + long(513) + `"`), 131009,
			"biz_opaque_callback_data must have at most 512 characters.",
		},
		"callback data no text": {
			base(`"text":{"body":"a"},"biz_opaque_callback_data":{}`), 131009,
			"biz_opaque_callback_data must be a string.",
		},
		"context without id": {
			base(`"text":{"body":"a"},"context":{}`), 131008,
			"context.message_id is missing: give the id of a message.",
		},
		"context is a string": {
			base(`"text":{"body":"a"},"context":"wamid.1"`), 131009, "context must be an object with message_id.",
		},
		"Direct Send marketing": {
			base(`"text":{"body":"a"},"category":"marketing"`), 100,
			`category must be "utility" or "authentication" (Direct Send), or be left out.`,
		},
		"both id and link": {
			base(`"type":"image","image":{"id":"1","link":"https://ex.test"}`), 100,
			"image must give exactly one of id and link.",
		},
		"neither id nor link": {
			base(`"type":"document","document":{}`), 100, "document must give exactly one of id and link.",
		},
		"caption too long": {
			base(`"type":"video","video":{"id":"1","caption":"` + long(1025) + `"}`), 131009,
			"video.caption must have at most 1024 characters.",
		},
		"caption on audio": {
			base(`"type":"audio","audio":{"id":"1","caption":"a"}`), 131009,
			"audio.caption is not possible on this type.",
		},
		"no contacts": {
			base(`"type":"contacts","contacts":[]`), 131009, "contacts must be an array with at least one contact.",
		},
		"reaction without emoji": {
			base(`"type":"reaction","reaction":{"message_id":"wamid.1"}`), 131008,
			"reaction.emoji is missing: give one emoji, or an empty string to take the reaction back.",
		},
		"reaction as reply": {
			base(
				`"type":"reaction","reaction":{"message_id":"wamid.1","emoji":"👍"},` +
					`"context":{"message_id":"wamid.1"}`,
			),
			131009, "context cannot accompany a reaction.",
		},
		"no template name": {
			base(`"type":"template","template":{"language":{"code":"en"}}`), 131008,
			"template.name is missing: give the name of an approved template.",
		},
		"no language": {
			base(`"type":"template","template":{"name":"x"}`), 131008,
			`template.language is missing: give an object such as {"code":"en_US"}.`,
		},
		"no language code": {
			base(`"type":"template","template":{"name":"x","language":{}}`), 131008,
			"template.language.code is missing: give a language code such as en_US.",
		},
		"language as string": {
			base(`"type":"template","template":{"name":"x","language":"en"}`), 131009,
			"template.language must be an object.",
		},
		"components as object": {
			base(`"type":"template","template":{"name":"x","language":{"code":"en"},"components":{}}`), 131009,
			"template.components must be an array of objects with type and parameters, as in the template's " +
				"documentation.",
		},
		"component without type": {
			base(`"type":"template","template":{"name":"x","language":{"code":"en"},"components":[{}]}`), 131009,
			"template.components[0].type is missing: give header, body or button.",
		},
		"parameter without type": {
			base(
				`"type":"template","template":{"name":"x","language":{"code":"en"},"components":[{"type":"body",` +
					`"parameters":[{"text":"a"}]}]}`,
			),
			131009, "template.components[0].parameters[0].type is missing: give text, image, payload or another type.",
		},
		"status delivered": {
			`{"messaging_product":"whatsapp","status":"delivered","message_id":"wamid.1"}`, 131009,
			`status must be "read".`,
		},
		"read without id": {
			`{"messaging_product":"whatsapp","status":"read"}`, 131008,
			"message_id is missing: give the id of a message.",
		},
		"odd typing indicator": {
			`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1",` +
				`"typing_indicator":{"type":"audio"}}`,
			131009, `typing_indicator.type must be "text".`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			send, err := Parse([]byte(tc.body))
			failure, ok := graph.AsError(err)
			if !ok {
				t.Fatalf("got %+v and %v, want an *Error", send, err)
			}
			if failure.Code != tc.code || failure.Details != tc.details {
				t.Errorf("got %d %q, want %d %q", failure.Code, failure.Details, tc.code, tc.details)
			}
			if failure.HTTPStatus != 400 {
				t.Errorf("status: got %d, want 400", failure.HTTPStatus)
			}
		})
	}
}

func manyFields(n int) string {
	var out strings.Builder
	for i := range n {
		out.WriteString(`"f` + strings.Repeat("x", i) + `":1,`)
	}
	return out.String()
}

func BenchmarkParse(b *testing.B) {
	body := []byte(
		`{"messaging_product":"whatsapp","recipient_type":"individual","to":"+5511999990000","type":"text",` +
			`"text":{"body":"Your bike is ready https://ex.test/b1","preview_url":true},` +
			`"biz_opaque_callback_data":"tenant=acme;job=42"}`,
	)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(body); err != nil {
			b.Fatal(err)
		}
	}
}
