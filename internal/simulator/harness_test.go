package simulator

import (
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

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
	"github.com/guichet-dev/guichet/internal/template"
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
	changes []webhook.Change
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
		webhook, err := webhook.Parse(body)
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
func (b *business) statuses() []webhook.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []webhook.Status
	for _, c := range b.changes {
		all = append(all, c.Statuses...)
	}
	return all
}

func (b *business) messages() []webhook.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []webhook.Message
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
	s, err := New(config, Options{Clock: clock.New(now), Logger: slog.New(slog.DiscardHandler)})
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

// receiver names whom a message goes to: a number in digits, or a user id.
func receiver(to string) string {
	if identity.IsUserID(to) {
		return `"recipient":"` + to + `"`
	}
	return `"to":"+` + to + `"`
}

func text(to string) []byte {
	return []byte(
		`{"messaging_product":"whatsapp",` + receiver(to) + `,"text":{"body":"hello"},"biz_opaque_callback_data":"d1"}`,
	)
}

func orderReadyTo(to string) []byte {
	return []byte(
		`{"messaging_product":"whatsapp",` + receiver(to) + `,"type":"template","template":{"name":"order_ready",` +
			`"language":{"code":"en_US"},"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]}}`,
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

func (w *world) write(phone string, in Inbound) string {
	w.Helper()
	in.To = orElse(in.To, number1)
	id, err := w.s.Write(phone, in)
	if err != nil {
		w.Fatal(err)
	}
	return id
}

// customer is what is known of whoever has an address.
func (w *world) customer(address string) customer {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return *w.s.state.customer(w.s.state.pairOf(number1, address))
}

func steps(statuses []webhook.Status) []string {
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
