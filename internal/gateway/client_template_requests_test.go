package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/requests"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	templatesPath = "/v26.0/" + waba + "/message_templates"
	orderReady    = `{"name":"order_ready","language":"pt_BR","category":"UTILITY","components":[` +
		`{"type":"BODY","text":"Hi {{1}}, it is ready.","example":{"body_text":[["Ana"]]}}]}`
)

func reviewed(d *config.Document) { d.TemplatesFromAPI = config.TemplatesReviewed }

// asked asks for a template, and returns its id.
func (w *world) asked(body string) string {
	w.t.Helper()
	got := w.do(http.MethodPost, templatesPath, body)
	var made struct{ ID, Status, Category string }
	if err := json.Unmarshal([]byte(got.body), &made); err != nil || got.status != http.StatusOK {
		w.t.Fatalf("%s got %d %s", body, got.status, got.body)
	}
	if !regexp.MustCompile(`^[0-9]{19}$`).MatchString(made.ID) || made.Status != "PENDING" {
		w.t.Fatalf("%s got %s, want an id and PENDING", body, got.body)
	}
	return made.ID
}

// A template that a client asks for is durable when it is answered, is seen at once, and is told to
// the operator until that has taken it.
func TestP1TemplateThatAClientAsksFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reviewed)
	id := w.asked(orderReady)
	if again := w.asked(orderReady); again != id {
		t.Errorf("asked again, it is %s, want %s", again, id)
	}
	if got := w.do(http.MethodGet, "/"+id+"?fields=name,status", ""); got.body !=
		`{"id":"`+id+`","name":"order_ready","status":"PENDING"}` {
		t.Errorf("got %s", got.body)
	}
	if got := w.templates("?name=order_ready").names(); len(got) != 1 {
		t.Errorf("the list has %q", got)
	}
	told := w.report().TemplateRequests
	if len(told) != 1 || fmt.Sprint(told[0].Target) != id || told[0].By != "client" || told[0].Language != "pt_BR" ||
		told[0].Definition == nil || told[0].Definition.Components[0].Text != "Hi {{1}}, it is ready." {
		t.Fatalf("the operator is told %+v", told)
	}
	w.restart(func() {})
	if again := w.report().TemplateRequests; len(again) != 1 || again[0].ID != told[0].ID {
		t.Fatalf("after a restart the operator is told %+v", again)
	}

	// The operator has made a MessageTemplate of it.
	made := config.Template{Definition: *told[0].Definition, RequestID: id, UpstreamStatus: "PENDING"}
	w.document.AskedTemplates, w.document.TakenTemplateRequest = []config.Template{made}, told[0].ID
	w.writeDocument()
	w.until("it is taken", func() bool { return len(w.report().TemplateRequests) == 0 })
	if got := w.do(http.MethodPost, templatesPath, strings.Replace(orderReady, "it is", "all is", 1)); got.status !=
		http.StatusOK { // not looked at yet, so that it may be asked again in other words
		t.Errorf("got %d %s", got.status, got.body)
	}
	w.until("the other words are told", func() bool {
		again := w.report().TemplateRequests
		return len(again) == 1 && fmt.Sprint(again[0].Target) == id && again[0].ID > told[0].ID
	})

	// Then the upstream has it, under an id of its own; clients may go on with theirs.
	made.UpstreamID, made.UpstreamStatus, made.BilledCategory = "7001", "APPROVED", "utility"
	w.document.Templates = append(w.document.Templates, made)
	w.document.AskedTemplates, w.document.TakenTemplateRequest = nil, w.report().TemplateRequests[0].ID
	w.writeDocument()
	w.until("it is approved", func() bool { return strings.Contains(w.do("GET", "/"+id, "").body, `"APPROVED"`) })
	if got := w.do(http.MethodPost, templatesPath, orderReady); got.code != 100 ||
		!strings.Contains(got.body, "There is a template of this name in this language already.") {
		t.Errorf("asked anew, it got %s", got.body)
	}
	if got := w.do(http.MethodPost, "/7001", `{"components":[{"type":"BODY","text":"It is ready."}]}`); got.body !=
		`{"success":true}` {
		t.Errorf("the change got %s", got.body)
	}
	if told = w.report().TemplateRequests; len(told) != 1 || fmt.Sprint(told[0].Target) != id ||
		told[0].Definition.Name != "order_ready" || told[0].Definition.Components[0].Text != "It is ready." {
		t.Errorf("the operator is told %+v", told)
	}
	if got := w.do(http.MethodDelete, templatesPath+"?name=order_ready&hsm_id=7001", ""); got.body !=
		`{"success":true}` {
		t.Errorf("the deletion got %s", got.body)
	}
	if told = w.report().TemplateRequests; len(told) != 1 || told[0].Definition != nil {
		t.Errorf("the operator is told %+v", told)
	}
	if got := w.do("GET", "/7001?fields=status", ""); got.body != `{"id":"7001","status":"PENDING_DELETION"}` {
		t.Errorf("got %s", got.body)
	}
	if got := w.do(http.MethodPost, "/7001", `{"category":"MARKETING"}`); got.code != 100 ||
		!strings.Contains(got.body, "is being deleted") {
		t.Errorf("the change of a template that goes got %d %s", got.status, got.body)
	}
}

