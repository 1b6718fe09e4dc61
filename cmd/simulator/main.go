// Command simulator stands in for Meta's Graph API, with phones that a test or a
// demonstration can script. docs/simulator.md shows how.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/version"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "simulator:", err)
		os.Exit(1)
	}
}

type options struct {
	listen     string
	config     string
	callbackCA string
	level      slog.Level
	version    bool
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("simulator", flag.ContinueOnError)
	flags.StringVar(&o.listen, "listen", ":8090", "address of the Graph API and the control API")
	flags.StringVar(
		&o.config, "config", "",
		"configuration file in YAML or JSON; without one, a single account that accepts any token",
	)
	flags.StringVar(
		&o.callbackCA, "callback-ca", "", "file of PEM certificates to trust for callbacks, beside the system's",
	)
	flags.TextVar(&o.level, "log-level", slog.LevelInfo, "lowest level to log: DEBUG, INFO, WARN or ERROR")
	flags.BoolVar(&o.version, "version", false, "print the version and end")
	return o, flags.Parse(args)
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.version {
		fmt.Println(version.Line("simulator"))
		return nil
	}
	config, err := readConfig(o.config)
	if err != nil {
		return err
	}
	transport, err := callbackTransport(o.callbackCA)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: o.level}))
	s, err := simulator.New(config, simulator.Options{Logger: log, Transport: transport})
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	return serve(ctx, listener, s, log)
}

func readConfig(path string) (simulator.Config, error) {
	if path == "" {
		return simulator.DefaultConfig(), nil
	}
	text, err := os.ReadFile(path) // #nosec G304 -- the file that the user names
	if err != nil {
		return simulator.Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	return simulator.ParseConfig(text)
}

// callbackTransport trusts the system's certificates and those of a file.
func callbackTransport(path string) (http.RoundTripper, error) {
	const idle = 64
	transport := &http.Transport{MaxIdleConns: idle, MaxIdleConnsPerHost: idle, ForceAttemptHTTP2: true}
	if path == "" {
		return transport, nil
	}
	pem, err := os.ReadFile(path) // #nosec G304 -- the file that the user names
	if err != nil {
		return nil, fmt.Errorf("read the callback's certificates: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no PEM certificate", path)
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return transport, nil
}

func serve(ctx context.Context, listener net.Listener, s *simulator.Simulator, log *slog.Logger) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		s.Run(ctx)
	}()
	log.Info("Simulator listening", "address", listener.Addr().String())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	const grace = 5 * time.Second
	shutdown, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := server.Shutdown(shutdown)
	<-finished
	return err
}
