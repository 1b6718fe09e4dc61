// Command compile compiles programs of this module for the images, one after the other, and tells
// how far it is:
//
//	go run ./hack/compile -o bin/linux operator=. gateway=./cmd/gateway
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/guichet-dev/guichet/hack/compile/progress"
)

func main() {
	output := flag.String("o", "bin/linux", "folder that receives the programs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *output, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "compile:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, output string, programs []string) error {
	for i, program := range programs {
		name, path, found := strings.Cut(program, "=")
		if !found {
			return fmt.Errorf("%q: give NAME=PACKAGE", program)
		}
		build := progress.Build{
			Label:       fmt.Sprintf("[%d/%d] compiling %s", i+1, len(programs), name),
			Environment: []string{"GOOS=linux", "CGO_ENABLED=0"},
			Arguments:   []string{"-ldflags", "-s -w", "-o", filepath.Join(output, name), path},
		}
		if err := build.Run(ctx, os.Stdout); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
