package gateway

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/graph"
)

// Whoever presses Test in Meta's dashboard sees in the log what came of it, once, and nothing of
// the customer in the sample.
func TestP7WebhooksThatComeToNothingAreLoggedOnce(t *testing.T) {
	t.Parallel()
	const sampleCustomer, sampleText = "16315551181", "this is a text message"
	sample := func(w *world, account string) string {
		return strings.Replace(
			w.inbound("123456123", sampleCustomer, "wamid.sample", sampleText), `"id":"`+waba, `"id":"`+account, 1,
		)
	}
	tests := map[string]struct {
		post   func(w *world) answer
		status int
		want   []string
	}{
		"unsigned": {
			func(w *world) answer { return w.do(http.MethodPost, config.WebhookPath, sample(w, "0")) }, 403,
			[]string{"Webhook refused: it has no signature"},
		},
		"signed with another secret": {
			func(w *world) answer { return w.webhook(sample(w, "0"), "another") }, 403,
			[]string{"Webhook refused: its signature is not made with the app secret of any channel"},
		},
		"for the sample's number": {
			func(w *world) answer { return w.webhook(sample(w, "0"), appSecret) }, 200,
			[]string{
				"Webhook ignored: the account has no channel with its phone number id", `"phoneNumberID":"123456123"`,
			},
		},
		"for an id that is none": {
			func(w *world) answer {
				return w.webhook(
					w.inbound("+33612345678", ana, "wamid.1", "hello"), appSecret,
				)
			}, 200,
			[]string{"Webhook ignored: the account has no channel with its phone number id", `"phoneNumberID":""`},
		},
		"for the sample's account": {
			func(w *world) answer {
				return w.webhook(`{"object":"whatsapp_business_account","entry":[{"id":"0","changes":[{"field":"message_template_status_update","value":`+
					`{"event":"APPROVED","message_template_id":12345678,"message_template_name":"my_message_template","message_template_language":"pt-BR"}}]}]}`, appSecret)
			}, 200,
			[]string{"Webhook ignored: no channel of its business account", `"businessAccountID":"0"`},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				for range 3 {
					if got := tc.post(w); got.status != tc.status {
						t.Fatalf("got %d %s, want %d", got.status, got.body, tc.status)
					}
				}
				logs := w.logs.String()
				for _, want := range tc.want {
					if n := strings.Count(logs, want); n != 1 {
						t.Errorf("the log has %q %d times, want once:\n%s", want, n, logs)
					}
				}
				for _, private := range []string{sampleCustomer, sampleText, ana, "wamid."} {
					if strings.Contains(logs, private) {
						t.Errorf("the log has %q", private)
					}
				}
			})
		})
	}
}

// A webhook that is heeded is not told of as one that is not.
func TestGoodWebhookIsNoRejection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		if strings.Contains(w.logs.String(), "Webhook ") {
			t.Errorf("the log speaks of a rejection:\n%s", w.logs.String())
		}
	})
}

// A number whose channel is signed for by another app is named by its channel.
func TestWebhookOfAnotherAppsChannelIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) {
			d.Channels[1].AppSecrets, d.Channels[1].BusinessAccountID = []string{"second-secret"}, "102290129340399"
		})
		body := w.inbound(phoneID, ana, "wamid.1", "hello")
		signature := graph.Sign([]byte(body), "second-secret")
		got := w.do(http.MethodPost, config.WebhookPath, body, graph.SignatureHeader, signature)
		if got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if want := `"msg":"Webhook ignored: it is about a channel whose app secret is another one","channel":"main"`; !strings.Contains(w.logs.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, w.logs.String())
		}
	})
}
