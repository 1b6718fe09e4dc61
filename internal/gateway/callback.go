package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	// deliverers is how many callbacks are delivered at once.
	deliverers = 32
	// callbackLease is how long a claimed callback is left to its deliverer; longer than a delivery
	// can take.
	callbackLease = 3 * callbackTimeout
	// callbackRetryFor is how long a callback is tried, as long as the upstream tries its own
	// webhooks.
	callbackRetryFor = retoldFor
	// refusalPatience is how long an endpoint may refuse a callback until it is set aside, and the
	// line goes on.
	refusalPatience = 15 * time.Minute
	// refusedKeptFor is how long what is set aside can be replayed.
	refusedKeptFor = 30 * 24 * time.Hour
	// longestCallbackPause bounds the pause between two tries.
	longestCallbackPause = 15 * time.Minute
	// maxCallbacks and maxCallbackBytes bound the queue; the bytes are a quarter of the volume that
	// an embedded store has by default. When the business's endpoint has been away for so long that
	// the queue is full, new callbacks are dropped and counted.
	maxCallbacks     = 1_000_000
	maxCallbackBytes = 256 << 20
)

// queueCallback queues a webhook for the business's endpoint in the caller's commit. Without an
// endpoint there is nothing to queue.
func (g *Gateway) queueCallback(
	tx *durable.Tx, t *served.Tenant, channel string, customer seal.CustomerHash, body []byte, now time.Time,
) error {
	if t.Callback == nil {
		return nil
	}
	waiting, err := tx.Depth(store.Callbacks)
	if err != nil {
		return err
	}
	bytes, err := tx.Depth(store.CallbackBytes)
	if err != nil {
		return err
	}
	if waiting >= maxCallbacks || bytes+int64(len(body)) > maxCallbackBytes {
		tx.After(func() { g.metrics.Callbacks.WithLabelValues(telemetry.ResultDropped).Inc() })
		return nil
	}
	return tx.Callbacks().Enqueue(&store.Callback{Channel: channel, Customer: customer, Payload: body, CreatedAt: now})
}

// deliver posts queued callbacks to the business's endpoint until ctx is done: in order for each
// customer, several customers at once.
func (g *Gateway) deliver(ctx context.Context) {
	slots := make(chan struct{}, deliverers)
	var underWay sync.WaitGroup
	defer underWay.Wait()
	timer := time.NewTimer(dispatchIdle)
	for pause := time.Duration(0); g.deliveries.Sleep(ctx, timer, pause); {
		claimed, next, err := g.claimCallbacks(ctx, deliverers-len(slots))
		pause = g.store.Idle()
		switch {
		case err != nil:
			pause = durable.RetryPause
		case !next.IsZero():
			pause = min(pause, max(0, next.Sub(g.store.Now())))
		}
		if len(slots) == deliverers {
			pause = dispatchIdle // a deliverer that is done rings
		}
		for _, c := range claimed {
			slots <- struct{}{}
			underWay.Go(func() {
				g.deliverOne(ctx, c)
				<-slots
				g.deliveries.Notify()
			})
		}
	}
}

func (g *Gateway) claimCallbacks(
	ctx context.Context, limit int,
) (claimed []*store.Callback, next time.Time, err error) {
	to := g.config.Tenant().Callback
	if limit == 0 || to == nil || to.Secret == "" { // without its secret a callback cannot be signed: it waits
		return nil, time.Time{}, nil
	}
	now := g.store.Now()
	err = g.store.Update(ctx, func(tx *durable.Tx) (err error) {
		if claimed, err = tx.Callbacks().Claim(now, now.Add(callbackLease), limit); err != nil {
			return err
		}
		if claimed, err = g.readable(tx, claimed, now); err != nil {
			return err
		}
		next, err = tx.Callbacks().Next()
		return err
	})
	if err != nil {
		if durable.WorthLogging(err) {
			g.log.Error("Callbacks could not be claimed", "error", err)
		}
		return nil, time.Time{}, err
	}
	return claimed, next, nil
}

