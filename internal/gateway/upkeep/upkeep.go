// Package upkeep looks after what no request brings about: doubts, messages that have outlived
// themselves, levels of the budget, messages that could not be priced, what may be forgotten, and
// what is sealed with old keys.
package upkeep

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/callbacks"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/intake"
	"github.com/guichet-dev/guichet/internal/gateway/policy"
	"github.com/guichet-dev/guichet/internal/gateway/requests"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/gateway/wake"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	// interval is how often what time alone brings about is looked after.
	interval = 5 * time.Second
	// retoldFor is for how long a network may repeat a webhook that was not taken.
	retoldFor = 7 * 24 * time.Hour
	// forgetAfter is when a settled message is forgotten; the ledger keeps its record. Until then a
	// late status still finds it, and what was open when it ended.
	forgetAfter = conversation.Retention * time.Second
	// purgeInterval is how often what is no longer needed is removed.
	purgeInterval = time.Minute
	// touchInterval is how often something is written although there is nothing to record: a volume
	// that has become read-only is met before the next message is.
	touchInterval = time.Minute
)

// Options are what an Upkeep uses.
type Options struct {
	Store     *durable.Store
	Config    *served.Configuration
	Keys      *served.Keyring
	Gate      *upstream.Gate
	Settler   *settlement.Settler
	Callbacks *callbacks.Queue
	Intake    *intake.Intake
	Log       *slog.Logger
}

// Upkeep is done while the gateway runs. Its Run is called once.
type Upkeep struct {
	Options
	// reachableSince is since when statuses can reach the store: since it was opened, or the end of
	// the store's last outage, as far as upkeep has met one. Nil is since now.
	reachableSince atomic.Pointer[time.Time]
	// sealed is what the last walk through the store has found; nil before the first one.
	sealed atomic.Pointer[sealedWith]
}

// New returns the upkeep of a store that may not be open yet.
func New(options Options) *Upkeep { return &Upkeep{Options: options} }

// means are what a message is priced by: the plan, and the keys that open what is known of the
// message.
type means struct {
	tenant *served.Tenant
	keys   *served.Keys
}

// Run does the upkeep of an open store until ctx is done.
func (u *Upkeep) Run(ctx context.Context) {
	began := u.Store.Now()
	u.reachableSince.Store(&began)
	var purged, touched time.Time
	var repriced means
	wake.Every(ctx, u.Store.Clock(), interval, func() {
		t, now := u.Config.Tenant(), u.Store.Now()
		by := means{t, u.Keys.Current()}
		if u.Store.Shared() {
			u.runStep(ctx, "find what another replica left", func() error { return u.Recover(ctx, u.Store.Update) })
		}
		u.runStep(ctx, "see whether webhooks arrive", func() error { return u.findSilences(ctx, now) })
		u.runStep(ctx, "resolve doubts", func() error { return u.ResolveDoubts(ctx, t, now) })
		u.runStep(ctx, "give up what is too old to be sent", func() error { return u.expireQueued(ctx, t, now) })
		u.runStep(ctx, "settle what has no outcome", func() error { return u.ExpireUnsettled(ctx, t, now) })
		u.runStep(ctx, "release reservations that are over", func() error { return u.unreserve(ctx, now) })
		u.runStep(ctx, "warn of the budget", func() error { return u.warnOfBudget(ctx, t, now) })
		if now.Sub(touched) >= touchInterval || u.Store.Outage() != nil {
			u.runStep(ctx, "see whether the store takes writes", func() error {
				return u.Store.Update(ctx, func(tx *durable.Tx) error { return tx.Upkeep().Touch(now) })
			})
			touched = now
		}
		if by != repriced {
			u.runStep(ctx, "price what was unpriced", func() error {
				err := u.reprice(ctx, t, now)
				if err == nil {
					repriced = by
				}
				return err
			})
		}
		if now.Sub(purged) >= purgeInterval {
			u.runStep(ctx, "forget what is settled", func() error { return u.purge(ctx, t, now) })
			purged = now
		}
	})
}

// runStep does a part of the upkeep, and logs why it could not be done.
func (u *Upkeep) runStep(ctx context.Context, what string, step func() error) {
	if err := step(); err != nil && ctx.Err() == nil && durable.WorthLogging(err) {
		u.Log.Error("Maintenance failed", "step", what, "error", err)
	}
}

