package messenger

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
)

const to = `"recipient":{"id":"24680135"}`

func text(n int) string { return strings.Repeat("é", n) }

// Requests that are taken, as Meta's pages and published clients write them, with what they are.
func TestParse(t *testing.T) {
	tests := map[string]struct {
		body  string
		kind  string
		form  conversation.Form
		to    string
		about string // recipient_id of the answer
	}{
		"a text": {
			`{` + to + `,"messaging_type":"RESPONSE","message":{"text":"hi"}}`, "text", conversation.FreeForm,
			"@psid/24680135", "24680135",
		},
		"no type": {
			`{` + to + `,"message":{"text":"hi"}}`, "text", conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"a number as id": {
			`{"recipient":{"id":24680135},"message":{"text":"hi"}}`, "text", conversation.FreeForm, "@psid/24680135",
			"24680135",
		},
		"an update": {
			`{` + to + `,"messaging_type":"UPDATE","message":{"text":"` + text(2000) + `"}}`, "text",
			conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"a person": {
			`{` + to + `,"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"Ana here"}}`, "text",
			conversation.HumanAgent, "@psid/24680135", "24680135",
		},
		"a tag without type": {
			`{` + to + `,"tag":"HUMAN_AGENT","message":{"text":"Ana here"}}`, "text", conversation.HumanAgent,
			"@psid/24680135", "24680135",
		},
		"a comment": {
			`{"recipient":{"comment_id":"1_2"},"message":{"text":"hi"}}`, "text", conversation.PrivateReply,
			"@comment/1_2", "",
		},
		"a post": {
			`{"recipient":{"post_id":"1_3"},"message":{"text":"hi"}}`, "text", conversation.PrivateReply,
			"@comment/1_3", "",
		},
		"a checkbox": {
			`{"recipient":{"user_ref":"r"},"message":{"text":"hi"}}`, "text", conversation.FreeForm, "@user_ref/r", "",
		},
		"a number": {
			`{"recipient":{"phone_number":"+33 6 12 34 56 78"},"message":{"text":"hi"}}`, "text", conversation.FreeForm,
			"33612345678", "",
		},
		"an image": {
			`{` + to + `,"message":{"attachment":{"type":"image","payload":{"url":"https://a.example/i.png",` +
				`"is_reusable":true}}}}`,
			"image", conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"an upload": {
			`{` + to + `,"message":{"attachment":{"type":"file","payload":{"attachment_id":"17"}}}}`, "file",
			conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"images": {
			`{` + to + `,"message":{"attachments":[{"type":"image","payload":{"attachment_id":"1"}},{"type":"image",` +
				`"payload":{"attachment_id":"2"}}]}}`,
			"image", conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"quick replies": {
			`{` + to + `,"message":{"text":"?","quick_replies":[{"content_type":"text","title":"Yes","payload":"Y"},` +
				`{"content_type":"user_email"}]}}`,
			"text", conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"generic": {
			`{` + to + `,"message":{"attachment":{"type":"template","payload":{"template_type":"generic",` +
				`"elements":[{"title":"T","buttons":[{"type":"postback","title":"Go","payload":"G"}]}]}}}}`,
			"generic", conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"button": {
			`{` + to + `,"message":{"attachment":{"type":"template","payload":{"template_type":"button","text":"T",` +
				`"buttons":[{"type":"web_url","title":"Go","url":"https://a.example"}]}}}}`,
			"button", conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"media": {
			`{` + to + `,"message":{"attachment":{"type":"template","payload":{"template_type":"media",` +
				`"elements":[{"media_type":"image","attachment_id":"1"}]}}}}`,
			"media", conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"receipt": {
			`{` + to + `,"message":{"attachment":{"type":"template","payload":{"template_type":"receipt",` +
				`"recipient_name":"A","order_number":"1","currency":"USD","payment_method":"Visa",` +
				`"summary":{"total_cost":1}}}}}`,
			"receipt", conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"product": {
			`{` + to + `,"message":{"attachment":{"type":"template","payload":{"template_type":"product",` +
				`"elements":[{"id":"9"}]}}}}`,
			"product", conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"feedback": {
			`{` + to + `,"message":{"attachment":{"type":"template","payload":{"template_type":"customer_feedback",` +
				`"title":"T","feedback_screens":[{"questions":[]}],"business_privacy":{"url":"https://a.example"},` +
				`"expires_in_days":3}}}}`,
			"customer_feedback", conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"coupon": {
			`{` + to + `,"message":{"attachment":{"type":"template","payload":{"template_type":"coupon","title":"T",` +
				`"coupon_code":"C"}}}}`,
			"coupon", conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"utility": {
			`{` + to + `,"messaging_type":"UTILITY","message":{"template":{"name":"n","language":{"code":"en"},` +
				`"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"}]},{"type":"buttons",` +
				`"parameters":[{"type":"POSTBACK","payload":"P"},{"type":"URL","url":"x"}]}]}}}`,
			"template", conversation.Templated, "@psid/24680135", "24680135",
		},
		"utility at the top": {
			`{` + to + `,"messaging_type":"UTILITY","template":{"name":"n","language":{"code":"en"}}}`, "template",
			conversation.Templated, "@psid/24680135", "24680135",
		},
		"thread control": {
			`{` + to + `,"message":{"text":"hi"},"thread_control":{"control_type":"pass","app_id":263902037430900}}`,
			"text", conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"a persona and quiet": {
			`{` + to + `,"persona_id":"7","notification_type":"NO_PUSH","message":{"text":"hi"}}`, "text",
			conversation.FreeForm, "@psid/24680135", "24680135",
		},
		"a form": {
			`recipient={"id":"24680135"}&messaging_type=RESPONSE&message={"text":"hi"}`, "text", conversation.FreeForm,
			"@psid/24680135", "24680135",
		},
		"a form of Meta's": {
			`recipient={'id':'24680135'}&message={'text':'it\'s "so"'}`, "text", conversation.FreeForm,
			"@psid/24680135", "24680135",
		},
		"names unquoted": {
			`recipient=%7Bid%3A24680135%7D&message=%7Btext:%27hi%27%7D`, "text", conversation.FreeForm,
			"@psid/24680135", "24680135",
		},
		"a form in parts": {
			"--b\r\nContent-Disposition: form-data; " +
				"name=\"recipient\"\r\n\r\n{\"id\":\"24680135\"}\r\n--b\r\nContent-Disposition: form-data; " +
				"name=\"message\"\r\n\r\n{\"text\":\"hi\"}\r\n--b--\r\n",
			"text", conversation.FreeForm, "@psid/24680135", "24680135",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := Network{}.Parse([]byte(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			if out.Type != tc.kind || out.Form != tc.form || string(out.To) != tc.to {
				t.Errorf("got %s, form %d, to %s", out.Type, out.Form, out.To)
			}
			said, err := json.Marshal(out.Answer("m_1"))
			want := `{"message_id":"m_1"}`
			if tc.about != "" {
				want = `{"recipient_id":"` + tc.about + `","message_id":"m_1"}`
			}
			if err != nil || string(said) != want {
				t.Errorf("the answer is %s; want %s", said, want)
			}
		})
	}
}

// Requests that are refused, each with a sentence that names the field.
func TestParseRefuses(t *testing.T) {
	message := func(inside string) string { return `{` + to + `,"message":{` + inside + `}}` }
	payload := func(inside string) string {
		return message(`"attachment":{"type":"template","payload":{` + inside + `}}`)
	}
	tests := map[string]struct{ body, says string }{
		"nothing":      {``, "The body is empty"},
		"no recipient": {`{"message":{"text":"hi"}}`, "recipient is missing"},
		"two recipients": {
			`{"recipient":{"id":"1","comment_id":"2"},"message":{"text":"hi"}}`,
			"recipient must name one recipient only",
		},
		"an unknown one": {
			`{"recipient":{"email":"a"},"message":{"text":"hi"}}`, `recipient must hold "id", "comment_id"`,
		},
		"a token": {
			`{"recipient":{"notification_messages_token":"1"},"message":{"text":"hi"}}`,
			"/act_{ad-account-id}/messages",
		},
		"no message":          {`{` + to + `}`, "message is missing"},
		"an empty message":    {message(``), `message must hold "text"`},
		"text and attachment": {message(`"text":"hi","attachment":{}`), "message must hold one of text and attachment"},
		"a long text": {
			message(`"text":"` + text(2001) + `"`), "message.text must have 1 to 2000 characters and has 2001",
		},
		"an empty text": {message(`"text":""`), "message.text must have 1 to 2000 characters and has 0"},
		"14 quick replies": {
			message(
				`"text":"?","quick_replies":[` + strings.Repeat(`{"content_type":"user_email"},`, 13) +
					`{"content_type":"user_email"}]`,
			),
			"message.quick_replies must have 0 to 13 entries and has 14",
		},
		"a long title": {
			message(`"text":"?","quick_replies":[{"content_type":"text","title":"` + text(21) + `","payload":"P"}]`),
			"message.quick_replies[0].title must have 1 to 20 characters",
		},
		"a file nowhere": {
			message(`"attachment":{"type":"image","payload":{}}`),
			"message.attachment.payload must give exactly one of url and attachment_id",
		},
		"an unknown kind": {
			message(`"attachment":{"type":"hologram","payload":{}}`), `message.attachment.type must be "image"`,
		},
		"11 elements": {
			payload(`"template_type":"generic","elements":[` + strings.Repeat(`{"title":"T"},`, 10) + `{"title":"T"}]`),
			"message.attachment.payload.elements must have 1 to 10 entries and has 11",
		},
		"4 buttons": {
			payload(
				`"template_type":"button","text":"T","buttons":[` + strings.Repeat(`{"type":"account_unlink"},`, 3) +
					`{"type":"account_unlink"}]`,
			),
			"message.attachment.payload.buttons must have 1 to 3 entries and has 4",
		},
		"a long button": {
			payload(
				`"template_type":"button","text":"T","buttons":[{"type":"postback","title":"` + text(21) +
					`","payload":"P"}]`,
			),
			"message.attachment.payload.buttons[0].title must have 1 to 20 characters",
		},
		"an unknown payload": {
			payload(`"template_type":"list"`), `message.attachment.payload.template_type must be "generic"`,
		},
		"a tag alone": {
			`{` + to + `,"messaging_type":"MESSAGE_TAG","message":{"text":"hi"}}`, `tag is missing: give "HUMAN_AGENT"`,
		},
		"a tag too many": {
			`{` + to + `,"messaging_type":"UPDATE","tag":"HUMAN_AGENT","message":{"text":"hi"}}`,
			`tag needs messaging_type "MESSAGE_TAG"`,
		},
		"an unknown tag": {
			`{` + to + `,"messaging_type":"MESSAGE_TAG","tag":"PAIRING_UPDATE","message":{"text":"hi"}}`,
			`tag must be "HUMAN_AGENT"`,
		},
		"an ended tag": {
			`{` + to + `,"messaging_type":"MESSAGE_TAG","tag":"CONFIRMED_EVENT_UPDATE","message":{"text":"hi"}}`,
			`ended on 2026-04-27. Send an approved utility template`,
		},
		"another ended tag": {
			`{` + to + `,"messaging_type":"MESSAGE_TAG","tag":"ACCOUNT_UPDATE","message":{"text":"hi"}}`,
			`ended on 2026-04-27. Send an approved utility template`,
		},
		"the third ended tag": {
			`{` + to + `,"tag":"POST_PURCHASE_UPDATE","message":{"text":"hi"}}`,
			`ended on 2026-04-27. Send an approved utility template`,
		},
		"utility without": {
			`{` + to + `,"messaging_type":"UTILITY","message":{"text":"hi"}}`, "message must hold template",
		},
		"a template without": {
			message(`"template":{"name":"n","language":{"code":"en"}}`),
			`message.template needs messaging_type "UTILITY"`,
		},
		"two templates": {
			`{` + to + `,"messaging_type":"UTILITY","template":{},"message":{"template":{}}}`,
			"message has a template, and so has the body",
		},
		"an action beside": {
			`{` + to + `,"sender_action":"typing_on","message":{"text":"hi"}}`,
			"sender_action must not stand beside a message",
		},
		"an unknown action": {`{` + to + `,"sender_action":"dance"}`, `sender_action must be "typing_on"`},
		"a field twice":     {`{` + to + `,"message":{"text":"a"},"message":{"text":"b"}}`, "A field stands twice"},
		"another case": {
			`{` + to + `,"Message":{"text":"b"}}`, "The field message stands in the body in another case",
		},
		"inside twice": {`{` + to + `,"message":{"text":"a","TEXT":"b"}}`, "A field stands twice in message"},
		"a batch":      {`{` + to + `,"batch":[],"message":{"text":"a"}}`, "batch are not taken"},
		"a file in parts": {
			"--b\r\nContent-Disposition: form-data; name=\"filedata\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n",
			"A file is not taken here",
		},
		"a large body": {`{"a":"` + strings.Repeat("x", maxBody) + `"}`, "The body is larger than"},
		"passed to nobody": {
			`{` + to + `,"message":{"text":"a"},"thread_control":{"control_type":"pass"}}`,
			"thread_control.app_id is missing",
		},
		"long metadata": {
			message(`"text":"a","metadata":"` + text(1001) + `"`), "message.metadata must have 0 to 1000 characters",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Network{}.Parse([]byte(tc.body))
			e, ok := graph.AsError(err)
			if !ok || e.Code != 100 || e.HTTPStatus != 400 || !strings.HasPrefix(e.Message, "(#100) ") ||
				!strings.Contains(e.Message, tc.says) || e.Details != "" {
				t.Errorf("got %v; want 100 and %q", err, tc.says)
			}
		})
	}
}

func TestInstagramHasItsOwnLimits(t *testing.T) {
	tests := map[string]struct{ body, says string }{
		"1,002 bytes": {
			`{` + to + `,"message":{"text":"` + text(501) + `"}}`,
			"message.text must have at most 1000 bytes and has 1002",
		},
		"a tag of pages": {
			`{` + to + `,"tag":"ACCOUNT_UPDATE","message":{"text":"a"}}`, `"HUMAN_AGENT" is the only one`,
		},
		"utility": {
			`{` + to + `,"messaging_type":"UTILITY","message":{"template":{}}}`, "Instagram has no utility messages",
		},
		"a checkbox": {
			`{"recipient":{"user_ref":"1"},"message":{"text":"a"}}`, `recipient must hold "id" or "comment_id"`,
		},
		"a receipt": {
			`{` + to + `,"message":{"attachment":{"type":"template","payload":{"template_type":"receipt"}}}}`,
			`must be "generic", "button" or "product"`,
		},
	}
	for name, tc := range tests {
		_, err := (Network{Instagram: true}).Parse([]byte(tc.body))
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: got %v; want %q", name, err, tc.says)
		}
	}
	for _, body := range []string{
		`{` + to + `,"message":{"text":"` + text(500) + `"}}`,
		`{` + to + `,"message":{"attachment":{"type":"like_heart"}}}`,
		`{"recipient":{"comment_id":"1"},"message":{"text":"a"}}`,
	} {
		out, err := Network{Instagram: true}.Parse([]byte(body))
		if err != nil || strings.HasPrefix(string(out.To), "@psid") {
			t.Errorf("%s: got %v, %v", body, out, err)
		}
	}
}
