package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
)

// moves is the network's notice that a customer has changed number.
func (w *world) moves(from, to, more, id string) {
	w.t.Helper()
	w.tell(w.change("messages", fmt.Sprintf(
		`"messages":[{"id":%q,"from":%q,"timestamp":%q,"type":"system","system":{"type":"user_changed_number","wa_id":%q%s}}]`,
		id, from, unixSeconds(w.clock.Now()), to, more,
	)))
}

// wants sends to a customer, by number or user id, and checks the code of the refusal; 0 is none.
func (w *world) wants(what string, code int, to string, body func(to string) string) {
	w.t.Helper()
	if got := w.send(recipient(body(to), to)); got.code != code {
		w.t.Errorf("%s to %s: got %d %s, want code %d", what, to, got.status, got.body, code)
	}
}

func marketingTo(to string) string { return templateTo(to, "summer_sale") }

func helloTo(to string) string { return textTo(to, "hello") }

// Numbers that are used by one person after the other: each step is told to a gateway of its own,
// an hour after the one before.
func TestP13ANumberPassesFromOnePersonToAnother(t *testing.T) {
	t.Parallel()
	const x, y, z = "33611111111", "33622222222", "33633333333"
	type step = func(w *world, id string)
	writes := func(number, user, parent, text string) step {
		return func(w *world, id string) { w.tell(w.both(number, user, parent, id, text)) }
	}
	moves := func(from, to, more string) step {
		return func(w *world, id string) { w.moves(from, to, more, id) }
	}
	later := func(d time.Duration) step { return func(w *world, _ string) { w.clock.Advance(d) } }
	type want struct {
		to   string
		code int // of marketing
		text int // of a free text
	}
	const ok, closed, stopped = 0, 131047, 131050
	tests := map[string]struct {
		steps []step
		wants []want
	}{
		"a stranger moves to a number that was left": {
			[]step{
				writes(x, "FR.A1", "", "hi"), moves(x, y, `,"user_id":"FR.A2"`), writes(z, "FR.B1", "", "stop"),
				moves(z, x, ""),
			},
			[]want{{y, ok, ok}, {x, stopped, ok}, {"FR.A2", ok, ok}, {"FR.B1", stopped, ok}},
		},
		"a stranger moves to a number that was left, with a user id": {
			[]step{
				writes(x, "FR.A1", "", "hi"), moves(x, y, `,"user_id":"FR.A2"`), writes(z, "FR.B1", "", "stop"),
				moves(z, x, `,"user_id":"FR.B2"`),
			},
			[]want{{y, ok, ok}, {x, stopped, ok}, {"FR.A2", ok, ok}, {"FR.B2", stopped, ok}},
		},
		"a stranger of whom nothing is known leaves a number that was left": {
			[]step{writes(x, "FR.A1", "", "stop"), moves(x, y, ""), moves(x, z, "")},
			[]want{{y, stopped, ok}, {z, ok, closed}},
		},
		"away and back, and another user id": {
			[]step{writes(x, "FR.A1", "", "stop"), moves(x, y, ""), moves(y, x, ""), writes(x, "FR.A9", "", "hi")},
			[]want{{x, stopped, ok}, {"FR.A9", stopped, ok}, {"FR.A1", stopped, ok}},
		},
		"away and back, and a stranger has the other number": {
			[]step{
				writes(x, "FR.A1", "", "stop"), moves(x, y, ""), moves(y, x, ""), writes(y, "FR.Z9", "", "hi"),
			},
			[]want{{x, stopped, ok}, {y, ok, ok}, {"FR.Z9", ok, ok}},
		},
		"the notice comes after a message from the new number": {
			[]step{
				writes(x, "FR.A1", "FR.ENT.A", "hi"), writes(y, "FR.A2", "FR.ENT.A", "my new number"), moves(x, y, ""),
				writes(x, "FR.Z9", "FR.ENT.Z", "stop"),
			},
			[]want{{y, ok, ok}, {"FR.A1", ok, ok}, {"FR.A2", ok, ok}, {x, stopped, ok}, {"FR.Z9", stopped, ok}},
		},
		"the new number was another's": {
			[]step{
				writes(y, "FR.B1", "", "stop"), later(48 * time.Hour), writes(x, "FR.A1", "", "hi"),
				moves(x, y, `,"user_id":"FR.A2","previous_user_id":"FR.A1"`),
			},
			[]want{{"FR.B1", stopped, closed}, {"FR.A2", ok, ok}, {y, ok, ok}, {"FR.A1", ok, ok}},
		},
		"another user id and no notice": {
			[]step{writes(x, "FR.A1", "", "hi"), later(2400 * time.Hour), writes(x, "FR.Z9", "", "hi")},
			[]want{{"FR.A1", ok, closed}, {"FR.Z9", ok, ok}, {x, ok, ok}},
		},
		"another user id and no notice, after a stop": {
			[]step{writes(x, "FR.A1", "", "stop"), later(2400 * time.Hour), writes(x, "FR.Z9", "", "hi")},
			[]want{{"FR.A1", stopped, closed}, {"FR.Z9", stopped, ok}, {x, stopped, ok}},
		},
		"another parent id and no notice": {
			[]step{writes(x, "FR.A1", "FR.ENT.A", "hi"), later(2400 * time.Hour), writes(x, "FR.Z9", "FR.ENT.Z", "hi")},
			[]want{{"FR.A1", ok, closed}, {"FR.ENT.A", ok, closed}, {"FR.ENT.Z", ok, ok}, {x, ok, ok}},
		},
		"another user id of the same parent": {
			[]step{writes(x, "FR.A1", "FR.ENT.A", "stop"), writes(x, "FR.A2", "FR.ENT.A", "hi")},
			[]want{{"FR.A1", stopped, ok}, {"FR.A2", stopped, ok}, {x, stopped, ok}},
		},
		"a third person after a second": {
			[]step{
				writes(
					x, "FR.A1", "", "hi",
				), later(2400 * time.Hour), writes(x, "FR.B1", "", "hi"), later(2400 * time.Hour),
				writes(x, "FR.C1", "", "hi"),
			},
			[]want{{"FR.A1", ok, closed}, {"FR.B1", ok, closed}, {"FR.C1", ok, ok}, {x, ok, ok}},
		},
		"the new user id is told after the notice": {
			[]step{writes(x, "FR.A1", "", "stop"), moves(x, y, ""), writes(y, "FR.A2", "", "hi")},
			[]want{{y, stopped, ok}, {"FR.A1", stopped, ok}, {"FR.A2", stopped, ok}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for i, step := range tc.steps {
				step(w, fmt.Sprintf("wamid.%d", i))
				w.clock.Advance(time.Hour)
			}
			for _, want := range tc.wants {
				w.wants("marketing", want.code, want.to, marketingTo)
				w.wants("a free text", want.text, want.to, helloTo)
			}
		})
	}
}

