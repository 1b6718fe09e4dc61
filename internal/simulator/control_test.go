package simulator

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
)

func TestControlWritesShapesOfEveryKind(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.control(
		"POST", "/control/phones/+"+ana+"/messages",
		`{"to":"`+number1+`","text":"old news","timestamp":"2026-10-04T09:00:00Z"}`, 200,
	)
	w.control(
		"POST", "/control/phones/"+ana+"/messages",
		`{"to":"`+number1+`","message":{"type":"button","button":{"payload":"LATER","text":"Later"}},"replyTo":"wamid.0"}`,
		200,
	)
	w.control("POST", "/control/phones/"+ana+"/preferences", `{"to":"`+number1+`","value":"stop"}`, 200)
	w.control(
		"POST", "/control/webhooks",
		`{"account":"`+account1+`","field":"account_update","value":{"event":"DISABLED_UPDATE"}}`, 200,
	)
	w.control("GET", "/control/idle?timeout=10s", "", 200)
	messages := w.business.messages()
	if len(messages) != 2 || !messages[0].Timestamp.Equal(time.Date(2026, 10, 4, 9, 0, 0, 0, time.UTC)) {
		t.Fatalf("messages: got %+v", messages)
	}
	if messages[1].Type != "button" || messages[1].Text != "Later" || messages[1].ReplyTo != "wamid.0" {
		t.Errorf("button: got %+v", messages[1])
	}
	var preference *webhook.UserPreference
	var account *webhook.AccountUpdate
	for _, c := range w.business.changes {
		if len(c.Preferences) > 0 {
			preference = &c.Preferences[0]
		}
		if c.Account != nil {
			account = c.Account
		}
	}
	if preference == nil || preference.WAID != ana || preference.Value != "stop" || preference.Timestamp.IsZero() {
		t.Errorf("preference: got %+v", preference)
	}
	if account == nil || account.Event != "DISABLED_UPDATE" {
		t.Errorf("account: got %+v", account)
	}
}

func TestControlListsMessagesAndCounts(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.mustSend(orderReadyTo(ana))
	second := w.mustSend(orderReadyTo("4915112345678"))
	w.idle()
	var list struct {
		Messages []Sent `json:"messages"`
	}
	answer := w.control("GET", "/control/messages?to=%2B4915112345678&phone_number_id="+number1, "", 200)
	if err := json.Unmarshal([]byte(answer), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Messages) != 1 || list.Messages[0].ID != second ||
		list.Messages[0].Preview != "Hi Ana, your order is ready." {
		t.Errorf("got %s", answer)
	}
	var counts Counts
	if err := json.Unmarshal([]byte(w.control("GET", "/control/counts", "", 200)), &counts); err != nil {
		t.Fatal(err)
	}
	if counts.Accepted != 2 || counts.Delivered != 2 || counts.Billable != 2 {
		t.Errorf("counts: got %+v", counts)
	}
}

func TestRecordModes(t *testing.T) {
	for mode, want := range map[RecordMode]struct {
		messages   int
		body, hash bool
	}{RecordFull: {1, true, true}, RecordHash: {1, false, true}, RecordCounts: {0, false, false}} {
		config := testConfig()
		config.Record = mode
		w := newWorld(t, config, nil)
		w.mustSend(orderReadyTo(ana))
		w.idle()
		record := w.s.Messages(MessageFilter{})
		if len(record) != want.messages || w.s.Counts().Delivered != 1 {
			t.Fatalf("%s: got %d messages and %+v", mode, len(record), w.s.Counts())
		}
		if len(record) == 1 && ((record[0].Body != nil) != want.body || (record[0].BodyHash != "") != want.hash) {
			t.Errorf("%s: got %s", mode, jsonOf(record))
		}
	}
}

func TestResetForgetsAndGoesOn(t *testing.T) {
	config := testConfig()
	config.Delivery.DeliveredAfter = Duration(time.Hour)
	w := newWorld(t, config, nil)
	w.write(ana, Inbound{Text: "hi"})
	w.mustSend(text(ana))
	w.control("PUT", "/control/knobs", `{"duplicateRate":1}`, 200)
	w.control("POST", "/control/faults", `{"code":131016,"rate":1}`, 200)
	w.control("POST", "/control/reset", "", 200)
	w.idle()
	if len(w.s.Messages(MessageFilter{})) != 0 || w.s.Counts().Accepted != 0 {
		t.Error("the record was kept")
	}
	w.refused(text(ana), graph.CodeReEngagement)
	if got := w.control("GET", "/control/knobs", "", 200); got != "{}" {
		t.Errorf("knobs: got %s", got)
	}
	before := len(w.business.messages())
	w.write(ana, Inbound{Text: "hi again"})
	w.idle()
	if got := len(w.business.messages()) - before; got != 1 {
		t.Errorf("webhooks after the reset: got %d, want 1", got)
	}
}

