package gateway

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/store"
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
}

// storeFile is the name of the embedded store's database in the data directory.
const storeFile = "gateway.db"

// configInterval is how often the configuration file and the keys are looked at.
const configInterval = time.Second

// Gateway serves one account.
type Gateway struct {
	options Options
	log     *slog.Logger
	now     func() time.Time
	keys    *keyring
	config  *configuration
	metrics *metrics
	traces  traces
	// failures are what the log tells of messages that fail.
	failures failures
	// rejections are what the log tells of webhooks that come to nothing.
	rejections *rejections
	// sealed is what the last walk through the store has found; nil before the first one.
	sealed atomic.Pointer[sealedWith]
	// opened is nil until the first good configuration has said whose store it is.
	opened atomic.Pointer[store.Store]
	// hears is since when statuses can reach the store: since it was opened, or the end of the
	// store's last outage, as far as maintenance, which alone uses it, has met one. The zero time
	// is since now.
	hears     time.Time
	pacer     *pacer
	channels  *channelStops
	upstreams *upstreams
	// unopened is the outage that keeps the store from being opened; nil once it is open.
	unopened  atomic.Pointer[store.Outage]
	steady    steadySpace
	refusals  budgetRefusals
	callbacks *callbackClient
	// bodies are those of the API's requests; what anybody may post as a webhook takes no room from
	// them.
	bodies      bodies
	webhookRoom webhookRoom
	// passes bounds the requests that are only passed on, so that a slow upstream holds up nothing
	// else.
	passes  chan struct{}
	senders *senders
	// sends and deliveries wake the dispatcher and the delivery of callbacks.
	sends, deliveries wake
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
	ring, err := newKeyring(options.KeysDirectory, options.Log)
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		options: options,
		log:     options.Log,
		keys:    ring,
		config: newConfiguration(
			filepath.Join(options.ConfigDirectory, config.FileName), newTransport(dispatchers), options.Log,
		),
		metrics:    newMetrics(),
		traces:     traces{options.Tracer},
		failures:   failures{},
		rejections: newRejections(options.Log),
		hears:      options.Now(),
		pacer:      newPacer(),
		channels:   newChannelStops(),
		upstreams:  newUpstreams(),
		callbacks:  newCallbackClient(newTransport(deliverers)),
		passes:     make(chan struct{}, maxPasses),
		senders:    newSenders(dispatchers),
		sends:      newWake(),
		deliveries: newWake(),
	}
	g.now = g.accountTime
	ring.unused = g.oldKeysUnused
	g.metrics.registry.MustRegister(gauges{
		read: g.depths, obstacles: g.obstacles, space: g.space, superseded: func() bool { return g.superseded() != nil },
	})
	g.config.changed = func(t *tenant) {
		g.upstreams.serve(t, g.now())
		// new credentials may be what a stopped channel waited for
		g.channels.resume(slices.Collect(maps.Keys(t.channels)))
		g.metrics.stopped.Reset()
		for _, c := range t.Channels {
			g.metrics.stopped.WithLabelValues(c.Name).Set(0)
		}
		g.ring()
		debug.FreeOSMemory() // a document is large and read rarely: what reading it took goes back
	}
	return g, nil
}

