package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/template"
)

const (
	account1 = "102290129340398"
	number1  = "106540352242922"
	number2  = "106540352242923"
	token    = "token-1"
	secret   = "app-secret"
	ana      = "5511999990000"
)

func orderReady() template.Definition {
	return template.Definition{
		Name: "order_ready", Language: "en_US", Category: template.CategoryUtility,
		Components: []template.Component{{
			Type: template.Body, Text: "Hi {{1}}, your order is ready.",
			Example: &template.Example{BodyText: [][]string{{"Ana"}}},
		}},
	}
}

func testConfig() Config {
	return Config{
		Seed: 7,
		Accounts: []Account{{
			ID: account1, Name: "Shop", AppSecret: secret, VerifyToken: "verify-1", Tokens: []string{token},
			Numbers: []Number{
				{ID: number1, DisplayPhoneNumber: "+1 555-078-3881", VerifiedName: "Shop"},
				{ID: number2, DisplayPhoneNumber: "+33 6 12 34 56 78"},
			},
			Templates: []template.Definition{orderReady()},
		}},
	}
}

// business receives the webhooks of a test.
type business struct {
	*httptest.Server
	mu      sync.Mutex
	bodies  [][]byte
	changes []whatsapp.Change
	// failures is how many of the next webhooks are answered with 500.
	failures int
}

func newBusiness(t *testing.T) *business {
	t.Helper()
	b := &business{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			challenge, ok := graph.Handshake(r.URL.Query(), "verify-1")
			if !ok {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			_, _ = w.Write([]byte(challenge))
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if !graph.VerifySignature(body, r.Header.Get(graph.SignatureHeader), secret) {
			t.Errorf("the signature does not fit %s", body)
		}
		webhook, err := whatsapp.ParseWebhook(body)
		if err != nil {
			t.Errorf("%s: %v", body, err)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.failures > 0 {
			b.failures--
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		b.bodies = append(b.bodies, body)
		b.changes = append(b.changes, webhook.Changes...)
	}))
	t.Cleanup(b.Close)
	return b
}

// statuses returns "id status type/category" of every status in order.
func (b *business) statuses() []whatsapp.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []whatsapp.Status
	for _, c := range b.changes {
		all = append(all, c.Statuses...)
	}
	return all
}

func (b *business) messages() []whatsapp.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []whatsapp.Message
	for _, c := range b.changes {
		all = append(all, c.Messages...)
	}
	return all
}

// world is a simulator at work with a business behind it.
type world struct {
	*testing.T
	s        *Simulator
	api      *httptest.Server
	business *business
	client   client
}

func newWorld(t *testing.T, config Config, now func() time.Time) *world {
	t.Helper()
	b := newBusiness(t)
	if len(config.Accounts) > 0 {
		config.Accounts[0].CallbackURL = b.URL
	}
	s, err := New(config, Options{Now: now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		s.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-finished })
	api := httptest.NewServer(s.Handler())
	t.Cleanup(api.Close)
	client, err := newClient(graph.ClientOptions{BaseURL: api.URL, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	return &world{T: t, s: s, api: api, business: b, client: client}
}

func (w *world) idle() {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	if err := w.s.WaitIdle(ctx); err != nil {
		w.Fatalf("the simulator is still busy: %v", err)
	}
}

// control calls the control API and returns the answer's body.
func (w *world) control(method, path, body string, want int) string {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), method, w.api.URL+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatal(err)
	}
	if response.StatusCode != want {
		w.Fatalf("%s %s: got %d %s, want %d", method, path, response.StatusCode, answer, want)
	}
	return string(answer)
}

func text(to string) []byte {
	return []byte(
		`{"messaging_product":"whatsapp","to":"+` + to + `","text":{"body":"hello"},"biz_opaque_callback_data":"d1"}`,
	)
}

func orderReadyTo(to string) []byte {
	return []byte(
		`{"messaging_product":"whatsapp","to":"+` + to + `","type":"template","template":{"name":"order_ready","language":{"code":"en_US"},"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]}}`,
	)
}

func (w *world) send(body []byte) (string, error) {
	w.Helper()
	response, err := w.client.Send(w.Context(), number1, body)
	if err != nil {
		return "", err
	}
	return response.Messages[0].ID, nil
}

func (w *world) mustSend(body []byte) string {
	w.Helper()
	id, err := w.send(body)
	if err != nil {
		w.Fatal(err)
	}
	return id
}

// refused sends and wants an error of the code.
func (w *world) refused(body []byte, code int) *graph.Error {
	w.Helper()
	_, err := w.send(body)
	failure, ok := graph.AsError(err)
	if !ok || failure.Code != code {
		w.Fatalf("got %v, want code %d", err, code)
	}
	return failure
}

