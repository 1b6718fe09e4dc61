package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/bodies"
	"github.com/guichet-dev/guichet/internal/gateway/connections"
	"github.com/guichet-dev/guichet/internal/gateway/intake"
	"github.com/guichet-dev/guichet/internal/store"
)

// Bounds of what one connection may cost.
const (
	readHeaderTimeout = 5 * time.Second
	idleTimeout       = 75 * time.Second
	maxHeaderBytes    = 16 << 10
	// drainTimeout is how long a shutdown waits for requests that are under way.
	drainTimeout = 20 * time.Second
)

// newServer is an HTTP server with every time-out set and its connections bounded. Panics and
// malformed requests are logged without what the peer sent.
func newServer(handler http.Handler, log *slog.Logger) *http.Server {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       intake.ReadTimeout,
		WriteTimeout:      intake.WriteTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	connections.Bound(server, connections.Max)
	return server
}

// Listeners are the sockets that a gateway serves on.
type Listeners struct {
	API     net.Listener
	Metrics net.Listener
	Report  net.Listener
}

// Listen opens the sockets. An address is such as ":8080"; port 0 takes any free one.
func Listen(api, metrics, report string) (Listeners, error) {
	var l Listeners
	for _, open := range []struct {
		address string
		socket  *net.Listener
	}{{api, &l.API}, {metrics, &l.Metrics}, {report, &l.Report}} {
		listener, err := net.Listen("tcp", open.address)
		if err != nil {
			l.Close()
			return Listeners{}, fmt.Errorf("listen on %s: %w", open.address, err)
		}
		*open.socket = listener
	}
	return l, nil
}

// Close closes the sockets that are open.
func (l Listeners) Close() {
	for _, listener := range []net.Listener{l.API, l.Metrics, l.Report} {
		if listener != nil {
			_ = listener.Close() // nothing was accepted yet, so nothing is lost
		}
	}
}

// serve runs the three servers until ctx is done or one of them fails, then lets the requests that
// are under way finish.
func (g *Gateway) serve(ctx context.Context, l Listeners) error {
	g.books.EndWith(ctx.Done())
	g.callbacks.Listeners().EndWith(ctx.Done())
	report := newServer(g.reporter.Handler(), g.log)
	report.TLSConfig = &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return g.keys.Current().Certificate, nil
		},
	}
	servers := []*http.Server{newServer(g.bounded(g.api()), g.log), newServer(g.operations(), g.log), report}

	failed := make(chan error, len(servers))
	go func() { failed <- servers[0].Serve(l.API) }()
	go func() { failed <- servers[1].Serve(l.Metrics) }()
	go func() { failed <- report.ServeTLS(l.Report, "", "") }()

	var failure error
	select {
	case <-ctx.Done():
	case failure = <-failed:
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	for _, server := range servers {
		if err := server.Shutdown(drain); err != nil && failure == nil {
			failure = fmt.Errorf("drain requests: %w", err)
		}
	}
	if errors.Is(failure, http.ErrServerClosed) {
		return nil
	}
	return failure
}

const (
	// maxConcurrent bounds the requests of the API that are served at once: beyond it a client
	// hears that the gateway is busy, and memory stays bounded.
	maxConcurrent = 512
	// maxPasses bounds those that wait for the upstream's answer.
	maxPasses = 64
)

// bounded bounds the requests that are served at once. Webhooks take none of these places, for
// anybody may post there; the intake bounds them.
func (g *Gateway) bounded(next http.Handler) http.Handler {
	slots := make(chan struct{}, maxConcurrent)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == config.WebhookPath {
			next.ServeHTTP(w, r)
			return
		}
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			next.ServeHTTP(w, r)
		default:
			handler := "busy"
			if strings.HasSuffix(r.URL.Path, "/messages") {
				handler = handlerMessages // a refused send is counted as one
			}
			g.fail(w, r, handler, bodies.Busy())
		}
	})
}

// pass runs a call to the upstream whose answer a client waits for.
func (g *Gateway) pass(call func() error) error {
	select {
	case g.passes <- struct{}{}:
		defer func() { <-g.passes }()
		return call()
	default:
		return bodies.Busy()
	}
}

// operations serves /healthz, /readyz and /metrics.
func (g *Gateway) operations() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := g.ready(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.Handle("GET /metrics", g.metrics.Handler())
	return mux
}

// ready tells whether requests can be served: there is a good configuration and the store answers.
func (g *Gateway) ready(ctx context.Context) error {
	if g.config.Tenant() == nil {
		return errors.New("no configuration is served: " + g.config.Refused().Reason)
	}
	if err := g.store.Superseded(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	// it must read, not only begin
	if err := g.store.View(ctx, func(tx *store.Tx) error { _, err := tx.Ledger().Head(); return err }); err != nil {
		return errors.New("the store does not answer")
	}
	return nil
}
