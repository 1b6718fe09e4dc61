package gateway

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/egress"
	"github.com/guichet-dev/guichet/internal/gateway/admission"
	"github.com/guichet-dev/guichet/internal/gateway/bodies"
	"github.com/guichet-dev/guichet/internal/gateway/books"
	"github.com/guichet-dev/guichet/internal/gateway/callbacks"
	"github.com/guichet-dev/guichet/internal/gateway/counts"
	"github.com/guichet-dev/guichet/internal/gateway/dispatch"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/intake"
	"github.com/guichet-dev/guichet/internal/gateway/media"
	"github.com/guichet-dev/guichet/internal/gateway/peers"
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/reporting"
	"github.com/guichet-dev/guichet/internal/gateway/requests"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/gateway/upkeep"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/gateway/wake"
)

// Options say where a gateway finds what it needs.
type Options struct {
	// ConfigDirectory holds the configuration document, KeysDirectory the keys, DataDirectory the
	// embedded store.
	ConfigDirectory, KeysDirectory, DataDirectory string
	// Replica is the name under which the gateway reports, such as its pod's.
	Replica string
	// Log is where it logs; nil logs nothing.
	Log *slog.Logger
	// Clock is what it goes by; nil is the machine's. The database's clock of a shared store
	// corrects it.
	Clock *clock.Clock
	// Tracer begins its spans; nil traces nothing.
	Tracer trace.Tracer
	// Reclaim gives memory back to the system. It is called when a configuration was read, which
	// is large and read rarely; nil leaves that to the runtime.
	Reclaim func()
	// Dial opens the connections to the upstream and to the business's endpoint; nil is the
	// machine's network.
	Dial egress.Dial
}

// configInterval is how often the configuration file and the keys are looked at.
const configInterval = time.Second

// Gateway serves one account: it composes the packages that do the work, and speaks HTTP for them.
type Gateway struct {
	options    Options
	log        *slog.Logger
	keys       *served.Keyring
	config     *served.Configuration
	store      *durable.Store
	metrics    *telemetry.Metrics
	traces     telemetry.Traces
	callbacks  *callbacks.Queue
	gate       *upstream.Gate
	intake     *intake.Intake
	dispatcher *dispatch.Dispatcher
	admission  *admission.Admission
	upkeep     *upkeep.Upkeep
	reporter   *reporting.Reporter
	media      *media.Media
	requests   *requests.Requests
	books      *books.Books
	counts     *counts.Counts
	people     people.Registry
	// bodies are those of the API's requests.
	bodies bodies.Room
	// passes bounds the requests that are only passed on, so that a slow upstream holds up nothing
	// else.
	passes chan struct{}
}

// Run serves an account on the listeners until ctx is done, then lets what is under way finish.
// While there is no good configuration it serves only the operations' endpoints and the report,
// which say so.
func Run(ctx context.Context, options Options, listeners Listeners) error {
	g, err := newGateway(options)
	if err != nil {
		listeners.Close()
		return err
	}
	return g.run(ctx, listeners)
}

