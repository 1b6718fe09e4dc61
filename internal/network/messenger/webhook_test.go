package messenger

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const (
	sent = 1760000000100
	head = `{"sender":{"id":"24680135"},"recipient":{"id":"555"},"timestamp":1760000000100,`
)

func webhookOf(object, list, element string) string {
	return `{"object":"` + object + `","entry":[{"id":"555","time":1760000000123,"` + list + `":[` + element + `]}]}`
}

// eventOf reads the one event of a webhook.
func eventOf(t *testing.T, n Network, body string) network.Event {
	t.Helper()
	webhook, err := graph.ParseWebhook([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	batches, err := n.Read(webhook)
	if err != nil || len(batches) != 1 || batches[0].Channel != "555" || len(batches[0].Events) != 1 {
		t.Fatalf("got %+v, %v", batches, err)
	}
	return batches[0].Events[0]
}

// What a person does, and which window it opens.
func TestInboundEvents(t *testing.T) {
	tests := map[string]struct {
		content, id string
		did         conversation.Events
		text        string
		quotes      []string
	}{
		"a message": {`"message":{"mid":"m_1","text":"hi"}}`, "m_1", conversation.Message, "hi", nil},
		"a quick reply": {
			`"message":{"mid":"m_1","text":"Yes","quick_reply":{"payload":"YES"}}}`, "m_1", conversation.Message, "Yes",
			nil,
		},
		"an answer": {
			`"message":{"mid":"m_1","text":"hi","reply_to":{"mid":"m_0"}}}`, "m_1", conversation.Message, "hi",
			[]string{"m_0"},
		},
		"from an ad": {
			`"message":{"mid":"m_1","text":"hi","referral":{"source":"ADS","type":"OPEN_THREAD","ad_id":"9"}}}`, "m_1",
			conversation.Message | conversation.Ad, "hi", nil,
		},
		"an unsupported one": {
			`"message":{"mid":"m_1","is_unsupported":true}}`, "m_1", conversation.Unsupported, "", nil,
		},
		"unsent": {`"message":{"mid":"m_1","is_deleted":true}}`, "deleted/m_1", 0, "", nil},
		"edited": {`"message_edit":{"mid":"m_1","text":"ho","num_edit":2}}`, "edit/m_1/2", 0, "", nil},
		"a postback": {
			`"postback":{"mid":"m_2","title":"Start","payload":"GO"}}`, "m_2", conversation.Postback, "Start", nil,
		},
		"a postback by an ad": {
			`"postback":{"title":"Start","payload":"GO","referral":{"source":"ADS"}}}`,
			"postback/24680135/1760000000100", conversation.Postback | conversation.Ad, "Start", nil,
		},
		"a reaction": {
			`"reaction":{"mid":"m_1","action":"react","emoji":"x"}}`, "reaction/24680135/1760000000100/m_1/react",
			conversation.Reacted, "",
			[]string{"m_1"},
		},
		"a reaction taken back": {
			`"reaction":{"mid":"m_1","action":"unreact"}}`, "reaction/24680135/1760000000100/m_1/unreact", 0, "",
			[]string{"m_1"},
		},
		"a link into the thread": {
			`"referral":{"source":"SHORTLINK","type":"OPEN_THREAD","ref":"r"}}`, "referral/24680135/1760000000100",
			conversation.Referral, "", nil,
		},
		"an ad's click alone": {
			`"referral":{"source":"ADS","type":"OPEN_THREAD","ad_id":"9"}}`, "referral/24680135/1760000000100",
			conversation.Referral | conversation.Click, "", nil,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			body := webhookOf("page", "messaging", head+tc.content)
			event, ok := eventOf(t, Network{}, body).(*network.Inbound)
			if !ok {
				t.Fatal("it is no act of a person")
			}
			got := []any{event.ID, event.Did, event.Text, event.Quotes, event.From, event.At.UnixMilli()}
			want := []any{tc.id, tc.did, tc.text, tc.quotes, []identity.Address{"@psid/24680135"}, int64(sent)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if told := string(event.Callback(nil)); told != body {
				t.Errorf("the business is told %s; want %s", told, body)
			}
			if len(tc.quotes) == 1 {
				want := strings.Replace(body, tc.quotes[0], "m_ours", 1)
				if told := string(event.Callback([]string{"m_ours"})); told != want {
					t.Errorf("of its own message it is told %s; want %s", told, want)
				}
			}
		})
	}
}

func TestStandbyIsToldAsStandby(t *testing.T) {
	body := webhookOf("page", "standby", head+`"postback":{"title":"Start"}}`)
	event, ok := eventOf(t, Network{}, body).(*network.Inbound)
	if !ok || event.Did != conversation.Postback || string(event.Callback(nil)) != body {
		t.Errorf("got %+v", event)
	}
}

// What a message's deliveries are told by: instants, to the millisecond.
func TestWatermarks(t *testing.T) {
	tests := map[string]struct {
		content string
		step    conversation.Status
		ids     []string
	}{
		"delivered with ids": {
			`"delivery":{"mids":["m_1","m_2"],"watermark":1760000000050}}`, conversation.Delivered,
			[]string{"m_1", "m_2"},
		},
		"delivered": {`"delivery":{"watermark":1760000000050}}`, conversation.Delivered, nil},
		"read":      {`"read":{"watermark":1760000000050}}`, conversation.Read, nil},
	}
	for name, tc := range tests {
		body := webhookOf("page", "messaging", head+tc.content)
		w, ok := eventOf(t, Network{}, body).(*network.Watermark)
		if !ok {
			t.Fatal(name)
		}
		got := []any{w.Step, w.UpTo.UnixMilli(), w.IDs, w.Customer}
		want := []any{tc.step, int64(1760000000050), tc.ids, []identity.Address{"@psid/24680135"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		want0 := strings.Replace(body, "m_1", "m_ours", 1)
		if told := string(w.Callback([]string{"m_ours", ""})); told != want0 {
			t.Errorf("%s: told %s; want %s", name, told, want0)
		}
	}
}

// An echo is of ours if it returns our id. The business gets its own metadata back.
func TestEchoes(t *testing.T) {
	own, err := Network{}.NewID(noon)
	if err != nil {
		t.Fatal(err)
	}
	echo := func(rest string) string {
		return `{"sender":{"id":"555"},"recipient":{"id":"24680135"},"timestamp":1760000000100,` +
			`"message":{"mid":"m_1","is_echo":true` +
			rest + `,"text":"hi"}}`
	}
	tests := map[string]struct {
		rest, correlation string
		foreign, asks     bool
	}{
		"ours":              {`,"app_id":1,"metadata":"` + own + `"`, own, false, false},
		"without metadata":  {`,"app_id":1`, "", false, true},
		"another's":         {`,"app_id":1,"metadata":"x"`, "", true, false},
		"from Meta's inbox": {`,"app_id":263902037430900`, "", true, false},
	}
	for name, tc := range tests {
		body := webhookOf("page", "messaging", echo(tc.rest))
		s, ok := eventOf(t, Network{}, body).(*network.Status)
		if !ok {
			t.Fatal(name)
		}
		if s.ID != "m_1" || s.Step != conversation.Sent || s.Correlation != tc.correlation || s.Foreign != tc.foreign ||
			(s.Resembles != nil) != tc.asks || s.At.UnixMilli() != sent || s.Recipient[0] != "@psid/24680135" ||
			!s.Always {
			t.Errorf("%s: got %+v", name, s)
		}
		if string(s.AsItCame()) != body {
			t.Errorf("%s: told %s", name, s.AsItCame())
		}
		if tc.correlation == "" {
			continue
		}
		theirs := "order 17"
		for data, want := range map[*string]string{
			nil: echo(`,"app_id":1`), &theirs: echo(`,"app_id":1,"metadata":"order 17"`),
		} {
			want = webhookOf("page", "messaging", strings.Replace(want, "m_1", own, 1))
			if told := string(s.Callback(own, data)); told != want {
				t.Errorf("%s: told %s; want %s", name, told, want)
			}
		}
	}
}

func TestEchoResemblesAMessage(t *testing.T) {
	const image = `{"message":{"attachment":{"type":"image","payload":{"url":"https://a.example"}}}}`
	tests := map[string]struct {
		echo, stored string
		want         bool
	}{
		"the same text":   {`"text":"hi"`, `{"message":{"text":"hi"}}`, true},
		"another text":    {`"text":"hi"`, `{"message":{"text":"ho"}}`, false},
		"a text, a file":  {`"text":"hi"`, image, false},
		"the same kind":   {`"attachments":[{"type":"image","payload":{"url":"https://cdn"}}]`, image, true},
		"another kind":    {`"attachments":[{"type":"video","payload":{"url":"https://cdn"}}]`, image, false},
		"nothing":         {`"x":1`, image, false},
		"what is no JSON": {`"text":"hi"`, `hi`, false},
	}
	for name, tc := range tests {
		body := webhookOf("page", "messaging",
			`{"sender":{"id":"555"},"recipient":{"id":"1"},"message":{"mid":"m_1","is_echo":true,`+tc.echo+`}}`)
		s, ok := eventOf(t, Network{}, body).(*network.Status)
		if !ok || s.Resembles([]byte(tc.stored)) != tc.want {
			t.Errorf("%s: want %t", name, tc.want)
		}
	}
}

// A template's status is told under two names, and a comment in two places.
func TestChanges(t *testing.T) {
	for _, field := range []string{"message_template_status_update", "messenger_template_status_update"} {
		body := webhookOf("page", "changes", `{"field":"`+field+`","value":{"event":"REJECTED",`+
			`"message_template_id":7,`+
			`"message_template_name":"n","message_template_language":"en","reason":"INCORRECT_PARAMS"}}`)
		news, ok := eventOf(t, Network{}, body).(*network.TemplateNews)
		if !ok || news.UpstreamID != "7" || news.Name != "n" || news.Language != "en" || news.Event != "REJECTED" ||
			news.At.UnixMilli() != 1760000000123 || string(news.Callback) != body {
			t.Errorf("%s: got %+v", field, news)
		}
	}
	comments := map[string]struct {
		n    Network
		body string
		from identity.Address
		at   int64
	}{
		"of a page": {
			Network{},
			webhookOf(
				"page", "changes",
				`{"field":"feed","value":{"item":"comment","verb":"add","comment_id":"5_6",`+
					`"created_time":1760000000,"from":{"id":"1"}}}`,
			),
			"@comment/5_6", 1760000000000,
		},
		"a visitor's post": {
			Network{},
			webhookOf(
				"page", "changes",
				`{"field":"feed","value":{"item":"post","verb":"add","post_id":"5_7","created_time":1760000000,`+
					`"from":{"id":"1"}}}`,
			),
			"@comment/5_7", 1760000000000,
		},
		"on Instagram": {
			Network{Instagram: true},
			webhookOf("instagram", "changes", `{"field":"comments","value":{"id":"56","from":{"id":"1"}}}`),
			"@ig_comment/56", 1760000000123,
		},
	}
	for name, tc := range comments {
		event, ok := eventOf(t, tc.n, tc.body).(*network.Inbound)
		if !ok || event.From[0] != tc.from || event.Did != conversation.Comment || event.At.UnixMilli() != tc.at {
			t.Errorf("%s: got %+v", name, event)
		}
	}
	for name, change := range map[string]string{
		"its own comment": `{"field":"feed","value":{"verb":"add","comment_id":"5_6","from":{"id":"555"}}}`,
		"an edit":         `{"field":"feed","value":{"verb":"edited","comment_id":"5_6","from":{"id":"1"}}}`,
		"another field":   `{"field":"ratings","value":{}}`,
	} {
		if _, ok := eventOf(t, Network{}, webhookOf("page", "changes", change)).(*network.Passed); !ok {
			t.Errorf("%s is more than passed on", name)
		}
	}
}

func TestPolicyEnforcement(t *testing.T) {
	for action, want := range map[string][2]bool{
		"block": {true, false}, "unblock": {false, true}, "warning": {false, false},
	} {
		body := webhookOf("page", "messaging",
			`{"recipient":{"id":"555"},"timestamp":1760000000100,"policy_enforcement":{"action":"`+action+
				`","reason":"Spam"}}`)
		e, ok := eventOf(t, Network{}, body).(*network.Enforcement)
		if !ok || e.Action != action || e.Reason != "Spam" ||
			[2]bool{e.Stops, e.Ends} != want || (e.Cause != nil) != e.Stops {
			t.Errorf("%s: got %+v", action, e)
		}
	}
}

// On Instagram one message is said to be seen.
func TestSeenOnInstagram(t *testing.T) {
	body := webhookOf("instagram", "messaging", head+`"read":{"mid":"m_1"}}`)
	s, ok := eventOf(t, Network{Instagram: true}, body).(*network.Status)
	if !ok || s.ID != "m_1" || s.Step != conversation.Read || s.Recipient[0] != "@igsid/24680135" {
		t.Fatalf("got %+v", s)
	}
	if told, want := string(s.Callback("m_ours", nil)), strings.Replace(body, "m_1", "m_ours", 1); told != want {
		t.Errorf("told %s; want %s", told, want)
	}
}

// A failure is told in the shape of the answer that the send would have got.
func TestFailedCallback(t *testing.T) {
	data := "order 17"
	got, err := Network{}.FailedCallback(network.Failure{
		Channel: "555", ID: "m_1", Recipient: "24680135", CallbackData: &data, At: time.UnixMilli(sent),
		Cause: Network{}.Refuse(&network.Refusal{Reason: network.OutOfWindow, Closed: noon}),
	})
	want := `{"object":"page","entry":[{"id":"555","time":1760000000100,"messaging":[{"sender":{"id":"555"},` +
		`"recipient":{"id":"24680135"},` +
		`"timestamp":1760000000100,"message_failed":{"mid":"m_1","metadata":"order 17",` +
		`"error":{"message":"(#10) This message is sent outside ` +
		`of allowed window. The window closed at 2026-11-20T12:00:00Z. Send an approved utility template with ` +
		`messaging_type \"UTILITY\", ` +
		`or wait for the person to write.","type":"OAuthException","code":10,"error_subcode":2018278}}}]}]}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(webhookOf("page", "messaging", head+`"message":{"mid":"m_1","text":"hi"}}`)))
	f.Add([]byte(webhookOf("page", "messaging", head+`"delivery":{"mids":["m_1"],"watermark":1}}`)))
	f.Add([]byte(webhookOf("page", "changes", `{"field":"marketing_message_deliveries","value":{"recipient_id":1,`+
		`"marketing_message_tracking_id":"t","messenger_subscription_token":"s","message_id":"2"}}`)))
	f.Add([]byte(webhookOf("page", "messaging", `{"field":"marketing_message_reads","recipient_id":1}`)))
	f.Add([]byte(webhookOf("instagram", "changes", `{"field":"comments","value":{"id":"1"}}`)))
	f.Fuzz(func(t *testing.T, body []byte) {
		webhook, err := graph.ParseWebhook(body)
		if err != nil {
			return
		}
		for _, n := range []Network{{}, {Instagram: true}} {
			batches, err := n.Read(webhook)
			if err != nil {
				continue
			}
			for _, b := range batches {
				for _, event := range b.Events {
					var told []byte
					switch e := event.(type) {
					case *network.Inbound:
						told = e.Callback([]string{"m_ours"})
					case *network.Watermark:
						told = e.Callback(nil)
					case *network.Status:
						told = e.Callback("m_ours", nil)
					case *network.Passed:
						told = e.Callback
					default:
						continue
					}
					if _, err := graph.ParseWebhook(told); err != nil {
						t.Fatalf("%T is told as %q: %v", event, told, err)
					}
				}
			}
		}
	})
}