// run starts the servers, and once there is a configuration everything that needs the store. At the
// end nothing new is claimed, the requests, sends and callbacks that are under way finish and are
// recorded, and the store is closed.
func (g *Gateway) run(ctx context.Context, listeners Listeners) (err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var background sync.WaitGroup
	g.config.look()
	background.Go(func() { watch(ctx, configInterval, g.config.look, g.keys.look) })
	background.Go(func() { g.probe(ctx) })
	background.Go(func() {
		if err := g.open(ctx); err != nil {
			stop(err)
		}
		if g.opened.Load() == nil {
			return
		}
		background.Go(func() { g.dispatch(ctx) })
		background.Go(func() { g.deliver(ctx) })
		background.Go(func() { g.maintain(ctx) })
		background.Go(func() { g.reseal(ctx) })
	})
	err = g.serve(ctx, listeners)
	stop(nil)
	background.Wait()
	if opened := g.opened.Load(); opened != nil {
		err = errors.Join(err, opened.Close())
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// open waits for the first good configuration and opens the account's store.
func (g *Gateway) open(ctx context.Context) error {
	ticker := time.NewTicker(configInterval / 10)
	defer ticker.Stop()
	for g.config.tenant() == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
	opened, err := g.openStore(ctx)
	if ctx.Err() != nil && opened == nil {
		return nil
	}
	if err != nil {
		return err
	}
	g.opened.Store(opened)
	g.hears = g.now()
	return nil
}

// accountTime is the gateway's clock, corrected by that of a shared store's database: what one
// replica has dated is compared with the time of another.
func (g *Gateway) accountTime() time.Time {
	now := g.options.Now()
	if opened := g.opened.Load(); opened != nil {
		now = now.Add(opened.ClockOffset())
	}
	return now
}

// ring wakes the dispatcher and the delivery of callbacks: a message that has ended lets the one
// behind it go, and the business hears of it.
func (g *Gateway) ring() {
	g.sends.ring()
	g.deliveries.ring()
}

// worthLogging tells whether a failure should be logged where it is met. An unavailable store says
// so itself, once, and not for every request; what a stop of the gateway cuts short is no failure.
func worthLogging(err error) bool {
	for _, quiet := range []error{store.ErrUnavailable, store.ErrClosed, errStarting, context.Canceled} {
		if errors.Is(err, quiet) {
			return false
		}
	}
	return true
}

// errStarting says that the store is not open yet.
var errStarting = errors.New("the gateway is starting")

// update runs fn, which is about the given subjects, in the store and returns when it is durable.
func (g *Gateway) update(ctx context.Context, fn func(*store.Tx) error, about ...store.Subject) error {
	opened := g.opened.Load()
	if opened == nil {
		return errStarting
	}
	commit := g.traces.child(ctx, "commit")
	err := opened.Update(ctx, fn, about...)
	commit.end(err)
	return err
}

// updater runs an operation of the store, such as Store.Update.
type updater func(ctx context.Context, fn func(*store.Tx) error, about ...store.Subject) error

// updateSteps runs fn as one operation that takes several steps, each through attempt. Where the
// store refuses a step, which is the fault of one row, fn runs again and has each step undone
// alone: it goes on with the other rows. fn must be able to run twice.
func updateSteps(
	ctx context.Context, update updater, fn func(
		tx *store.Tx, attempt func(step func() error) error,
	) error, about ...store.Subject,
) error {
	err := update(ctx, func(tx *store.Tx) error {
		var fault error
		err := fn(tx, func(step func() error) error {
			err := step()
			if errors.Is(err, store.ErrFault) {
				fault = err
			}
			return err
		})
		return cmp.Or(fault, err)
	}, about...)
	if !errors.Is(err, store.ErrFault) {
		return err
	}
	return update(ctx, func(tx *store.Tx) error { return fn(tx, tx.Attempt) }, about...)
}

// superseded is why this process may not use its store any more; nil while it may.
func (g *Gateway) superseded() error {
	if opened := g.opened.Load(); opened != nil {
		return opened.Superseded()
	}
	return nil
}

// view runs fn on a snapshot of the store.
func (g *Gateway) view(ctx context.Context, fn func(*store.Tx) error) error {
	opened := g.opened.Load()
	if opened == nil {
		return errStarting
	}
	return opened.View(ctx, fn)
}

// wake tells a waiting loop that there is something to do. Rings that come while the loop works are
// kept as one.
type wake chan struct{}

func newWake() wake { return make(wake, 1) }

func (w wake) ring() {
	select {
	case w <- struct{}{}:
	default:
	}
}

// sleep waits for a ring, for the duration, or for the end of ctx, of which it tells.
func (w wake) sleep(ctx context.Context, timer *time.Timer, d time.Duration) (goOn bool) {
	timer.Reset(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-w:
	case <-timer.C:
	}
	return ctx.Err() == nil
}
