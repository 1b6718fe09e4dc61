package gateway

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/callbacks"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/intake"
	"github.com/guichet-dev/guichet/internal/gateway/peers"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
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
	// Now is its clock; nil is time.Now. MachineNow is what this machine's clock says, which the
	// database's clock of a shared store corrects; nil is time.Now.
	Now, MachineNow func() time.Time
	// Tracer begins its spans; nil traces nothing.
	Tracer trace.Tracer
	// Dial opens the connections to the upstream and to the business's endpoint; nil is the
	// machine's network.
	Dial peers.Dial
}

// configInterval is how often the configuration file and the keys are looked at.
const configInterval = time.Second

// Gateway serves one account.
type Gateway struct {
	options Options
	log     *slog.Logger
	keys    *served.Keyring
	config  *served.Configuration
	store   *durable.Store
	metrics *telemetry.Metrics
	traces  telemetry.Traces
	// sealed is what the last walk through the store has found; nil before the first one.
	sealed atomic.Pointer[sealedWith]
	// reachableSince is since when statuses can reach the store: since it was opened, or the end of
	// the store's last outage, as far as maintenance, which alone uses it, has met one. The zero
	// time is since now.
	reachableSince time.Time
	pacer          *pacer
	channels       *channelStops
	upstreams      *upstreams
	steady         steadySpace
	refusals       budgetRefusals
	callbacks      *callbacks.Queue
	settler        *settlement.Settler
	intake         *intake.Intake
	// bodies are those of the API's requests.
	bodies bodies
	// passes bounds the requests that are only passed on, so that a slow upstream holds up nothing
	// else.
	passes  chan struct{}
	senders *senders
	// sends wakes the dispatcher.
	sends wake.Signal
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
	if options.Now == nil {
		options.Now = time.Now
	}
	keyring, err := served.NewKeyring(options.KeysDirectory, options.Log)
	if err != nil {
		return nil, err
	}
	metrics, traces := telemetry.NewMetrics(), telemetry.Traces{Tracer: options.Tracer}
	g := &Gateway{
		options: options,
		log:     options.Log,
		keys:    keyring,
		config: served.NewConfiguration(
			filepath.Join(options.ConfigDirectory, config.FileName), peers.NewTransport(dispatchers, options.Dial),
			options.Log,
		),
		store: durable.New(durable.Options{
			Directory: options.DataDirectory, Keys: keyring.Seal(), Now: options.Now, MachineNow: options.MachineNow,
			Log: options.Log, Metrics: metrics, Traces: traces,
		}),
		metrics:        metrics,
		traces:         traces,
		reachableSince: options.Now(),
		pacer:          newPacer(),
		channels:       newChannelStops(),
		upstreams:      newUpstreams(),
		passes:         make(chan struct{}, maxPasses),
		senders:        newSenders(dispatchers),
		sends:          wake.New(),
	}
	g.callbacks = callbacks.NewQueue(g.store, g.config, options.Dial, g.log, metrics, traces)
	g.settler = settlement.New(g.callbacks, g.log, metrics)
	g.intake = intake.New(intake.Options{
		Store: g.store, Config: g.config, Keys: keyring.Seal(), Dispatch: heard{g}, Callbacks: g.callbacks,
		Settler: g.settler, Log: g.log, Metrics: metrics, Traces: traces,
	})
	g.metrics.Registry.MustRegister(gauges{
		read: g.depths, obstacles: g.obstacles, space: g.store.Space,
		superseded: func() bool { return g.store.Superseded() != nil },
	})
	return g, nil
}

// look reads the mounted files that have changed, and lets the rest follow.
func (g *Gateway) look() {
	g.keys.Look(g.oldKeysUnused)
	t := g.config.Look()
	if t == nil {
		return
	}
	g.upstreams.serve(t, g.store.Now())
	g.channels.resume(t.ChannelIDs()) // new credentials may be what a stopped channel waited for
	g.metrics.Stopped.Reset()
	for _, c := range t.Channels {
		g.metrics.Stopped.WithLabelValues(c.Name).Set(0)
	}
	g.notify()
	debug.FreeOSMemory() // a document is large and read rarely: what reading it took goes back
}

// run starts the servers, and once there is a configuration everything that needs the store. At the
// end nothing new is claimed, the requests, sends and callbacks that are under way finish and are
// recorded, and the store is closed.
func (g *Gateway) run(ctx context.Context, listeners Listeners) (err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var background sync.WaitGroup
	g.look()
	background.Go(func() { wake.Every(ctx, configInterval, g.look) })
	background.Go(func() { g.probe(ctx) })
	background.Go(func() {
		if err := g.open(ctx); err != nil {
			stop(err)
		}
		if !g.store.IsOpen() {
			return
		}
		background.Go(func() { g.dispatch(ctx) })
		background.Go(func() { g.callbacks.Run(ctx) })
		background.Go(func() { g.maintain(ctx) })
		background.Go(func() { g.reseal(ctx) })
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
	ticker := time.NewTicker(configInterval / 10)
	defer ticker.Stop()
	for g.config.Tenant() == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
	err := g.store.Open(ctx, g.config.Tenant(), g.recover)
	if ctx.Err() != nil && !g.store.IsOpen() {
		return nil
	}
	if err != nil {
		return err
	}
	g.reachableSince = g.store.Now()
	return nil
}

// notify wakes the dispatcher and the delivery of callbacks: a message that has ended lets the one
// behind it go, and the business hears of it.
func (g *Gateway) notify() {
	g.sends.Notify()
	g.callbacks.Notify()
}
