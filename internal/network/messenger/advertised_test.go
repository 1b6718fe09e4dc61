package messenger

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/network"
)

const sale = `{"message_id":"120210","messenger_delivery_data":{"subscription_token":"tok-1"},` +
	`"message":{"text":"50 %","metadata":"mine"}}`

func TestParseAdvertised(t *testing.T) {
	tests := map[string]string{
		"JSON": sale,
		"ids as numbers": `{"message_id":120210,` +
			`"messenger_delivery_data":{"subscription_token":"tok-1"},"message":{"text":"50 %","metadata":"mine"}}`,
		"a form": `message_id=120210&messenger_delivery_data={"subscription_token":"tok-1"}&` +
			`message={"text":"50 %25","metadata":"mine"}`,
		"with a token of the client's": strings.Replace(
			sale, `{"message_id"`, `{"access_token":"secret","message_id"`, 1,
		),
		"a gap": strings.Replace(
			sale, `{"message_id"`, `{"min_conversation_gap_seconds":3600,"message_id"`, 1,
		),
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := Network{}.ParseAdvertised([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			if out.To != "@subscription/tok-1" || out.Campaign != "120210" || !out.Subscribed ||
				out.Endpoint != "ads" ||
				out.Form != conversation.Direct || out.Category != conversation.Marketing || out.Type != "text" ||
				out.CallbackData == nil || *out.CallbackData != "mine" || out.TTL != 30*24*time.Hour {
				t.Fatalf("got %+v", out)
			}
			if strings.Contains(string(out.Content), "secret") {
				t.Error("the client's token is stored")
			}
			answer, err := json.Marshal(out.Answer("m_1"))
			if want := `{"success":true,"marketing_message_tracking_id":"m_1"}`; err != nil || string(answer) != want {
				t.Errorf("got %s, want %s", answer, want)
			}
			sent, err := Network{}.Encode(out.Content, "m_1", func(string) (string, error) { return "", nil })
			if err != nil || strings.Contains(string(sent), "metadata") ||
				!strings.Contains(string(sent), `"text":"50 %"`) {
				t.Errorf("sent %s, %v", sent, err)
			}
		})
	}
}

func TestParseAdvertisedRefuses(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"no campaign": {
			`{"messenger_delivery_data":{"subscription_token":"t"},"message":{"text":"x"}}`, "message_id is missing",
		},
		"no token": {
			`{"message_id":"1","messenger_delivery_data":{},"message":{"text":"x"}}`,
			"messenger_delivery_data.subscription_token is missing",
		},
		"two recipients": {
			`{"message_id":"1","messenger_delivery_data":{"subscription_token":"t","psid":"2"},"message":{"text":"x"}}`,
			"messenger_delivery_data must hold subscription_token and nothing else",
		},
		"a recipient": {
			`{"message_id":"1","recipient":{"id":"2"},"messenger_delivery_data":{"subscription_token":"t"},` +
				`"message":{"text":"x"}}`,
			"recipient is not taken with a marketing message",
		},
		"a budget": {
			`{"message_id":"1","daily_budget":5,"messenger_delivery_data":{"subscription_token":"t"},` +
				`"message":{"text":"x"}}`,
			"daily_budget is not taken",
		},
		"no message": {
			`{"message_id":"1","messenger_delivery_data":{"subscription_token":"t"}}`, "message is missing",
		},
		"a long text": {
			`{"message_id":"1","messenger_delivery_data":{"subscription_token":"t"},"message":{"text":"` +
				strings.Repeat("x", 641) + `"}}`,
			"text must have 0 to 640 characters and has 641",
		},
		"another case": {
			`{"Message_ID":"1","message_id":"1","messenger_delivery_data":{"subscription_token":"t"},` +
				`"message":{"text":"x"}}`,
			"A field stands twice",
		},
		"another method": {
			`{"method":"delete","message_id":"1","messenger_delivery_data":{"subscription_token":"t"},` +
				`"message":{"text":"x"}}`,
			"The parameters method",
		},
		"a negative gap": {
			`{"min_conversation_gap_seconds":-1,"message_id":"1",` +
				`"messenger_delivery_data":{"subscription_token":"t"},"message":{"text":"x"}}`,
			"min_conversation_gap_seconds must be",
		},
		"no JSON": {`hello`, "The body is not valid JSON"},
		"a utility template": {
			`{"message_id":"1","messenger_delivery_data":{"subscription_token":"t"},` +
				`"message":{"template":{"name":"n"}}}`,
			"message.template needs",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Network{}.ParseAdvertised([]byte(tc.body))
			refusal, ok := graph.AsError(err)
			if !ok || refusal.Code != 100 || !strings.Contains(refusal.Message, tc.want) {
				t.Fatalf("got %v, want code 100 with %q", err, tc.want)
			}
		})
	}
}

