package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/admission"
	"github.com/guichet-dev/guichet/internal/gateway/dispatch"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/policy"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/simulator"
)

// The fixtures, by short names.
const (
	phoneID     = gatewaytest.PhoneID
	secondPhone = gatewaytest.SecondPhone
	waba        = gatewaytest.BusinessAccount
	appSecret   = gatewaytest.AppSecret
	verifyToken = gatewaytest.VerifyToken
	apiKey      = gatewaytest.APIKey
	accessToken = gatewaytest.AccessToken
	hookSecret  = gatewaytest.CallbackSecret
	ana         = gatewaytest.Ana

	stopProbe         = upstream.StopRest
	probeInterval     = upstream.ProbeInterval
	dispatchers       = dispatch.Concurrency
	outcomeGrace      = policy.OutcomeGrace
	pairBurst         = 45 // and one in pairInterval: what WhatsApp takes from a number for one customer
	pairInterval      = 6 * time.Second
	longestBackoff    = 5 * time.Minute
	idempotencyHeader = admission.IdempotencyHeader
)

var (
	noon       = gatewaytest.Noon
	textTo     = gatewaytest.TextTo
	templateTo = gatewaytest.TemplateTo
	usd        = gatewaytest.USD
)

// world is a gateway between a simulator and a business's endpoint, all on one network.
type world struct {
	t         testing.TB
	network   *gatewaytest.Network
	client    *http.Client
	document  config.Document
	directory string
	clock     *testClock
	sim       *simulator.Simulator
	upstream  *httptest.Server
	business  *business
	api       string
	metrics   string
	reportURL string
	listeners Listeners
	token     string
	logs      *lockedBuffer
	stop      func() error
	tracer    trace.Tracer
}

// testClock starts at a fixed instant and goes on at the real pace, unless it is moved; a real one
// is the machine's.
type testClock struct {
	real  bool
	began time.Time
	ahead atomic.Int64
}

func (c *testClock) now() time.Time {
	if c.real {
		return time.Now()
	}
	return noon.Add(time.Since(c.began) + time.Duration(c.ahead.Load()))
}

func (c *testClock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// lockedBuffer collects logs.
type lockedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// business is the business's own webhook endpoint. It takes only what is signed with its secret.
type business struct {
	server *httptest.Server
	mu     sync.Mutex
	bodies []string
	forged int
	down   atomic.Bool
}

func newBusiness(tb testing.TB, network *gatewaytest.Network) *business {
	tb.Helper()
	b := &business{}
	b.server = network.Serve(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || b.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if !graph.VerifySignature(body, r.Header.Get(graph.SignatureHeader), hookSecret) {
			b.forged++
			w.WriteHeader(http.StatusForbidden)
			return
		}
		b.bodies = append(b.bodies, string(body))
	}))
	return b
}

// statuses are the statuses that the business was told of a message, in order.
func (b *business) statuses(id string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var names []string
	for _, body := range b.bodies {
		webhook, err := whatsapp.ParseWebhook([]byte(body))
		if err != nil {
			continue
		}
		for _, change := range webhook.Changes {
			for _, s := range change.Statuses {
				if s.ID == id {
					names = append(names, s.Status)
				}
			}
		}
	}
	return names
}

// received are the bodies that hold a text.
func (b *business) received(text string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	for _, body := range b.bodies {
		if strings.Contains(body, text) {
			found = append(found, body)
		}
	}
	return found
}

// newWorld starts a gateway between a simulator and a business, with a document that the test may
// change before.
func newWorld(tb testing.TB, changes ...func(*config.Document)) *world {
	tb.Helper()
	return newWorldOn(tb, gatewaytest.NewNetwork(), changes...)
}

// newWorldOn is newWorld on a network.
func newWorldOn(tb testing.TB, network *gatewaytest.Network, changes ...func(*config.Document)) *world {
	tb.Helper()
	w := listenOn(tb, network, changes...)
	w.start()
	w.runSimulator()
	return w
}

// prepareWorld makes everything but the running gateway.
func prepareWorld(tb testing.TB, changes ...func(*config.Document)) *world {
	tb.Helper()
	return listenOn(tb, gatewaytest.NewNetwork(), changes...)
}

func listenOn(tb testing.TB, network *gatewaytest.Network, changes ...func(*config.Document)) *world {
	tb.Helper()
	listeners := Listeners{API: network.Listen(tb), Metrics: network.Listen(tb), Report: network.Listen(tb)}
	clock := &testClock{began: time.Now()}
	w := prepareWorldOn(tb, network, clock, "http://"+listeners.API.Addr().String(), changes...)
	w.serveOn(listeners)
	return w
}

