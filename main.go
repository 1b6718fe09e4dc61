// Command guichet is the operator: it runs one messaging gateway for each BusinessAccount of a
// cluster and reports what was billed.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
	_ "time/tzdata" // accounts name time zones, and the image has none

	"github.com/go-logr/logr"
	_ "golang.org/x/crypto/x509roots/fallback" // the Graph API's certificate, and the image has no authorities
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/controllers"
	"github.com/guichet-dev/guichet/internal/egress"
	"github.com/guichet-dev/guichet/internal/version"
)

// +kubebuilder:rbac:groups=authentication.k8s.io,resources=tokenreviews,verbs=create
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create

// leaderElectionID is the name of the Lease that one operator at a time holds.
const leaderElectionID = "operator.guichet.dev"

// How long an operator that was killed keeps the others from working, how long one tries to renew
// its lease before it gives up, and the pause between its tries. A gateway goes on without an
// operator, so an operator that gives up early harms nobody.
const (
	leaseDuration = 8 * time.Second
	renewDeadline = 5 * time.Second
	leaseRetry    = time.Second
)

// settings are the operator's flags.
type settings struct {
	controllers.Options
	leaderElect    bool
	metricsAddress string
	probeAddress   string
	qps            float64
	verbose        bool
	version        bool
}

func main() {
	if err := run(); err != nil {
		slog.Error("The operator stopped", "error", err)
		os.Exit(1)
	}
}

func run() error {
	s, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.version {
		fmt.Println(version.Line("operator"))
		return nil
	}
	logTo(s.verbose)

	cluster, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the cluster: %w: run inside one, or set KUBECONFIG", err)
	}
	return operate(ctrl.SetupSignalHandler(), cluster, s)
}

// operate runs the operator until ctx ends.
func operate(ctx context.Context, cluster *rest.Config, s settings) error {
	cluster.QPS, cluster.Burst = float32(s.qps), int(2*s.qps)
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(cluster, managerOptions(s, scheme))
	if err != nil {
		return fmt.Errorf("make the manager: %w", err)
	}
	if err := controllers.AddIndexes(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	if err := addReconcilers(mgr, s.Options); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// parse reads the flags.
func parse(arguments []string) (settings, error) {
	s := settings{Options: controllers.Options{OperatorNamespace: os.Getenv("POD_NAMESPACE")}}
	flags := flag.NewFlagSet("guichet", flag.ContinueOnError)
	flags.StringVar(
		&s.GatewayImage, "gateway-image", "guichet.dev/gateway:dev",
		"image of the gateways of new accounts; existing accounts keep theirs",
	)
	flags.StringVar(
		&s.OperatorNamespace, "namespace", s.OperatorNamespace,
		"namespace that the operator runs in; only it may read the gateways' reports (default $POD_NAMESPACE)",
	)
	flags.StringVar(
		&s.GatewayOTLPEndpoint, "gateway-otlp-endpoint", "",
		"URL of an OTLP/HTTP collector, such as http://collector.observability:4318, that every gateway sends "+
			"traces to; empty sends none. A change restarts the gateways",
	)
	repositories := flags.String(
		"gateway-repositories", "",
		"comma-separated repositories whose gateway images accounts may name, beside that of --gateway-image; "+
			"* allows all",
	)
	allowed := flags.String(
		"allow-egress", "",
		"comma-separated internal addresses that base URLs and callbacks may lead to: ranges such as 10.96.0.0/12, "+
			"or \"private\" for all of private networks; public ones are always allowed",
	)
	trusted := flags.String(
		"trusted-upstreams", controllers.MetaUpstream,
		"comma-separated base URLs to which the operator may send an app's own token, made of its app secret, to read "+
			"the app's webhook fields",
	)
	watched := flags.String("watch-namespaces", "", "comma-separated namespaces to serve; empty serves all")
	flags.DurationVar(
		&s.ReportInterval, "report-interval", 10*time.Second, "mean time between two readings of a gateway's report",
	)
	flags.IntVar(&s.Concurrency, "concurrency", 10, "number of objects of a kind that are reconciled at a time")
	flags.BoolVar(&s.leaderElect, "leader-elect", true, "let one of several operators work at a time")
	flags.StringVar(
		&s.metricsAddress, "metrics-bind-address", ":8443",
		"address of the metrics, over TLS, for whoever may read them; 0 serves none",
	)
	flags.StringVar(&s.probeAddress, "health-probe-bind-address", ":8081", "address of /healthz and /readyz")
	flags.Float64Var(&s.qps, "kube-api-qps", 200, "most requests in a second to the API server, in the mean")
	flags.BoolVar(&s.verbose, "verbose", false, "log what the libraries say, too")
	flags.BoolVar(&s.version, "version", false, "print the version and end")
	if err := flags.Parse(arguments); err != nil {
		return settings{}, err
	}
	separator := func(r rune) bool { return r == ',' || r == ' ' }
	s.Namespaces, s.GatewayRepositories = strings.FieldsFunc(*watched, separator), strings.FieldsFunc(
		*repositories, separator,
	)
	var err error
	if s.AllowedEgress, err = egress.Parse(strings.FieldsFunc(*allowed, separator)...); err != nil {
		return settings{}, fmt.Errorf("--allow-egress: %w", err)
	}
	s.TrustedUpstreams = strings.FieldsFunc(*trusted, separator)
	switch {
	case flags.NArg() > 0:
		return settings{}, fmt.Errorf("unexpected argument %q: every setting is a flag", flags.Arg(0))
	case s.ReportInterval < time.Second:
		return settings{}, errors.New("--report-interval must be at least 1s")
	case s.Concurrency < 1:
		return settings{}, errors.New("--concurrency must be at least 1")
	case !validEndpoint(s.GatewayOTLPEndpoint):
		return settings{}, errors.New(
			"--gateway-otlp-endpoint must be an absolute URL such as http://collector.observability:4318",
		)
	case s.GatewayImage == "":
		return settings{}, errors.New("--gateway-image must not be empty")
	case s.qps <= 0:
		return settings{}, errors.New("--kube-api-qps must be greater than 0")
	case s.OperatorNamespace == "":
		s.OperatorNamespace = "guichet-system"
	}
	return s, nil
}

// validEndpoint reports whether a collector's URL is one, or empty. It may hold no password: it
// would stand in every Deployment.
func validEndpoint(address string) bool {
	parsed, err := url.Parse(address)
	return address == "" || err == nil && parsed.Host != "" && parsed.User == nil &&
		(parsed.Scheme == "http" || parsed.Scheme == "https")
}

// logTo sends every log to standard error, as JSON.
func logTo(verbose bool) {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	handler := slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})
	slog.SetDefault(slog.New(handler))
	logger := logr.FromSlogHandler(handler)
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("register the kinds: %w", err)
	}
	return scheme, nil
}

