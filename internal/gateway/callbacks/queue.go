// Package callbacks tells the business what happens: it queues webhooks in the commit of what they
// tell, and delivers them to the business's endpoint, signed, in order for each customer, until
// they are taken or set aside.
package callbacks

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/egress"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/listeners"
	"github.com/guichet-dev/guichet/internal/gateway/peers"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/gateway/wake"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	// atOnce is how many callbacks are delivered at once.
	atOnce = 32
	// idle is how long the deliverer sleeps while all of them are under way: one that ends wakes
	// it.
	idle = time.Minute
	// Lease is how long a claimed callback is left to its deliverer: longer than a delivery can
	// take.
	Lease = 3 * postTimeout
	// RetryFor is how long a callback is tried, as long as Meta tries its own webhooks. Source:
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
	RetryFor = 7 * 24 * time.Hour
	// refusedKeptFor is how long what is set aside can be replayed.
	refusedKeptFor = 30 * 24 * time.Hour
	// lockedPause is how long what is sealed with a missing key waits until it is looked at again.
	lockedPause = time.Minute
	// maxQueued and maxBytes bound what waits and what is set aside, together. When there is no
	// room for a new callback, the oldest that are set aside are forgotten; if none is, the new one
	// is dropped.
	maxQueued = 1_000_000
	maxBytes  = 256 << 20
	// volumeShare is the part of an embedded store's volume that callbacks may take, if that is
	// less than maxBytes: a quarter. Up to smallBytes nobody asks for the volume.
	volumeShare = 4
	smallBytes  = 8 << 20
	// forgetAtOnce is how many that are set aside are forgotten at once.
	forgetAtOnce = 10
)

// Queue are the callbacks that wait for the business's endpoint. It is safe for concurrent use.
type Queue struct {
	store    *durable.Store
	keys     *seal.Keys
	config   *served.Configuration
	endpoint *endpoint
	log      *slog.Logger
	metrics  *telemetry.Metrics
	traces   telemetry.Traces
	wake     wake.Signal
	alone    loners
	// listeners get a copy of each callback.
	listeners listeners.Listeners
}

// NewQueue returns the queue that is kept in a store. Dial opens the connections to the endpoint.
func NewQueue(
	store *durable.Store, keys *seal.Keys, config *served.Configuration, dial egress.Dial,
	log *slog.Logger, metrics *telemetry.Metrics, traces telemetry.Traces,
) *Queue {
	return &Queue{
		store: store, keys: keys, config: config, endpoint: newEndpoint(peers.NewTransport(atOnce, dial)),
		log: log, metrics: metrics, traces: traces, wake: wake.New(),
	}
}

// Notify says that callbacks may be due.
func (q *Queue) Notify() { q.wake.Notify() }

// Listeners are those who follow the callbacks.
func (q *Queue) Listeners() *listeners.Listeners { return &q.listeners }

// Wanted reports whether anybody is told of what happens to an account: its endpoint, or whoever
// listens.
func (q *Queue) Wanted(t *served.Tenant) bool { return t.Callback != nil || q.listeners.Any() }

// Add queues a webhook about a customer, in the caller's commit, and tells whoever listens once it
// is durable. An account without an endpoint is told nothing.
func (q *Queue) Add(
	tx *durable.Tx, t *served.Tenant, channel string, customer seal.CustomerHash, body []byte, now time.Time,
) error {
	if q.listeners.Any() {
		tx.After(func() { q.listeners.Tell(listeners.Told{Channel: channel, At: now, Body: body}) })
	}
	if t.Callback == nil {
		return nil
	}
	room, err := q.makeRoom(tx, int64(len(body)))
	if err != nil {
		return err
	}
	if !room {
		tx.After(func() { q.metrics.Callbacks.WithLabelValues(telemetry.ResultDropped).Inc() })
		return lose(tx, 1)
	}
	return tx.Callbacks().Enqueue(&store.Callback{Channel: channel, Customer: customer, Payload: body, CreatedAt: now})
}

// makeRoom tells whether there is room for a callback of so many bytes, once the oldest of those
// that are set aside have made place for it.
func (q *Queue) makeRoom(tx *durable.Tx, size int64) (bool, error) {
	for {
		callbacks, bytes, aside := int64(0), size, int64(0)
		for _, depth := range []struct {
			of   store.Depth
			into *int64
		}{
			{store.Callbacks, &callbacks},
			{store.RefusedCallbacks, &aside},
			{store.CallbackBytes, &bytes},
			{store.RefusedBytes, &bytes},
		} {
			n, err := tx.Depth(depth.of)
			if err != nil {
				return false, err
			}
			*depth.into += n
		}
		if callbacks+aside < maxQueued && (bytes <= smallBytes || bytes <= q.mostBytes()) {
			return true, nil
		}
		if aside == 0 {
			return false, nil
		}
		forgotten, err := tx.Callbacks().ForgetRefused(forgetAtOnce)
		if err != nil || forgotten == 0 {
			return false, err
		}
		tx.After(func() { q.tellForgotten(forgotten) })
		if err := lose(tx, forgotten); err != nil {
			return false, err
		}
	}
}

