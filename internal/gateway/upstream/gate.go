// Package upstream is the way to each channel's upstream: how many messages may be on it at once,
// at which rate, whether the upstream has stopped the channel, and what is known to be in the way.
// All of it is in memory, and begins anew with the process.
package upstream

import (
	"context"
	"log/slog"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/gateway/wake"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

// Gate lets messages go to their channels' upstreams. It is safe for concurrent use.
type Gate struct {
	store     *durable.Store
	log       *slog.Logger
	metrics   *telemetry.Metrics
	slots     *slots
	pacer     *pacer
	stops     *stops
	obstacles *obstacles
	wake      wake.Signal
}

// NewGate returns a gate for so many sends at once, through which nothing has gone yet.
func NewGate(atOnce int, store *durable.Store, log *slog.Logger, metrics *telemetry.Metrics) *Gate {
	return &Gate{
		store: store, log: log, metrics: metrics, slots: newSlots(atOnce), pacer: newPacer(), stops: newStops(),
		obstacles: newObstacles(), wake: wake.New(),
	}
}

// Begin lets sends begin that run in ctx. End lets none begin any more, and waits for those that
// are under way.
func (g *Gate) Begin(ctx context.Context) { g.slots.begin(ctx) }

// End ends what Begin began.
func (g *Gate) End() { g.slots.end() }

// Notify says that messages may be due.
func (g *Gate) Notify() { g.wake.Notify() }

// Sleep waits until messages may be due, see wake.Signal.
func (g *Gate) Sleep(ctx context.Context, timer *clock.Timer, d time.Duration) (goOn bool) {
	return g.wake.Sleep(ctx, timer, d)
}

// Serve takes over a new configuration. It ends every stop: new credentials may be what a channel
// waited for.
func (g *Gate) Serve(t *served.Tenant, now time.Time) {
	g.obstacles.serve(t, now)
	g.stops.resume(t.ChannelIDs())
	g.metrics.Stopped.Reset()
	for _, c := range t.Channels {
		g.metrics.Stopped.WithLabelValues(c.Name).Set(0)
	}
	g.Notify()
}

// Free is how many slots are free.
func (g *Gate) Free() int { return g.slots.free() }

// SetWaiting records whether messages of a channel wait for their turn. While they do, no other is
// sent as it is accepted. It may be called within an operation: at worst a message waits that need
// not.
func (g *Gate) SetWaiting(channel string, waits bool) { g.slots.setWaiting(channel, waits) }

// AnyWaits reports whether messages of any channel may be waiting for their turn.
func (g *Gate) AnyWaits() bool { return g.slots.anyWaits() }

// Release tells, once, that a stop of the channel has ended and that what it held may go. Again is
// called if that could not be done.
func (g *Gate) Release(channel string) (held bool, again func()) { return g.stops.releases(channel) }

// Stopped reports whether the upstream has stopped the channel, for some messages or for all.
func (g *Gate) Stopped(channel string) bool { return g.stops.isStopped(channel) }

// PaymentStopped reports whether the upstream takes nothing of the channel that costs, as far as is
// known.
func (g *Gate) PaymentStopped(channel string, now time.Time) bool {
	return g.stops.paymentStopped(channel, now)
}

// Sent records that the upstream has taken a message.
func (g *Gate) Sent(c *served.Channel, to Pair, billable bool, now time.Time) {
	g.pacer.taken(to)
	if g.stops.passed(c.ID, billable) {
		g.resumed(c)
	}
	g.learn(c.ID, billable, nil, now)
}

// Failed records that a send met an error, and returns how often in a row the upstream had refused
// the pair before, if that is what it did.
func (g *Gate) Failed(c *served.Channel, to Pair, billable bool, err error, now time.Time) (refusals int) {
	g.learn(c.ID, billable, err, now)
	failure, ok := network.AsError(err)
	if !ok {
		return 0
	}
	if failure.Class() == network.PairBackoff {
		refusals = g.pacer.refused(now, to)
	}
	return refusals
}

// Refused records that the upstream refuses one message: a refusal that only a working channel
// gives ends a stop.
func (g *Gate) Refused(c *served.Channel, failure network.Error) {
	if g.stops.refused(c.ID, failure) {
		g.resumed(c)
	}
}

// Stop stops a channel for an error that needs somebody to act.
func (g *Gate) Stop(c *served.Channel, failure network.Error, now time.Time) {
	g.stop(c, Stop{Code: failure.Number(), Cause: failure.Cause(), Since: now, until: now.Add(StopRest)})
}

// Blocked stops a channel of which a webhook says that the upstream has blocked it.
func (g *Gate) Blocked(c *served.Channel, cause network.Error, now time.Time) { g.Stop(c, cause, now) }

// Unblocked ends a channel's stop, because a webhook says that the upstream takes messages again.
func (g *Gate) Unblocked(c *served.Channel) {
	if g.stops.lift(c.ID) {
		g.resumed(c)
	}
}

// Unpaid stops a channel for payment, as a status has told it.
func (g *Gate) Unpaid(c *served.Channel, code int, now time.Time) {
	g.stop(c, Stop{Code: code, Cause: network.Payment, Since: now, until: now.Add(StopRest), told: now})
}

func (g *Gate) stop(c *served.Channel, stop Stop) {
	g.metrics.Stopped.WithLabelValues(c.Name).Set(1)
	g.obstacles.met(
		c.ID, obstacle{cause: report.Refused, code: stop.Code, about: stop.Cause, since: stop.Since},
	)
	if g.stops.stop(c.ID, stop) {
		g.log.Error("Channel stopped by the upstream", "channel", c.Name, "code", stop.Code)
	}
}

// Confirmed records that the upstream has sent a message of the channel that can cost something and
// was claimed at an instant.
func (g *Gate) Confirmed(c *served.Channel, claimed time.Time) {
	if g.stops.confirmed(c.ID, claimed) {
		g.resumed(c)
	}
}

// resumed says that a channel's stop has ended.
func (g *Gate) resumed(c *served.Channel) {
	g.metrics.Stopped.WithLabelValues(c.Name).Set(0)
	g.obstacles.shown(c.ID, proofPaid)
	g.Notify() // what it held may go
	g.log.Info("Channel resumed", "channel", c.Name)
}

// United lets the limits follow customers who were found to be others.
func (g *Gate) United(unions []store.Union) {
	now, moved := g.store.Now(), false
	for _, u := range unions {
		g.pacer.unite(Pair(u.Gone), Pair(u.Kept), now)
		moved = moved || u.Known
	}
	if moved { // another message may be the first of its line now
		g.Notify()
	}
}

// Follow is United once the operation is durable.
func (g *Gate) Follow(tx *durable.Tx, unions []store.Union) {
	if len(unions) > 0 {
		tx.After(func() { g.United(unions) })
	}
}

// Stops returns the stops by channel.
func (g *Gate) Stops() map[string]Stop { return g.stops.all() }

// Refuses reports whether the upstream has refused the pair last, for its own limit.
func (g *Gate) Refuses(to Pair) bool { return g.pacer.refusing(to) }

// Report lists the channels of a configuration with what is in their way.
func (g *Gate) Report(t *served.Tenant) []report.Channel { return g.obstacles.report(t) }
