// Command gateway is the data plane of one tenant. It serves the account of one configuration
// document until it is told to stop.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
	_ "time/tzdata" // the image has no time zones

	"github.com/KimMachineGun/automemlimit/memlimit"
	_ "golang.org/x/crypto/x509roots/fallback" // the image has no certificate authorities

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway"
	"github.com/guichet-dev/guichet/internal/otlp"
	"github.com/guichet-dev/guichet/internal/version"
)

// flushTimeout bounds the wait for the trace collector when the gateway stops.
const flushTimeout = 3 * time.Second

func main() {
	tradeMemoryForCPU()
	if err := run(context.Background(), os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "gateway:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string, output io.Writer) error {
	options := gateway.Options{Replica: os.Getenv("POD_NAME"), Reclaim: debug.FreeOSMemory}
	var api, metrics, report string
	var level slog.Level
	flags := flag.NewFlagSet("gateway", flag.ContinueOnError)
	flags.StringVar(
		&options.ConfigDirectory, "config", config.Directory,
		"directory of the configuration document "+config.FileName,
	)
	flags.StringVar(&options.KeysDirectory, "keys", config.KeysDirectory, "directory of the account's keys")
	flags.StringVar(&options.DataDirectory, "data", config.DataDirectory, "directory of the embedded store")
	flags.StringVar(&api, "listen-api", port(config.APIPort), "address of the business's API and of the webhooks")
	flags.StringVar(&metrics, "listen-metrics", port(config.MetricsPort), "address of /healthz, /readyz and /metrics")
	flags.StringVar(&report, "listen-report", port(config.ReportPort), "address of the report, over TLS")
	flags.TextVar(&level, "log-level", slog.LevelInfo, "lowest level that is logged: DEBUG, INFO, WARN or ERROR")
	show := flags.Bool("version", false, "print the version and end")
	flags.SetOutput(output)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *show {
		fmt.Println(version.Line("gateway"))
		return nil
	}
	options.Log = slog.New(slog.NewJSONHandler(output, &slog.HandlerOptions{Level: level}))

	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	traces, err := otlp.NewProvider(os.Getenv, "guichet-gateway", options.Replica, options.Log)
	if err != nil {
		return err
	}
	if traces != nil {
		options.Tracer = traces.Tracer("github.com/guichet-dev/guichet")
		defer func() {
			flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
			defer cancel()
			_ = traces.Shutdown(flush) // spans that the collector does not take in time are lost
		}()
	}
	listeners, err := gateway.Listen(api, metrics, report)
	if err != nil {
		return err
	}
	return gateway.Run(ctx, options, listeners)
}

func port(number int) string { return ":" + strconv.Itoa(number) }

const (
	// heapGrowth is by how many percent the heap may grow beyond the live heap before it is
	// collected. The live heap is a few MiB. Collecting at twice its size took a sixth of the CPU
	// time under load.
	heapGrowth = 400
	// heapShare is the share of the container's memory above which the heap is collected more
	// often, whatever its growth.
	heapShare = 0.8
)

// tradeMemoryForCPU collects garbage less often while memory is plentiful. Go's own variables, GOGC
// and GOMEMLIMIT, take precedence.
func tradeMemoryForCPU() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	_, _ = memlimit.Set(memlimit.WithRatio(heapShare)) // without a container limit there is none
}
