// Command clients drives published client libraries of the Cloud API against a gateway and the
// simulator, and prints what each of them got. `make clients` installs the libraries before.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

func main() {
	packages := flag.String("packages", "bin/clients", "directory of the installed libraries and their programs")
	node := flag.String("node", "node", "program that runs them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *node, *packages); err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(1)
	}
}

// library is one that is driven; its program has the same name.
type library struct{ program, name string }

func libraries() []library {
	return []library{
		{"kapso", "@kapso/whatsapp-cloud-api"},
		{"great-detail", "@great-detail/whatsapp"},
		{"whatsapp-api-js", "whatsapp-api-js"},
		{"chat-adapter", "@chat-adapter/whatsapp"},
		{"meta", "whatsapp"},
	}
}

// steps are those that run.js knows, in its order.
func steps() []string {
	return []string{"send", "template", "media", "templates", "receive", "photo", "pin"}
}

func run(ctx context.Context, node, packages string) error {
	environment, err := newEnvironment(ctx)
	if err != nil {
		return err
	}
	defer environment.close()
	facts, err := environment.facts(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%-28s%-13s%s\n", "library", "version", strings.Join(columns(steps()), ""))
	var failures []string
	passed := 0
	for _, l := range libraries() {
		results, err := drive(ctx, node, packages, l.program, facts)
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		var row []string
		for _, step := range steps() {
			r, ran := results[step]
			switch {
			case !ran:
				row, failures = append(row, "missing"), append(failures, l.name+" "+step+": it was not run")
			case r.Absent:
				row = append(row, "-")
			case r.Failure != "":
				row, failures = append(row, "FAILED"), append(failures, l.name+" "+step+": "+r.Failure)
			default:
				passed++
				row = append(row, "ok")
			}
		}
		version, err := versionOf(packages, l.name)
		if err != nil {
			return err
		}
		fmt.Printf("%-28s%-13s%s\n", l.name, version, strings.Join(columns(row), ""))
	}
	fmt.Printf("\n%d passed, %d failed\n", passed, len(failures))
	if len(failures) > 0 {
		return errors.New("\n  " + strings.Join(failures, "\n  "))
	}
	return nil
}

// columns pads the cells of a row.
func columns(cells []string) []string {
	padded := make([]string, len(cells))
	for i, cell := range cells {
		padded[i] = fmt.Sprintf("%-11s", cell)
	}
	return padded
}
