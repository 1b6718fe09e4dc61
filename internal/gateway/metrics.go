package gateway

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

// metrics are the gateway's own measurements. Every label has a bounded set of values: results and
// kinds are constants of this package, codes those of Meta's catalogue.
type metrics struct {
	registry *prometheus.Registry

	accepted      *prometheus.CounterVec   // form
	refused       *prometheus.CounterVec   // code
	upstream      *prometheus.CounterVec   // result, code
	webhooks      *prometheus.CounterVec   // result
	events        *prometheus.CounterVec   // kind, result
	settled       *prometheus.CounterVec   // outcome
	callbacks     *prometheus.CounterVec   // result
	requests      *prometheus.HistogramVec // handler
	commits       prometheus.Histogram
	syncs         prometheus.Histogram
	settlementLag prometheus.Histogram
	stopped       *prometheus.GaugeVec   // channel
	differences   *prometheus.CounterVec // verdict
	unreadable    *prometheus.CounterVec // kind
	faults        *prometheus.CounterVec // constraint
}

// Results of upstream calls, webhooks and callbacks, as labels.
const (
	resultSent      = "sent"
	resultRetry     = "retry"
	resultFailed    = "failed"
	resultInDoubt   = "in_doubt"
	resultStopped   = "stopped"
	resultStored    = "stored"
	resultForged    = "bad_signature"
	resultMalformed = "malformed"
	resultUnread    = "unread" // too slow, cut off, or dropped to make room
	resultError     = "error"
	resultApplied   = "applied"
	resultDuplicate = "duplicate"
	resultUnknown   = "unknown"
	resultIgnored   = "ignored"
	resultDelivered = "delivered"
	resultDropped   = "dropped"
	resultSetAside  = "set_aside"
)

const metricsNamespace = "guichet_gateway"

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(
			prometheus.CounterOpts{Namespace: metricsNamespace, Name: name, Help: help}, labels,
		)
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		accepted: counter("messages_accepted_total", "Messages accepted, by form: template or freeform.", "form"),
		refused:  counter("messages_refused_total", "Sends refused, by Meta's error code.", "code"),
		upstream: counter(
			"upstream_results_total", "Results of sends to the upstream, by result and Meta's error code (0 is none).",
			"result", "code",
		),
		webhooks: counter("webhooks_total", "Webhook requests, by result.", "result"),
		events:   counter("webhook_events_total", "Events in webhooks, by kind and result.", "kind", "result"),
		settled: counter(
			"settlements_total",
			"Messages settled in the ledger, by outcome: charged, unpriced, or the reason for which they are free.",
			"outcome",
		),
		callbacks: counter("callbacks_total", "Deliveries to the business's endpoint, by result.", "result"),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: metricsNamespace, Name: "request_seconds", Help: "Time to answer a request, by handler.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"handler"}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: metricsNamespace, Name: "commit_seconds", Help: "Time of a transaction of the store, its sync included; several writes share one.",
			Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1},
		}),
		syncs: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: metricsNamespace, Name: "sync_seconds", Help: "Time of a commit alone: the sync of the disk, or the answer of the shared store's server.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1},
		}),
		settlementLag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: metricsNamespace, Name: "settlement_lag_seconds", Help: "Time from a message's delivery to its settlement.",
			Buckets: []float64{.1, .5, 1, 5, 30, 120, 600, 3600, 86400},
		}),
		stopped: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: metricsNamespace, Name: "channel_stopped", Help: "1 while a channel's sends are stopped by an error that needs somebody to act.",
		}, []string{"channel"}),
	}
	m.differences = counter(
		"verdict_differences_total",
		"Messages on which the upstream's verdict differs from the gateway's, by verdict: window, price or category.",
		"verdict",
	)
	m.unreadable = counter(
		"unreadable_rows_total",
		"Rows of the store that could not be read, by kind: message, callback, status or conversation.", "kind",
	)
	m.faults = counter(
		"store_faults_total",
		"Changes that the store refused, by the constraint that they violate: a fault of the program or of the data.",
		"constraint",
	)
	m.registry.MustRegister(m.faults, m.unreadable, m.differences, m.accepted, m.refused, m.upstream, m.webhooks, m.events, m.settled, m.callbacks, m.requests,
		m.commits, m.syncs, m.settlementLag, m.stopped,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// handler serves the metrics.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: 10 * time.Second})
}

