package whatsapp

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
)

func unix(sec int64) time.Time { return time.Unix(sec, 0).UTC() }

// inChange puts a value into an envelope.
func inChange(field, value string) []byte {
	return []byte(
		`{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","time":1760000005,` +
			`"changes":[{"field":"` + field + `","value":` + value + `}]}]}`,
	)
}

const metadata = `"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881",` +
	`"phone_number_id":"106540352242922"}`

// onlyBatch is what the one change of a webhook tells.
func onlyBatch(t *testing.T, body []byte) network.Batch {
	t.Helper()
	webhook, err := graph.ParseWebhook(body)
	if err != nil {
		t.Fatal(err)
	}
	if !(Network{}).Reads(webhook.Object) {
		t.Fatalf("%q is not WhatsApp's", webhook.Object)
	}
	batches, err := Network{}.Read(webhook)
	if err != nil {
		t.Fatal(err)
	}
	if len(batches) != 1 {
		t.Fatalf("got %d batches, want 1", len(batches))
	}
	return batches[0]
}

// toldOnly leaves out of a comparison what writes or holds raw JSON.
func toldOnly() cmp.Option {
	return cmp.Options{
		cmpopts.IgnoreFields(network.Inbound{}, "Raw", "Callback"),
		cmpopts.IgnoreFields(network.Status{}, "Raw", "Callback", "AsItCame"),
		cmpopts.IgnoreFields(network.Price{}, "Words"),
		cmpopts.IgnoreFields(network.TemplateNews{}, "Callback"),
		cmpopts.IgnoreFields(network.Passed{}, "Callback"),
		cmpopts.EquateEmpty(),
	}
}

func TestReadInbound(t *testing.T) {
	const contact = `"contacts":[{"wa_id":"5511999990000","user_id":"BR.77","parent_user_id":"BR.ENT.7"}]`
	const common = `"from":"5511999990000","id":"wamid.1","timestamp":"1760000000",`
	ana := []identity.Address{"5511999990000", "BR.77", "BR.ENT.7"}
	base := network.Inbound{ID: "wamid.1", From: ana, Did: conversation.Message, At: unix(1760000000)}
	with := func(edit func(*network.Inbound)) network.Inbound {
		e := base
		edit(&e)
		return e
	}
	tests := map[string]struct {
		message string
		want    network.Inbound
	}{
		"text": {
			common + `"type":"text","text":{"body":"hi"}`,
			with(func(e *network.Inbound) { e.Text = "hi" }),
		},
		"reply to ours": {
			common + `"type":"text","text":{"body":"yes"},"context":{"id":"wamid.0"}`,
			with(func(e *network.Inbound) { e.Text, e.Quotes = "yes", []string{"wamid.0"} }),
		},
		"reaction": {
			common + `"type":"reaction","reaction":{"message_id":"wamid.0","emoji":"x"}`,
			with(func(e *network.Inbound) { e.Did, e.Quotes = conversation.Reacted, []string{"wamid.0"} }),
		},
		"advertisement": {
			common + `"type":"text","text":{"body":"hi"},"referral":{"source_type":"ad"}`,
			with(func(e *network.Inbound) { e.Did, e.Text = conversation.Message|conversation.Ad, "hi" }),
		},
		"page button": {
			common + `"type":"text","text":{"body":"hi"},"referral":{"source_type":"post"}`,
			with(func(e *network.Inbound) { e.Did, e.Text = conversation.Message|conversation.PageButton, "hi" }),
		},
		"edited": {
			common + `"type":"unsupported","unsupported":{"type":"edit"}`,
			with(func(e *network.Inbound) { e.Did = 0 }),
		},
		"group": {
			common + `"group_id":"g1","type":"text","text":{"body":"hi"}`,
			with(func(e *network.Inbound) { e.Group, e.Text = "@group/g1", "hi" }),
		},
		"number changed": {
			common + `"type":"system","system":{"wa_id":"5511888880000","type":"user_changed_number"}`,
			with(func(e *network.Inbound) { e.Did, e.Renamed = 0, []identity.Address{"5511888880000"} }),
		},
		"user id changed": {
			`"id":"wamid.1","timestamp":"1760000000","type":"system","system":{"type":"user_changed_user_id","user_id":"BR.78","previous_user_id":"BR.77"}`,
			with(func(e *network.Inbound) {
				e.Did, e.Renamed = 0, []identity.Address{"BR.78"}
				e.From = []identity.Address{"BR.77", "5511999990000", "BR.ENT.7"}
			}),
		},
		"another notice": {
			common + `"type":"system","system":{"wa_id":"5511888880000","type":"security"}`,
			with(func(e *network.Inbound) { e.Did = 0 }),
		},
		"nobody": {`"id":"wamid.1"`, network.Inbound{ID: "wamid.1", Did: conversation.Message}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := onlyBatch(t, inChange("messages", `{`+metadata+`,`+contact+`,"messages":[{`+tc.message+`}]}`))
			want := network.Batch{
				Channel: "106540352242922", Account: "102290129340398", Events: []network.Event{&tc.want},
			}
			if diff := cmp.Diff(want, got, toldOnly()); diff != "" {
				t.Error(diff)
			}
			if raw := got.Events[0].(*network.Inbound).Raw; string(raw) != "{"+tc.message+"}" {
				t.Errorf("raw: got %s", raw)
			}
		})
	}
}

