package gateway

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
)

// recorder is an upstream that keeps the bodies of the requests that it gets.
func recorder(t *testing.T, on *gatewaytest.Network) (baseURL string, bodies chan string) {
	t.Helper()
	bodies = make(chan string, 100)
	server := on.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		bodies <- r.Method + " " + r.URL.String() + " " + string(body)
		_, _ = w.Write([]byte(`{"success":true}`))
	}))
	return server.URL, bodies
}

// newRecordedWorld starts a gateway whose upstream is a recorder.
func newRecordedWorld(t *testing.T) (w *world, bodies chan string) {
	t.Helper()
	on := gatewaytest.NewNetwork()
	baseURL, bodies := recorder(t, on)
	return newWorldOn(t, on, func(d *config.Document) {
		for i := range d.Channels {
			d.Channels[i].BaseURL = baseURL
		}
	}), bodies
}

// What is passed on without being metered holds nothing that could be a message.
func TestP2WhatIsNotMeteredCarriesNoMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, bodies := newRecordedWorld(t)
		const (
			messages = "/v26.0/" + phoneID + "/messages"
			blocks   = "/v26.0/" + phoneID + "/block_users"
			hidden   = `,"to":"33612345678","type":"text","text":{"body":"unmetered"}`
			receipt  = `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.HBgM"`
			read     = "POST " + messages + " " + receipt + "}"
		)
		tests := map[string]struct{ method, path, body, want string }{
			"read receipt": {http.MethodPost, messages, receipt + hidden + "}", read},
			"read receipt without a version": {
				http.MethodPost, "/" + phoneID + "/messages", receipt + hidden + "}", read,
			},
			"read receipt, fields in the path": {
				http.MethodPost, messages + "?type=text&to=33612345678", receipt + "}", read,
			},
			"typing": {
				http.MethodPost, messages, receipt + hidden +
					`,"typing_indicator":{"type":"text","text":{"body":"unmetered"}}}`,
				"POST " + messages + " " + receipt + `,"typing_indicator":{"type":"text"}}`,
			},
			"number": {
				http.MethodGet, "/v26.0/" + phoneID + "?fields=status&unmetered=1", hidden,
				"GET /v26.0/" + phoneID + "?fields=status",
			},
			"blocked user": {
				http.MethodPost, blocks,
				`{"messaging_product":"whatsapp","block_users":[{"user":"33612345678"` + hidden + `}]` + hidden + "}",
				"POST " + blocks + " ",
			},
		}
		for name, tc := range tests {
			got := w.do(tc.method, tc.path, tc.body)
			if got.status != http.StatusOK {
				t.Fatalf("%s: got %d %s", name, got.status, got.body)
			}
			if sent := <-bodies; !strings.HasPrefix(sent, tc.want) || strings.Contains(sent, "unmetered") {
				t.Errorf("%s: the upstream got %s, want %s", name, sent, tc.want)
			}
		}
	})
}

// A request that could be read in two ways is read in none.
func TestP2WhatCouldBeReadInTwoWaysIsNotPassedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, bodies := newRecordedWorld(t)
		for _, body := range []string{
			`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1","status":null,` +
				`"to":"33612345678","text":{"body":"x"}}`,
			`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1","STATUS":null,` +
				`"to":"33612345678","text":{"body":"x"}}`,
			`{"messaging_product":"whatsapp","Status":"read","to":"33612345678","text":{"body":"x"}}`,
			`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}{"messaging_product":"whatsapp",` +
				`"to":"33612345678","text":{"body":"x"}}`,
			`[{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}]`,
			"\xef\xbb\xbf" + `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}`,
			`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1",` +
				`"typing_indicator":{"type":"text","TYPE":"x"}}`,
		} {
			if got := w.send(body); got.status != http.StatusBadRequest || got.code != 100 {
				t.Errorf("%s got %d %s, want 400 with 100", body, got.status, got.body)
			}
		}
		if len(bodies) != 0 {
			t.Errorf("the upstream got %s", <-bodies)
		}
	})
}

// The same request under the same key is a repetition however its JSON is written; what it says
// otherwise makes it another one.
func TestIdempotencyKeyDisregardsHowTheJSONIsWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		const key = "order-4711"
		first := w.accepted(
			`{"messaging_product":"whatsapp","to":"33612345678","type":"text","text":{"body":"é","preview_url":true}}`,
			idempotencyHeader, key,
		)
		for _, same := range []string{
			`{"type":"text","text":{"preview_url":true,"body":"é"},"to":"33612345678","messaging_product":"whatsapp"}`,
			` { "text" : { "body":"\u00e9", "preview_url" : true }, "type":"text","to":"33612345678",` + "\n" + `"messaging_product":"whatsapp" } `,
		} {
			if again := w.accepted(same, idempotencyHeader, key); again != first {
				t.Errorf("%s got the id %s, want %s", same, again, first)
			}
		}
		for _, other := range []string{
			`{"messaging_product":"whatsapp","to":"33612345678","type":"text","text":{"body":"é","preview_url":false}}`,
			`{"messaging_product":"whatsapp","to":"33612345678","type":"text","text":{"body":"e","preview_url":true}}`,
			`{"messaging_product":"whatsapp","to":"33612345678","type":"text","text":{"body":"é","preview_url":true},"future":1}`,
		} {
			if got := w.send(other, idempotencyHeader, key); got.status != http.StatusBadRequest || got.code != 100 {
				t.Errorf("%s got %d %s, want 400 with 100", other, got.status, got.body)
			}
		}
	})
}
