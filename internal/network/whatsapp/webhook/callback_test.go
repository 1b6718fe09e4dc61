package webhook

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/rawjson"
)

func TestCallbacksCarryOneUpdateAndAllItsFields(t *testing.T) {
	body := []byte(
		`{"object":"whatsapp_business_account","entry":[{"id":"102","time":1760000005,` +
			`"changes":[{"field":"messages","value":{"messaging_product":"whatsapp",` +
			`"metadata":{"display_phone_number":"1","phone_number_id":"p1"},"contacts":[{"wa_id":"551"},` +
			`{"wa_id":"492","user_id":"DE.9"}],"messages":[{"from":"551","id":"m1","x":1.50},{"from_user_id":"DE.9",` +
			`"id":"m2"}],"statuses":[{"id":"s1","recipient_id":"551","biz_opaque_callback_data":"g:1","pricing":{}},` +
			`{"id":"s2","recipient_id":"777"},{"id":"s3","recipient_user_id":"DE.9"}],"future":true}}]}]}`,
	)
	c := onlyChange(t, body)
	head := `{"object":"whatsapp_business_account","entry":[{"id":"102","time":1760000005,` +
		`"changes":[{"field":"messages","value":{"messaging_product":"whatsapp",` +
		`"metadata":{"display_phone_number":"1","phone_number_id":"p1"},`
	tail := `,"future":true}}]}]}`
	mine, none := "tenant=acme", ""
	callbacks := c.Callbacks()
	tests := map[string]struct {
		got  string
		want string
	}{
		"message": {
			string(callbacks.Message(&c.Messages[0])),
			head + `"contacts":[{"wa_id":"551"}],"messages":[{"from":"551","id":"m1","x":1.50}]` + tail,
		},
		"message by user id": {
			string(callbacks.Message(&c.Messages[1])),
			head + `"contacts":[{"wa_id":"492","user_id":"DE.9"}],"messages":[{"from_user_id":"DE.9","id":"m2"}]` + tail,
		},
		"status, data restored": {
			string(callbacks.Status(&c.Statuses[0], c.Statuses[0].ID, &mine)),
			head + `"contacts":[{"wa_id":"551"}],"statuses":[{"id":"s1","recipient_id":"551",` +
				`"biz_opaque_callback_data":"tenant=acme","pricing":{}}]` + tail,
		},
		"status, empty data restored": {
			string(callbacks.Status(&c.Statuses[0], c.Statuses[0].ID, &none)),
			head + `"contacts":[{"wa_id":"551"}],"statuses":[{"id":"s1","recipient_id":"551",` +
				`"biz_opaque_callback_data":"","pricing":{}}]` + tail,
		},
		"status, ours removed": {
			string(callbacks.Status(&c.Statuses[0], c.Statuses[0].ID, nil)),
			head + `"contacts":[{"wa_id":"551"}],"statuses":[{"id":"s1","recipient_id":"551","pricing":{}}]` + tail,
		},
		"status, no data, no contact": {
			string(callbacks.Status(&c.Statuses[1], c.Statuses[1].ID, nil)),
			head + `"statuses":[{"id":"s2","recipient_id":"777"}]` + tail,
		},
		"status by user id": {
			string(callbacks.Status(&c.Statuses[2], c.Statuses[2].ID, nil)),
			head + `"contacts":[{"wa_id":"492","user_id":"DE.9"}],"statuses":[{"id":"s3",` +
				`"recipient_user_id":"DE.9"}]` + tail,
		},
		"status, as it came": {
			string(callbacks.ForeignStatus(&c.Statuses[0])),
			head + `"contacts":[{"wa_id":"551"}],"statuses":[{"id":"s1","recipient_id":"551",` +
				`"biz_opaque_callback_data":"g:1","pricing":{}}]` + tail,
		},
		"whole": {string(c.Callback()), string(body)},
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
				{
					"551", "",
					[]byte(
						head + `user_preferences","value":{"contacts":[{"wa_id":"551"}],` +
							`"user_preferences":[` + ana + `]` + tail,
					),
				},
				{
					"", "DE.9",
					[]byte(
						head + `user_preferences","value":{"contacts":[{"wa_id":"492","user_id":"DE.9"}],` +
							`"user_preferences":[` + bob + `]` + tail,
					),
				},
			},
		},
		"calls": {
			`calls","value":{` + contacts + `,"calls":[` + called + `],"statuses":[` + taken + `]`,
			[]Part{
				{
					"551", "",
					[]byte(head + `calls","value":{"contacts":[{"wa_id":"551"}],"calls":[` + called + `]` + tail),
				},
				{
					"492", "",
					[]byte(
						head + `calls","value":{"contacts":[{"wa_id":"492","user_id":"DE.9"}],` +
							`"statuses":[` + taken + `]` + tail,
					),
				},
			},
		},
		"one preference, as it came": {
			`user_preferences","value":{` + contacts + `,"user_preferences":[ ` + ana + `]`,
			[]Part{{"551", "", []byte(
				head + `user_preferences","value":{` + contacts + `,"user_preferences":[ ` + ana + `]` + tail,
			)}},
		},
		"nobody": {`flows","value":{"a":1`, []Part{{"", "", []byte(head + `flows","value":{"a":1` + tail)}}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := onlyChange(t, []byte(head+tc.value+tail))
			if got := c.Callbacks().Parts(); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestCallbacksAreWrittenAsMetaWritesThem(t *testing.T) {
	body := []byte(`{"object":"whatsapp_business_account","entry":[{"id":"é",` +
		`"changes":[{"field":"messages","value":{"métadonnées":"ü",` +
		`"contacts":[{"profile":{"name":"José 👍"},"wa_id":"551"},{"wa_id":"552"}],` +
		`"messages":[{"from":"551","id":"m1","text":{"body":"\u00C9 \/ é"}}],` +
		`"statuses":[{"id":"s1","recipient_id":"551"}],"after":"ñ"}}]}]}`)
	const head = `{"object":"whatsapp_business_account","entry":[{"id":"\u00e9",` +
		`"changes":[{"field":"messages","value":{"m\u00e9tadonn\u00e9es":"\u00fc",` +
		`"contacts":[{"profile":{"name":"Jos\u00e9 \ud83d\udc4d"},"wa_id":"551"}],`
	const message = `"messages":[{"from":"551","id":"m1","text":{"body":"\u00c9 \/ \u00e9"}}]`
	const status = `"statuses":[{"biz_opaque_callback_data":"commande n\u00b0 1 <a> & b",` +
		`"id":"s1","recipient_id":"551"}]`
	const tail = `,"after":"\u00f1"}}]}]}`
	c := onlyChange(t, body)
	callbacks, data := c.Callbacks(), "commande n° 1 <a> & b"
	for want, got := range map[string][]byte{
		head + message + tail:       callbacks.Message(&c.Messages[0]),
		head + status + tail:        callbacks.Status(&c.Statuses[0], c.Statuses[0].ID, &data),
		string(rawjson.ASCII(body)): c.Callback(),
	} {
		if string(got) != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// What a callback costs must not grow with what else the webhook carries: a thousand messages with
// their thousand contacts once held the store's writer for a second.
func TestCallbacksOfAThousandMessagesAreLinear(t *testing.T) {
	allocated := func(messages int) float64 {
		c := onlyChange(t, manyMessages(messages, 2500))
		return float64(testing.AllocsPerRun(1, func() {
			callbacks := c.Callbacks()
			for i := range c.Messages {
				callbacks.Message(&c.Messages[i])
			}
		})) / float64(messages)
	}
	if few, many := allocated(10), allocated(1000); many > 2*few {
		t.Errorf("a callback of a thousand takes %.0f allocations, and one of ten takes %.0f", many, few)
	}
}

// manyMessages is a webhook with so many messages of different customers, with their contacts, each
// of about so many bytes.
func manyMessages(messages, size int) []byte {
	var contacts, list []string
	for i := range messages {
		contacts = append(contacts, fmt.Sprintf(`{"profile":{"name":"Customer %d"},"wa_id":"336%08d"}`, i, i))
		list = append(list, fmt.Sprintf(
			`{"from":"336%08d","id":"wamid.%d","timestamp":"1760000000","type":"text","text":{"body":"%s"}}`, i, i,
			strings.Repeat("x", size),
		))
	}
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"102","changes":[{"field":"messages",` +
		`"value":{"metadata":{"phone_number_id":"p1"},"contacts":[` +
		strings.Join(contacts, ",") + `],"messages":[` + strings.Join(list, ",") + `]}}]}]}`)
}

// A figure for each message, which must not grow with their number. The largest is the most that a
// webhook may bring: 1,000 updates, 3 MB.
func BenchmarkCallbacks(b *testing.B) {
	for _, messages := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(messages), func(b *testing.B) {
			body := manyMessages(messages, 2800)
			for b.Loop() {
				webhook, err := Parse(body)
				if err != nil {
					b.Fatal(err)
				}
				c := &webhook.Changes[0]
				callbacks := c.Callbacks()
				for i := range c.Messages {
					callbacks.Message(&c.Messages[i])
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(messages), "ns/message")
		})
	}
}

// A callback has what its webhook had around the change, in its order: Meta writes the value before
// the field, and what an entry or a change will have besides is not lost.
func TestCallbacksKeepWhatSurroundsTheChange(t *testing.T) {
	const value = `{"metadata":{"phone_number_id":"p1"},"messages":[{"from":"551","id":"m1"}]}`
	const other = `{"value":{},"field":"flows"}`
	around := func(changes, more string) string {
		return `{"uid":7,"entry":[` + more + `{"time":1760000005,"id":"102","future":"\u00e9",` +
			`"changes":[` + changes + `],"z":1}],"object":"whatsapp_business_account"}`
	}
	change := `{"value":` + value + `,"field":"messages","version":"v26.0"}`
	webhook, err := Parse([]byte(around(other+`,`+change, `{"id":"1","changes":[]},`)))
	if err != nil {
		t.Fatal(err)
	}
	c := &webhook.Changes[1]
	want := around(change, "")
	for name, got := range map[string][]byte{
		"the message": c.Callbacks().Message(&c.Messages[0]), "the whole": c.Callback(),
	} {
		if string(got) != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
}
