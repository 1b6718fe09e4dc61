package gateway

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// An answer that is lost leaves a doubt, which the echo ends: by our id, which it returns.
func TestP12EchoEndsADoubtOnPages(t *testing.T) {
	t.Parallel()
	for _, channel := range []string{pageID, instagramID} {
		t.Run(channel, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, gatewaytest.WithPages(t))
				person, _ := w.chats(channel, time.Hour, pages.Act{Text: "hello"})
				w.control(http.MethodPost, "faults", `{"effect":"dropAfter","next":1}`)
				if got := w.sendFrom(channel, messageTo(person, "hi")); got.status != http.StatusOK {
					t.Fatalf("got %d %s", got.status, got.body)
				}
				r := w.settled(1)
				if r.Period.InDoubt != 0 || r.Period.Billed != usd("0.01") {
					t.Fatalf("%d in doubt and %s billed; want none and 0.01 USD", r.Period.InDoubt, r.Period.Billed)
				}
				if n := len(w.sim.Messages(simulator.MessageFilter{})); n != 1 {
					t.Fatalf("the upstream has %d messages; want 1", n)
				}
			})
		})
	}
}

// Without echoes nothing ties a message to ours: a watermark settles no doubt, which ends by the
// account's rule.
func TestP12WatermarkEndsNoDoubt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		w.control(http.MethodPut, "knobs", `{"noEchoes":true,"noMessageIDs":true}`)
		person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello"})
		w.control(http.MethodPost, "faults", `{"effect":"dropAfter","next":1}`)
		if got := w.sendFrom(pageID, messageTo(person, "hi")); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		w.until("the upstream has told of the delivery", func() bool {
			return len(w.business.received(`"delivery":{`)) > 0
		})
		if r := w.report(); r.Period.InDoubt != 1 || r.Period.Messages != 0 {
			t.Fatalf("%d in doubt and %d settled; want 1 and none", r.Period.InDoubt, r.Period.Messages)
		}
		w.clock.Advance(301 * time.Second)
		if r := w.settled(1); r.Period.InDoubt != 0 || r.Period.Billed.Amount.Sign() != 0 {
			t.Fatalf("%d in doubt and %s billed; want none", r.Period.InDoubt, r.Period.Billed)
		}
		w.until(
			"the business hears of the failure", func() bool { return len(w.business.received("message_failed")) == 1 },
		)
	})
}

// An echo that returns no id is of the message that is in doubt to the same person, if it says the
// same at about the same time, and of no other one.
func TestP12EchoWithoutOurIDIsMatchedByTextAndTime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text, app string
		late      time.Duration
		ends      bool
	}{
		"the same":          {"hi", "4711", time.Second, true},
		"another text":      {"hi!", "4711", time.Second, false},
		"another time":      {"hi", "4711", -10 * time.Minute, false},
		"from Meta's inbox": {"hi", "263902037430900", time.Second, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, gatewaytest.WithPages(t), func(d *config.Document) { d.Doubt.WaitSeconds = 3000 })
				person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello"})
				w.control(http.MethodPost, "faults", `{"effect":"dropBefore","next":1}`)
				if got := w.sendFrom(pageID, messageTo(person, "hi")); got.status != http.StatusOK {
					t.Fatalf("got %d %s", got.status, got.body)
				}
				w.until("it is in doubt", func() bool { return w.report().Period.InDoubt == 1 })
				at := strconv.FormatInt(w.clock.Now().Add(tc.late).UnixMilli(), 10)
				w.pageWebhook(`{"sender":{"id":"` + pageID + `"},"recipient":{"id":"` + person + `"},"timestamp":` + at +
					`,"message":{"mid":"m_1","is_echo":true,"app_id":` + tc.app + `,"text":"` + tc.text + `"}}`)
				if got := w.report().Period.InDoubt == 0; got != tc.ends {
					t.Fatalf("the doubt has ended: %t; want %t", got, tc.ends)
				}
			})
		})
	}
}

// Other things that pages hear of: each is passed on as it came, once, and opens nothing.
func TestPageEventsThatChangeNothingArePassedOnOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		head := `{"sender":{"id":"24680135"},"recipient":{"id":"` + pageID + `"},"timestamp":1760000000100,`
		for _, event := range []string{
			`"pass_thread_control":{"new_owner_app_id":"1","metadata":"m"}}`,
			`"take_thread_control":{"previous_owner_app_id":"1"}}`, `"messaging_feedback":{"feedback_screens":[]}}`,
			`"account_linking":{"status":"linked"}}`, `"optin":{"type":"notification_messages","payload":"p"}}`,
			`"response_feedback":{"feedback":"Good bot response","mid":"m_2"}}`, `"order":{"products":[]}}`,
		} {
			for range 2 {
				w.pageWebhook(head + event)
			}
			w.until("it is passed on", func() bool { return len(w.business.received(event)) == 1 })
		}
		if got := w.sendFrom(pageID, messageTo("24680135", "hi")); got.code != 10 {
			t.Fatalf("got %d %s; want 10: nothing opened a window", got.status, got.body)
		}
		w.until("none is told twice", func() bool { return len(w.business.received("pass_thread_control")) == 1 })
	})
}

// pageWebhook posts a webhook of the page with one event, as Meta does.
func (w *world) pageWebhook(event string) {
	w.t.Helper()
	body := `{"object":"page","entry":[{"id":"` + pageID + `","time":1760000000123,"messaging":[` + event + `]}]}`
	got := w.do(http.MethodPost, config.WebhookPath, body,
		graph.SignatureHeader, graph.Sign([]byte(body), gatewaytest.PageSecret))
	if got.status != http.StatusOK {
		w.t.Fatalf("the webhook got %d %s", got.status, got.body)
	}
}
