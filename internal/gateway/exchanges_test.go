package gateway

import (
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/cloudapitest"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/template"
)

// Every file of testdata/exchanges holds requests of a business, the answers that the Cloud API
// gives to them, and what the upstream must get of each, byte for byte. A gateway plays them with
// the simulator as its upstream.
func TestExchangesOfTheCloudAPI(t *testing.T) {
	t.Parallel()
	worlds := map[string]func(*config.Document){
		"budget":  func(d *config.Document) { d.Budget = &config.Budget{Limit: usd("0.01"), Action: config.BudgetBlock} },
		"consent": func(d *config.Document) { d.Consent.Policy = config.ConsentOptIn },
	}
	files, err := filepath.Glob("testdata/exchanges/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no exchanges: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exchanges := readExchanges(t, file)
			synctest.Test(t, func(t *testing.T) {
				w := newExchangeWorld(t, worlds[name])
				for _, e := range exchanges {
					w.play(e)
				}
			})
		})
	}
}

// exchange is a request, its answer, and what the upstream gets.
type exchange struct {
	name, method, path string
	header             []string
	body               string
	status             int
	answer             string
	// upstream are the requests that the upstream gets, each as "METHOD path" and its body.
	upstream []string
}

// Marks of a file: of an exchange's name, and of its parts.
const (
	exchangeMark = "=== "
	partMark     = "--- "
)

// readExchanges reads a file. An exchange is its name behind "===", and parts behind "---": the
// request's line, with headers behind it, the answer's status, and for each request to the upstream
// the word "upstream" and its line. Behind each stands a body.
func readExchanges(t *testing.T, file string) (exchanges []exchange) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range strings.Split("\n"+string(content), "\n"+exchangeMark)[1:] {
		parts := strings.Split(text, "\n"+partMark)
		if len(parts) < 3 {
			t.Fatalf("%s: %q has no request or no answer", file, text)
		}
		e := exchange{name: parts[0]}
		head, body, _ := strings.Cut(parts[1], "\n\n")
		e.body = strings.TrimSuffix(body, "\n")
		lines := strings.Split(strings.TrimSuffix(head, "\n"), "\n")
		e.method, e.path, _ = strings.Cut(lines[0], " ")
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ": ")
			e.header = append(e.header, name, value)
		}
		status, answer, _ := strings.Cut(parts[2], "\n")
		if e.status, err = strconv.Atoi(status); err != nil {
			t.Fatalf("%s, %s: %v", file, e.name, err)
		}
		e.answer = strings.TrimSuffix(answer, "\n")
		for _, part := range parts[3:] {
			e.upstream = append(e.upstream, strings.TrimPrefix(strings.TrimSuffix(part, "\n"), "upstream "))
		}
		exchanges = append(exchanges, e)
	}
	return exchanges
}

// exchangeWorld is a world whose upstream's requests are kept.
type exchangeWorld struct {
	*world
	mu   sync.Mutex
	seen []string
}

// Customers of the exchanges, beside Ana, whose window is open.
const (
	silentCustomer  = "33612000001" // has never written
	lateCustomer    = "33612000002" // wrote 25 hours ago
	stoppedCustomer = "33612000003" // has stopped marketing
)

func newExchangeWorld(t *testing.T, change func(*config.Document)) *exchangeWorld {
	t.Helper()
	w := &exchangeWorld{world: prepareWorld(t, func(d *config.Document) {
		d.Templates = nil
		for _, definition := range cloudapitest.Definitions() {
			d.Templates = append(d.Templates, gatewaytest.Approved(definition))
		}
		for _, status := range []string{"PAUSED", "DISABLED", "PENDING", "REJECTED"} {
			name := strings.ToLower(status)
			of := gatewaytest.Approved(gatewaytest.BodyTemplate(name, template.CategoryUtility, "Hello {{1}}, a word."))
			of.UpstreamStatus = status
			d.Templates = append(d.Templates, of)
		}
		if change != nil {
			change(d)
		}
	})}
	upstream := gatewaytest.SimulatorConfig(w.api + config.WebhookPath)
	upstream.Accounts[0].Templates = cloudapitest.Definitions()
	var err error
	w.sim, err = simulator.New(upstream, simulator.Options{
		Clock: w.clock, Logger: slog.New(slog.DiscardHandler), Transport: w.client.Transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	through := w.network.Serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		line := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/v26.0")
		if r.URL.Query().Get("fields") != probedFields {
			w.mu.Lock()
			w.seen = append(w.seen, strings.TrimSuffix(line+"\n"+string(body), "\n"))
			w.mu.Unlock()
		}
		answer := httptest.NewRecorder()
		w.sim.Handler().ServeHTTP(answer, r)
		if edge := path.Base(r.URL.Path); strings.HasSuffix(edge, "messages") && answer.Code != http.StatusOK {
			t.Errorf("the upstream refuses what the gateway has taken: %s: %s", body, answer.Body)
		}
		maps.Copy(rw.Header(), answer.Header())
		rw.WriteHeader(answer.Code)
		_, _ = answer.Body.WriteTo(rw)
	}))
	for i := range w.document.Channels {
		w.document.Channels[i].BaseURL = through.URL
	}
	w.writeDocument()
	w.start()
	w.runSimulator()
	w.writes(lateCustomer, "hello", 25*time.Hour)
	w.writes(stoppedCustomer, "STOP", 0)
	w.writes(ana, "hello", 0)
	return w
}

// What no file can know: ids of the gateway, traces, and addresses.
var unknowable = regexp.MustCompile(`wamid\.R3Vp[A-Za-z0-9_-]+|"fbtrace_id":"A[A-Za-z0-9_-]+"`)

func known(text string) string {
	return unknowable.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, `"fbtrace_id"`) {
			return `"fbtrace_id":"<trace>"`
		}
		return "<id>"
	})
}

func (w *exchangeWorld) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var seen []string
	for _, text := range w.seen {
		seen = append(seen, known(text))
	}
	return seen
}

// play makes a request, and compares its answer and what the upstream got.
func (w *exchangeWorld) play(e exchange) {
	w.t.Helper()
	w.mu.Lock()
	w.seen = nil
	w.mu.Unlock()
	got := w.do(e.method, e.path, e.body, e.header...)
	if got.status != e.status {
		w.t.Errorf("%s: got %d %s, want %d", e.name, got.status, got.body, e.status)
		return
	}
	if diff := cmp.Diff(e.answer, known(got.body)); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", e.name, diff)
	}
	if len(e.upstream) > 0 {
		w.until(e.name+": the upstream is asked", func() bool { return len(w.requests()) >= len(e.upstream) })
	}
	time.Sleep(time.Second) // virtual: what else would come has come
	synctest.Wait()
	if diff := cmp.Diff(e.upstream, w.requests()); diff != "" {
		w.t.Errorf("%s: what the upstream gets (-want +got):\n%s", e.name, diff)
	}
}
