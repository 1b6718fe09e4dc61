package reporting

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/report"
)

// depths are what waits in the store at one instant.
type depths struct {
	outbound, unsettled, callbacks, callbackBytes, refusedCallbacks, refusedBytes, inDoubt, unpriced, openWindows int64

	oldestOutbound time.Duration
	oldKeyRows     *int64 // nil is not known
	endpointFails  bool
	webhooks       map[string]*report.Webhooks // by the channel's name
	period         *report.Period              // nil before there is a configuration
	budget         *money.Money                // nil is none
}

var (
	queueDepth = prometheus.NewDesc(
		telemetry.Namespace+"_queue_depth",
		"Entries of a queue: outbound, unsettled, callbacks, refused_callbacks, in_doubt, unpriced.", []string{"queue"},
		nil,
	)
	queueBytes = prometheus.NewDesc(
		telemetry.Namespace+"_queue_bytes", "Bytes that the entries of a queue take: callbacks, refused_callbacks.",
		[]string{"queue"}, nil,
	)
	queueAge = prometheus.NewDesc(
		telemetry.Namespace+"_queue_oldest_seconds",
		"Age of the oldest message in line for the upstream, those excepted that the upstream wants later or not "+
			"before it is paid.",
		nil, nil,
	)
	oldKeyRows = prometheus.NewDesc(
		telemetry.Namespace+"_old_key_rows",
		"Rows of the store that are sealed with an old key of the keyset.", nil, nil,
	)
	upstreamAccepts = prometheus.NewDesc(telemetry.Namespace+"_upstream_accepts",
		"1 if the upstream takes a channel's messages, 0 if it refuses its credentials or cannot be reached; "+
			"absent while that is not known.", []string{"channel"}, nil)
	webhooksArrive = prometheus.NewDesc(telemetry.Namespace+"_webhooks_arrive",
		"0 if a message was submitted to a channel five minutes ago and nothing has come from it since, 1 if not.",
		[]string{"channel"}, nil)
	callbacksTaken = prometheus.NewDesc(telemetry.Namespace+"_callbacks_taken",
		"0 if the business's endpoint takes nothing while deliveries wait, 1 if not.", nil, nil)
	storeWritable = prometheus.NewDesc(
		telemetry.Namespace+"_store_writable", "1 if the store takes writes, 0 if not.", nil, nil,
	)
	superseded = prometheus.NewDesc(
		telemetry.Namespace+"_store_superseded",
		"1 once another process has taken the store over, or a newer program has migrated it: this process is to be "+
			"ended.",
		nil, nil,
	)
	storeSize = prometheus.NewDesc(
		telemetry.Namespace+"_store_size_bytes", "Size of an embedded store with its log.", nil, nil,
	)
	storeFree = prometheus.NewDesc(
		telemetry.Namespace+"_store_free_bytes", "Free space of an embedded store's volume.", nil, nil,
	)
	openWindows = prometheus.NewDesc(
		telemetry.Namespace+"_open_windows", "Customers whose service window is open.", nil, nil,
	)
	billed = prometheus.NewDesc(
		telemetry.Namespace+"_billed_amount",
		"Billed in the account's current month, by category, as near as a float is; the exact sum is in the ledger.",
		[]string{"category", "currency"}, nil,
	)
	reserved = prometheus.NewDesc(
		telemetry.Namespace+"_reserved_amount",
		"The most that messages can still cost which are accepted and not settled, as near as a float is.",
		[]string{"currency"}, nil,
	)
	budget = prometheus.NewDesc(
		telemetry.Namespace+"_budget_amount",
		"The account's budget for a month, as near as a float is; absent if there is none.", []string{"currency"}, nil,
	)
)

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// nearest is the float that is nearest to an exact amount.
func nearest(m money.Money) float64 {
	near, err := strconv.ParseFloat(m.Amount.String(), 64)
	if err != nil {
		panic(err) // the text of a decimal is one of a float
	}
	return near
}

// Describe implements prometheus.Collector.
func (rep *Reporter) Describe(out chan<- *prometheus.Desc) {
	out <- queueDepth
	out <- queueBytes
	out <- queueAge
	out <- openWindows
	out <- billed
	out <- reserved
	out <- budget
	out <- oldKeyRows
	out <- upstreamAccepts
	out <- webhooksArrive
	out <- callbacksTaken
	out <- storeWritable
	out <- superseded
	out <- storeSize
	out <- storeFree
}

// Collect implements prometheus.Collector. Where the store cannot be read the gauges are absent:
// unknown is never shown as zero.
func (rep *Reporter) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	if t := rep.Config.Tenant(); t != nil {
		for _, c := range rep.Gate.Report(t) {
			if c.Checked {
				gauge(upstreamAccepts, oneIf(c.Obstacle == nil), c.Name)
			}
		}
	}
	gauge(storeWritable, oneIf(rep.Store.Outage() == nil))
	gauge(superseded, oneIf(rep.Store.Superseded() != nil))
	if space, known := rep.Store.Space(); known {
		gauge(storeSize, float64(space.Size))
		gauge(storeFree, float64(space.Free))
	}
	d, err := rep.depths(ctx)
	if err != nil {
		return
	}
	gauge(queueDepth, float64(d.outbound), "outbound")
	gauge(queueDepth, float64(d.unsettled), "unsettled")
	gauge(queueDepth, float64(d.callbacks), "callbacks")
	gauge(queueDepth, float64(d.refusedCallbacks), "refused_callbacks")
	gauge(queueDepth, float64(d.inDoubt), "in_doubt")
	gauge(queueDepth, float64(d.unpriced), "unpriced")
	gauge(queueBytes, float64(d.callbackBytes), "callbacks")
	gauge(queueBytes, float64(d.refusedBytes), "refused_callbacks")
	gauge(callbacksTaken, oneIf(!d.endpointFails))
	gauge(queueAge, d.oldestOutbound.Seconds())
	gauge(openWindows, float64(d.openWindows))
	for channel, said := range d.webhooks {
		gauge(webhooksArrive, oneIf(said.SilentSince == nil), channel)
	}
	if d.oldKeyRows != nil {
		gauge(oldKeyRows, float64(*d.oldKeyRows))
	}
	if d.period != nil {
		for _, c := range d.period.Categories {
			gauge(billed, nearest(c.Billed), c.Name, string(c.Billed.Currency))
		}
		gauge(reserved, nearest(d.period.Reserved), string(d.period.Reserved.Currency))
	}
	if d.budget != nil {
		gauge(budget, nearest(*d.budget), string(d.budget.Currency))
	}
}
