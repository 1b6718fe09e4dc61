// Command browser clicks through the simulator's page in a real browser, with a gateway behind it.
// `make browser` installs Chromium and the client that drives it before.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

type options struct {
	node, packages, chromium, pictures string
	serve                              bool
}

func main() {
	var o options
	flag.StringVar(&o.node, "node", "node", "program that runs the tests")
	flag.StringVar(&o.packages, "packages", "bin/browser", "directory of the tests and what they need")
	flag.StringVar(&o.chromium, "chromium", "chromium", "the browser")
	flag.StringVar(&o.pictures, "pictures", "bin/browser/pictures", "directory that the screenshots are put into")
	flag.BoolVar(&o.serve, "serve", false, "only serve the page, and print its address")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	stage, err := newStage(ctx)
	if err != nil {
		return err
	}
	defer stage.close()
	if o.serve {
		fmt.Println(stage.page())
		<-ctx.Done()
		return nil
	}
	if err := os.MkdirAll(o.pictures, 0o750); err != nil {
		return err
	}
	pictures, err := filepath.Abs(o.pictures)
	if err != nil {
		return err
	}
	// #nosec G204 -- the programs that whoever runs the tests names
	tests := exec.CommandContext(ctx, o.node, "--test", "--test-concurrency=1", "--test-reporter=spec", "page.test.js")
	tests.Dir = o.packages
	tests.Stdout, tests.Stderr = os.Stdout, os.Stderr
	tests.Env = append(os.Environ(),
		"PAGE="+stage.page(), "LEDGER="+stage.ledger(), "DEV_PAGE="+stage.devPage, "DEV_LEDGER="+stage.devLedger,
		"GUICHET="+stage.guichet(),
		"CHROMIUM="+o.chromium, "PICTURES="+pictures,
	)
	if err := tests.Run(); err != nil {
		return errors.New("a test has failed")
	}
	fmt.Println("pictures in", o.pictures)
	return nil
}