// deliverOne makes one delivery and records what came of it.
func (g *Gateway) deliverOne(ctx context.Context, c *store.Callback) {
	if !g.store.HoldsLease(c.Lease) {
		return // another replica may have delivered it by now, and those behind it
	}
	to := g.config.Tenant().Callback
	if to == nil || to.Secret == "" {
		return // its lease runs out; the business no longer wants it, or it cannot be signed now
	}
	ctx, s := g.traces.Begin(ctx, "callback", trace.SpanKindClient)
	err := g.callbacks.post(context.WithoutCancel(ctx), to, c.Payload) // a stop of the gateway waits for the answer
	now := g.store.Now()
	done := judgeCallback(c, err, now)
	result := done.result
	if s.Recording() {
		s.Note(telemetry.AttributeResult.String(result), telemetry.AttributeAttempt.Int(c.Attempts))
	}
	defer s.End(err)
	var recorded bool
	var forgotten int64
	g.persist(ctx, "callback", func(tx *durable.Tx) (err error) {
		recorded, forgotten, err = done.record(tx, c, now)
		return err
	})
	if result == telemetry.ResultSetAside && !recorded {
		return // whoever has claimed it since tells of it
	}
	g.metrics.Callbacks.WithLabelValues(result).Inc()
	if result == telemetry.ResultSetAside {
		g.log.Warn(
			"Callback was set aside: the business's endpoint refuses it", "status", done.status, "attempts", c.Attempts,
		)
	}
	g.forgotRefused(forgotten)
	if err != nil {
		g.log.Debug("Callback was not delivered", "attempt", c.Attempts, "error", err)
	}
}

// callbackOutcome is what came of a delivery.
type callbackOutcome struct {
	result string
	// status is that of an answer that refuses the callback; 0 if none does.
	status int
	retry  time.Duration
}

// judgeCallback decides what follows from a delivery. What the endpoint refuses is set aside after
// a while, so that it does not hold up the customer's line; what fails otherwise is tried for as
// long as the upstream tries its own webhooks.
func judgeCallback(c *store.Callback, err error, now time.Time) callbackOutcome {
	if err == nil {
		return callbackOutcome{result: telemetry.ResultDelivered}
	}
	o := callbackOutcome{
		result: telemetry.ResultRetry, retry: network.RetryDelay(network.Backoff, c.Attempts-1, longestCallbackPause),
	}
	if answer, ok := errors.AsType[*answerError](err); ok && answer.refuses() {
		o.status = answer.status
		since := c.RefusedAt
		if since.IsZero() {
			since = now
		}
		left := refusalPatience - now.Sub(since)
		if left <= 0 {
			o.result = telemetry.ResultSetAside
			return o
		}
		o.retry = min(o.retry, left)
		return o
	}
	if now.Sub(c.CreatedAt) > callbackRetryFor {
		o.result = telemetry.ResultDropped
	}
	return o
}

// record writes what came of a delivery. It is false if another claim has the callback by now.
// Forgotten is how many callbacks that were set aside had to go for it.
func (o callbackOutcome) record(
	tx *durable.Tx, c *store.Callback, now time.Time,
) (recorded bool, forgotten int64, err error) {
	switch o.result {
	case telemetry.ResultSetAside:
		return tx.Callbacks().SetAside(c, o.status, now)
	case telemetry.ResultRetry:
		if o.status != 0 {
			if err := tx.Callbacks().NoteRefusal(c, now); err != nil {
				return false, 0, err
			}
		}
		recorded, err = tx.Callbacks().Retry(c, now.Add(o.retry))
	default:
		recorded, err = tx.Callbacks().Finish(c, now)
	}
	return recorded, 0, err
}

// forgotRefused tells of callbacks that were set aside and are gone unread.
func (g *Gateway) forgotRefused(n int64) {
	if n == 0 {
		return
	}
	g.metrics.Callbacks.WithLabelValues(telemetry.ResultDropped).Add(float64(n))
	g.log.Warn("Callbacks that were set aside are forgotten: they were too many or too old", "callbacks", n)
}
