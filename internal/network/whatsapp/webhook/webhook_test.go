package webhook

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guichet-dev/guichet/internal/network"
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

func onlyChange(t *testing.T, body []byte) Change {
	t.Helper()
	webhook, err := Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	if len(webhook.Changes) != 1 {
		t.Fatalf("got %d changes, want 1", len(webhook.Changes))
	}
	return webhook.Changes[0]
}

// withoutRaw leaves the raw JSON out of a comparison.
func withoutRaw() cmp.Option {
	return cmp.Options{
		cmpopts.IgnoreFields(Change{}, "Value"),
		cmpopts.IgnoreUnexported(Change{}, Contact{}, Message{}, Status{}),
		cmpopts.IgnoreFields(Message{}, "Raw"),
		cmpopts.IgnoreFields(Status{}, "Raw"),
		cmpopts.IgnoreFields(UserPreference{}, "Raw"),
	}
}

func TestParseMessage(t *testing.T) {
	contact := `"contacts":[{"profile":{"name":"Ana"},"wa_id":"5511999990000","user_id":"BR.77"}]`
	ids := Message{ID: "wamid.1", From: "5511999990000", Timestamp: unix(1760000000)}
	with := func(edit func(*Message)) Message {
		m := ids
		edit(&m)
		return m
	}
	common := `"from":"5511999990000","id":"wamid.1","timestamp":"1760000000",`
	tests := map[string]struct {
		message string
		want    Message
	}{
		"text": {
			`{` + common + `"type":"text","text":{"body":"Ol\u00e1"}}`,
			with(func(m *Message) { m.Type, m.Text = "text", "Olá" }),
		},
		"reply to ours": {
			`{` + common + `"type":"text","text":{"body":"yes"},"context":{"from":"15550783881","id":"wamid.0"}}`,
			with(func(m *Message) { m.Type, m.Text, m.ReplyTo = "text", "yes", "wamid.0" }),
		},
		"image": {
			`{` + common + `"type":"image","image":{"id":"1","mime_type":"image/jpeg","sha256":"x","caption":"front"}}`,
			with(func(m *Message) { m.Type = "image" }),
		},
		"template button": {
			`{` + common + `"type":"button","button":{"payload":"LATER","text":"Later"},"context":{"id":"wamid.0"}}`,
			with(func(m *Message) { m.Type, m.Text, m.ReplyTo = "button", "Later", "wamid.0" }),
		},
		"reply button": {
			`{` + common + `"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"y",` +
				`"title":"Yes"}}}`,
			with(func(m *Message) { m.Type, m.Text = "interactive", "Yes" }),
		},
		"list row": {
			`{` + common + `"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"s1",` +
				`"title":"10:00","description":"Room 2"}}}`,
			with(func(m *Message) { m.Type, m.Text = "interactive", "10:00" }),
		},
		"flow": {
			`{` + common + `"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow",` +
				`"body":"Sent","response_json":"{}"}}}`,
			with(func(m *Message) { m.Type = "interactive" }),
		},
		"reaction": {
			`{` + common + `"type":"reaction","reaction":{"message_id":"wamid.0","emoji":"\ud83d\udc4d"}}`,
			with(func(m *Message) { m.Type, m.ReactionTo, m.Emoji = "reaction", "wamid.0", "👍" }),
		},
		"reaction removed": {
			`{` + common + `"type":"reaction","reaction":{"message_id":"wamid.0"}}`,
			with(func(m *Message) { m.Type, m.ReactionTo = "reaction", "wamid.0" }),
		},
		"advertisement": {
			`{` + common + `"type":"text","text":{"body":"hi"},"referral":{"source_url":"https://fb.me/x",` +
				`"source_id":"1202","source_type":"ad","headline":"Sale","ctwa_clid":"ARAk"}}`,
			with(func(m *Message) {
				m.Type, m.Text = "text", "hi"
				m.Referral = &Referral{SourceType: "ad", SourceID: "1202", ClickID: "ARAk"}
			}),
		},
		"number changed": {
			`{` + common + `"type":"system","system":{"body":"Ana changed","wa_id":"5511888880000",` +
				`"type":"user_changed_number"}}`,
			with(func(m *Message) {
				m.Type = "system"
				m.System = &SystemNotice{Type: "user_changed_number", NewID: "5511888880000"}
			}),
		},
		"user id changed": {
			`{"id":"wamid.1","timestamp":"1760000000","type":"system","system":{"body":"changed",` +
				`"type":"user_changed_user_id","user_id":"BR.78","previous_user_id":"BR.77"}}`,
			Message{
				ID: "wamid.1", Timestamp: unix(1760000000), Type: "system",
				System: &SystemNotice{Type: "user_changed_user_id", OldUserID: "BR.77", NewUserID: "BR.78"},
			},
		},
		"unsupported": {
			`{` + common + `"type":"unsupported","errors":[{"code":131051,"title":"Unsupported message type",` +
				`"error_data":{"details":"poll"}}],"unsupported":{"type":"poll"}}`,
			with(func(m *Message) {
				m.Type, m.Unsupported = "unsupported", "poll"
				m.Errors = []StatusError{{Code: 131051, Title: "Unsupported message type", Details: "poll"}}
			}),
		},
		"a type of the future": {
			`{` + common + `"type":"hologram","hologram":{"x":1}}`,
			with(func(m *Message) { m.Type = "hologram" }),
		},
		"username, no number": {
			`{"from_user_id":"BR.77","id":"wamid.1","timestamp":1760000000,"type":"text","text":{"body":"hi"}}`,
			Message{ID: "wamid.1", FromUserID: "BR.77", Timestamp: unix(1760000000), Type: "text", Text: "hi"},
		},
		"group": {
			`{` + common + `"group_id":"g1","type":"text","text":{"body":"hi"}}`,
			with(func(m *Message) { m.Type, m.Text, m.GroupID = "text", "hi", "g1" }),
		},
		"wrong types everywhere": {
			`{"from":{},"id":["x"],"timestamp":"soon","type":null,"text":"hi","errors":{}}`, Message{},
		},
		"not an object": {`"surprise"`, Message{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := onlyChange(t, inChange("messages", `{`+metadata+`,`+contact+`,"messages":[`+tc.message+`]}`))
			want := Change{
				Object: "whatsapp_business_account", EntryID: "102290129340398", EntryTime: unix(1760000005),
				Field: "messages", PhoneNumberID: "106540352242922", DisplayPhoneNumber: "15550783881",
				Contacts: []Contact{{WAID: "5511999990000", UserID: "BR.77"}},
				Messages: []Message{tc.want},
			}
			if diff := cmp.Diff(want, got, withoutRaw()); diff != "" {
				t.Error(diff)
			}
			if string(got.Messages[0].Raw) != tc.message {
				t.Errorf("raw: got %s, want %s", got.Messages[0].Raw, tc.message)
			}
		})
	}
}

