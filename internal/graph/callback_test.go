package graph

import (
	"reflect"
	"testing"
)

func TestCallbacksCarryOneUpdateAndAllItsFields(t *testing.T) {
	body := []byte(`{"object":"whatsapp_business_account","entry":[{"id":"102","time":1760000005,"changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"1","phone_number_id":"p1"},"contacts":[{"wa_id":"551"},{"wa_id":"492","user_id":"DE.9"}],"messages":[{"from":"551","id":"m1","x":1.50},{"from_user_id":"DE.9","id":"m2"}],"statuses":[{"id":"s1","recipient_id":"551","biz_opaque_callback_data":"g:1","pricing":{}},{"id":"s2","recipient_id":"777"},{"id":"s3","recipient_user_id":"DE.9"}],"future":true}}]}]}`)
	c := onlyChange(t, body)
	head := `{"object":"whatsapp_business_account","entry":[{"id":"102","time":1760000005,"changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"1","phone_number_id":"p1"},`
	tail := `,"future":true}}]}]}`
	mine, none := "tenant=acme", ""
	tests := map[string]struct {
		got  string
		want string
	}{
		"message": {
			string(c.MessageCallback(0)),
			head + `"contacts":[{"wa_id":"551"}],"messages":[{"from":"551","id":"m1","x":1.50}]` + tail,
		},
		"message by user id": {
			string(c.MessageCallback(1)),
			head + `"contacts":[{"wa_id":"492","user_id":"DE.9"}],"messages":[{"from_user_id":"DE.9","id":"m2"}]` + tail,
		},
		"status, data restored": {
			string(c.StatusCallback(0, &mine)),
			head + `"contacts":[{"wa_id":"551"}],"statuses":[{"id":"s1","recipient_id":"551","biz_opaque_callback_data":"tenant=acme","pricing":{}}]` + tail,
		},
		"status, empty data restored": {
			string(c.StatusCallback(0, &none)),
			head + `"contacts":[{"wa_id":"551"}],"statuses":[{"id":"s1","recipient_id":"551","biz_opaque_callback_data":"","pricing":{}}]` + tail,
		},
		"status, ours removed": {
			string(c.StatusCallback(0, nil)),
			head + `"contacts":[{"wa_id":"551"}],"statuses":[{"id":"s1","recipient_id":"551","pricing":{}}]` + tail,
		},
		"status, no data, no contact": {
			string(c.StatusCallback(1, nil)),
			head + `"statuses":[{"id":"s2","recipient_id":"777"}]` + tail,
		},
		"status by user id": {
			string(c.StatusCallback(2, nil)),
			head + `"contacts":[{"wa_id":"492","user_id":"DE.9"}],"statuses":[{"id":"s3","recipient_user_id":"DE.9"}]` + tail,
		},
		"whole": {string(c.Callback()), string(body)},
	}
	bare := c.Bare()
	if len(bare.Messages) != 0 || len(bare.Statuses) != 0 {
		t.Errorf("the bare change has %d messages and %d statuses", len(bare.Messages), len(bare.Statuses))
	}
	bare.Messages, bare.Statuses = c.Messages, c.Statuses
	for i := range c.Messages {
		if got, want := string(bare.MessageCallback(i)), string(c.MessageCallback(i)); got != want {
			t.Errorf("of the bare change:\ngot  %s\nwant %s", got, want)
		}
	}
	for i := range c.Statuses {
		if got, want := string(bare.StatusCallback(i, &mine)), string(c.StatusCallback(i, &mine)); got != want {
			t.Errorf("of the bare change:\ngot  %s\nwant %s", got, want)
		}
	}
	for name, tc := range tests {
		if tc.got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, tc.got, tc.want)
		}
	}
}

func TestPartsOfAChangeAreAboutOneCustomerEach(t *testing.T) {
	const head, tail = `{"object":"whatsapp_business_account","entry":[{"id":"102","changes":[{"field":"`, `,"future":true}}]}]}`
	const ana, bob, called, taken = `{"wa_id":"551","value":"stop"}`, `{"user_id":"DE.9","value":"stop"}`, `{"from":"551","direction":"USER_INITIATED","event":"connect"}`,
		`{"recipient_id":"492","status":"ACCEPTED"}`
	const contacts = `"contacts":[{"wa_id":"551"},{"wa_id":"492","user_id":"DE.9"}]`
	tests := map[string]struct {
		value string
		want  []Part
	}{
		"preferences": {
			`user_preferences","value":{` + contacts + `,"user_preferences":[` + ana + `,` + bob + `]`,
			[]Part{
				{"551", "", []byte(head + `user_preferences","value":{"contacts":[{"wa_id":"551"}],"user_preferences":[` + ana + `]` + tail)},
				{"", "DE.9", []byte(head + `user_preferences","value":{"contacts":[{"wa_id":"492","user_id":"DE.9"}],"user_preferences":[` + bob + `]` + tail)},
			},
		},
		"calls": {
			`calls","value":{` + contacts + `,"calls":[` + called + `],"statuses":[` + taken + `]`,
			[]Part{
				{"551", "", []byte(head + `calls","value":{"contacts":[{"wa_id":"551"}],"calls":[` + called + `]` + tail)},
				{"492", "", []byte(head + `calls","value":{"contacts":[{"wa_id":"492","user_id":"DE.9"}],"statuses":[` + taken + `]` + tail)},
			},
		},
		"one preference, as it came": {
			`user_preferences","value":{` + contacts + `,"user_preferences":[ ` + ana + `]`,
			[]Part{{"551", "", []byte(head + `user_preferences","value":{` + contacts + `,"user_preferences":[ ` + ana + `]` + tail)}},
		},
		"nobody": {`flows","value":{"a":1`, []Part{{"", "", []byte(head + `flows","value":{"a":1` + tail)}}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := onlyChange(t, []byte(head+tc.value+tail))
			if got := c.Parts(); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestCallbackOfAPage(t *testing.T) {
	body := `{"object":"page","entry":[{"id":"555","time":1760000000123,"messaging":[{"sender":{"id":"1"},"read":{"watermark":5}}],"extra":1}]}`
	c := onlyChange(t, []byte(body))
	if got := string(c.Callback()); got != body {
		t.Errorf("got %s, want %s", got, body)
	}
}
