// Package counts compares the ledger, once a day, with the upstream's own count of what it has
// billed. What differs is counted by its cause, as what the upstream's statuses say is.
package counts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/wake"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/reconcile"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	// interval is how often it is asked whether a day is to be compared.
	interval = 5 * time.Minute
	// retryAfter is how long a comparison that has failed waits: the upstream allows some hundred
	// calls an hour, which clients share.
	retryAfter = time.Hour
	// maxRecords bounds what is read into memory for one day and the two beside it: some 30 MB.
	maxRecords = 100_000
	// recordsPage is how many records one snapshot of the store reads.
	recordsPage = 1000
)

// Options are what the comparison uses.
type Options struct {
	Store  *durable.Store
	Config *served.Configuration
	Log    *slog.Logger
}

// Counts compares while the gateway runs. Its Run is called once.
type Counts struct {
	Options
	// failedAt is when a business account's comparison failed last.
	failedAt map[string]time.Time
}

// New returns the comparison for a store that may not be open yet.
func New(options Options) *Counts { return &Counts{Options: options, failedAt: map[string]time.Time{}} }

// Run compares each day of an open store once it is over, until ctx is done.
func (c *Counts) Run(ctx context.Context) {
	wake.Every(ctx, c.Store.Clock(), interval, func() {
		t := c.Config.Tenant()
		if t == nil || t.UpstreamCounts != config.UpstreamCountsCompared {
			return
		}
		for _, of := range businessAccounts(t) {
			if err := c.compareDue(ctx, t, of); err != nil && ctx.Err() == nil && durable.WorthLogging(err) {
				c.Log.Error("Comparison with the upstream's count failed", "error", err)
			}
		}
	})
}

// businessAccount is one of the account's, whose upstream counts what it bills.
type businessAccount struct {
	id       string
	upstream network.CountingUpstream
	channels []string
}

// businessAccounts are those that can be compared, in the order of their ids.
func businessAccounts(t *served.Tenant) (all []businessAccount) {
	ids := t.ChannelIDs()
	slices.Sort(ids)
	for _, id := range ids {
		c := t.Channel(id)
		upstream, counts := c.Upstream.(network.CountingUpstream)
		if !counts || c.BusinessAccountID == "" {
			continue
		}
		i := slices.IndexFunc(all, func(of businessAccount) bool { return of.id == c.BusinessAccountID })
		if i < 0 {
			i = len(all)
			all = append(all, businessAccount{id: c.BusinessAccountID, upstream: upstream})
		}
		all[i].channels = append(all[i].channels, id)
	}
	slices.SortFunc(all, func(a, b businessAccount) int { return strings.Compare(a.id, b.id) })
	return all
}

// compareDue compares the days of a business account that are over and were not compared yet.
func (c *Counts) compareDue(ctx context.Context, t *served.Tenant, of businessAccount) error {
	now := c.Store.Now()
	if failed, ok := c.failedAt[of.id]; ok && now.Sub(failed) < retryAfter {
		return nil
	}
	known, err := c.compared(ctx, of.id)
	if err != nil {
		return err
	}
	for _, day := range dueDays(now, t.Zone, known.Day) {
		a := aroundDay(day, t.Zone)
		differences, err := c.compare(ctx, of, a)
		if err != nil {
			c.failedAt[of.id] = now
			return errors.Join(err, c.recordFailure(ctx, known, failureOf(err)))
		}
		delete(c.failedAt, of.id)
		known.Day, known.Failure = day.String(), ""
		if err := c.record(ctx, known, day.Month().String(), differences); err != nil {
			return err
		}
	}
	return nil
}

// compared says how far a business account was compared.
func (c *Counts) compared(ctx context.Context, id string) (known store.Compared, err error) {
	known.Account = id
	err = c.Store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Figures().Compared()
		for _, of := range all {
			if of.Account == id {
				known = of
			}
		}
		return err
	})
	return known, err
}