func TestWhatACustomerChangesOrDeletesOpensNoWindow(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	for _, kind := range []string{"edit", "revoke"} {
		w.write(ana, Inbound{Message: map[string]json.RawMessage{
			"type": []byte(`"` + kind + `"`), kind: []byte(`{"original_message_id":"wamid.1"}`),
		}})
		w.refused(text(ana), graph.CodeReEngagement)
	}
}

func (w *world) write(phone string, in Inbound) string {
	w.Helper()
	in.To = orElse(in.To, number1)
	id, err := w.s.Write(phone, in)
	if err != nil {
		w.Fatal(err)
	}
	return id
}

func steps(statuses []whatsapp.Status) []string {
	var all []string
	for _, s := range statuses {
		line := s.ID[len(s.ID)-2:] + " " + s.Status
		if s.Pricing != nil {
			line += " " + s.Pricing.Type + "/" + s.Pricing.Category
		}
		if len(s.Errors) > 0 {
			line += " " + jsonOf(s.Errors[0].Code)
		}
		all = append(all, line)
	}
	return all
}

func jsonOf(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

func TestCustomerWritesAndBusinessAnswers(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	inbound := w.write("+"+ana, Inbound{Text: "Where is my parcel? \U0001F4E6", Name: "Ana"})
	w.idle()
	got := w.business.messages()
	if len(got) != 1 || got[0].ID != inbound || got[0].From != ana || got[0].Text != "Where is my parcel? \U0001F4E6" {
		t.Fatalf("inbound: got %+v", got)
	}
	if bytes.ContainsFunc(w.business.bodies[0], func(r rune) bool { return r > 127 }) {
		t.Error("the webhook is not ASCII")
	}
	id := w.mustSend(text(ana))
	w.idle()
	statuses := w.business.statuses()
	tail := id[len(id)-2:]
	want := []string{
		tail + " sent free_customer_service/service", tail + " delivered free_customer_service/service", tail + " read",
	}
	if diff := cmp.Diff(want, steps(statuses)); diff != "" {
		t.Error(diff)
	}
	for _, s := range statuses {
		if s.ID != id || s.RecipientID != ana || s.CallbackData != "d1" || s.Conversation != nil {
			t.Errorf("status: got %+v", s)
		}
	}
	record := w.s.Messages(MessageFilter{})
	if len(record) != 1 || record[0].ID != id || string(record[0].Body) != string(text(ana)) ||
		len(record[0].Statuses) != 3 {
		t.Errorf("record: got %s", jsonOf(record))
	}
}

// The simulator is Meta: it has its own view of the window.
func TestOwnWindow(t *testing.T) {
	start := time.Date(2026, 10, 5, 10, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		age  time.Duration
		open bool
	}{
		"just written":      {0, true},
		"a second to go":    {24*time.Hour - time.Second, true},
		"exactly 24 hours":  {24 * time.Hour, false},
		"25 hours ago":      {25 * time.Hour, false},
		"never written":     {-1, false},
		"ten days too late": {240 * time.Hour, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testConfig(), func() time.Time { return start })
			if tc.age >= 0 {
				at := start.Add(-tc.age)
				w.write(ana, Inbound{Text: "hi", Timestamp: &at})
			}
			if tc.open {
				w.mustSend(text(ana))
				return
			}
			failure := w.refused(text(ana), graph.CodeReEngagement)
			want := "No service window: the customer has not written to this number. Send an approved template instead."
			if tc.age >= 0 {
				want = "The service window closed at " + start.Add(
					24*time.Hour-tc.age,
				).Format(time.RFC3339) + ". Send an approved template, or wait for the customer to write."
			}
			if failure.Details != want {
				t.Errorf("got %q, want %q", failure.Details, want)
			}
			w.mustSend(orderReadyTo(ana))
		})
	}
}

func TestWindowsOfTwoNumbersAreApart(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.write(ana, Inbound{Text: "hi", To: number2})
	w.refused(text(ana), graph.CodeReEngagement)
}