// answering is an upstream that says of every recipient who that is.
func answering(t *testing.T, contact string) func(*config.Document) {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var send struct{ To, Recipient string }
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &send)
		_, _ = fmt.Fprintf(rw, `{"messaging_product":"whatsapp","contacts":[{"input":%q,%s}],"messages":[{"id":"wamid.of%d"}]}`,
			send.To+send.Recipient, contact, time.Now().UnixNano())
	}))
	t.Cleanup(upstream.Close)
	return func(d *config.Document) { d.Channels[0].BaseURL = upstream.URL }
}

// The answer to a send names one person by number and user id, whatever the spelling at hand.
func TestP13TheAnswerToASendSplitsNobody(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ from, to, contact string }{
		"Brazil, with the ninth digit": {"551187654321", "5511987654321", `"wa_id":"551187654321","user_id":"BR.77"`},
		"Brazil, without it":           {"551187654321", "551187654321", `"wa_id":"5511987654321","user_id":"BR.77"`},
		"Argentina":                    {"5491155560004", "54111555560004", `"wa_id":"5491155560004","user_id":"BR.77"`},
		"no number in the answer":      {"551187654321", "5511987654321", `"user_id":"BR.77"`},
		"a parent id as well":          {"551187654321", "5511987654321", `"wa_id":"551187654321","user_id":"BR.77","parent_user_id":"BR.ENT.7"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, answering(t, tc.contact))
			w.tell(w.inbound(phoneID, tc.from, "wamid.stop", "stop"))
			w.wants("marketing before the answer", 131050, tc.to, marketingTo)
			w.accepted(textTo(tc.to, "an answer"))
			w.until("the answer is known", func() bool { return w.report().Queues.Outbound == 0 })
			for _, to := range []string{tc.to, tc.from, "BR.77"} {
				w.wants("marketing", 131050, to, marketingTo)
				w.wants("a free text", 0, to, helloTo)
			}
		})
	}
}
