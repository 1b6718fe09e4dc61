package gateway

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	// deliverers is how many callbacks are delivered at once.
	deliverers = 32
	// callbackLease is how long a claimed callback is left to its deliverer; longer than a delivery can take.
	callbackLease = 3 * callbackTimeout
	// callbackRetryFor is how long a callback is tried, as long as the upstream tries its own webhooks.
	callbackRetryFor = retoldFor
	// longestCallbackPause bounds the pause between two tries.
	longestCallbackPause = 15 * time.Minute
	// maxCallbacks bounds the queue. When the business's endpoint has been away for so long that it is full, new callbacks are dropped and counted.
	maxCallbacks = 1_000_000
)

// queueCallback queues a webhook for the business's endpoint in the caller's commit. Without an endpoint there is nothing to queue.
func (g *Gateway) queueCallback(tx *store.Tx, t *tenant, channel string, customer seal.CustomerHash, body []byte, now time.Time) error {
	if t.Callback == nil {
		return nil
	}
	waiting, err := tx.Depth(store.Callbacks)
	if err != nil {
		return err
	}
	if waiting >= maxCallbacks {
		g.metrics.callbacks.WithLabelValues(resultDropped).Inc()
		return nil
	}
	return tx.EnqueueCallback(&store.Callback{Channel: channel, Customer: customer, Payload: body, CreatedAt: now})
}

// deliver posts queued callbacks to the business's endpoint until ctx is done: in order for each customer, several customers at once.
func (g *Gateway) deliver(ctx context.Context) {
	slots := make(chan struct{}, deliverers)
	var underWay sync.WaitGroup
	defer underWay.Wait()
	timer := time.NewTimer(dispatchIdle)
	for pause := time.Duration(0); g.deliveries.sleep(ctx, timer, pause); {
		claimed, next, err := g.claimCallbacks(ctx, deliverers-len(slots))
		pause = g.idle()
		switch {
		case err != nil:
			pause = storePause
		case !next.IsZero():
			pause = min(pause, max(0, next.Sub(g.now())))
		}
		if len(slots) == deliverers {
			pause = dispatchIdle // a deliverer that is done rings
		}
		for _, c := range claimed {
			slots <- struct{}{}
			underWay.Go(func() {
				g.deliverOne(ctx, c)
				<-slots
				g.deliveries.ring()
			})
		}
	}
}

func (g *Gateway) claimCallbacks(ctx context.Context, limit int) (claimed []*store.Callback, next time.Time, err error) {
	to := g.config.tenant().Callback
	if limit == 0 || to == nil || to.Secret == "" { // without its secret a callback cannot be signed: it waits
		return nil, time.Time{}, nil
	}
	now := g.now()
	err = g.update(ctx, func(tx *store.Tx) (err error) {
		if claimed, err = tx.ClaimCallbacks(now, now.Add(callbackLease), limit); err != nil {
			return err
		}
		if claimed, err = g.readable(tx, claimed, now); err != nil {
			return err
		}
		next, err = tx.NextCallback()
		return err
	})
	if err != nil {
		if worthLogging(err) {
			g.log.Error("Callbacks could not be claimed", "error", err)
		}
		return nil, time.Time{}, err
	}
	return claimed, next, nil
}

// deliverOne makes one delivery and records what came of it.
func (g *Gateway) deliverOne(ctx context.Context, c *store.Callback) {
	if !g.opened.Load().HoldsLease(c.Lease) {
		return // another replica may have delivered it by now, and those behind it
	}
	to := g.config.tenant().Callback
	if to == nil || to.Secret == "" {
		return // its lease runs out; the business no longer wants it, or it cannot be signed now
	}
	ctx, s := g.traces.begin(ctx, "callback", trace.SpanKindClient)
	err := g.callbacks.post(context.WithoutCancel(ctx), to, c.Payload) // a stop of the gateway waits for the answer
	now := g.now()
	result := resultDelivered
	if err != nil {
		result = resultRetry
		if now.Sub(c.CreatedAt) > callbackRetryFor {
			result = resultDropped
		}
	}
	if s.recording() {
		s.note(attributeResult.String(result), attributeAttempt.Int(c.Attempts))
	}
	defer s.end(err)
	g.metrics.callbacks.WithLabelValues(result).Inc()
	g.persist(ctx, "callback", func(tx *store.Tx) error {
		var err error
		if result == resultRetry {
			_, err = tx.RetryCallback(c, now.Add(graph.RetryDelay(graph.Backoff, c.Attempts-1, longestCallbackPause)))
		} else {
			_, err = tx.FinishCallback(c, now)
		}
		return err
	})
	if err != nil {
		g.log.Debug("Callback was not delivered", "attempt", c.Attempts, "error", err)
	}
}
