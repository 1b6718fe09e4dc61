package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
)

// batch is one webhook with the changes of several numbers, each with so many messages of different
// customers.
func (w *world) batch(messages int, phones ...string) string {
	var changes []string
	for _, phone := range phones {
		var list []string
		for i := range messages {
			list = append(list, fmt.Sprintf(`{"from":"336124%05d","id":"wamid.%s.%d","timestamp":"%s","type":"text","text":{"body":"hi"}}`,
				i, phone, i, unixSeconds(w.clock.Now())))
		}
		changes = append(
			changes,
			`{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"`+phone+`"},"messages":[`+strings.Join(list, ",")+`]}}`,
		)
	}
	return `{"object":"whatsapp_business_account","entry":[{"id":"` + waba + `","changes":[` + strings.Join(
		changes, ",",
	) + `]}]}`
}

func TestBatchOfAThousandIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		if got := w.webhook(w.batch(1000, phoneID), appSecret); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if r := w.report(); r.OpenWindows != 1000 {
			t.Fatalf("%d windows are open, want 1,000", r.OpenWindows)
		}
		w.until("the business is told of each", func() bool {
			return strings.Count(strings.Join(w.business.received("wamid."), ""), `"id":"wamid.`) == 1000
		})
	})
}

// The business verifies the signature over the bytes that it gets, or over its own escaping of
// them: both must be the same.
func TestCallbacksAreSignedInTheFormThatMetaSigns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.quiet(ana)
		sent := w.accepted(strings.Replace(
			templateTo(ana, "parcel_ready"), `"type":`, `"biz_opaque_callback_data":"commande n° 1 👍","type":`, 1,
		))
		w.told(sent, "delivered")
		if got := w.webhook(w.inbound(phoneID, ana, "wamid.1", "Olá 👍"), appSecret); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		for _, want := range []string{
			`"body":"Ol\u00e1 \ud83d\udc4d"`, `"biz_opaque_callback_data":"commande n\u00b0 1 \ud83d\udc4d"`,
		} {
			w.until("the business is told", func() bool { return len(w.business.received(want)) > 0 })
			for _, body := range w.business.received(want) {
				if i := strings.IndexFunc(body, func(r rune) bool { return r > '~' }); i >= 0 {
					t.Errorf("%s holds more than ASCII", body)
				}
			}
		}
	})
}

func TestChangesOfOneWebhookAreRoutedOneByOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) {
			d.Channels[1].BusinessAccountID, d.Channels[1].AppSecrets = "another", []string{"secret-of-another"}
		})
		if got := w.webhook(w.batch(3, phoneID, secondPhone, "999"), appSecret); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if r := w.report(); r.OpenWindows != 3 {
			t.Fatalf("%d windows are open, want 3: the secret speaks for one number only", r.OpenWindows)
		}
		if n := w.metric(`guichet_gateway_webhook_events_total{kind="other",result="unknown"}`); n != "2" {
			t.Fatalf("%q changes are counted as unknown, want 2", n)
		}
		if got := w.webhook(w.batch(2, secondPhone), "secret-of-another"); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if r := w.report(); r.OpenWindows != 5 {
			t.Fatalf("%d windows are open, want 5", r.OpenWindows)
		}
	})
}

// An edit or a revocation says nothing new, whichever way it comes: as its own type under
// coexistence, and as an unsupported one elsewhere.
func TestP4EditsAndRevocationsOpenNoWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const failed = `,"errors":[{"code":131051,"title":"Message type unknown",` +
			`"error_data":{"details":"Message type is currently not supported."}}]`
		for i, content := range []string{
			`"type":"edit","edit":{"original_message_id":"wamid.0","message":{"type":"text","text":{"body":"hello"}}}`,
			`"type":"revoke","revoke":{"original_message_id":"wamid.0"}`,
			`"type":"unsupported","unsupported":{"type":"edit"}` + failed,
			`"type":"unsupported","unsupported":{"type":"revoke"}` + failed,
		} {
			id := fmt.Sprintf("wamid.%d", i+1)
			body := strings.Replace(w.inbound(phoneID, ana, id, "hi"), `"type":"text","text":{"body":"hi"}`, content, 1)
			if got := w.webhook(body, appSecret); got.status != http.StatusOK || !strings.Contains(body, content) {
				t.Fatalf("%s got %d %s", content, got.status, got.body)
			}
			if got := w.send(textTo(ana, "hi")); got.code != 131047 {
				t.Errorf("after %s a text got %d %s, want 131047", content, got.status, got.body)
			}
			w.until("the business is told all the same", func() bool { return len(w.business.received(id)) == 1 })
		}
	})
}

