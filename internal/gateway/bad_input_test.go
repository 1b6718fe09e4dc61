package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/meta"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/store"
)

func TestBadRequestsAreRefusedInMetasShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.writes(ana, "hello", 0)
	good := textTo(ana, "hi")
	path := "/v26.0/" + phoneID + "/messages"
	tests := map[string]struct {
		method, path, body string
		header             []string
		status, code       int
	}{
		"unknown token": {http.MethodPost, path, good, []string{"Authorization", "Bearer nobody"}, 401, 190},
		"no token":      {http.MethodPost, path, good, []string{"Authorization", ""}, 401, 190},
		"another scheme": {
			http.MethodPost, path, good, []string{"Authorization", "Basic " + apiKey}, 401, 190,
		},
		"unknown phone number id": {http.MethodPost, "/v26.0/1/messages", good, nil, 400, 33},
		"no version":              {http.MethodPost, "/latest/" + phoneID + "/messages", good, nil, 400, 100},
		"unknown path":            {http.MethodPost, "/v26.0/" + phoneID + "/calls/now", good, nil, 404, 100},
		"wrong method":            {http.MethodDelete, path, "", nil, 405, 131055},
		"malformed JSON":          {http.MethodPost, path, `{"messaging_product":`, nil, 400, 100},
		"not an object":           {http.MethodPost, path, `[]`, nil, 400, 100},
		"empty":                   {http.MethodPost, path, ``, nil, 400, 100},
		"wrong type of a field": {
			http.MethodPost, path, `{"messaging_product":"whatsapp","to":33612345678,"text":{"body":"x"}}`, nil, 400,
			131009,
		},
		"no recipient": {
			http.MethodPost, path, `{"messaging_product":"whatsapp","text":{"body":"x"}}`, nil, 400, 131008,
		},
		"no country code": {http.MethodPost, path, textTo("12", "x"), nil, 400, 131009},
		"unknown type": {
			http.MethodPost, path, `{"messaging_product":"whatsapp","to":"33612345678","type":"fax","fax":{}}`, nil,
			400, 131051,
		},
		"a group with spaces": {
			http.MethodPost, path,
			`{"messaging_product":"whatsapp","recipient_type":"group","to":"a c","text":{"body":"x"}}`, nil, 400,
			131009,
		},
		"text too long":            {http.MethodPost, path, textTo(ana, strings.Repeat("x", 4097)), nil, 400, 131009},
		"body over 256 KiB":        {http.MethodPost, path, textTo(ana, strings.Repeat("x", 256<<10)), nil, 400, 100},
		"idempotency key too long": {http.MethodPost, path, good, []string{"Idempotency-Key", strings.Repeat("k", 256)}, 400, 100},
		"unknown template":         {http.MethodPost, path, templateTo(ana, "nothing"), nil, 404, 132001},
		"too few parameters":       {http.MethodPost, path, `{"messaging_product":"whatsapp","to":"33612345678","type":"template","template":{"name":"parcel_ready","language":{"code":"en_US"}}}`, nil, 400, 132000},
		"consent of nobody":        {http.MethodPost, "/v26.0/" + phoneID + "/consents", `{"consents":[]}`, nil, 400, 131009},
		"consent without a state":  {http.MethodPost, "/v26.0/" + phoneID + "/consents", `{"consents":[{"user":"33612345678"}]}`, nil, 400, 131009},
		"consent of no number":     {http.MethodPost, "/v26.0/" + phoneID + "/consents", `{"consents":[{"user":"Ana","state":"granted"}]}`, nil, 400, 131009},
		"block of the wrong type":  {http.MethodPost, "/v26.0/" + phoneID + "/block_users", `{"block_users":"x"}`, nil, 400, 100},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := w.do(tc.method, tc.path, tc.body, tc.header...)
			if got.status != tc.status || got.code != tc.code {
				t.Fatalf("got %d %s, want %d with code %d", got.status, got.body, tc.status, tc.code)
			}
			if got.details == "" || strings.Contains(got.body, ana) {
				t.Fatalf("the answer must say what to do and not repeat the number: %s", got.body)
			}
			if !strings.Contains(got.body, `"fbtrace_id":"A`) {
				t.Fatalf("the answer must have a trace id: %s", got.body)
			}
		})
	}
	if q := w.report().Queues; q.Outbound != 0 || q.Unsettled != 0 {
		t.Fatalf("something was stored: %+v", q)
	}
	w.accepted(good)
}

func TestTokenInTheQueryIsAccepted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		got := w.do(
			http.MethodPost, "/v26.0/"+phoneID+"/messages?access_token="+apiKey, textTo(ana, "hi"), "Authorization", "",
		)
		if got.status != http.StatusOK {
			t.Fatalf("got %d %s, want 200", got.status, got.body)
		}
	})
}

