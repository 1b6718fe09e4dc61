// Package reporting tells how a gateway is: the report that the operator pulls, and the gauges that
// are read when somebody looks.
package reporting

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/gateway/admission"
	"github.com/guichet-dev/guichet/internal/gateway/callbacks"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/intake"
	"github.com/guichet-dev/guichet/internal/gateway/requests"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/upkeep"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

// Bounds of the lists in a report.
const (
	reportPeriods   = 13
	reportTemplates = 100
)

// figuresTimeout is how long a report waits for the store. Without its figures it still says what
// is wrong.
const figuresTimeout = 2 * time.Second

// Options are what a Reporter tells of.
type Options struct {
	// Replica is the name under which the gateway reports.
	Replica   string
	Store     *durable.Store
	Config    *served.Configuration
	Keys      *served.Keyring
	Gate      *upstream.Gate
	Admission *admission.Admission
	Intake    *intake.Intake
	Upkeep    *upkeep.Upkeep
	Log       *slog.Logger
}

// Reporter reports. It is safe for concurrent use, and a prometheus.Collector of its gauges.
type Reporter struct {
	Options
	steady     steadySpace
	statements statements
}

// New returns a reporter.
func New(options Options) *Reporter { return &Reporter{Options: options} }

// report is the gateway's account of itself at now. What the store does not tell is left out:
// before it is open, or while it is away, the report holds only what is known of the configuration,
// the upstream and the store's outage. published is the sequence of the ledger's record that the
// report shall name too; 0 for none.
func (rep *Reporter) report(ctx context.Context, now time.Time, published int64) (report.Report, error) {
	refused := rep.Config.Refused()
	brief := report.Report{
		Replica: rep.Replica, AsOf: now.UTC(), ConfigError: cmp.Or(refused.Reason, rep.Keys.Refused()),
		RefusedDigest: refused.Digest,
	}
	t := rep.Config.Tenant()
	if t == nil {
		return brief, nil
	}
	brief.Channels = rep.Gate.Report(t)
	brief.StoreOutage = rep.outage(now)
	if !rep.Store.IsOpen() {
		return brief, nil
	}
	brief.ConfigDigest = t.Digest
	brief.OldKeyRows = rep.Upkeep.OldKeyRows()
	brief.Storage = rep.storage()
	brief.BudgetRefused = rep.Admission.RefusedForBudget(t, now)
	full, err := rep.withFigures(ctx, brief, t, now, published)
	switch {
	case err == nil:
		return full, nil
	case errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded):
		if brief.StoreOutage == nil {
			brief.StoreOutage = outageSince(store.OutageCauseOf(err, t.SharesStore()), now)
		}
		return brief, nil
	}
	return brief, err
}

// outage is the store's outage at now; nil if there is none.
func (rep *Reporter) outage(now time.Time) *report.StoreOutage {
	if rep.Store.Superseded() != nil {
		return &report.StoreOutage{Cause: report.StoreSuperseded, Since: now.UTC().Truncate(time.Second)}
	}
	if outage := rep.Store.Outage(); outage != nil {
		return outageSince(outage.Cause, outage.Since)
	}
	return nil
}

func outageSince(cause store.OutageCause, since time.Time) *report.StoreOutage {
	return &report.StoreOutage{Cause: report.StoreOutageCause(cause), Since: since.UTC().Truncate(time.Second)}
}

// withFigures adds to a report what the store tells.
func (rep *Reporter) withFigures(
	ctx context.Context, brief report.Report, t *served.Tenant, now time.Time, published int64,
) (report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, figuresTimeout)
	defer cancel()
	full := brief
	full.Channels = slices.Clone(brief.Channels)
	err := rep.Store.View(ctx, func(tx *store.Tx) error {
		for _, part := range []func(*report.Report, *store.Tx, *served.Tenant, time.Time) error{
			reportPeriod, reportHistory, reportQueues, reportTemplateRequests, reportCallbacks, reportLedger,
			reportUnpriced, reportCounts, rep.reportWaits,
			rep.reportWebhooks, reportGrowth,
		} {
			if err := part(&full, tx, t, now); err != nil {
				return err
			}
		}
		return reportPublished(&full, tx, published)
	})
	return full, err
}

