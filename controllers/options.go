package controllers

import (
	"math/rand/v2"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/guichet-dev/guichet/internal/egress"
	"github.com/guichet-dev/guichet/internal/graph"
)

// Options are what the operator is told at its start.
type Options struct {
	// GatewayImage is the image of the gateways of new accounts.
	GatewayImage string
	// GatewayRepositories are the repositories that accounts may name images of, beside that of
	// GatewayImage; "*" is all.
	GatewayRepositories []string
	// AllowedEgress are the internal addresses that the operator and the gateways may connect to
	// where an account says so.
	AllowedEgress egress.Ranges
	// TrustedUpstreams are the base URLs to which the operator may send what speaks for a whole
	// app, made of its app secret: an account's editor chooses its base URL, and may not know the
	// secret.
	TrustedUpstreams []string
	// OperatorNamespace is where the operator runs.
	OperatorNamespace string
	// Namespaces are those that are served; empty serves all.
	Namespaces []string
	// ReportInterval is the mean time between two readings of a gateway's report.
	ReportInterval time.Duration
	// Concurrency is the number of objects of a kind that are reconciled at a time.
	Concurrency int
	// GatewayOTLPEndpoint is the base URL of the OTLP/HTTP collector that gateways send traces to;
	// empty for none.
	GatewayOTLPEndpoint string
}

// MetaUpstream is the base URL of Meta's own Graph API.
const MetaUpstream = graph.DefaultBaseURL

// Pauses before an object is looked at again whose last pass has failed: the first, and the
// longest.
const (
	shortestBackoff = 100 * time.Millisecond
	longestBackoff  = 5 * time.Minute
)

// controllerOptions are those of every controller. A pass that fails is tried again after pauses
// that double.
func controllerOptions(o Options) controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: o.Concurrency,
		RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](
			shortestBackoff, longestBackoff,
		),
	}
}

// jittered is a duration within a tenth of d, so that many objects do not come due at once.
func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}