func newGateway(options Options) (*Gateway, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Clock == nil {
		options.Clock = clock.New(nil)
	}
	keyring, err := served.NewKeyring(options.KeysDirectory, options.Log)
	if err != nil {
		return nil, err
	}
	log, metrics, traces := options.Log, telemetry.NewMetrics(), telemetry.Traces{Tracer: options.Tracer}
	var configuration *served.Configuration
	dial := options.Dial
	if dial == nil {
		dial = egress.NewDial(func() egress.Ranges { return configuration.AllowedEgress() })
	}
	configuration = served.NewConfiguration(
		filepath.Join(options.ConfigDirectory, config.FileName), peers.NewTransport(dispatch.Concurrency, dial), log,
	)
	account := durable.New(durable.Options{
		Directory: options.DataDirectory, Keys: keyring.Seal(), Clock: options.Clock,
		Log: log, Metrics: metrics, Traces: traces,
	})
	queue := callbacks.NewQueue(account, keyring.Seal(), configuration, dial, log, metrics, traces)
	settler := settlement.New(queue, log, metrics)
	gate := upstream.NewGate(dispatch.Concurrency, account, log, metrics)
	files := media.New(keyring.Seal(), account.Now, log, metrics)
	webhooks := intake.New(intake.Options{
		Address: files.Address, Store: account, Config: configuration, Keys: keyring.Seal(), Dispatch: gate,
		Callbacks: queue, Settler: settler, Log: log, Metrics: metrics, Traces: traces,
	})
	dispatcher := dispatch.New(dispatch.Options{
		Store: account, Config: configuration, Gate: gate, Settler: settler, Intake: webhooks, Callbacks: queue,
		Log: log, Metrics: metrics, Traces: traces,
	})
	g := &Gateway{
		options: options, log: log, keys: keyring, config: configuration, store: account,
		metrics: metrics, traces: traces,
		callbacks: queue, gate: gate, intake: webhooks, dispatcher: dispatcher,
		admission: admission.New(account, keyring.Seal(), gate, dispatcher, metrics),
		upkeep: upkeep.New(upkeep.Options{
			Store: account, Config: configuration, Keys: keyring, Gate: gate, Settler: settler, Callbacks: queue,
			Intake: webhooks, Log: log,
		}),
		counts: counts.New(counts.Options{Store: account, Config: configuration, Log: log}),
		media:  files,
		passes: make(chan struct{}, maxPasses),
		people: people.Registry{Store: account, Keys: keyring.Seal(), Follow: gate.Follow},
	}
	g.requests = requests.New(account, metrics, g.pass)
	g.reporter = reporting.New(reporting.Options{
		Replica: options.Replica, Store: account, Config: configuration, Keys: keyring, Gate: gate,
		Admission: g.admission, Intake: webhooks, Upkeep: g.upkeep, Log: log,
	})
	g.books = books.New(g.reporter, account.Now)
	g.metrics.Registry.MustRegister(g.reporter)
	return g, nil
}

// look reads the mounted files that have changed, and lets the rest follow.
func (g *Gateway) look() {
	g.keys.Look(g.upkeep.OldKeysUnused)
	t := g.config.Look()
	if t == nil {
		return
	}
	g.gate.Serve(t, g.store.Now())
	g.callbacks.Notify()
	if g.options.Reclaim != nil {
		g.options.Reclaim()
	}
}

// run starts the servers, and once there is a configuration everything that needs the store. At the
// end nothing new is claimed, the requests, sends and callbacks that are under way finish and are
// recorded, and the store is closed.
func (g *Gateway) run(ctx context.Context, listeners Listeners) (err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var background sync.WaitGroup
	g.look()
	background.Go(func() { wake.Every(ctx, g.options.Clock, configInterval, g.look) })
	background.Go(func() { g.gate.Probe(ctx, g.config) })
	background.Go(func() {
		if err := g.open(ctx); err != nil {
			stop(err)
		}
		if !g.store.IsOpen() {
			return
		}
		background.Go(func() { g.dispatcher.Run(ctx) })
		background.Go(func() { g.callbacks.Run(ctx) })
		background.Go(func() { g.upkeep.Run(ctx) })
		background.Go(func() { g.upkeep.Reseal(ctx) })
		background.Go(func() { g.counts.Run(ctx) })
	})
	err = g.serve(ctx, listeners)
	stop(nil)
	background.Wait()
	err = errors.Join(err, g.store.Close())
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// open waits for the first good configuration and opens the account's store.
func (g *Gateway) open(ctx context.Context) error {
	const pause = configInterval / 10
	timer := g.options.Clock.NewTimer(pause)
	defer timer.Stop()
	for g.config.Tenant() == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			timer.Reset(pause)
		}
	}
	err := g.store.Open(ctx, g.config.Tenant(), g.upkeep.Recover)
	if ctx.Err() != nil && !g.store.IsOpen() {
		return nil
	}
	return err
}