// reportPublished fills in what the ledger has of a record that was published.
func reportPublished(r *report.Report, tx *store.Tx, sequence int64) error {
	if sequence == 0 {
		return nil
	}
	r.Ledger.Published = &report.LedgerRecord{Sequence: sequence}
	hash, found, err := tx.Ledger().RecordHash(sequence)
	if found {
		r.Ledger.Published.Hash = hash.String()
	}
	return err
}

// reportPeriod fills in the current period from the ledger's totals.
func reportPeriod(r *report.Report, tx *store.Tx, t *served.Tenant, now time.Time) error {
	currency := t.Book.Currency()
	month := civil.DateAt(now.Unix(), t.Zone).Month()
	p := &r.Period
	p.Name, p.Start, p.End = month.String(), month.First().Start(t.Zone).UTC(), (month + 1).First().Start(t.Zone).UTC()
	totals, err := tx.Figures().PeriodTotals(p.Name)
	if err != nil {
		return err
	}
	whole := totals[ledger.TotalKey{Period: p.Name, Currency: currency}]
	p.Messages, p.Charged = whole.Messages, whole.Charged
	p.Billed = money.Money{Amount: whole.Billed, Currency: currency}
	p.Cost = money.Money{Amount: whole.Cost, Currency: currency}
	for key, total := range totals {
		if key.Category != "" && key.Currency == currency {
			p.Categories = append(p.Categories, report.Category{
				Name: key.Category, Messages: total.Messages, Charged: total.Charged,
				Billed: money.Money{Amount: total.Billed, Currency: currency},
			})
		}
	}
	slices.SortFunc(p.Categories, func(a, b report.Category) int { return strings.Compare(a.Name, b.Name) })
	reserved, err := tx.Figures().Reserved(currency)
	if err != nil {
		return err
	}
	p.Reserved = money.Money{Amount: reserved, Currency: currency}
	p.Allowances = allowances(tx, t, now)
	if p.Unpriced, err = tx.Depth(store.UnpricedMessages); err != nil {
		return err
	}
	if p.InDoubt, err = tx.Depth(store.Doubts); err != nil {
		return err
	}
	differences, err := tx.Figures().Differences(p.Name)
	if err != nil {
		return err
	}
	for _, d := range differences {
		if cause, counted := strings.CutPrefix(d.Cause, store.ByCounts); counted {
			d.Cause = cause
			p.CountDifferences = append(p.CountDifferences, report.Difference(d))
			continue
		}
		p.Differences = append(p.Differences, report.Difference(d))
	}
	p.BudgetWarned, err = tx.Figures().BudgetWarned(p.Name)
	return err
}

// allowances says how much of each allowance was used in each of its scopes.
func allowances(tx *store.Tx, t *served.Tenant, now time.Time) []report.Allowance {
	var list []report.Allowance
	seen := map[pricing.CounterKey]bool{}
	for _, c := range t.Channels {
		prices := t.PricesOf(c.ID)
		for _, limit := range prices.Book.Allowances(now.Unix(), prices.Payer, c.ID) {
			if seen[limit.Key] {
				continue
			}
			seen[limit.Key] = true
			list = append(list, report.Allowance{
				Name: limit.Name, Scope: scopeName(limit.Key.Scope, c.Name, prices.Payer.CountedBy),
				Used: tx.Figures().Count(limit.Key), Count: limit.Limit,
			})
		}
	}
	slices.SortFunc(list, func(a, b report.Allowance) int {
		if order := strings.Compare(a.Name, b.Name); order != 0 {
			return order
		}
		return strings.Compare(a.Scope, b.Scope)
	})
	return list
}

// scopeName is what an allowance is counted for. What the plan of some channels counts for the
// account is not what the account's own plan counts for it.
func scopeName(scope pricing.Scope, channel, countedBy string) string {
	name := "account"
	switch scope {
	case pricing.PerChannel:
		return channel
	case pricing.PerPortfolio:
		name = "portfolio"
	case pricing.PerAccount:
	}
	if countedBy != "" {
		name += ", plan " + countedBy
	}
	return name
}