func TestEventsOfACustomersMessage(t *testing.T) {
	tests := map[string]struct {
		message webhook.Message
		want    conversation.Events
	}{
		"text":                             {webhook.Message{Type: "text"}, conversation.Message},
		"a tap on a button":                {webhook.Message{Type: "button"}, conversation.Message},
		"a type to come":                   {webhook.Message{Type: "hologram"}, conversation.Message},
		"reaction":                         {webhook.Message{Type: "reaction"}, conversation.Reacted},
		"unsupported":                      {webhook.Message{Type: "unsupported"}, conversation.Unsupported},
		"a changed number":                 {webhook.Message{Type: "system"}, 0},
		"a deletion":                       {webhook.Message{Type: "revoke"}, 0},
		"a correction":                     {webhook.Message{Type: "edit"}, 0},
		"a deletion outside coexistence":   {webhook.Message{Type: "unsupported", Unsupported: "revoke"}, 0},
		"a correction outside coexistence": {webhook.Message{Type: "unsupported", Unsupported: "edit"}, 0},
		"a correction of what came from an ad": {
			webhook.Message{Type: "unsupported", Unsupported: "edit", Referral: &webhook.Referral{SourceType: "ad"}}, 0,
		},
		"from an ad": {
			webhook.Message{Type: "text", Referral: &webhook.Referral{SourceType: "ad"}},
			conversation.Message | conversation.Ad,
		},
		"from a page": {
			webhook.Message{Type: "text", Referral: &webhook.Referral{SourceType: "post"}},
			conversation.Message | conversation.PageButton,
		},
		"from elsewhere": {
			webhook.Message{Type: "text", Referral: &webhook.Referral{SourceType: "status"}}, conversation.Message,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := did(&tc.message); got != tc.want {
				t.Fatalf("got %b, want %b", got, tc.want)
			}
		})
	}
}

