package gateway

import (
	"context"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	// maintainInterval is how often what time alone brings about is looked after.
	maintainInterval = 5 * time.Second
	// retoldFor is for how long the upstream may repeat a webhook that was not taken. Source:
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
	retoldFor = 7 * 24 * time.Hour
	// outcomeGrace is how long after a message's time to live an outcome is waited for.
	outcomeGrace = retoldFor + 24*time.Hour
	// forgetAfter is when a settled message is forgotten; the ledger keeps its record. Until then a
	// late status still finds it, and what was open when it ended.
	forgetAfter = conversation.Retention * time.Second
	// purgeInterval is how often what is no longer needed is removed.
	purgeInterval = time.Minute
	// touchInterval is how often something is written although there is nothing to record: a volume
	// that has become read-only is met before the next message is.
	touchInterval = time.Minute
)

// means are what a message is priced by: the plan, and the keys that open what is known of the
// message.
type means struct {
	tenant *served.Tenant
	keys   *served.Keys
}

// maintain looks after what no request brings about until ctx is done: doubts, messages that have
// outlived themselves, levels of the budget, messages that a new plan or a key that is back can
// price at last, and what may be forgotten.
func (g *Gateway) maintain(ctx context.Context) {
	ticker := time.NewTicker(maintainInterval)
	defer ticker.Stop()
	var purged, touched time.Time
	var repriced means
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		t, now := g.config.Tenant(), g.store.Now()
		served := means{t, g.keys.Current()}
		if g.store.Shared() {
			g.attend(ctx, "find what another replica left", func() error { return g.recover(ctx, g.store.Update) })
		}
		g.attend(ctx, "resolve doubts", func() error { return g.resolveDoubts(ctx, t, now) })
		g.attend(ctx, "give up what is too old to be sent", func() error { return g.expireQueued(ctx, t, now) })
		g.attend(ctx, "settle what has no outcome", func() error { return g.expireUnsettled(ctx, t, now) })
		g.attend(ctx, "release reservations that are over", func() error { return g.unreserve(ctx, now) })
		g.attend(ctx, "warn of the budget", func() error { return g.warnOfBudget(ctx, t, now) })
		if now.Sub(touched) >= touchInterval || g.store.Outage() != nil {
			g.attend(ctx, "see whether the store takes writes", func() error {
				return g.store.Update(ctx, func(tx *durable.Tx) error { return tx.Upkeep().Touch(now) })
			})
			touched = now
		}
		if served != repriced {
			g.attend(ctx, "price what was unpriced", func() error {
				err := g.reprice(ctx, t, now)
				if err == nil {
					repriced = served
				}
				return err
			})
		}
		if now.Sub(purged) >= purgeInterval {
			g.attend(ctx, "forget what is settled", func() error { return g.purge(ctx, now) })
			purged = now
		}
	}
}

func (g *Gateway) attend(ctx context.Context, what string, step func() error) {
	if err := step(); err != nil && ctx.Err() == nil {
		if durable.WorthLogging(err) {
			g.log.Error("Maintenance failed", "step", what, "error", err)
		}
	}
}

// expireQueued gives up messages that still wait for the upstream when their time to live is over.
func (g *Gateway) expireQueued(ctx context.Context, t *served.Tenant, now time.Time) error {
	outlived := func(tx *durable.Tx, _ *store.Message, limit int) ([]*store.Message, error) {
		return tx.Queue().Outlived(now.Add(outcomeGrace), limit)
	}
	found, err := g.store.ForEach(ctx, outlived, func(tx *durable.Tx, m *store.Message) error {
		about, err := g.envelopeOf(m)
		if err != nil {
			return err
		}
		return g.giveUp(tx, t, channelOrGone(t.Channel(m.Channel), m.Channel), m, about, expiredError(), now)
	})
	if found > 0 {
		g.notify()
	}
	return err
}

// expireUnsettled settles messages of which nothing was heard within their time to live and the
// grace. A message that was never sent, or is in doubt, is given up; one that the upstream had is
// settled as undelivered. If a delivery is reported later still, the ledger gets a correction.
func (g *Gateway) expireUnsettled(ctx context.Context, t *served.Tenant, now time.Time) error {
	late := graph.NewError(graph.CodeUndeliverable, "The message was not delivered within its time to live.")
	expired := func(tx *durable.Tx, _ *store.Message, limit int) ([]*store.Message, error) {
		return tx.Messages().Expired(now, limit)
	}
	found, err := g.store.ForEach(ctx, expired, func(tx *durable.Tx, m *store.Message) error {
		about, err := g.envelopeOf(m)
		if err != nil {
			return err
		}
		if m.State == store.InDoubt { // the account's rule had no time to apply
			if err := tx.Ledger().Append(doubtRecord(m, noteDoubtFailed, now)); err != nil {
				return err
			}
		}
		if err := g.giveUp(tx, t, channelOrGone(t.Channel(m.Channel), m.Channel), m, about, late, now); err != nil {
			return err
		}
		return g.settle(tx, t, ending{message: m, about: about, at: now, now: now})
	})
	if found > 0 {
		g.notify()
	}
	return err
}

// unreserve gives back the reservations of messages that were given up in doubt, once nothing of
// them can come any more.
func (g *Gateway) unreserve(ctx context.Context, now time.Time) error {
	past := func(tx *durable.Tx, _ *store.Message, limit int) ([]*store.Message, error) {
		return tx.Messages().ReservedPast(now, limit)
	}
	_, err := g.store.ForEach(ctx, past, func(tx *durable.Tx, m *store.Message) error {
		return tx.Ledger().Unreserve(m)
	})
	return err
}

// reprice settles or corrects delivered messages that had no rate, under a plan that may have it
// now, or that could not be opened.
func (g *Gateway) reprice(ctx context.Context, t *served.Tenant, now time.Time) error {
	unpriced := func(tx *durable.Tx, last *store.Message, limit int) ([]*store.Message, error) {
		return tx.Messages().Unpriced(last, limit)
	}
	_, err := g.store.ForEach(ctx, unpriced, func(tx *durable.Tx, m *store.Message) error {
		about, err := g.envelopeOf(m)
		if err != nil {
			return err
		}
		return g.settle(tx, t, ending{message: m, about: about, delivered: true, at: deliveredAt(m), now: now})
	})
	return err
}

// deliveredAt is the first instant at which a message is known to have been delivered. A reaction
// is only ever told to be sent.
func deliveredAt(m *store.Message) time.Time {
	for _, at := range []time.Time{m.DeliveredAt, m.ReadAt, m.SentAt} {
		if !at.IsZero() {
			return at
		}
	}
	return m.AcceptedAt
}

// purge removes what is no longer needed, a batch at a time.
func (g *Gateway) purge(ctx context.Context, now time.Time) error {
	for {
		var removed, refused int64
		err := g.store.Update(ctx, func(tx *durable.Tx) (err error) {
			removed, err = tx.Upkeep().Purge(now, store.PurgeLimits{
				SettledBefore: now.Add(-forgetAfter), EarlyBefore: now.Add(-store.DedupeRetention),
				// One that is tried is given up by then; this is for those that no endpoint is left
				// for.
				CallbacksBefore: now.Add(-callbackRetryFor - callbackLease), Rows: durable.PageSize,
			})
			if err != nil {
				return err
			}
			refused, err = tx.Callbacks().PurgeRefused(now.Add(-refusedKeptFor), durable.PageSize)
			return err
		})
		if err == nil {
			g.forgotRefused(refused)
		}
		if err != nil || removed+refused == 0 {
			return err
		}
	}
}