// prepareWorldOn is prepareWorld on a network, with a clock, for a gateway whose API will be at the
// address.
func prepareWorldOn(
	tb testing.TB, network *gatewaytest.Network, clock *testClock, api string, changes ...func(*config.Document),
) *world {
	tb.Helper()
	w := &world{
		t: tb, network: network, client: network.Client(tb), directory: tb.TempDir(), clock: clock,
		business: newBusiness(tb, network), logs: &lockedBuffer{}, api: api,
	}
	tb.Cleanup(w.tellLogs)
	for _, name := range []string{"config", "keys", "data"} {
		if err := os.Mkdir(filepath.Join(w.directory, name), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	w.token = gatewaytest.WriteKeys(tb, filepath.Join(w.directory, "keys"))
	var err error
	w.sim, err = simulator.New(gatewaytest.SimulatorConfig(w.api+config.WebhookPath), simulator.Options{
		Now: clock.now, Logger: slog.New(slog.DiscardHandler), Transport: w.client.Transport,
	})
	if err != nil {
		tb.Fatal(err)
	}
	w.upstream = network.Serve(tb, w.sim.Handler())
	w.document = gatewaytest.Document(tb, w.upstream.URL, w.business.server.URL)
	for _, change := range changes {
		change(&w.document)
	}
	w.writeDocument()
	return w
}

// serveOn sets where the next gateway serves.
func (w *world) serveOn(listeners Listeners) {
	w.listeners = listeners
	w.api = "http://" + listeners.API.Addr().String()
	w.metrics = "http://" + listeners.Metrics.Addr().String()
	w.reportURL = "https://" + listeners.Report.Addr().String() + report.Path
}

// listenAgain lets the next gateway serve where the one before did.
func (w *world) listenAgain() {
	again := w.network.ListenAgain
	w.serveOn(Listeners{
		API: again(w.listeners.API.Addr()), Metrics: again(w.listeners.Metrics.Addr()),
		Report: again(w.listeners.Report.Addr()),
	})
}

// tellLogs prints the end of the gateway's logs if the test has failed.
func (w *world) tellLogs() {
	const most = 8 << 10 // bytes
	if w.t.Failed() {
		logs := w.logs.String()
		w.t.Logf("the gateway's last logs:\n%s", logs[max(0, len(logs)-most):])
	}
}

// runSimulator lets the upstream's statuses and webhooks flow until the test ends.
func (w *world) runSimulator() {
	running, stop := context.WithCancel(context.Background())
	finished := make(chan struct{})
	go func() { defer close(finished); w.sim.Run(running) }()
	w.t.Cleanup(func() { stop(); <-finished })
}

// start runs the gateway and waits until it is ready.
func (w *world) start() {
	w.t.Helper()
	w.run()
	w.becomesReady()
}

// run runs the gateway until the test ends or w.stop is called.
func (w *world) run() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{
			ConfigDirectory: filepath.Join(w.directory, "config"), KeysDirectory: filepath.Join(w.directory, "keys"),
			DataDirectory: filepath.Join(w.directory, "data"), Replica: "gateway-0",
			Log: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Now: w.clock.now, Tracer: w.tracer, Dial: w.network.Dial,
		}, w.listeners)
	}()
	w.stop = sync.OnceValue(func() error { cancel(); return <-done })
	w.t.Cleanup(func() {
		if err := w.stop(); err != nil {
			w.t.Errorf("the gateway ended with: %v", err)
		}
	})
}