func TestReadStatus(t *testing.T) {
	base := network.Status{
		ID: "wamid.1", Step: conversation.Sent, OfDelivery: true, Word: "sent", At: unix(1760000000),
		Recipient: []identity.Address{"5511999990000"},
	}
	with := func(edit func(*network.Status)) network.Status {
		s := base
		edit(&s)
		return s
	}
	const common = `"id":"wamid.1","timestamp":"1760000000","recipient_id":"5511999990000",`
	type price struct {
		price network.Price
		words string
	}
	tests := map[string]struct {
		status string
		want   network.Status
		price  *price
	}{
		"ours": {
			common + `"status":"sent","biz_opaque_callback_data":"wamid.R3VpAAAA"`,
			with(func(s *network.Status) { s.Correlation = "wamid.R3VpAAAA" }), nil,
		},
		"somebody else's": {
			common + `"status":"sent","biz_opaque_callback_data":"tenant=acme"`,
			with(func(s *network.Status) { s.Foreign = true }), nil,
		},
		"failed, nobody says why": {
			common + `"status":"failed"`,
			with(func(s *network.Status) {
				s.Step, s.Word, s.Errors = conversation.Failed, "failed", []network.StatusError{{Code: 131000}}
			}), nil,
		},
		"a word of the future": {
			common + `"status":"played"`,
			with(func(s *network.Status) { s.Step, s.Word = conversation.Untold, "played" }), nil,
		},
		"a payment": {
			common + `"type":"payment","status":"failed"`,
			with(func(s *network.Status) { s.Step, s.OfDelivery, s.Word = conversation.Untold, false, "failed" }), nil,
		},
		"to a group": {
			`"id":"wamid.1","timestamp":"1760000000","recipient_id":"g1","status":"read","recipient_type":"group",` +
				`"recipient_participant_id":"5511999990000","recipient_participant_user_id":"BR.1"`,
			with(func(s *network.Status) {
				s.Step, s.Word, s.Group = conversation.Read, "read", true
				s.Recipient, s.Member = []identity.Address{"@group/g1"}, []identity.Address{"5511999990000", "BR.1"}
			}), nil,
		},
		"failed": {
			common + `"status":"failed","errors":[{"code":131047},{"code":131026}]`,
			with(func(s *network.Status) {
				s.Step, s.Word = conversation.Failed, "failed"
				s.Errors = []network.StatusError{{Code: 131047, Cause: network.OutsideWindow}, {Code: 131026}}
			}), nil,
		},
		"free entry point": {
			common + `"status":"sent","conversation":{"id":"x","expiration_timestamp":"1770000000","origin":{"type":"referral_conversion"}},"pricing":{"billable":false,"type":"free_entry_point","category":"referral_conversion"}`,
			with(func(s *network.Status) { s.EntryPointEnds = unix(1770000000) }),
			&price{network.Price{Said: true}, "free free_entry_point referral_conversion"},
		},
		"a conversation of another kind": {
			common + `"status":"sent","conversation":{"expiration_timestamp":"1770000000","origin":{"type":"utility"}},"pricing":{"billable":true,"category":"utility"}`,
			base, &price{network.Price{Billed: true, Said: true, Category: conversation.Utility}, "billable utility"},
		},
		"billed, without billable": {
			common + `"status":"sent","pricing":{"type":"regular","category":"marketing"}`,
			base,
			&price{network.Price{Billed: true, Said: true, Category: conversation.Marketing}, "regular marketing"},
		},
		"exempt, without billable": {
			common + `"status":"sent","pricing":{"type":"regular","category":"service","subtype":"paid_exempt"}`,
			base, &price{network.Price{Category: conversation.Service}, "regular service"},
		},
		"free, without billable": {
			common + `"status":"sent","pricing":{"type":"free_customer_service","category":"service"}`,
			base, &price{network.Price{Said: true, Category: conversation.Service}, "free_customer_service service"},
		},
		"words that nobody knows": {
			common + `"status":"sent","pricing":{"type":"<b>","category":"Gold"}`,
			base, &price{network.Price{}, ""},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := onlyBatch(t, inChange("messages", `{`+metadata+`,"statuses":[{`+tc.status+`}]}`)).Events
			if tc.price != nil {
				tc.want.Price = &tc.price.price
				if words := got[0].(*network.Status).Price.Words(); words != tc.price.words {
					t.Errorf("words: got %q, want %q", words, tc.price.words)
				}
			}
			if diff := cmp.Diff([]network.Event{&tc.want}, got, toldOnly()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is about customers is applied first, and then told, each to its own.
func TestReadPreferencesAndCalls(t *testing.T) {
	tests := map[string]struct {
		field, value string
		want         []network.Event
	}{
		"preferences": {
			"user_preferences",
			`"contacts":[{"wa_id":"551","user_id":"BR.7"}],"user_preferences":[{"wa_id":"551","category":"marketing_messages","value":"stop","timestamp":1760000000},` +
				`{"user_id":"DE.9","category":"marketing_messages","value":"resume"},{"wa_id":"552","category":"offers","value":"stop"}]`,
			[]network.Event{
				&network.Preference{
					From: []identity.Address{"551", "BR.7"}, Choice: network.Stop, At: unix(1760000000),
				},
				&network.Preference{From: []identity.Address{"DE.9"}, Choice: network.Resume},
				&network.Preference{From: []identity.Address{"552"}},
				&network.Passed{About: "551"}, &network.Passed{About: "DE.9"}, &network.Passed{About: "552"},
			},
		},
		"calls": {
			"calls",
			`"calls":[{"from":"551","direction":"USER_INITIATED","event":"connect","timestamp":"1760000000"},{"from":"551","direction":"USER_INITIATED","event":"terminate"}],` +
				`"statuses":[{"recipient_id":"492","status":"ACCEPTED"}]`,
			[]network.Event{
				&network.Call{From: []identity.Address{"551"}, Did: conversation.Called, At: unix(1760000000)},
				&network.Call{From: []identity.Address{"551"}},
				&network.Call{From: []identity.Address{"492"}, Did: conversation.AcceptedCall},
				&network.Passed{About: "551"}, &network.Passed{About: "551"}, &network.Passed{About: "492"},
			},
		},
		"nothing that is known": {"flows", `"a":1`, []network.Event{&network.Passed{}}},
	}
	for name, tc := range tests {
		got := onlyBatch(t, inChange(tc.field, `{`+metadata+`,`+tc.value+`}`)).Events
		if diff := cmp.Diff(tc.want, got, toldOnly()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestReadWhatIsToldOfAnAccount(t *testing.T) {
	at := time.Unix(1760000005, 0).UTC()
	const ids = `"message_template_id":1,"message_template_name":"x","message_template_language":"en_US"`
	tests := map[string]struct {
		field, value string
		want         network.Event
	}{
		"status":   {"message_template_status_update", `{"event":"PAUSED",` + ids + `}`, &network.TemplateNews{UpstreamID: "1", Name: "x", Language: "en_US", Event: "PAUSED", At: at}},
		"category": {"template_category_update", `{"new_category":"MARKETING",` + ids + `}`, &network.TemplateNews{UpstreamID: "1", Name: "x", Language: "en_US", Event: "CATEGORY", At: at}},
		"quality":  {"message_template_quality_update", `{"new_quality_score":"RED",` + ids + `}`, &network.TemplateNews{UpstreamID: "1", Name: "x", Language: "en_US", Event: "QUALITY", At: at}},
		"no id":    {"message_template_status_update", `{"event":"PAUSED"}`, &network.Passed{}},
		"no value": {"account_update", `7`, &network.Passed{}},
	}
	for name, tc := range tests {
		body := inChange(tc.field, tc.value)
		got := onlyBatch(t, body)
		want := network.Batch{Account: "102290129340398", Events: []network.Event{tc.want}}
		if diff := cmp.Diff(want, got, toldOnly()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		var callback []byte
		switch e := got.Events[0].(type) {
		case *network.TemplateNews:
			callback = e.Callback
		case *network.Passed:
			callback = e.Callback
		}
		if string(callback) != string(body) {
			t.Errorf("%s: the business is told %s", name, callback)
		}
	}
}

// The business knows its messages by our ids, and gets its own data back.
func TestCallbackNamesMessagesAsTheBusinessDoes(t *testing.T) {
	body := inChange("messages", `{`+metadata+`,"messages":[{"id":"wamid.1","from":"551","context":{"id":"wamid.0","a":1}},`+
		`{"id":"wamid.2","from":"551","type":"reaction","reaction":{"message_id":"wamid.0"}}],"statuses":[{"id":"wamid.9","recipient_id":"551","biz_opaque_callback_data":"g:1"}]}`)
	events, data := onlyBatch(t, body).Events, "job"
	reply, reaction, status := events[0].(*network.Inbound), events[1].(*network.Inbound), events[2].(*network.Status)
	for want, got := range map[string][]byte{
		`"messages":[{"id":"wamid.1","from":"551","context":{"id":"ours","a":1}}]`:                         reply.Callback([]string{"ours"}),
		`"messages":[{"id":"wamid.1","from":"551","context":{"id":"wamid.0","a":1}}]`:                      reply.Callback(nil),
		`"messages":[{"id":"wamid.2","from":"551","type":"reaction","reaction":{"message_id":"ours"}}]`:    reaction.Callback([]string{"ours"}),
		`"messages":[{"id":"wamid.2","from":"551","type":"reaction","reaction":{"message_id":"wamid.0"}}]`: reaction.Callback([]string{""}),
		`"statuses":[{"id":"ours","recipient_id":"551","biz_opaque_callback_data":"job"}]`:                 status.Callback("ours", &data),
		`"statuses":[{"id":"ours","recipient_id":"551"}]`:                                                  status.Callback("ours", nil),
		`"statuses":[{"id":"wamid.9","recipient_id":"551","biz_opaque_callback_data":"g:1"}]`:              status.AsItCame(),
	} {
		if want := string(inChange("messages", `{`+metadata+`,`+want+`}`)); string(got) != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestFailedCallback(t *testing.T) {
	data := "job=42"
	failure := network.Failure{
		Channel: "1066", Account: "102", ID: "wamid.ours", Recipient: "551", CallbackData: &data, At: unix(1760000005),
		Cause: graph.NewError(131026, "Too late."),
	}
	got, err := Network{}.FailedCallback(failure)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"object":"whatsapp_business_account","entry":[{"id":"102","time":1760000005,"changes":[{"field":"messages","value":{"messaging_product":"whatsapp",` +
		`"metadata":{"phone_number_id":"1066"},"statuses":[{"id":"wamid.ours","status":"failed","timestamp":"1760000005","recipient_id":"551","biz_opaque_callback_data":"job=42",` +
		`"errors":[{"code":131026,"title":"Message undeliverable","message":"Message undeliverable","error_data":{"details":"Too late."},"href":"https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"}]}]}}]}]}`
	if string(got) != want || !json.Valid(got) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What one webhook costs, from its bytes to the callback: one status of a message of ours, and one
// message of a customer.
func BenchmarkReadAndTell(b *testing.B) {
	const contact = `"contacts":[{"profile":{"name":"Ana"},"wa_id":"5511999990000"}],`
	status := inChange("messages", `{`+metadata+`,`+contact+`"statuses":[{"id":"wamid.HBgMNTUxMTk5OTk5MDAwMBUCABEYEjQ2","status":"delivered","timestamp":"1760000000",`+
		`"recipient_id":"5511999990000","biz_opaque_callback_data":"wamid.R3VpAZpQ1234567890abcdefghijklmnopqr","conversation":{"id":"c1","origin":{"type":"utility"},`+
		`"expiration_timestamp":"1760086400"},"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}}]}`)
	message := inChange("messages", `{`+metadata+`,`+contact+`"messages":[{"from":"5511999990000","id":"wamid.HBgMNTUxMTk5OTk5MDAwMBUCABEYEjQ2","timestamp":"1760000000",`+
		`"type":"text","text":{"body":"hello, where is my parcel?"}}]}`)
	data := "job=42"
	for name, body := range map[string][]byte{"status": status, "message": message} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				webhook, err := graph.ParseWebhook(body)
				if err != nil {
					b.Fatal(err)
				}
				batches, err := Network{}.Read(webhook)
				if err != nil {
					b.Fatal(err)
				}
				switch e := batches[0].Events[0].(type) {
				case *network.Status:
					e.Callback("wamid.ours", &data)
				case *network.Inbound:
					e.Callback(nil)
				}
			}
		})
	}
}