// The "failed" of a payment is not that of the message that asked for it, and belongs to the
// business, as does every other word that is not ours.
func TestP2StatusesThatAreNoDeliveryArePassedOnAndSettleNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.quiet(ana)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		upstream := w.submittedID(id)
		ours := `,"biz_opaque_callback_data":"` + id + `"`
		const forgottenID = "wamid.R3VpAZpQ1234567890abcdefghijklmnopqr"
		const forgotten = `,"biz_opaque_callback_data":"` + forgottenID + `"`
		const payment = `,"type":"payment","payment":{"reference_id":"order-1"}`
		for name, tc := range map[string]struct{ id, status, rest, told string }{
			"a payment that failed":        {upstream, "failed", payment + ours, id},
			"a payment of one forgotten":   {"wamid.forgotten", "captured", payment + forgotten, forgottenID},
			"a payment, no callback data":  {upstream, "captured", payment, id},
			"a payment of another message": {"wamid.elsewhere", "failed", payment, "wamid.elsewhere"},
			"a payment, pending":           {upstream, "pending", payment + ours, id},
			"a type to come":               {upstream, "delivered", `,"type":"hologram"` + ours, id},
			"a word to come":               {upstream, "warmed", ours, id},
			"another word, of the old API": {upstream, "deleted", `,"type":"message"` + ours, id},
			"what another app has sent":    {"wamid.of-another-app", "delivered", `,"biz_opaque_callback_data":"its own"`, "wamid.of-another-app"},
			"without any callback data":    {"wamid.of-the-phone", "read", "", "wamid.of-the-phone"},
			"without an id":                {"", "delivered", `,"n":1`, ""},
		} {
			body := w.status(tc.id, tc.status, tc.rest)
			for range 2 { // whatever is told twice
				if got := w.webhook(body, appSecret); got.status != http.StatusOK {
					t.Fatalf("%s got %d %s", name, got.status, got.body)
				}
			}
			want := `"statuses":[{"id":"` + tc.told + `","status":"` + tc.status + `"`
			w.until("the business is told of "+name, func() bool { return len(w.business.received(want)) > 0 })
			told := w.business.received(want)
			if len(told) != 1 || strings.Contains(told[0], "biz_opaque_callback_data") &&
				tc.rest != `,"biz_opaque_callback_data":"its own"` {
				t.Errorf("%s: the business was told %q", name, told)
			}
		}
		if r := w.report(); r.Ledger.Sequence != 0 || r.Period.Reserved != usd("0.03") || r.Queues.Unsettled != 1 {
			t.Fatalf(
				"%d records, %s reserved and %d unsettled; want none, 0.03 USD and the message", r.Ledger.Sequence,
				r.Period.Reserved, r.Queues.Unsettled,
			)
		}
		w.told(id, "delivered")
		if r := w.settled(1); r.Period.Billed != usd("0.03") {
			t.Fatalf("billed %s after the delivery, want 0.03 USD", r.Period.Billed)
		}
	})
}

func TestMessageWithAnAbsurdTimestampOpensNothingInTheFuture(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		timestamp string
		windows   int64
	}{
		"far in the future": {"99999999999", 1},
		"no number":         {"soon", 0},
		"the year 1970":     {"1", 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				body := strings.Replace(
					w.inbound(phoneID, ana, "wamid.1", "hi"), unixSeconds(w.clock.Now()), tc.timestamp, 1,
				)
				if got := w.webhook(body, appSecret); got.status != http.StatusOK {
					t.Fatalf("got %d %s", got.status, got.body)
				}
				if r := w.report(); r.OpenWindows != tc.windows {
					t.Fatalf("%d windows are open, want %d", r.OpenWindows, tc.windows)
				}
				w.until(
					"the business is told all the same", func() bool {
						return len(w.business.received(
							"wamid.1",
						)) == 1
					},
				)
				w.clock.Advance(24*time.Hour + time.Second)
				if got := w.send(textTo(ana, "hi")); got.code != 131047 {
					t.Fatalf("a day later: %s, want 131047", got.body)
				}
			})
		})
	}
}

// calls is a webhook about a call.
func (w *world) calls(what string) string {
	return w.change("calls", what)
}

