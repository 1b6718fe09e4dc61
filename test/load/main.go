// Command load measures the gateway on this machine: the real programs on loopback, the load
// generator and the upstream's stand-in beside them. All figures and ratios that it prints are of
// one run. Progress goes to the standard error, the tables at the end to the standard output.
// docs/performance.md says what they mean and what they were.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/test/rig"
)

// sizes say how much is measured.
type sizes struct {
	rounds   int
	messages int
	seconds  int
	windows  int
	settled  int
	// roundTrip is that of the network before a shared store.
	roundTrip time.Duration
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == echoCommand {
		fail(serveEcho(os.Args[2]))
		return
	}
	if len(os.Args) == 4 && os.Args[1] == delayCommand {
		fail(serveDelay(os.Args[2], os.Args[3]))
		return
	}
	var of sizes
	var only string
	flag.IntVar(&of.rounds, "rounds", 5, "how often speed and latency are measured; medians are printed")
	flag.IntVar(&of.messages, "messages", 20_000, "messages in a round of lifecycles")
	flag.IntVar(&of.seconds, "seconds", 5, "length of a round of open-loop load")
	flag.IntVar(&of.windows, "windows", 1_000_000, "open windows in the store whose memory is measured")
	flag.IntVar(&of.settled, "settled", 1_000_000, "settled messages in the store whose start is measured")
	flag.DurationVar(&of.roundTrip, "round-trip", 0, "round trip of the network between gateways and PostgreSQL")
	flag.StringVar(&only, "only", "", "measure one thing: lifecycle, latency, webhooks, postgres, windows or settled")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fail(run(ctx, of, only))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	sizes
	programs rig.Programs
	scratch  string
	stages   int
	began    time.Time
	tables   []*table
}

func run(ctx context.Context, of sizes, only string) error {
	scratch, err := os.MkdirTemp("", "guichet-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	b := &bench{sizes: of, scratch: scratch, began: time.Now()}
	fmt.Printf("%s\n\n", machine())
	b.progress("compiling the programs")
	if b.programs, err = rig.Compile(ctx, scratch, "gateway", "simulator"); err != nil {
		return err
	}
	defer b.print()
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{
		{"lifecycle", b.lifecycles},
		{"latency", b.latency},
		{"webhooks", b.webhooks},
		{"postgres", b.postgres},
		{"windows", b.openWindows},
		{"settled", b.settledMessages},
	} {
		if only != "" && only != part.name {
			continue
		}
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// print prints the tables of what was measured, also of a run that was ended early.
func (b *bench) print() {
	for _, t := range b.tables {
		t.write(os.Stdout)
	}
}

// machine says where the figures were measured.
func machine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf(
		"machine: %d × %s, %s; load average before the run: %s", runtime.NumCPU(), model, runtime.Version(),
		loadAverage(),
	)
}

// loadAverage returns how many processes wanted a processor in the last minute.
func loadAverage() string {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	minute, _, _ := strings.Cut(string(content), " ")
	return minute
}

// directory makes an empty directory for the next stage.
func (b *bench) directory() (string, error) {
	b.stages++
	directory := filepath.Join(b.scratch, "stage-"+strconv.Itoa(b.stages))
	return directory, os.MkdirAll(directory, 0o700)
}