func TestAccessAndUnknownIDs(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	stranger, err := newClient(graph.ClientOptions{BaseURL: w.api.URL, Token: "other"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = stranger.Send(t.Context(), number1, text(ana))
	if failure, ok := graph.AsError(err); !ok || failure.Code != 190 || failure.HTTPStatus != 401 {
		t.Errorf("unknown token: got %v, want 190", err)
	}
	_, err = w.client.Send(t.Context(), "999", text(ana))
	if failure, ok := graph.AsError(err); !ok || failure.Code != 33 || failure.HTTPStatus != 400 {
		t.Errorf("unknown number: got %v, want 33", err)
	}
	w.refused([]byte(`{"messaging_product":"whatsapp"}`), graph.CodeMissingParameter)
	number, err := w.client.PhoneNumber(t.Context(), number1)
	if err != nil {
		t.Fatal(err)
	}
	want := whatsapp.PhoneNumber{
		ID: number1, DisplayPhoneNumber: "+1 555-078-3881", VerifiedName: "Shop", QualityRating: "GREEN",
		Status: "CONNECTED", Throughput: &whatsapp.Throughput{Level: "STANDARD"},
	}
	if diff := cmp.Diff(want, number); diff != "" {
		t.Error(diff)
	}
	if err := w.client.MarkRead(t.Context(), number1, &whatsapp.ReadReceipt{MessageID: "wamid.1"}); err != nil {
		t.Errorf("read receipt: %v", err)
	}
	if got := w.s.Counts().Accepted; got != 0 {
		t.Errorf("accepted: got %d, want 0", got)
	}
}

func TestPricingOf2026(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.write(ana, Inbound{Text: "hi"})
	for range 1000 {
		w.mustSend(text(ana))
	}
	w.idle()
	last := w.mustSend(text(ana))
	inWindow := w.mustSend(orderReadyTo(ana))
	reaction := w.mustSend(
		[]byte(
			`{"messaging_product":"whatsapp","to":"+` + ana + `","type":"reaction","reaction":{"message_id":"wamid.1","emoji":"👍"}}`,
		),
	)
	w.idle()
	got := map[string]string{}
	for _, m := range w.s.Messages(MessageFilter{After: 999}) {
		line := jsonOf(len(m.Statuses))
		if m.Pricing != nil {
			line += " " + m.Pricing.Type + "/" + m.Pricing.Category
		}
		got[m.ID] = line
	}
	if got[last] != "3 regular/service" || got[inWindow] != "3 regular/utility" || got[reaction] != "1" {
		t.Errorf(
			"got %s for the 1,001st, %s for a template in the window, %s for a reaction", got[last], got[inWindow],
			got[reaction],
		)
	}
	counts := w.s.Counts()
	if counts.Accepted != 1003 || counts.Sent != 1003 || counts.Delivered != 1002 || counts.Read != 1002 ||
		counts.Billable != 2 || counts.Lost != 0 {
		t.Errorf("counts: got %+v", counts)
	}
	if counts.Updates != 1+1003+1002+1002 || len(w.business.statuses()) != 1003+1002+1002 {
		t.Errorf("webhooks: got %d updates and %d statuses", counts.Updates, len(w.business.statuses()))
	}
}

func TestPricingOf2025(t *testing.T) {
	config := testConfig()
	config.Pricing = "2025-07"
	w := newWorld(t, config, nil)
	outside := w.mustSend(orderReadyTo(ana))
	w.idle()
	w.write(ana, Inbound{Text: "hi"})
	inside := w.mustSend(orderReadyTo(ana))
	w.idle()
	record := w.s.Messages(MessageFilter{})
	if record[0].ID != outside || record[0].Pricing.Type != "regular" || !record[0].Pricing.Billable {
		t.Errorf("outside the window: got %s", jsonOf(record[0].Pricing))
	}
	if record[1].ID != inside || record[1].Pricing.Type != "free_customer_service" || record[1].Pricing.Billable {
		t.Errorf("inside the window: got %s", jsonOf(record[1].Pricing))
	}
}

func TestFreeEntryPoint(t *testing.T) {
	start := time.Date(2026, 10, 5, 10, 0, 0, 0, time.UTC)
	w := newWorld(t, testConfig(), func() time.Time { return start })
	w.write(ana, Inbound{Text: "hi", Referral: json.RawMessage(`{"source_type":"ad","source_id":"1202"}`)})
	w.mustSend(orderReadyTo(ana))
	w.idle()
	statuses := w.business.statuses()
	sent := statuses[0]
	if sent.Conversation == nil || sent.Conversation.Origin != "referral_conversion" ||
		!sent.Conversation.Expires.Equal(start.Add(168*time.Hour)) {
		t.Errorf("conversation: got %+v", sent.Conversation)
	}
	if sent.Pricing.Type != "free_entry_point" || sent.Pricing.Category != "utility" || *sent.Pricing.Billable {
		t.Errorf("pricing: got %+v", sent.Pricing)
	}
	if got := w.business.messages()[0].Referral; got == nil || got.SourceType != "ad" {
		t.Errorf("referral: got %+v", got)
	}
}