func managerOptions(s settings, scheme *runtime.Scheme) manager.Options {
	return manager.Options{
		Scheme: scheme,
		Cache:  controllers.CacheOptions(s.Namespaces, s.OperatorNamespace),
		Controller: config.Controller{
			ReconciliationTimeout: time.Minute,
			EnableWarmup:          new(true), // a stand-by has its caches filled when its turn comes
		},
		LeaderElection:                s.leaderElect,
		LeaderElectionID:              leaderElectionID,
		LeaderElectionNamespace:       s.OperatorNamespace,
		LeaderElectionReleaseOnCancel: true, // nothing runs after the manager has stopped
		LeaseDuration:                 new(leaseDuration),
		RenewDeadline:                 new(renewDeadline),
		RetryPeriod:                   new(leaseRetry),
		HealthProbeBindAddress:        s.probeAddress,
		Metrics: metricsserver.Options{
			BindAddress:    s.metricsAddress,
			SecureServing:  true,
			FilterProvider: filters.WithAuthenticationAndAuthorization,
			TLSOpts:        []func(*tls.Config){withoutHTTP2},
		},
	}
}

// withoutHTTP2 keeps the metrics server from speaking HTTP/2, whose streams can be reset by the
// thousand (CVE-2023-44487).
func withoutHTTP2(config *tls.Config) { config.NextProtos = []string{"http/1.1"} }

// guardedTransport is the transport of calls to the base URLs of accounts.
func guardedTransport(allowed egress.Ranges) *http.Transport {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 16}
	transport.DialContext = egress.NewDial(func() egress.Ranges { return allowed })
	transport.TLSHandshakeTimeout, transport.IdleConnTimeout = 10*time.Second, 90*time.Second
	return transport
}

// addReconcilers registers one reconciler for each kind, and the probes.
func addReconcilers(mgr ctrl.Manager, options controllers.Options) error {
	dependencies := controllers.Dependencies{
		Client:   mgr.GetClient(),
		Live:     mgr.GetAPIReader(),
		Recorder: mgr.GetEventRecorder("guichet"),
		Clock:    clock.RealClock{},
		Options:  options,
	}
	upstream := controllers.NewGraphUpstream(guardedTransport(options.AllowedEgress))
	templates := controllers.NewMessageTemplateReconciler(dependencies, upstream)
	inspections := controllers.NewUpstreamInspections()
	accounts := controllers.NewBusinessAccountReconciler(
		dependencies, controllers.NewHTTPReports(), templates, inspections,
	)
	inspector := controllers.NewUpstreamInspectionReconciler(dependencies, upstream, inspections)
	plans := controllers.NewPricingPlanReconciler(dependencies)
	for _, reconciler := range []interface{ SetupWithManager(ctrl.Manager) error }{
		accounts, templates, plans, inspector,
	} {
		if err := reconciler.SetupWithManager(mgr); err != nil {
			return fmt.Errorf("register %T: %w", reconciler, err)
		}
	}
	return errors.Join(mgr.AddHealthzCheck("ping", healthz.Ping), mgr.AddReadyzCheck("ping", healthz.Ping))
}