// compare asks the upstream and returns what differs on the day.
func (c *Counts) compare(ctx context.Context, of businessAccount, a around) ([]reconcile.Difference, error) {
	messages, err := c.messages(ctx, of.channels, a)
	if err != nil {
		return nil, err
	}
	theirs, err := of.upstream.Counts(ctx, of.id, a.from(), a.to())
	_, silent := errors.AsType[*network.TransportError](err)
	_, answered := network.AsError(err)
	switch {
	case err != nil && !silent && !answered && len(messages) == 0:
		theirs = nil // an answer without any count has another shape
	case err != nil:
		return nil, err
	}
	result, err := reconcile.Compare(a.whole(theirs), messages)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(result.Differences, func(d reconcile.Difference) bool { return !a.judges(&d) }), nil
}

var errTooMany = fmt.Errorf("the ledger has more than %d records of three days", maxRecords)

// messages are those that were delivered in a time, as the ledger has them.
func (c *Counts) messages(ctx context.Context, channels []string, a around) ([]reconcile.Message, error) {
	reader := reconcile.NewReader(channels)
	after, err := c.recordsBefore(ctx, a.from())
	if err != nil {
		return nil, err
	}
	for read, whole := 0, false; !whole; {
		err := c.Store.View(ctx, func(tx *store.Tx) error {
			page := 0
			for entry, err := range reader.Records(tx.Ledger().Entries(after)) {
				if err != nil {
					return err
				}
				if after, page, read = entry.Sequence, page+1, read+1; page == recordsPage {
					return nil
				}
			}
			whole = true
			return nil
		})
		if err != nil {
			return nil, err
		}
		if read > maxRecords {
			return nil, errTooMany
		}
	}
	return slices.DeleteFunc(reader.Messages(), func(m reconcile.Message) bool {
		return m.DeliveredAt.Before(a.from()) || !m.DeliveredAt.Before(a.to())
	}), nil
}

// recordsBefore is the sequence of the last record that was made before an instant. Deliveries are
// recorded behind the upstream's time of them, unless clocks differ.
func (c *Counts) recordsBefore(ctx context.Context, at time.Time) (sequence int64, err error) {
	const clocks = 10 * time.Minute
	err = c.Store.View(ctx, func(tx *store.Tx) error {
		head, err := tx.Ledger().Head()
		if err != nil {
			return err
		}
		since, _, err := tx.Ledger().RecordsSince(at.Add(-clocks))
		sequence = head.Sequence - since
		return err
	})
	return sequence, err
}

// record counts what differs and says how far the comparison has come, in one operation. Of several
// replicas one does.
func (c *Counts) record(
	ctx context.Context, done store.Compared, period string, differences []reconcile.Difference,
) error {
	return c.Store.Update(ctx, func(tx *durable.Tx) error {
		all, err := tx.Figures().Compared()
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(of store.Compared) bool {
			return of.Account == done.Account && of.Day >= done.Day
		}) {
			return nil
		}
		for i := range differences {
			d := &differences[i]
			err := tx.Figures().CountDifferences(period, store.ByCounts+string(d.Cause), d.Count, d.Messages)
			if err != nil {
				return err
			}
			tx.After(func() {
				c.Log.Warn("Upstream's count differs from the ledger", "day", done.Day, "market", d.Market,
					"category", d.Category.String(), "cause", string(d.Cause), "messages", d.Count)
			})
		}
		return tx.Figures().PutCompared(done)
	})
}

// recordFailure says why the next day was not compared, unless that is said already.
func (c *Counts) recordFailure(ctx context.Context, known store.Compared, failure string) error {
	if failure == "" || failure == known.Failure {
		return nil
	}
	known.Failure = failure
	return c.Store.Update(ctx, func(tx *durable.Tx) error { return tx.Figures().PutCompared(known) })
}

// failureOf says in stable words why a day was not compared; it is empty if that is the gateway's
// own matter, such as its store.
func failureOf(err error) string {
	_, silent := errors.AsType[*network.TransportError](err)
	refusal, refused := network.AsError(err)
	_, broken := errors.AsType[*ledger.VerifyError](err)
	switch {
	case errors.Is(err, errTooMany), broken:
		return err.Error()
	case refused:
		return fmt.Sprintf("the upstream refuses to tell its count, with code %d", refusal.Number())
	case silent:
		return "the upstream does not answer"
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, durable.ErrStarting), errors.Is(err, context.Canceled):
		return ""
	}
	return "the upstream's count cannot be read"
}
