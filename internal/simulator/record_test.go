package simulator

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/template"
)

// authorized calls the Graph API with the account's token.
func (w *world) authorized(method, path string, want int) string {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), method, w.api.URL+path, http.NoBody)
	if err != nil {
		w.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
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

func TestBlockedUsersAndSubscriptionAreListed(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	for _, phone := range []string{"4915112345678", ana} {
		w.write(phone, Inbound{Text: "rude"})
		if _, err := w.client.block(t.Context(), number1, []string{phone}, true); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"data":[{"messaging_product":"whatsapp","wa_id":"4915112345678"},{"messaging_product":"whatsapp","wa_id":"5511999990000"}]}`
	if got := w.authorized("GET", "/v26.0/"+number1+"/block_users", 200); got != want {
		t.Errorf("blocked: got %s, want %s", got, want)
	}
	want = `{"data":[{"override_callback_uri":"` + w.business.URL + `","whatsapp_business_api_data":{"id":"` + account1 + `","name":"Shop"}}]}`
	if got := w.authorized("GET", "/v26.0/"+account1+"/subscribed_apps", 200); got != want {
		t.Errorf("subscription: got %s, want %s", got, want)
	}
}

func TestPausedTemplateIsUnpaused(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	page, err := w.client.ListTemplates(t.Context(), account1, graph.TemplateQuery{})
	if err != nil {
		t.Fatal(err)
	}
	id := page.Templates[0].ID
	w.authorized("POST", "/v26.0/"+id+"/unpause", 400)
	w.control("PUT", "/control/templates/"+id, `{"status":"PAUSED"}`, 200)
	w.refused(orderReadyTo(ana), graph.CodeTemplatePaused)
	w.authorized("POST", "/v26.0/"+id+"/unpause", 200)
	w.mustSend(orderReadyTo(ana))
}

func TestStatusesOfUserIDs(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	body := `{"messaging_product":"whatsapp","recipient":"BR.77","type":"template","template":{"name":"order_ready","language":{"code":"en_US"},"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]}}`
	response, err := w.client.Send(t.Context(), number1, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]whatsapp.ResponseContact{{Input: "BR.77", UserID: "BR.77"}}, response.Contacts); diff != "" {
		t.Error(diff)
	}
	w.idle()
	for _, s := range w.business.statuses() {
		if s.RecipientID != "BR.77" || s.CallbackData != "" {
			t.Errorf("got %+v", s)
		}
	}
}

func TestOneTimeCodeNeedsANumber(t *testing.T) {
	config := testConfig()
	config.Accounts[0].Templates = []template.Definition{{
		Name: "login", Language: "en", Category: template.CategoryAuthentication,
		Components: []template.Component{{Type: template.Body}},
	}}
	w := newWorld(t, config, nil)
	content := `"type":"template","template":{"name":"login","language":{"code":"en"},` +
		`"components":[{"type":"body","parameters":[{"type":"text","text":"123456"}]}]}}`
	w.refused([]byte(`{"messaging_product":"whatsapp","recipient":"BR.77",`+content), graph.CodeUserIDNotSupported)
	w.mustSend([]byte(`{"messaging_product":"whatsapp","to":"+` + ana + `",` + content))
}

func TestFullQueueLosesUpdatesAndSaysSo(t *testing.T) {
	config := testConfig()
	config.Webhooks.MaxPending = 2
	config.Accounts[0].VerifyToken = "unknown to the business"
	w := newWorld(t, config, nil)
	for range 5 {
		w.write(ana, Inbound{Text: "hi"})
	}
	if got := w.s.Counts().Lost; got != 3 {
		t.Errorf("lost: got %d, want 3", got)
	}
	if got := w.control(
		"GET", "/control/idle?timeout=1ms", "", http.StatusGatewayTimeout,
	); !strings.Contains(got, `"pending":2`) {
		t.Errorf("idle: got %s", got)
	}
}

func TestAccountWithoutCallbackLosesUpdates(t *testing.T) {
	s, err := New(DefaultConfig(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(ana, Inbound{To: number1, Text: "hi"}); err != nil {
		t.Fatal(err)
	}
	if got := s.Counts(); got.Inbound != 1 || got.Lost != 1 {
		t.Errorf("got %+v", got)
	}
}

// Whatever disturbs the webhooks, the business is told every step of the record
// and no other.
func TestP2WebhooksTellTheWholeRecord(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	rapid.Check(t, func(r *rapid.T) {
		w.s.Reset()
		w.idle()
		w.business.mu.Lock()
		w.business.changes = nil
		// each costs a retry's delay
		w.business.failures = rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}).Draw(r, "failures")
		w.business.mu.Unlock()
		knobs := Knobs{
			DuplicateRate: rapid.Float64Range(0, 1).Draw(r, "duplicates"),
			ReorderRate:   rapid.Float64Range(0, 1).Draw(r, "reorder"),
			ReorderWithin: Duration(2 * time.Millisecond),
		}
		if err := w.s.SetKnobs(knobs); err != nil {
			r.Fatal(err)
		}
		if rapid.Bool().Draw(r, "async failures") {
			if err := w.s.AddFault(Fault{Code: graph.CodeMarketingLimit, Async: true, Rate: 0.3}); err != nil {
				r.Fatal(err)
			}
		}
		for i := range rapid.IntRange(1, 20).Draw(r, "sends") {
			w.mustSend(orderReadyTo(fmt.Sprintf("49151%08d", i)))
		}
		w.idle()
		told, recorded := map[string]bool{}, map[string]bool{}
		for _, s := range w.business.statuses() {
			told[s.ID+" "+s.Status] = true
		}
		for _, m := range w.s.Messages(MessageFilter{}) {
			for _, step := range m.Statuses {
				recorded[m.ID+" "+step.Status] = true
			}
		}
		if diff := cmp.Diff(recorded, told); diff != "" {
			r.Fatal(diff)
		}
	})
}