// What is stored of a marketing message is what is sent, but for its metadata: it is marketing of
// one campaign to one token, for whoever reads it.
func FuzzParseAdvertised(f *testing.F) {
	f.Add([]byte(sale))
	f.Add([]byte(`message_id=1&messenger_delivery_data={'subscription_token':'t'}&message={'text':'x'}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		out, err := Network{}.ParseAdvertised(body)
		if err != nil {
			if _, ok := graph.AsError(err); !ok {
				t.Fatalf("the error is %T", err)
			}
			return
		}
		sent, err := Network{}.Encode(out.Content, "m_1", func(string) (string, error) { return "", nil })
		if err != nil {
			t.Fatalf("%s cannot be encoded: %v", out.Content, err)
		}
		again, err := Network{}.ParseAdvertised(sent)
		if err != nil || again.To != out.To || again.Campaign != out.Campaign ||
			again.Type != out.Type || again.CallbackData != nil {
			t.Fatalf("%s is sent as %s: %v", body, sent, err)
		}
	})
}

func TestParseCampaign(t *testing.T) {
	page, request, err := Network{}.ParseCampaign(
		[]byte(`{"access_token":"secret","name":"sale","page_id":1081,"daily_budget":"5000"}`),
	)
	if err != nil || page != "1081" || strings.Contains(string(request), "secret") ||
		!strings.Contains(string(request), `"daily_budget":"5000"`) {
		t.Fatalf("got %q, %s, %v", page, request, err)
	}
	for body, want := range map[string]string{
		`{"name":"sale"}`:                          "page_id is missing",
		`{"page_id":"1","daily_budget":0}`:         "daily_budget must be",
		`{"page_id":"1","lifetime_budget":-5}`:     "lifetime_budget must be",
		`{"page_id":"1","billing_event":"x"}`:      "billing_event is not passed on",
		`{"page_id":"1","adlabels":[],"name":"x"}`: "adlabels is not passed on",
	} {
		_, _, err := Network{}.ParseCampaign([]byte(body))
		if refusal, ok := graph.AsError(err); !ok || !strings.Contains(refusal.Message, want) {
			t.Errorf("%s: got %v, want %q", body, err, want)
		}
	}
}

func TestMarketingIsRefusedWhereMetaSendsNone(t *testing.T) {
	for code, refused := range map[string]bool{
		"FR": true, "DE": true, "JP": true, "KR": true, "AU": true, "GB": true, "HR": true, "CY": true,
		"US": false, "BR": false, "CH": false, "NO": false, "TR": false, "ZZ": false,
	} {
		country, err := market.ParseCountry(code)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Network{}).CheckCountry(country) != nil; got != refused {
			t.Errorf("%s: refused is %v, want %v", code, got, refused)
		}
	}
}

// one reads a webhook with one event.
func one(t *testing.T, entry string) network.Event {
	t.Helper()
	batches, err := Network{}.Read(network.Webhook{Object: ObjectPage, Entries: [][]byte{[]byte(entry)}})
	if err != nil || len(batches) != 1 || len(batches[0].Events) != 1 || batches[0].Channel != "1081" {
		t.Fatalf("got %+v, %v", batches, err)
	}
	return batches[0].Events[0]
}

func TestReadMarketingStatuses(t *testing.T) {
	const told = `"recipient_id":24680135,"page_id":1081,"app_id":77,"timestamp":1760000000123,"mid":"mid.$c1",` +
		`"marketing_message_tracking_id":"98ecd977","messenger_subscription_token":"tok-1","message_id":"120210"`
	tests := map[string]struct {
		step conversation.Status
		word string
	}{
		"marketing_message_echoes":     {conversation.Sent, "echoes"},
		"marketing_message_deliveries": {conversation.Delivered, "deliveries"},
		"marketing_message_reads":      {conversation.Read, "reads"},
	}
	for field, tc := range tests {
		for form, entry := range map[string]string{
			"change": `{"id":"1081","time":1760000000500,"changes":[{"field":"` + field + `","value":{` + told + `}}]}`,
			"flat":   `{"id":"1081","time":1760000000500,"messaging":[{"field":"` + field + `",` + told + `}]}`,
		} {
			t.Run(field+" as "+form, func(t *testing.T) {
				s, ok := one(t, entry).(*network.Status)
				if !ok || s.ID != "98ecd977" || s.Step != tc.step || s.Word != tc.word || !s.OfDelivery ||
					s.Subscription != "@subscription/tok-1" || s.Campaign != "120210" ||
					s.At.UnixMilli() != 1760000000123 ||
					len(s.Recipient) != 2 || s.Recipient[0] != "@psid/24680135" {
					t.Fatalf("got %+v", s)
				}
				ours := string(s.Callback("m_1", nil))
				want := `{"object":"page","entry":[` + strings.Replace(entry, "98ecd977", "m_1", 1) + `]}`
				if ours != want {
					t.Errorf("got %s", ours)
				}
				if got := string(s.AsItCame()); got != `{"object":"page","entry":[`+entry+`]}` {
					t.Errorf("got %s", got)
				}
			})
		}
	}
}

func TestReadMarketingFailure(t *testing.T) {
	s, ok := one(t, `{"id":"1081","time":1760000000500,"changes":[{"field":"marketing_message_delivery_failed",`+
		`"value":{"app_id":77,`+
		`"business_id":9,"page_id":1081,"messenger_subscription_token":"tok-1","timestamp":1760000000123,`+
		`"error_message":"Unknown Error",`+
		`"message_id":"120210"}}]}`).(*network.Status)
	if !ok || s.ID != "" || s.Step != conversation.Failed || len(s.Errors) != 1 ||
		s.Subscription != "@subscription/tok-1" || s.Campaign != "120210" {
		t.Fatalf("got %+v", s)
	}
	if got := string(s.Callback("m_1", nil)); !strings.Contains(got, `"marketing_message_tracking_id":"m_1"`) {
		t.Errorf("got %s", got)
	}
	click, ok := one(t, `{"id":"1081","time":1,"changes":[{"field":"marketing_message_clicks",`+
		`"value":{"recipient_id":24680135,"message_id":"120210"}}]}`).(*network.Passed)
	if !ok || click.About != "@psid/24680135" {
		t.Errorf("a click is %+v", click)
	}
}

func TestReadSubscription(t *testing.T) {
	optIn := func(more string) string {
		return `{"id":"1081","time":1760000000500,"messaging":[{"sender":{"id":"24680135"},` +
			`"recipient":{"id":"1081"},"timestamp":1760000000123,` +
			`"optin":{"type":"notification_messages","payload":"P","notification_messages_token":"tok-1",` +
			`"notification_messages_timezone":"America/Lima","token_expiry_timestamp":1791536000000,` +
			`"user_token_status":"NOT_REFRESHED",` +
			`"title":"Offers"` + more + `}}]}`
	}
	tests := map[string]struct {
		more    string
		stopped bool
		every   time.Duration
	}{
		"agreed":  {`,"notification_messages_frequency":"DAILY"`, false, 12 * time.Hour},
		"weekly":  {`,"notification_messages_frequency":"WEEKLY"`, false, 7 * 24 * time.Hour},
		"monthly": {`,"notification_messages_frequency":"MONTHLY"`, false, 30 * 24 * time.Hour},
		"resumed": {`,"notification_messages_status":"RESUME_NOTIFICATIONS"`, false, 12 * time.Hour},
		"stopped": {`,"notification_messages_status":"STOP_NOTIFICATIONS"`, true, 12 * time.Hour},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s, ok := one(t, optIn(tc.more)).(*network.Subscription)
			if !ok || s.Address != "@subscription/tok-1" || len(s.From) != 1 ||
				s.From[0] != identity.Address("@psid/24680135") ||
				s.Stopped != tc.stopped || s.Every != tc.every || s.Zone != "America/Lima" ||
				s.Expires.Unix() != 1791536000 ||
				s.At.UnixMilli() != 1760000000123 || !strings.Contains(string(s.Callback), `"tok-1"`) {
				t.Fatalf("got %+v", s)
			}
		})
	}
	if _, ok := one(t, `{"id":"1081","time":1,"messaging":[{"sender":{"id":"2"},"recipient":{"id":"1081"},`+
		`"timestamp":1,"optin":{"type":"one_time_notif_req","payload":"P"}}]}`).(*network.Passed); !ok {
		t.Error("another opt-in is no subscription")
	}
}

// How the business hears that the gateway has given a marketing message up.
func TestFailedCallbackOfMarketing(t *testing.T) {
	cause := Network{}.Refuse(&network.Refusal{Reason: network.Undeliverable})
	got, err := Network{}.FailedCallback(network.Failure{
		Channel: "1081", ID: "m_1", Recipient: "tok-1", Campaign: "120210", At: time.UnixMilli(1760000000123),
		Cause: cause,
	})
	want := `{"object":"page","entry":[{"id":"1081","time":1760000000123,` +
		`"changes":[{"field":"marketing_message_delivery_failed","value":` +
		`{"page_id":"1081","messenger_subscription_token":"tok-1","timestamp":1760000000123,` +
		`"error_message":"(#551) This person isn't available right now.",` +
		`"message_id":"120210","marketing_message_tracking_id":"m_1"}}]}]}`
	if err != nil || string(got) != want {
		t.Fatalf("got %s, %v\nwant %s", got, err, want)
	}
}