func TestKindOfAMessageSeesThroughUnsupported(t *testing.T) {
	const failed = `"errors":[{"code":131051,"title":"Message type unknown"}]`
	tests := map[string]string{
		`{"type":"text","text":{"body":"hi"}}`:                                                          "text",
		`{"type":"edit","edit":{"original_message_id":"wamid.1"}}`:                                      "edit",
		`{"type":"revoke","revoke":{"original_message_id":"wamid.1"}}`:                                  "revoke",
		`{"type":"unsupported","unsupported":{"type":"edit"},` + failed + `}`:                           "edit",
		`{"type":"unsupported","unsupported":{"type":"revoke"},` + failed + `}`:                         "revoke",
		`{"type":"errors","unsupported":{"type":"edit"},` + failed + `}`:                                "edit",
		`{"type":"unsupported","unsupported":{"type":"poll_update"}}`:                                   "unsupported",
		`{"type":"unsupported"}`:                                                                        "unsupported",
		`{"type":"unsupported",` + failed + `}`:                                                         "unsupported",
		`{"type":"unknown",` + failed + `}`:                                                             "unsupported",
		`{"type":"errors",` + failed + `}`:                                                              "unsupported",
		`{"type":"image","image":{"id":"1"},"errors":[{"code":131052,"title":"Media download error"}]}`: "image",
	}
	for message, want := range tests {
		got := onlyChange(t, inChange("messages", `{`+metadata+`,"messages":[`+message+`]}`)).Messages[0]
		if got.Kind() != want {
			t.Errorf("%s is of kind %q, want %q", message, got.Kind(), want)
		}
	}
}