func TestAccountIsAddedAndReplaced(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.control(
		"PUT", "/control/accounts/77",
		`{"tokens":["t77"],"numbers":[{"id":"7701","displayPhoneNumber":"+44 7700 900123"}]}`, 200,
	)
	client, err := newClient(graph.ClientOptions{BaseURL: w.api.URL, Token: "t77"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := client.PhoneNumber(t.Context(), "7701"); err != nil || got.DisplayPhoneNumber != "+44 7700 900123" {
		t.Errorf("got %+v, %v", got, err)
	}
	w.control(
		"PUT", "/control/accounts/77",
		`{"tokens":["t78"],"numbers":[{"id":"7702","displayPhoneNumber":"+44 7700 900124"}]}`, 200,
	)
	if _, err := client.PhoneNumber(t.Context(), "7702"); err == nil {
		t.Error("the old token still works")
	}
}

// A callback is used only once it has proved that it knows the verify token.
func TestOverrideNeedsTheHandshake(t *testing.T) {
	config := testConfig()
	w := newWorld(t, config, nil)
	other := newBusiness(t)
	if err := w.client.OverrideCallback(t.Context(), account1, other.URL, "wrong"); err == nil {
		t.Error("a wrong verify token was accepted")
	}
	if err := w.client.OverrideCallback(t.Context(), account1, other.URL, "verify-1"); err != nil {
		t.Fatal(err)
	}
	w.write(ana, Inbound{Text: "hi"})
	w.idle()
	if len(other.messages()) != 1 || len(w.business.messages()) != 0 {
		t.Errorf("got %d at the new callback and %d at the old one", len(other.messages()), len(w.business.messages()))
	}
}

func TestUpdatesWaitForTheHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ready, posted atomic.Bool
		config := testConfig()
		config.Accounts[0].CallbackURL = "http://callback.test/webhooks"
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			switch {
			case r.Method == http.MethodPost:
				posted.Store(true)
				return answer(http.StatusOK, ""), nil
			case ready.Load():
				return answer(http.StatusOK, r.URL.Query().Get("hub.challenge")), nil
			default:
				return answer(http.StatusServiceUnavailable, ""), nil
			}
		})
		s, err := New(config, Options{Transport: transport, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		go s.Run(t.Context())
		if _, err := s.Write(ana, Inbound{To: number1, Text: "hi"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if posted.Load() {
			t.Error("an update was posted before the handshake")
		}
		ready.Store(true)
		if err := s.WaitIdle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !posted.Load() {
			t.Error("the update was not posted after the handshake")
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func TestParseConfig(t *testing.T) {
	got, err := ParseConfig(
		[]byte(
			"seed: 3\nrecord: hash\ndelivery: {sentAfter: 20ms}\naccounts:\n- id: \"1\"\n  numbers:\n  - {id: " +
				"\"2\", displayPhoneNumber: \"+33 6\"}\n",
		),
	)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Seed: 3, Record: RecordHash, Delivery: Delivery{SentAfter: Duration(20 * time.Millisecond)},
		Accounts: []Account{{ID: "1", Numbers: []Number{{ID: "2", DisplayPhoneNumber: "+33 6"}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, tc := range map[string]struct{ config, want string }{
		"unknown field":     {"speed: 1", "unknown field"},
		"record":            {"record: some", "record: use full, hash or counts"},
		"pricing":           {"pricing: 2018", "pricing"},
		"no unit":           {"delivery: {sentAfter: 20}", "a duration is written as a string"},
		"id twice":          {"accounts: [{id: a, numbers: [{id: a}]}]", "accounts[0].numbers[0].id"},
		"callback":          {"accounts: [{id: a, callbackURL: ftp://x}]", "callbackURL: give an http or https URL"},
		"template no body":  {"accounts: [{id: a, templates: [{name: x, components: []}]}]", "the BODY is missing"},
		"batch too large":   {"webhooks: {maxBatch: 1001}", "webhooks.maxBatch: use 1 to 1000"},
		"negative duration": {"review: {after: -1s}", "is not negative"},
	} {
		if _, err := ParseConfig([]byte(tc.config)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, tc.want)
		}
	}
}

func TestUnknownPathIsAnErrorInMetasShape(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	if got := w.control("GET", "/v26.0/1/unknown", "", 404); !strings.Contains(got, `"code":100`) {
		t.Errorf("got %s", got)
	}
	if got := w.control("GET", "/healthz", "", 200); got != "ok\n" {
		t.Errorf("got %q", got)
	}
}
