package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/egress"
	"github.com/guichet-dev/guichet/internal/gateway/admission"
	"github.com/guichet-dev/guichet/internal/gateway/dispatch"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/policy"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/network"
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
	dial      egress.Dial // the gateway's; nil is the machine's, with its guard
	network   *gatewaytest.Network
	client    *http.Client
	document  config.Document
	directory string
	clock     *clock.Clock
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

// noonClock is a clock that starts at noon.
func noonClock() *clock.Clock {
	c := clock.New(nil)
	c.Advance(noon.Sub(c.Now()))
	return c
}

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
	w := prepareWorldOn(tb, network, noonClock(), "http://"+listeners.API.Addr().String(), changes...)
	w.serveOn(listeners)
	return w
}

// prepareWorldOn is prepareWorld on a network, with a clock, for a gateway whose API will be at the
// address.
func prepareWorldOn(
	tb testing.TB, network *gatewaytest.Network, by *clock.Clock, api string, changes ...func(*config.Document),
) *world {
	tb.Helper()
	w := &world{
		t: tb, network: network, dial: network.Dial, client: network.Client(tb), directory: tb.TempDir(), clock: by,
		business: newBusiness(tb, network), logs: &lockedBuffer{}, api: api,
	}
	tb.Cleanup(w.tellLogs)
	for _, name := range []string{"config", "keys", "data"} {
		if err := os.Mkdir(filepath.Join(w.directory, name), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(w.directory, "data", "gateway.db"), emptyStore, 0o600); err != nil {
		tb.Fatal(err)
	}
	w.token = gatewaytest.WriteKeys(tb, filepath.Join(w.directory, "keys"))
	var err error
	w.sim, err = simulator.New(gatewaytest.SimulatorConfig(w.api+config.WebhookPath), simulator.Options{
		Clock: by, Logger: slog.New(slog.DiscardHandler), Transport: w.client.Transport,
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
			Log:   slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Clock: w.clock, Tracer: w.tracer, Dial: w.dial,
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

// mustRead reads the configuration document of a world's directory.
func mustRead(tb testing.TB, directory string) []byte {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join(directory, "config", config.FileName))
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

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