// One sample per pricing era.
func TestParseStatus(t *testing.T) {
	yes, no := true, false
	tests := map[string]struct {
		status string
		want   Status
	}{
		"2018, per notification": {
			`{"id":"wamid.1","status":"sent","timestamp":"1630000000","recipient_id":"5511999990000",` +
				`"pricing":{"pricing_model":"NBP","billable":true}}`,
			Status{
				ID: "wamid.1", Status: "sent", Timestamp: unix(1630000000), RecipientID: "5511999990000",
				Pricing: &Pricing{Model: "NBP", Billable: &yes},
			},
		},
		"2022, conversations": {
			`{"id":"wamid.1","status":"sent","timestamp":"1644900000","recipient_id":"1",` +
				`"conversation":{"id":"c0ffee","expiration_timestamp":"1645000000",` +
				`"origin":{"type":"user_initiated"}},"pricing":{"pricing_model":"CBP","billable":true,` +
				`"category":"user_initiated"}}`,
			Status{
				ID: "wamid.1", Status: "sent", Timestamp: unix(1644900000), RecipientID: "1",
				Conversation: &Conversation{ID: "c0ffee", Origin: "user_initiated", Expires: unix(1645000000)},
				Pricing:      &Pricing{Model: "CBP", Billable: &yes, Category: "user_initiated"},
			},
		},
		"2025, charged": {
			`{"id":"wamid.1","status":"delivered","timestamp":"1752000000","recipient_id":"1",` +
				`"biz_opaque_callback_data":"g:1","pricing":{"billable":true,"pricing_model":"PMP","type":"regular",` +
				`"category":"marketing"}}`,
			Status{
				ID: "wamid.1", Status: "delivered", Timestamp: unix(1752000000), RecipientID: "1", CallbackData: "g:1",
				Pricing: &Pricing{Model: "PMP", Billable: &yes, Type: "regular", Category: "marketing"},
			},
		},
		"free entry point": {
			`{"id":"wamid.1","status":"sent","timestamp":"1769000000","recipient_id":"1","conversation":{"id":"x",` +
				`"expiration_timestamp":"1770000000","origin":{"type":"referral_conversion"}},` +
				`"pricing":{"billable":false,"pricing_model":"PMP","type":"free_entry_point",` +
				`"category":"referral_conversion"}}`,
			Status{
				ID: "wamid.1", Status: "sent", Timestamp: unix(1769000000), RecipientID: "1",
				Conversation: &Conversation{ID: "x", Origin: "referral_conversion", Expires: unix(1770000000)},
				Pricing: &Pricing{
					Model: "PMP", Billable: &no, Type: "free_entry_point", Category: "referral_conversion",
				},
			},
		},
		"2026, exempt, billable gone": {
			`{"id":"wamid.1","status":"read","timestamp":1790000000,"recipient_id":"1",` +
				`"pricing":{"pricing_model":"PMP","type":"regular","category":"service","subtype":"paid_exempt"}}`,
			Status{
				ID: "wamid.1", Status: "read", Timestamp: unix(1790000000), RecipientID: "1",
				Pricing: &Pricing{Model: "PMP", Type: "regular", Category: "service", Subtype: "paid_exempt"},
			},
		},
		"group": {
			`{"id":"wamid.1","status":"delivered","timestamp":"1790000000","recipient_id":"g1",` +
				`"recipient_type":"group","recipient_participant_id":"5511999990000"}`,
			Status{
				ID: "wamid.1", Status: "delivered", Timestamp: unix(1790000000), RecipientID: "g1",
				RecipientType: "group", ParticipantID: "5511999990000",
			},
		},
		"failed": {
			`{"id":"wamid.2","status":"failed","timestamp":"1760000001","recipient_id":"1","errors":[{"code":131047,` +
				`"title":"Re-engagement message","message":"Re-engagement message",` +
				`"error_data":{"details":"too late"},"href":"https://ex.test"}]}`,
			Status{
				ID: "wamid.2", Status: "failed", Timestamp: unix(1760000001), RecipientID: "1",
				Errors: []StatusError{
					{
						Code: 131047, Title: "Re-engagement message", Message: "Re-engagement message",
						Details: "too late",
					},
				},
			},
		},
		"payment": {
			`{"id":"wamid.2","type":"payment","status":"captured","timestamp":"1760000001","recipient_id":"1",` +
				`"payment":{"reference_id":"order-1"}}`,
			Status{ID: "wamid.2", Type: "payment", Status: "captured", Timestamp: unix(1760000001), RecipientID: "1"},
		},
		"absurd time": {
			`{"id":"wamid.2","status":"sent","timestamp":"99999999999999999999"}`,
			Status{ID: "wamid.2", Status: "sent"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := onlyChange(t, inChange("messages", `{`+metadata+`,"statuses":[`+tc.status+`]}`))
			if diff := cmp.Diff([]Status{tc.want}, got.Statuses, withoutRaw()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseBounds(t *testing.T) {
	statuses := func(n int) string {
		return `{` + metadata + `,"statuses":[` + strings.TrimSuffix(
			strings.Repeat(`{"id":"wamid.1","status":"sent"},`, n), ",",
		) + `]}`
	}
	tests := map[string]struct {
		body []byte
		want error
	}{
		"1,000 updates": {inChange("messages", statuses(1000)), nil},
		"1,001 updates": {inChange("messages", statuses(1001)), network.ErrTooManyEvents},
		"above 3 MB": {
			inChange("messages", `"`+strings.Repeat("a", network.MaxWebhookBody)+`"`), network.ErrWebhookTooLarge,
		},
		"not JSON":      {[]byte(`{"object":`), network.ErrWebhookSyntax},
		"not an object": {[]byte(`[]`), network.ErrWebhookSyntax},
		"no entry":      {[]byte(`{"object":"whatsapp_business_account"}`), network.ErrWebhookSyntax},
		"entry no list": {[]byte(`{"object":"whatsapp_business_account","entry":{}}`), network.ErrWebhookSyntax},
		"empty":         {nil, network.ErrWebhookSyntax},
		"deeply nested": {[]byte(strings.Repeat("[", 100_000)), network.ErrWebhookSyntax},
		"1,001 changes": {
			[]byte(`{"entry":[{"changes":[` + strings.TrimSuffix(strings.Repeat(`{"field":"x"},`, 1001), ",") + `]}]}`),
			network.ErrTooManyEvents,
		},
		"nothing to tell": {[]byte(`{"object":"x","entry":[]}`), nil},
	}
	for name, tc := range tests {
		if _, err := Parse(tc.body); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	body := inChange(
		"messages",
		`{`+metadata+`,"statuses":[{"id":"wamid.HBgNNTUxMTk5OTk5MDAwMBUCABEYEjE","status":"delivered",`+
			`"timestamp":"1760000000","recipient_id":"5511999990000","biz_opaque_callback_data":"g:01JB",`+
			`"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}}]}`,
	)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(body); err != nil {
			b.Fatal(err)
		}
	}
}