// notify wakes the dispatcher and the delivery of callbacks, once an operation is durable: a
// message that has ended lets the one behind it go, and the business hears of it.
func (u *Upkeep) notify(tx *durable.Tx) {
	tx.After(func() {
		u.Gate.Notify()
		u.Callbacks.Notify()
	})
}

// expireQueued gives up messages that still wait for the upstream when their time to live is over.
func (u *Upkeep) expireQueued(ctx context.Context, t *served.Tenant, now time.Time) error {
	outlived := func(tx *durable.Tx, _ *store.Message, limit int) ([]*store.Message, error) {
		return tx.Queue().Outlived(now.Add(policy.OutcomeGrace), limit)
	}
	_, err := u.Store.ForEach(ctx, outlived, func(tx *durable.Tx, m *store.Message) error {
		about, err := u.Settler.Open(tx, m)
		if err != nil {
			return err
		}
		return u.giveUp(tx, t, m, about, policy.Expired(), now)
	})
	return err
}

// ExpireUnsettled settles messages of which nothing was heard within their time to live and the
// grace. A message that was never sent, or is in doubt, is given up; one that the upstream had is
// settled as undelivered. If a delivery is reported later still, the ledger gets a correction.
func (u *Upkeep) ExpireUnsettled(ctx context.Context, t *served.Tenant, now time.Time) error {
	late := network.Refuse(network.Undeliverable, "The message was not delivered within its time to live.")
	expired := func(tx *durable.Tx, _ *store.Message, limit int) ([]*store.Message, error) {
		return tx.Messages().Expired(now, limit)
	}
	_, err := u.Store.ForEach(ctx, expired, func(tx *durable.Tx, m *store.Message) error {
		about, err := u.Settler.Open(tx, m)
		if err != nil {
			return err
		}
		if about.Share > 0 {
			return tx.Ledger().Waive(m)
		}
		if m.State == store.InDoubt { // the account's rule had no time to apply
			if err := tx.Ledger().Append(settlement.DoubtRecord(m, ledger.NoteDoubtFailed, now)); err != nil {
				return err
			}
		}
		if err := u.giveUp(tx, t, m, about, late, now); err != nil {
			return err
		}
		return u.Settler.Settle(tx, t, settlement.Ending{Message: m, About: about, At: now, Now: now})
	})
	return err
}

// unreserve gives back the reservations of messages that were given up in doubt, once nothing of
// them can come any more.
func (u *Upkeep) unreserve(ctx context.Context, now time.Time) error {
	past := func(tx *durable.Tx, _ *store.Message, limit int) ([]*store.Message, error) {
		return tx.Messages().ReservedPast(now, limit)
	}
	_, err := u.Store.ForEach(
		ctx, past, func(tx *durable.Tx, m *store.Message) error { return tx.Ledger().Unreserve(m) },
	)
	return err
}

// reprice settles or corrects delivered messages that had no rate, under a plan that may have it
// now, or that could not be opened.
func (u *Upkeep) reprice(ctx context.Context, t *served.Tenant, now time.Time) error {
	unpriced := func(tx *durable.Tx, last *store.Message, limit int) ([]*store.Message, error) {
		return tx.Messages().Unpriced(last, limit)
	}
	_, err := u.Store.ForEach(ctx, unpriced, func(tx *durable.Tx, m *store.Message) error {
		about, err := u.Settler.Open(tx, m)
		if err != nil {
			return err
		}
		return u.Settler.Settle(tx, t, settlement.Ending{
			Message: m, About: about, Delivered: true, At: settlement.DeliveredAt(m), Now: now,
		})
	})
	return err
}

// purge removes what is no longer needed, a batch at a time.
func (u *Upkeep) purge(ctx context.Context, t *served.Tenant, now time.Time) error {
	var callbacksBefore time.Time
	if t.Callback == nil { // no endpoint is left for them
		callbacksBefore = now.Add(-callbacks.RetryFor)
	}
	for {
		var removed, refused int64
		err := u.Store.Update(ctx, func(tx *durable.Tx) (err error) {
			removed, err = tx.Upkeep().Purge(now, store.PurgeLimits{
				SettledBefore: now.Add(-forgetAfter), EarlyBefore: now.Add(-store.DedupeRetention),
				CallbacksBefore: callbacksBefore, Rows: durable.PageSize,
			})
			if err != nil {
				return err
			}
			if err = requests.DropTaken(tx, t, now); err != nil {
				return err
			}
			refused, err = u.Callbacks.Purge(tx, now, durable.PageSize)
			return err
		})
		if err != nil || removed+refused == 0 {
			return err
		}
	}
}