// P1: a request outlives the upkeep of a replica that still serves the configuration before, by
// which the account takes none.
func TestP1TemplateRequestOutlivesAnOlderConfiguration(t *testing.T) {
	t.Parallel()
	g := resting(t, noonClock(), reviewed)
	asked := store.TemplateRequest{ID: noon.UnixMilli() * 1_000_000, At: noon, Name: "a", Language: "en"}
	asked.Target = asked.ID
	older := *g.config.Tenant()
	older.TemplatesFromAPI = ""
	for _, step := range []struct {
		at   time.Time
		want int
	}{{noon.Add(time.Minute), 1}, {noon.Add(2 * time.Hour), 0}} {
		var waiting []requests.WaitingTemplate
		if err := g.store.Update(t.Context(), func(tx *durable.Tx) error {
			put := tx.Intake().PutTemplateRequest(asked)
			dropped := requests.DropTaken(tx, &older, step.at)
			var read error
			waiting, read = requests.Waiting(tx.Tx, g.config.Tenant())
			return errors.Join(put, dropped, read)
		}); err != nil || len(waiting) != step.want {
			t.Errorf("at %s %+v wait, %v", step.at, waiting, err)
		}
	}
}

// P1: what a client asks for anew, before the operator has deleted the one before, is another
// template: the operator may be about to delete that one.
func TestP1TemplateAskedForAfterItsDeletionIsAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reviewed)
	first := w.asked(orderReady)
	if got := w.do(http.MethodDelete, "/"+first, ""); got.body != `{"success":true}` {
		t.Fatalf("the deletion got %d %s", got.status, got.body)
	}
	second := w.asked(orderReady)
	told := w.report().TemplateRequests
	if len(told) != 2 || fmt.Sprint(told[0].Target) != first || told[0].Definition != nil ||
		fmt.Sprint(told[1].Target) != second || told[1].Definition == nil {
		t.Errorf("of %s and %s the operator is told %+v", first, second, told)
	}
}

// No client changes what was not made for one, and what is asked is bounded.
func TestTemplatesThatAClientMayNotWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reviewed, func(d *config.Document) {
		of := gatewaytest.Approved(gatewaytest.BodyTemplate("ours", "UTILITY", "Hello {{1}}, it is ours."))
		of.UpstreamID = "9001"
		d.Templates = append(d.Templates, of)
	})
	for _, tc := range []struct {
		method, path, body string
		status, code       int
		says               string
	}{
		{"POST", "/9001", `{"category":"MARKETING"}`, 403, 10, "was not made through this API"},
		{"DELETE", "/9001", "", 403, 10, "was not made through this API"},
		{"DELETE", templatesPath + "?name=ours", "", 403, 10, "was not made through this API"},
		{"DELETE", templatesPath + "?name=nobody", "", 400, 100, "does not exist"},
		{"DELETE", templatesPath, "", 400, 100, "Say which template to delete"},
		{"POST", templatesPath, `{"name":"Order","language":"en","category":"UTILITY"}`, 400, 100, "name"},
		{"POST", templatesPath, `[]`, 400, 100, "must be a JSON object"},
		{"POST", templatesPath, ``, 400, 100, "is empty"},
		{
			"POST", templatesPath, `{"name":"x","language":"en","category":"UTILITY","library_template_name":"y"}`,
			400, 100, "library",
		},
		{
			"POST", templatesPath,
			strings.Replace(orderReady, `"category"`, `"x":"`+strings.Repeat("x", 16_300)+`","category"`, 1),
			413, 100, "larger than 16384 bytes",
		},
		{"POST", "/v26.0/" + waba + "/upsert_message_templates", orderReady, 403, 10, "not written through this API"},
	} {
		got := w.do(tc.method, tc.path, tc.body)
		if got.status != tc.status || got.code != tc.code || !strings.Contains(got.body, tc.says) {
			t.Errorf("%s %s %.60s got %d %s, want %d, code %d and %q",
				tc.method, tc.path, tc.body, got.status, got.body, tc.status, tc.code, tc.says)
		}
	}
	for i := range 20 {
		w.asked(strings.Replace(orderReady, "order_ready", fmt.Sprintf("order_%d", i), 1))
	}
	if got := w.do("POST", templatesPath, orderReady); got.code != 130429 {
		t.Errorf("the 21st got %d %s", got.status, got.body)
	}
	if got := len(w.report().TemplateRequests); got != 20 {
		t.Errorf("%d wait, want 20", got)
	}

	// As a form, as Meta's own libraries write it.
	form := "name=order_0&language=pt_BR&category=UTILITY&components=" +
		url.QueryEscape(`[{"type":"BODY","text":"Hi."}]`)
	got := w.do("POST", templatesPath, form, "Content-Type", "application/x-www-form-urlencoded")
	if got.status != http.StatusOK {
		t.Errorf("the form got %d %s", got.status, got.body)
	}

	// Once the account takes none any more, what waits is void.
	w.document.TemplatesFromAPI = ""
	w.writeDocument()
	w.until("none is told", func() bool { return len(w.report().TemplateRequests) == 0 })
	if got := w.do("POST", templatesPath, orderReady); got.status != http.StatusForbidden ||
		!strings.Contains(got.body, "Apply or delete a MessageTemplate") {
		t.Errorf("got %d %s", got.status, got.body)
	}
}