// becomesReady waits until the gateway says that it is ready.
func (w *world) becomesReady() {
	w.t.Helper()
	w.until("the gateway is ready", func() bool {
		response, err := w.client.Get(w.metrics + "/readyz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// control makes a request to the simulator's control API.
func (w *world) control(method, path, body string) {
	w.t.Helper()
	request, err := http.NewRequest(method, w.upstream.URL+"/control/"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		content, _ := io.ReadAll(response.Body)
		w.t.Fatalf("control %s got %d %s", path, response.StatusCode, content)
	}
}

// until waits for a condition.
func (w *world) until(what string, condition func() bool) {
	w.t.Helper()
	const patience, longestPause = time.Minute, 250 * time.Millisecond
	began := time.Now()
	for pause := 10 * time.Millisecond; !condition(); pause = min(pause*3/2, longestPause) {
		if time.Since(began) > patience {
			w.t.Fatalf("it did not happen within %v: %s", patience, what)
		}
		time.Sleep(pause)
	}
}

// writeDocument replaces the configuration in one step, as a volume of a Secret is.
func (w *world) writeDocument() {
	w.t.Helper()
	content, err := json.Marshal(w.document)
	if err != nil {
		w.t.Fatal(err)
	}
	w.writeRaw(content)
}

func (w *world) writeRaw(content []byte) {
	w.t.Helper()
	path := filepath.Join(w.directory, "config", config.FileName)
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		w.t.Fatal(err)
	}
}

// answer is what a request to the gateway got.
type answer struct {
	status int
	header http.Header
	body   string
	// id is that of the accepted message; code and details are of the error.
	id, details string
	code        int
}

// do makes a request to the gateway's API.
func (w *world) do(method, path, body string, header ...string) answer {
	w.t.Helper()
	request, err := http.NewRequest(method, w.api+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+apiKey)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(content)}
	if parsed, err := whatsapp.ParseSendResponse(content); err == nil {
		a.id = parsed.Messages[0].ID
	}
	if a.status >= 400 {
		e := graph.ParseError(a.status, response.Header, content)
		a.code, a.details = e.Code, e.Details
	}
	return a
}

// send posts a message of the main number.
func (w *world) send(body string, header ...string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v26.0/"+phoneID+"/messages", body, header...)
}

// accepted posts a message that must be accepted, and returns its id.
func (w *world) accepted(body string, header ...string) string {
	w.t.Helper()
	a := w.send(body, header...)
	if a.status != http.StatusOK || a.id == "" {
		w.t.Fatalf("the send got %d %s", a.status, a.body)
	}
	return a.id
}

// writes has a customer write to the main number, and waits until the business was told.
func (w *world) writes(from, text string, ago time.Duration) {
	w.t.Helper()
	at := w.clock.now().Add(-ago)
	id, err := w.sim.Write(from, simulator.Inbound{To: phoneID, Text: text, Timestamp: &at})
	if err != nil {
		w.t.Fatal(err)
	}
	w.until("the business is told of the customer's message", func() bool { return len(w.business.received(id)) == 1 })
}

// report fetches the report as the operator does.
func (w *world) report() report.Report {
	w.t.Helper()
	var r report.Report
	status, body, _ := w.fetchReport("Bearer "+w.token, "")
	if status != http.StatusOK {
		w.t.Fatalf("the report got %d %s", status, body)
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// stopped are a report's channels with an obstacle.
func stopped(r report.Report) []report.Channel {
	return slices.DeleteFunc(slices.Clone(r.Channels), func(c report.Channel) bool { return c.Obstacle == nil })
}

func (w *world) fetchReport(authorization, tag string) (status int, body, newTag string) {
	w.t.Helper()
	request, err := http.NewRequest(http.MethodGet, w.reportURL, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", authorization)
	if tag != "" {
		request.Header.Set("If-None-Match", tag)
	}
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(content), response.Header.Get("ETag")
}

// settled waits until so many messages are settled, and returns the report.
func (w *world) settled(messages int64) report.Report {
	w.t.Helper()
	var r report.Report
	w.until("the messages are settled", func() bool { r = w.report(); return r.Period.Messages >= messages })
	return r
}

// metric reads a sample from /metrics, such as `guichet_gateway_open_windows`; absent is "".
func (w *world) metric(name string) string {
	w.t.Helper()
	response, err := w.client.Get(w.metrics + "/metrics")
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			return value
		}
	}
	return ""
}

func readAll(tb testing.TB, response *http.Response) string {
	tb.Helper()
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return string(content)
}

// mustRead reads the configuration document of a world's directory.
func mustRead(tb testing.TB, directory string) []byte {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join(directory, "config", config.FileName))
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

// unixSeconds is an instant as webhooks write it.
func unixSeconds(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// tenantOf is what is served of the fixtures' document, after the test has changed it.
func tenantOf(tb testing.TB, change func(*config.Document)) (*served.Tenant, error) {
	tb.Helper()
	return served.Parse(gatewaytest.Encoded(tb, change), http.DefaultTransport)
}

// accept sends a body past HTTP, and returns the message's id.
func accept(tb testing.TB, g *Gateway, t *served.Tenant, channel, body string) (id string, err error) {
	tb.Helper()
	c := t.Channel(channel)
	out, err := c.Network.Parse([]byte(body))
	if err != nil {
		tb.Fatal(err)
	}
	id, err = g.admission.Accept(tb.Context(), &admission.Request{Tenant: t, Channel: c, Outbound: out})
	if told, refused := network.InWords(c.Network, err); refused {
		err = told
	}
	return id, err
}
