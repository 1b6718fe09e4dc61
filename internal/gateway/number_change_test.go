package gateway

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
)

// change is a webhook with one change of the main number.
func (w *world) change(field, what string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"` + waba + `","changes":[{"field":"` + field + `","value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"` +
		phoneID + `"},` + what + `}}]}]}`
}

// numberChanged is the webhook by which the network tells that a customer has another number.
func (w *world) numberChanged(from, to string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"` + waba + `","changes":[{"field":"messages",` +
		`"value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"` +
		phoneID + `"},"messages":[{"from":"` + from + `","id":"wamid.system","timestamp":"` + unixSeconds(
		w.clock.Now(),
	) +
		`","type":"system","system":{"body":"changed","wa_id":"` + to + `","type":"user_changed_number"}}]}}]}]}`
}

// TestP13AChangedNumberTakesTheWindowAlong: the person is the same, and wrote within the day.
func TestP13AChangedNumberTakesTheWindowAlong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hi", 0)
		const moved = "33612345699"
		if got := w.webhook(w.numberChanged(ana, moved), appSecret); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		w.accepted(textTo(moved, "hi"))
		if got := w.send(textTo("33612345698", "hi")); got.code != 131047 {
			t.Fatalf("to a stranger: got %s, want 131047", got.body)
		}
		w.until("the business is told", func() bool { return len(w.business.received("user_changed_number")) == 1 })
	})
}

// TestStopFollowsACustomerToAnotherNumber follows what a customer and the business have refused: it
// is the person's, not the number's.
func TestStopFollowsACustomerToAnotherNumber(t *testing.T) {
	t.Parallel()
	const moved = "33612345699"
	tests := map[string]struct {
		refuse   func(w *world)
		template string
		code     int
	}{
		"marketing was stopped": {func(w *world) { w.writes(ana, "stop", time.Minute) }, "summer_sale", 131050},
		"the consent was taken back": {
			func(w *world) {
				w.consents(
					`{"consents":[{"user":"` + ana + `","state":"withdrawn"}]}`,
				)
			}, "parcel_ready", 131005,
		},
		"the business has blocked": {
			func(w *world) {
				w.writes(ana, "thieves", time.Minute)
				w.do(http.MethodPost, "/v26.0/"+phoneID+"/block_users", `{"block_users":[{"user":"`+ana+`"}]}`)
			}, "parcel_ready", 131026,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.accepted(templateTo(moved, tc.template))
				tc.refuse(w)
				if got := w.webhook(w.numberChanged(ana, moved), appSecret); got.status != http.StatusOK {
					t.Fatalf("got %d %s", got.status, got.body)
				}
				if got := w.send(templateTo(moved, tc.template)); got.code != tc.code {
					t.Fatalf("to the new number: %d %s, want %d", got.status, got.body, tc.code)
				}
			})
		})
	}
}

// TestStopFollowsACustomerToAnotherUserID: a customer whom no number names changes the id, and
// whoever changes the number gets another id too.
func TestStopFollowsACustomerToAnotherUserID(t *testing.T) {
	t.Parallel()
	const moved, before, after = "33612345699", "FR.1111", "FR.2222"
	tests := map[string]struct {
		stopped, notice string // the notice without its id and time
		to              []string
	}{
		"no number is told": {
			`"user_id":"` + before + `"`,
			`"system":{"type":"user_changed_user_id","user_id":"` + after + `","previous_user_id":"` + before + `"}`,
			[]string{after},
		},
		"only the sender is named": {
			`"user_id":"` + before + `"`, `"from_user_id":"` + before + `","system":{"type":"user_changed_user_id",` +
				`"user_id":"` + after + `"}`, []string{after},
		},
		"the number has changed, the id had stopped": {
			`"user_id":"` + before + `"`,
			`"from":"` + ana + `","system":{"type":"user_changed_number","wa_id":"` + moved + `","user_id":"` + after + `","previous_user_id":"` + before + `"}`,
			[]string{moved, after},
		},
		"the number has changed, and had stopped": {
			`"wa_id":"` + ana + `"`,
			`"from":"` + ana + `","system":{"type":"user_changed_number","wa_id":"` + moved + `","user_id":"` + after + `","previous_user_id":"` + before + `"}`,
			[]string{moved, after},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				at := unixSeconds(w.clock.Now())
				for _, body := range []string{
					w.change(
						"user_preferences",
						`"user_preferences":[{`+tc.stopped+`,"category":"marketing_messages","value":"stop",`+
							`"timestamp":`+at+`}]`,
					),
					w.change(
						"messages", `"messages":[{"id":"wamid.system","timestamp":"`+at+`","type":"system",`+tc.notice+`}]`,
					),
				} {
					if got := w.webhook(body, appSecret); got.status != http.StatusOK {
						t.Fatalf("got %d %s", got.status, got.body)
					}
				}
				for _, to := range tc.to {
					body := templateTo(to, "summer_sale")
					if to == after {
						body = strings.Replace(body, `"to":`, `"recipient":`, 1)
					}
					if got := w.send(body); got.code != 131050 {
						t.Errorf("to %s: %d %s, want 131050", to, got.status, got.body)
					}
				}
			})
		})
	}
}

// TestP13AgreementFollowsACustomerToAnotherNumber: it is the person who agreed.
func TestP13AgreementFollowsACustomerToAnotherNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) { d.Consent.Policy = config.ConsentPriorContact })
		const moved = "33612345699"
		w.writes(ana, "hi", time.Minute)
		w.consents(`{"consents":[{"user":"` + ana + `","state":"granted"}]}`)
		if got := w.send(templateTo(moved, "parcel_ready")); got.code != 131005 {
			t.Fatalf("before the change: got %d %s, want 131005", got.status, got.body)
		}
		w.webhook(w.numberChanged(ana, moved), appSecret)
		w.accepted(templateTo(moved, "parcel_ready"))
	})
}