func TestP4CallsOpenTheWindow(t *testing.T) {
	t.Parallel()
	const hour = 3600
	tests := map[string]struct {
		call string // %d is its time
		opens,
		contact bool // whether it counts as the customer's first contact
	}{
		"the customer calls": {`"calls":[{"id":"wacid.1","from":"` + ana + `","to":"13175551399","event":"connect","direction":"USER_INITIATED","timestamp":"%d"}]`, true, true},
		"such a call ends": {
			`"calls":[{"id":"wacid.1","from":"` + ana + `","to":"13175551399","event":"terminate","direction":"USER_INITIATED","status":"FAILED","timestamp":"%d"}]`, false, false,
		},
		"the business calls": {
			`"calls":[{"id":"wacid.1","from":"13175551399","to":"` + ana + `","event":"connect","direction":"BUSINESS_INITIATED","timestamp":"%d"}]`, false, false,
		},
		"the customer takes the call":    {`"statuses":[{"id":"wacid.1","type":"call","status":"ACCEPTED","timestamp":"%d","recipient_id":"` + ana + `"}]`, true, false},
		"the customer declines the call": {`"statuses":[{"id":"wacid.1","type":"call","status":"REJECTED","timestamp":"%d","recipient_id":"` + ana + `"}]`, false, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(d *config.Document) { d.Consent.Policy = config.ConsentPriorContact })
				body := w.calls(fmt.Sprintf(tc.call, w.clock.Now().Unix()-hour))
				for range 2 { // whatever is told twice
					if got := w.webhook(body, appSecret); got.status != http.StatusOK {
						t.Fatalf("got %d %s", got.status, got.body)
					}
				}
				w.until("the business is told, once", func() bool { return len(w.business.received("wacid.1")) == 1 })
				if got := w.send(textTo(ana, "hi")); (got.status == http.StatusOK) != tc.opens {
					t.Errorf("an answer got %d %s; the window opens: %v", got.status, got.body, tc.opens)
				}
				w.clock.Advance(23 * time.Hour)
				if got := w.send(textTo(ana, "hi")); got.code != 131047 {
					t.Errorf("24 hours after the call an answer got %d %s, want 131047", got.status, got.body)
				}
				if got := w.send(templateTo(ana, "parcel_ready")); (got.status == http.StatusOK) != tc.contact {
					t.Errorf("a template got %d %s; the customer came first: %v", got.status, got.body, tc.contact)
				}
			})
		})
	}
}

func TestStopCountsWhateverTheMessagesTimestamp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, timestamp := range []string{"soon", "1760000000000", "99999999999"} {
			w := newWorld(t)
			body := strings.Replace(
				w.inbound(phoneID, ana, "wamid.1", "stop"), unixSeconds(w.clock.Now()), timestamp, 1,
			)
			if got := w.webhook(body, appSecret); got.status != http.StatusOK {
				t.Fatalf("got %d %s", got.status, got.body)
			}
			if got := w.send(templateTo(ana, "summer_sale")); got.code != 131050 {
				t.Errorf("timestamp %q: got %d %s, want 131050", timestamp, got.status, got.body)
			}
		}
	})
}

func TestRepeatedWebhookIsForwardedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		w.settled(1)
		at := unixSeconds(w.clock.Now())
		preference := `{"object":"whatsapp_business_account","entry":[{"id":"` + waba + `","time":` + at + `,"changes":[{"field":"user_preferences","value":{"metadata":{"phone_number_id":"` + phoneID +
			`"},"user_preferences":[{"wa_id":"` + ana + `","category":"marketing_messages","value":"stop","timestamp":` + at + `}]}}]}]}`
		template := `{"object":"whatsapp_business_account","entry":[{"id":"` + waba + `","time":` + at + `,"changes":[{"field":"message_template_status_update","value":{"event":"PAUSED","message_template_id":7}}]}]}`
		played := w.status(w.submittedID(id), "played", "")
		for text, body := range map[string]string{
			"user_preferences": preference, "message_template_id": template, "played": played,
		} {
			for range 3 {
				if got := w.webhook(body, appSecret); got.status != http.StatusOK {
					t.Fatalf("got %d %s", got.status, got.body)
				}
			}
			w.until("the business is told", func() bool { return len(w.business.received(text)) > 0 })
			w.until("nothing waits", func() bool { return w.report().Queues.Callbacks == 0 })
			if n := len(w.business.received(text)); n != 1 {
				t.Errorf("%s was forwarded %d times", text, n)
			}
		}
	})
}