// reportHistory fills in the periods that are over and the revisions that are frozen.
func reportHistory(r *report.Report, tx *store.Tx, t *served.Tenant, _ time.Time) error {
	periods, err := tx.Figures().RecentPeriods(r.Period.Name, reportPeriods)
	if err != nil {
		return err
	}
	for _, p := range periods {
		if p.Currency == t.Book.Currency() {
			r.History = append(r.History, report.PeriodTotal{
				Name: p.Period, Messages: p.Total.Messages, Billed: money.Money{
					Amount: p.Total.Billed, Currency: p.Currency,
				},
			})
		}
	}
	revisions, err := tx.Figures().UsedRevisions()
	if err != nil {
		return err
	}
	for _, used := range revisions {
		if r.UsedRevisions == nil {
			r.UsedRevisions = map[string][]string{}
		}
		r.UsedRevisions[used.Plan] = append(r.UsedRevisions[used.Plan], used.Revision)
	}
	return nil
}

// reportQueues fills in what waits, the open windows, and the upstream's words on templates.
func reportQueues(r *report.Report, tx *store.Tx, _ *served.Tenant, now time.Time) (err error) {
	d, err := readDepths(tx, now)
	if err != nil {
		return err
	}
	r.OpenWindows = d.openWindows
	r.Queues = report.Queues{
		Outbound: d.outbound, Unsettled: d.unsettled, Callbacks: d.callbacks, CallbackBytes: d.callbackBytes,
	}
	events, err := tx.Intake().TemplateEvents(reportTemplates)
	if err != nil {
		return err
	}
	for _, e := range events {
		r.TemplateEvents = append(r.TemplateEvents, report.TemplateEvent{
			UpstreamID: e.UpstreamID, Name: e.Name, Language: e.Language, Event: e.Event, Time: e.At,
		})
	}
	return nil
}

// reportTemplateRequests fills in what clients ask the operator to do with templates.
func reportTemplateRequests(r *report.Report, tx *store.Tx, t *served.Tenant, _ time.Time) error {
	waiting, err := requests.Waiting(tx, t)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		r.TemplateRequests = append(r.TemplateRequests, report.TemplateRequest{
			ID: w.ID, Target: w.Target, By: w.By, Time: w.At, Name: w.Name, Language: w.Language,
			Definition: w.Wanted,
		})
	}
	return nil
}

// reportLedger fills in the ledger's head.
func reportLedger(r *report.Report, tx *store.Tx, t *served.Tenant, _ time.Time) error {
	head, err := tx.Ledger().Head()
	if err != nil || head.Sequence == 0 {
		return err
	}
	r.Ledger = report.Ledger{Sequence: head.Sequence, Hash: head.Hash.String()}
	r.Currency = string(t.Book.Currency())
	return nil
}

// depths reads what waits in the store now.
func (rep *Reporter) depths(ctx context.Context) (d depths, err error) {
	err = rep.Store.View(ctx, func(tx *store.Tx) (err error) {
		now := rep.Store.Now()
		if d, err = readDepths(tx, now); err != nil {
			return err
		}
		if t := rep.Config.Tenant(); t != nil {
			if d.webhooks, err = rep.readWebhooks(tx, t, now); err != nil {
				return err
			}
			var r report.Report
			if err = reportPeriod(&r, tx, t, now); err == nil {
				d.period = &r.Period
			}
			if t.Budget != nil {
				d.budget = &t.Budget.Limit
			}
		}
		return err
	})
	d.oldKeyRows = rep.Upkeep.OldKeyRows()
	return d, err
}

func readDepths(tx *store.Tx, now time.Time) (d depths, err error) {
	for _, read := range []struct {
		of   store.Depth
		into *int64
	}{
		{store.Outbound, &d.outbound},
		{store.Unsettled, &d.unsettled},
		{store.Callbacks, &d.callbacks},
		{store.CallbackBytes, &d.callbackBytes},
		{store.RefusedCallbacks, &d.refusedCallbacks},
		{store.RefusedBytes, &d.refusedBytes},
		{store.Doubts, &d.inDoubt},
		{store.UnpricedMessages, &d.unpriced},
	} {
		if *read.into, err = tx.Depth(read.of); err != nil {
			return d, err
		}
	}
	if d.openWindows, err = tx.People().OpenWindows(now); err != nil {
		return d, err
	}
	endpoint, err := tx.Callbacks().Endpoint()
	if err != nil {
		return d, err
	}
	d.endpointFails = d.callbacks > 0 && callbacks.IsFailing(&endpoint, now)
	oldest, err := tx.Queue().OldestInLine()
	if err == nil && !oldest.IsZero() {
		d.oldestOutbound = now.Sub(oldest)
	}
	return d, err
}
