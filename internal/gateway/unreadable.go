package gateway

import (
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// A row of the store that cannot be read, because bytes of it were changed on the disk or its key
// is missing, must not hold up the others. What is damaged is given up, without what it holds; what
// is locked waits for its key.

// lockedPause is how long what is sealed with a missing key waits until it is looked at again.
const lockedPause = time.Minute

// Kinds of rows, as labels, beside those of the upstream's events.
const (
	kindCallback     = "callback"
	kindConversation = "conversation"
)

// envelopeOf is a message's envelope. One that cannot be opened is empty and says so.
func (g *Gateway) envelopeOf(m *store.Message) (envelope, error) {
	if m.Condition == store.Whole || m.Envelope != nil {
		return decodeEnvelope(m.Envelope)
	}
	g.unreadable(kindMessage, "message", m.ID)
	return envelope{unreadable: true}, nil
}

// unreadable counts a row that cannot be read, and logs which one it is.
func (g *Gateway) unreadable(kind string, which ...any) {
	g.metrics.Unreadable.WithLabelValues(kind).Inc()
	g.log.Error("Stored row cannot be read", append([]any{"kind", kind}, which...)...)
}

func unreadableError() *graph.Error {
	return graph.NewError(graph.CodeInternal, "The stored message could not be read. Send it again.")
}

// rate prices an ended message. One whose envelope or conversation cannot be read has no price that
// is known, unless it is free because it was not delivered.
func rateOf(t *served.Tenant, e ending, rate func() pricing.Outcome) pricing.Outcome {
	switch {
	case !e.about.unreadable:
		return rate()
	case e.delivered:
		return pricing.Outcome{Currency: t.Book.Currency(), Result: pricing.Unpriced}
	default:
		return pricing.Outcome{Currency: t.Book.Currency(), Result: pricing.Free, FreeReason: pricing.Undelivered}
	}
}

// readable takes claimed callbacks that cannot be read out of the way: the damaged are dropped, and
// the locked put off for as long as any callback is tried.
func (g *Gateway) readable(tx *durable.Tx, claimed []*store.Callback, now time.Time) ([]*store.Callback, error) {
	whole := claimed[:0]
	for _, c := range claimed {
		var err error
		switch {
		case c.Condition == store.Whole:
			whole = append(whole, c)
		case c.Condition == store.Locked && now.Sub(c.CreatedAt) <= callbackRetryFor:
			g.unreadable(kindCallback, "channel", c.Channel, "reason", "it is sealed with a key that the keyset lacks")
			_, err = tx.Callbacks().Retry(c, now.Add(lockedPause))
		default:
			g.unreadable(kindCallback, "channel", c.Channel, "reason", "it is dropped")
			g.metrics.Callbacks.WithLabelValues(telemetry.ResultDropped).Inc()
			_, err = tx.Callbacks().Finish(c, now)
		}
		if err != nil {
			return nil, err
		}
	}
	return whole, nil
}