// timed measures a handler under a constant name.
func (m *metrics) timed(name string, next http.HandlerFunc) http.HandlerFunc {
	observer := m.requests.WithLabelValues(name)
	return func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		next(w, r)
		observer.Observe(time.Since(start).Seconds())
	}
}

// codeLabel keeps the values of the label code inside Meta's catalogue.
func codeLabel(code int) string {
	if _, known := graph.LookupCode(code); !known {
		return "other"
	}
	return strconv.Itoa(code)
}

// gauges are the depths that are read from the store when somebody looks.
type gauges struct {
	read func(context.Context) (depths, error)
	// obstacles tells of each channel that was checked whether there is an obstacle, and whether
	// the store is out.
	obstacles func() (channels []report.Channel, storeOut bool)
	// space is the room of an embedded store; false while it is not known.
	space func() (store.Space, bool)
	// superseded tells whether this process may not use the store any more.
	superseded func() bool
}

// depths are what waits in the store at one instant.
type depths struct {
	outbound, unsettled, callbacks, refusedCallbacks, inDoubt, unpriced, openWindows int64

	oldestOutbound time.Duration
	oldKeyRows     *int64 // nil is not known
}

var (
	queueDepth = prometheus.NewDesc(
		metricsNamespace+"_queue_depth",
		"Entries of a queue: outbound, unsettled, callbacks, refused_callbacks, in_doubt, unpriced.", []string{"queue"},
		nil,
	)
	queueAge = prometheus.NewDesc(
		metricsNamespace+"_queue_oldest_seconds",
		"Age of the oldest message in line for the upstream, those excepted that the upstream wants later or not "+
			"before it is paid.",
		nil, nil,
	)
	oldKeyRows = prometheus.NewDesc(
		metricsNamespace+"_old_key_rows", "Rows of the store that are sealed with an old key of the keyset.", nil, nil,
	)
	upstreamAccepts = prometheus.NewDesc(metricsNamespace+"_upstream_accepts",
		"1 if the upstream takes a channel's messages, 0 if it refuses its credentials or cannot be reached; absent while that is not known.", []string{"channel"}, nil)
	storeWritable = prometheus.NewDesc(
		metricsNamespace+"_store_writable", "1 if the store takes writes, 0 if not.", nil, nil,
	)
	superseded = prometheus.NewDesc(
		metricsNamespace+"_store_superseded",
		"1 once another process has taken the store over, or a newer program has migrated it: this process is to be "+
			"ended.",
		nil, nil,
	)
	storeSize = prometheus.NewDesc(
		metricsNamespace+"_store_size_bytes", "Size of an embedded store with its log.", nil, nil,
	)
	storeFree = prometheus.NewDesc(
		metricsNamespace+"_store_free_bytes", "Free space of an embedded store's volume.", nil, nil,
	)
	openWindows = prometheus.NewDesc(
		metricsNamespace+"_open_windows", "Customers whose service window is open.", nil, nil,
	)
)

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Describe implements prometheus.Collector.
func (g gauges) Describe(out chan<- *prometheus.Desc) {
	out <- queueDepth
	out <- queueAge
	out <- openWindows
	out <- oldKeyRows
	out <- upstreamAccepts
	out <- storeWritable
	out <- superseded
	out <- storeSize
	out <- storeFree
}

// Collect implements prometheus.Collector. Where the store cannot be read the gauges are absent:
// unknown is never shown as zero.
func (g gauges) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	channels, storeOut := g.obstacles()
	for _, c := range channels {
		if c.Checked {
			gauge(upstreamAccepts, oneIf(c.Obstacle == nil), c.Name)
		}
	}
	gauge(storeWritable, oneIf(!storeOut))
	gauge(superseded, oneIf(g.superseded()))
	if space, known := g.space(); known {
		gauge(storeSize, float64(space.Size))
		gauge(storeFree, float64(space.Free))
	}
	d, err := g.read(ctx)
	if err != nil {
		return
	}
	gauge(queueDepth, float64(d.outbound), "outbound")
	gauge(queueDepth, float64(d.unsettled), "unsettled")
	gauge(queueDepth, float64(d.callbacks), "callbacks")
	gauge(queueDepth, float64(d.refusedCallbacks), "refused_callbacks")
	gauge(queueDepth, float64(d.inDoubt), "in_doubt")
	gauge(queueDepth, float64(d.unpriced), "unpriced")
	gauge(queueAge, d.oldestOutbound.Seconds())
	gauge(openWindows, float64(d.openWindows))
	if d.oldKeyRows != nil {
		gauge(oldKeyRows, float64(*d.oldKeyRows))
	}
}