// inbound is a webhook with one message of a customer, at the test clock's now.
func (w *world) inbound(phone, from, id, text string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"` + waba + `","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",` +
		`"metadata":{"display_phone_number":"15550783881","phone_number_id":"` + phone + `"},"contacts":[{"profile":{"name":"Ana"},"wa_id":"` + from + `"}],` +
		`"messages":[{"from":"` + from + `","id":"` + id + `","timestamp":"` + unixSeconds(w.clock.Now()) + `","type":"text","text":{"body":"` + text + `"}}]}}]}]}`
}

// webhook posts a body to the gateway as the upstream does, signed with the secret.
func (w *world) webhook(body, secret string) answer {
	w.t.Helper()
	return w.do(
		http.MethodPost, config.WebhookPath, body, graph.SignatureHeader, graph.Sign([]byte(body), secret),
		"Authorization", "",
	)
}

func TestWebhookNeedsTheSignatureOfItsBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.inbound(phoneID, ana, "wamid.1", "hello")
	tests := map[string]struct {
		body, signature string
		status          int
	}{
		"no signature":         {body, "", 403},
		"another secret":       {body, graph.Sign([]byte(body), "guessed"), 403},
		"another body":         {body + " ", graph.Sign([]byte(body), appSecret), 403},
		"no hex":               {body, "sha256=zz", 403},
		"signed, malformed":    {"{", graph.Sign([]byte("{"), appSecret), 400},
		"signed, no entry":     {"{}", graph.Sign([]byte("{}"), appSecret), 400},
		"more than 3 MB":       {strings.Repeat(" ", 3<<20+1), "sha256=00", 413},
		"more than 1,000 ones": {manyUpdates, graph.Sign([]byte(manyUpdates), appSecret), 413},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := w.do(http.MethodPost, config.WebhookPath, tc.body, graph.SignatureHeader, tc.signature)
			if got.status != tc.status {
				t.Fatalf("got %d %s, want %d", got.status, got.body, tc.status)
			}
		})
	}
	if r := w.report(); r.OpenWindows != 0 || r.Queues.Callbacks != 0 {
		t.Fatalf("a bad webhook left something behind: %+v", r)
	}
	if got := w.webhook(body, appSecret); got.status != http.StatusOK {
		t.Fatalf("the good one got %d %s", got.status, got.body)
	}
	if r := w.report(); r.OpenWindows != 1 {
		t.Fatalf("%d windows are open, want 1", r.OpenWindows)
	}
}

var manyUpdates = `{"object":"whatsapp_business_account","entry":[` + strings.Repeat(
	`{"id":"1","changes":[{"field":"x"}]},`, 1000,
) + `{"id":"1","changes":[{"field":"x"}]}]}`

func TestHandshakeEchoesTheChallengeToWhoKnowsTheToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		good := w.do(
			http.MethodGet, config.WebhookPath+
				"?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="+verifyToken,
			"",
		)
		if good.status != http.StatusOK || good.body != "1158201444" {
			t.Fatalf("got %d %q, want the challenge", good.status, good.body)
		}
		if bad := w.do(
			http.MethodGet, config.WebhookPath+"?hub.mode=subscribe&hub.challenge=1&hub.verify_token=guess", "",
		); bad.status != http.StatusForbidden {
			t.Fatalf("got %d, want 403", bad.status)
		}
	})
}

func TestWebhookOfAnUnknownNumberIsIgnoredAndCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		if got := w.webhook(w.inbound("999", ana, "wamid.1", "hello"), appSecret); got.status != http.StatusOK {
			t.Fatalf("got %d, want 200", got.status)
		}
		if n := w.metric(`guichet_gateway_webhook_events_total{kind="other",result="unknown"}`); n != "1" {
			t.Fatalf("%q unknown changes are counted, want 1", n)
		}
		if r := w.report(); r.OpenWindows != 0 {
			t.Fatal("an unknown number opened a window")
		}
	})
}

func TestReadReceiptAndPhoneNumberArePassedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		receipt := w.send(`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.HBgM"}`)
		if receipt.status != http.StatusOK || receipt.body != `{"success":true}` {
			t.Fatalf("got %d %s", receipt.status, receipt.body)
		}
		number := w.do(http.MethodGet, "/v26.0/"+phoneID, "")
		if number.status != http.StatusOK || !strings.Contains(
			number.body, `"display_phone_number":"+1 555-078-3881"`,
		) {
			t.Fatalf("got %d %s", number.status, number.body)
		}
		if n := len(w.sim.Messages(simulator.MessageFilter{})); n != 0 {
			t.Fatalf("%d messages were sent", n)
		}
	})
}

// A client must not be told that nothing was accepted where that is not known.
func TestP1AnUnknownOutcomeIsNotCalledARefusal(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want string
	}{
		"lost during the commit": {
			fmt.Errorf("%w: %w", store.ErrUnavailable, store.ErrOutcomeUnknown),
			"Whether the message was stored is not known. Send it again with the same Idempotency-Key; without that " +
				"header it may be sent twice.",
		},
		"not kept": {store.ErrUnavailable, "The message could not be stored. It was not accepted; send it again."},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := graph.AsError(hiddenCause(meta.Common(), tc.err))
			if !ok || got.Details != tc.want || got.HTTPStatus != http.StatusServiceUnavailable {
				t.Errorf("the client hears %d, %q; want 503, %q", got.HTTPStatus, got.Details, tc.want)
			}
		})
	}
}

// A member that the type of the message gives no meaning is not read: it neither fails the request
// inside the gateway nor the message later.
func TestMemberThatTheTypeDoesNotUseIsNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		for _, extra := range []string{`"reaction":"x"`, `"reaction":[]`, `"reaction":null`, `"context":null`} {
			got := w.send(
				`{"messaging_product":"whatsapp","to":"` + ana + `","type":"text","text":{"body":"hi"},` + extra + `}`,
			)
			if got.status != http.StatusOK {
				t.Errorf("a text with %s got %d %s; want 200", extra, got.status, got.body)
				continue
			}
			w.until(
				"it is sent",
				func() bool { return len(w.sim.Messages(simulator.MessageFilter{CallbackData: got.id})) == 1 },
			)
		}
	})
}