// mostBytes bounds the bytes of all callbacks.
func (q *Queue) mostBytes() int64 {
	if space, known := q.store.Space(); known && space.Volume > 0 {
		return min(maxBytes, space.Volume/volumeShare)
	}
	return maxBytes
}

// lose counts callbacks that are lost for want of room.
func lose(tx *durable.Tx, callbacks int64) error {
	e, err := tx.Callbacks().Endpoint()
	if err != nil {
		return err
	}
	e.Lost += callbacks
	return tx.Callbacks().PutEndpoint(e)
}

// Release makes callbacks ready again that an earlier process was delivering when it ended.
func (q *Queue) Release(ctx context.Context, update durable.Updater) error {
	return update(ctx, func(tx *durable.Tx) error {
		released, err := tx.Callbacks().Release()
		if err == nil && released > 0 {
			tx.After(func() {
				q.log.Info("Callbacks were cut off and are delivered again", "callbacks", released)
				q.Notify()
			})
		}
		return err
	})
}

// Run delivers callbacks until ctx is done, and then ends what is under way: in order for each
// customer, several customers at once.
func (q *Queue) Run(ctx context.Context) {
	slots := make(chan struct{}, atOnce)
	var underWay sync.WaitGroup
	defer underWay.Wait()
	timer := q.store.Clock().NewTimer(idle)
	for pause := time.Duration(0); q.wake.Sleep(ctx, timer, pause); {
		claimed, next, err := q.Claim(ctx, atOnce-len(slots))
		pause = q.store.Idle()
		switch {
		case err != nil:
			pause = durable.RetryPause
		case !next.IsZero():
			pause = min(pause, max(0, next.Sub(q.store.Now())))
		}
		if len(slots) == atOnce {
			pause = idle
		}
		for _, d := range claimed {
			slots <- struct{}{}
			underWay.Go(func() {
				q.Deliver(ctx, d)
				<-slots
				q.Notify()
			})
		}
	}
}

// Claim takes callbacks that are due, for so many deliveries at most, and returns when to look
// again; the zero time is when notified. Each is the caller's to Deliver. While more are due than
// that, and the endpoint takes what it gets, several go in one.
func (q *Queue) Claim(ctx context.Context, slots int) (deliveries []Delivery, next time.Time, err error) {
	to := q.config.Tenant().Callback
	if slots == 0 || to == nil || !to.Ready() { // without its credentials a callback cannot be delivered: it waits
		return nil, time.Time{}, nil
	}
	now := q.store.Now()
	err = q.store.Update(ctx, func(tx *durable.Tx) (err error) {
		endpoint, err := tx.Callbacks().Endpoint()
		if err != nil {
			return err
		}
		limit := slots
		if endpoint.FailingSince.IsZero() {
			limit *= maxJoined
		}
		claimed, err := tx.Callbacks().Claim(now, now.Add(Lease), limit)
		if err != nil {
			return err
		}
		if claimed, err = q.readable(tx, claimed, now); err != nil {
			return err
		}
		var left []*store.Callback
		deliveries, left = arrange(claimed, slots, q.alone.has)
		for _, c := range left {
			if err := tx.Callbacks().GiveBack(c, now); err != nil {
				return err
			}
		}
		next, err = tx.Callbacks().Next()
		return err
	})
	if err != nil {
		if durable.WorthLogging(err) {
			q.log.Error("Callbacks could not be claimed", "error", err)
		}
		return nil, time.Time{}, err
	}
	return deliveries, next, nil
}

// readable takes claimed callbacks that cannot be read out of the way: the damaged are dropped, and
// the locked put off for as long as any callback is tried, and then set aside.
func (q *Queue) readable(tx *durable.Tx, claimed []*store.Callback, now time.Time) ([]*store.Callback, error) {
	whole := claimed[:0]
	for _, c := range claimed {
		var err error
		switch {
		case c.Condition == store.Whole:
			whole = append(whole, c)
		case c.Condition == store.Locked && now.Sub(c.CreatedAt) <= RetryFor:
			q.tellUnreadable(tx, c, "it is sealed with a key that the keyset lacks")
			_, err = tx.Callbacks().Retry(c, now.Add(lockedPause))
		case c.Condition == store.Locked:
			q.tellUnreadable(tx, c, "it is set aside: it is sealed with a key that the keyset lacks")
			tx.After(func() { q.metrics.Callbacks.WithLabelValues(telemetry.ResultSetAside).Inc() })
			_, err = tx.Callbacks().SetAside(c, 0, now)
		default:
			q.tellUnreadable(tx, c, "it is dropped")
			tx.After(func() { q.metrics.Callbacks.WithLabelValues(telemetry.ResultDropped).Inc() })
			_, err = tx.Callbacks().Finish(c, now)
		}
		if err != nil {
			return nil, err
		}
	}
	return whole, nil
}

