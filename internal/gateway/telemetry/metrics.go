// Package telemetry is what a gateway measures and logs of itself: metrics, traces, and log lines
// that are throttled. Nothing in it names a customer, a phone number or the contents of a message
// (P7).
package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/guichet-dev/guichet/internal/network/meta"
	"github.com/guichet-dev/guichet/internal/store"
)

// Metrics are the gateway's own measurements. Every label has a bounded set of values: results and
// kinds are constants of this package, codes those of Meta's catalogue.
type Metrics struct {
	Registry *prometheus.Registry

	Accepted      *prometheus.CounterVec   // form
	Refused       *prometheus.CounterVec   // code
	Upstream      *prometheus.CounterVec   // result, code
	Webhooks      *prometheus.CounterVec   // result
	Events        *prometheus.CounterVec   // kind, result
	Settled       *prometheus.CounterVec   // outcome
	Callbacks     *prometheus.CounterVec   // result
	requests      *prometheus.HistogramVec // handler
	Commits       prometheus.Histogram
	operations    prometheus.Counter
	exchanges     prometheus.Counter
	unforeseen    prometheus.Counter
	Syncs         prometheus.Histogram
	SettlementLag prometheus.Histogram
	Stopped       *prometheus.GaugeVec   // channel
	Differences   *prometheus.CounterVec // verdict
	Unreadable    *prometheus.CounterVec // kind
	Faults        *prometheus.CounterVec // constraint
	// Requests are those that are no message, Transfers files.
	Requests         *prometheus.CounterVec // call, result
	Transfers        *prometheus.CounterVec // direction, result
	TransferredBytes *prometheus.CounterVec // direction
}

// Results of upstream calls, webhooks and callbacks, as labels. ResultUnread is a webhook that was
// too slow, cut off, or dropped to make room.
const (
	ResultSent      = "sent"
	ResultRetry     = "retry"
	ResultFailed    = "failed"
	ResultInDoubt   = "in_doubt"
	ResultStopped   = "stopped"
	ResultStored    = "stored"
	ResultForged    = "bad_signature"
	ResultMalformed = "malformed"
	ResultUnread    = "unread"
	ResultError     = "error"
	ResultApplied   = "applied"
	ResultDuplicate = "duplicate"
	ResultUnknown   = "unknown"
	ResultIgnored   = "ignored"
	ResultDelivered = "delivered"
	ResultDropped   = "dropped"
	ResultSetAside  = "set_aside"
	ResultForgotten = "forgotten"
	ResultCut       = "cut"
	ResultCorrupt   = "corrupt"
	ResultPassed    = "passed"
	ResultAnswered  = "answered"
	ResultRefused   = "refused"
)

// Directions of a file: from the business to the upstream, and from there to the business.
const (
	DirectionUp   = "up"
	DirectionDown = "down"
)

// Namespace begins the name of every metric.
const Namespace = "guichet_gateway"

// NewMetrics returns metrics that count from zero.
func NewMetrics() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(
			prometheus.CounterOpts{Namespace: Namespace, Name: name, Help: help}, labels,
		)
	}
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		Accepted: counter("messages_accepted_total", "Messages accepted, by form: template or freeform.", "form"),
		Refused:  counter("messages_refused_total", "Sends refused, by Meta's error code.", "code"),
		Upstream: counter(
			"upstream_results_total", "Results of sends to the upstream, by result and Meta's error code (0 is none).",
			"result", "code",
		),
		Webhooks: counter("webhooks_total", "Webhook requests, by result.", "result"),
		Events:   counter("webhook_events_total", "Events in webhooks, by kind and result.", "kind", "result"),
		Settled: counter(
			"settlements_total",
			"Messages settled in the ledger, by outcome: charged, unpriced, or the reason for which they are free.",
			"outcome",
		),
		Callbacks: counter("callbacks_total", "Deliveries to the business's endpoint, by result.", "result"),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: Namespace, Name: "request_seconds", Help: "Time to answer a request, by handler.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"handler"}),
		Commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: Namespace, Name: "commit_seconds",
			Help:    "Time of a transaction of the store, its sync included; several writes share one.",
			Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1},
		}),
		operations: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: Namespace, Name: "store_operations_total",
			Help: "Operations of the store that were committed.",
		}),
		exchanges: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: Namespace, Name: "store_exchanges_total",
			Help: "Waits for an answer of a shared store's server.",
		}),
		unforeseen: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: Namespace, Name: "store_unforeseen_total",
			Help: "Questions that an operation had to ask a shared store's server by itself: each is an exchange.",
		}),
		Syncs: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: Namespace, Name: "sync_seconds",
			Help:    "Time of a commit alone: the sync of the disk, or the answer of the shared store's server.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1},
		}),
		SettlementLag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: Namespace, Name: "settlement_lag_seconds",
			Help:    "Time from a message's delivery to its settlement.",
			Buckets: []float64{.1, .5, 1, 5, 30, 120, 600, 3600, 86400},
		}),
		Stopped: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: Namespace, Name: "channel_stopped",
			Help: "1 while a channel's sends are stopped by an error that needs somebody to act.",
		}, []string{"channel"}),
	}
	m.Differences = counter(
		"verdict_differences_total",
		"Messages on which the upstream's verdict differs from the gateway's, by verdict: window, price or category.",
		"verdict",
	)
	m.Unreadable = counter(
		"unreadable_rows_total",
		"Rows of the store that could not be read, by kind: message, callback, status or conversation.", "kind",
	)
	m.Faults = counter(
		"store_faults_total",
		"Changes that the store refused, by the constraint that they violate: a fault of the program or of the data.",
		"constraint",
	)
	m.Requests = counter(
		"requests_total",
		"Requests of clients that are no message, by call and result: passed, answered, refused or failed.",
		"call", "result",
	)
	m.Transfers = counter(
		"media_transfers_total", "Files uploaded and downloaded, by direction and result.", "direction", "result",
	)
	m.TransferredBytes = counter("media_bytes_total", "Bytes of files, by direction.", "direction")
	m.Registry.MustRegister(m.Requests, m.Transfers, m.TransferredBytes, m.Faults, m.Unreadable, m.Differences,
		m.Accepted, m.Refused, m.Upstream, m.Webhooks,
		m.Events, m.Settled, m.Callbacks, m.requests,
		m.Commits, m.operations, m.exchanges, m.unforeseen, m.Syncs, m.SettlementLag, m.Stopped,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Committed counts a transaction of the store.
func (m *Metrics) Committed(c store.Commit) {
	m.Commits.Observe(c.Took.Seconds())
	m.operations.Add(float64(c.Operations))
	m.exchanges.Add(float64(c.Exchanges))
	m.unforeseen.Add(float64(c.Unforeseen))
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: 10 * time.Second})
}

// Timed measures a handler under a constant name.
func (m *Metrics) Timed(name string, next http.HandlerFunc) http.HandlerFunc {
	observer := m.requests.WithLabelValues(name)
	return func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		next(w, r)
		observer.Observe(time.Since(start).Seconds())
	}
}

// CodeLabel is an error code as a label: "other" outside the networks' catalogues, so that the
// label's values are bounded.
func CodeLabel(code int) string {
	if !meta.KnowsCode(code) {
		return "other"
	}
	return strconv.Itoa(code)
}