func (q *Queue) tellUnreadable(tx *durable.Tx, c *store.Callback, reason string) {
	tx.After(func() {
		q.metrics.TellUnreadable(q.log, telemetry.RowCallback, "channel", c.Channel, "reason", reason)
	})
}

// subjects are the callbacks.
func (d Delivery) subjects() []store.Subject {
	subjects := make([]store.Subject, len(d.callbacks))
	for i, c := range d.callbacks {
		subjects[i].Callback = c.Seq
	}
	return subjects
}

// Deliver makes one delivery and records what came of it, for each callback in it. If one that has
// several fails, they are delivered again at once, each alone.
func (q *Queue) Deliver(ctx context.Context, d Delivery) {
	if !q.store.HoldsLease(d.callbacks[0].Lease) {
		return // another replica may have delivered it by now, and those behind it
	}
	to := q.config.Tenant().Callback
	if to == nil || !to.Ready() {
		return // its lease runs out; the business no longer wants it, or its credentials are not there now
	}
	ctx, span := q.traces.Begin(ctx, "callback", trace.SpanKindClient)
	err := q.endpoint.post(context.WithoutCancel(ctx), to, d.body) // a stop of the gateway waits for the answer
	now, address := q.store.Now(), q.keys.CustomerHash("callback", to.URL)
	defer span.End(err)
	if err != nil && len(d.callbacks) > 1 {
		q.separate(ctx, d, now)
		return
	}
	var done []outcome
	if !q.store.Persist(ctx, "callback", func(tx *durable.Tx) error {
		done = make([]outcome, len(d.callbacks))
		for i, c := range d.callbacks {
			var failed error
			if done[i], failed = q.record(tx, c, address, err, now); failed != nil {
				return failed
			}
		}
		return nil
	}, d.subjects()...) {
		return // its lease runs out, and it is delivered again
	}
	q.Notify()
	if span.Recording() {
		span.SetAttributes(
			telemetry.AttributeResult.String(done[0].result),
			telemetry.AttributeAttempt.Int(d.callbacks[0].Attempts),
		)
	}
	for i, c := range d.callbacks {
		q.tell(c, done[i], err)
	}
}

// separate has the callbacks of a delivery that failed go alone.
func (q *Queue) separate(ctx context.Context, d Delivery, now time.Time) {
	q.alone.add(d.callbacks)
	if q.store.Persist(ctx, "callback", func(tx *durable.Tx) error {
		for _, c := range d.callbacks {
			if _, err := tx.Callbacks().Retry(c, now); err != nil {
				return err
			}
		}
		return nil
	}) {
		q.Notify()
	}
}

// tell tells what came of a callback.
func (q *Queue) tell(c *store.Callback, done outcome, err error) {
	if done.result != telemetry.ResultRetry {
		q.alone.remove(c)
	}
	if done.result == telemetry.ResultSetAside && !done.recorded {
		return // whoever has claimed it since tells of it
	}
	q.metrics.Callbacks.WithLabelValues(done.result).Inc()
	if done.result == telemetry.ResultSetAside {
		q.log.Warn(
			"Callback was set aside: the business's endpoint does not take it",
			"status", done.status, "attempts", c.Attempts, "others", done.atFault,
		)
	}
	if err != nil {
		q.log.Debug("Callback was not delivered", "attempt", c.Attempts, "error", err)
	}
}

// Purge removes callbacks that were set aside so long ago that they are not kept any more, at most
// so many, and returns how many there were.
func (q *Queue) Purge(tx *durable.Tx, now time.Time, rows int) (removed int64, err error) {
	removed, err = tx.Callbacks().PurgeRefused(now.Add(-refusedKeptFor), rows)
	if err == nil {
		tx.After(func() { q.tellForgotten(removed) })
	}
	return removed, err
}

// tellForgotten tells of callbacks that were set aside and are gone unread.
func (q *Queue) tellForgotten(n int64) {
	if n == 0 {
		return
	}
	q.metrics.Callbacks.WithLabelValues(telemetry.ResultForgotten).Add(float64(n))
	q.log.Warn("Callbacks that were set aside are forgotten: they were too many or too old", "callbacks", n)
}
