// Command clients drives published client libraries of the Cloud API and of the Send API against a
// gateway and the simulator, and prints what each of them got. `make clients` installs the
// libraries before.
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

// network is what libraries are clients of. Each is driven through all steps, in their order.
type network struct {
	steps     []string
	libraries []library
}

func networks() []network {
	return []network{
		{
			[]string{"send", "template", "media", "templates", "receive", "photo", "pin"},
			[]library{
				{"kapso", "@kapso/whatsapp-cloud-api"},
				{"great-detail", "@great-detail/whatsapp"},
				{"whatsapp-api-js", "whatsapp-api-js"},
				{"chat-adapter", "@chat-adapter/whatsapp"},
				{"meta", "whatsapp"},
				{"business-sdk", "facebook-nodejs-business-sdk"},
				{"microfox", "@microfox/whatsapp-business"},
				{"whatsapp-business", "whatsapp-business"},
				{"whatsapp-cloud-api", "whatsapp-cloud-api"},
			},
		},
		{
			[]string{
				"send", "address", "upload", "templates", "replies", "actions", "persona", "person", "profile",
				"thread", "receive",
			},
			[]library{
				{"messaging-api-messenger", "messaging-api-messenger"},
				{"warriorteam", "@warriorteam/messenger-sdk"},
			},
		},
	}
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
	var failures []string
	passed := 0
	for _, n := range networks() {
		fmt.Printf("%-30s%-13s%s\n", "library", "version", strings.Join(columns(n.steps), ""))
		for _, l := range n.libraries {
			results, err := drive(ctx, node, packages, l.program, n.steps, facts)
			if err != nil {
				return fmt.Errorf("%s: %w", l.name, err)
			}
			version, err := versionOf(packages, l.name)
			if err != nil {
				return err
			}
			row, failed := judge(l.name, n.steps, results)
			failures = append(failures, failed...)
			for _, cell := range row {
				if cell == cellPassed {
					passed++
				}
			}
			fmt.Printf("%-30s%-13s%s\n", l.name, version, strings.Join(columns(row), ""))
		}
		fmt.Println()
	}
	fmt.Printf("%d passed, %d failed\n", passed, len(failures))
	if len(failures) > 0 {
		return errors.New("\n  " + strings.Join(failures, "\n  "))
	}
	return nil
}

const cellPassed = "ok"

// judge returns a library's row of the table, and what failed.
func judge(name string, steps []string, results map[string]result) (row, failures []string) {
	for _, step := range steps {
		r, ran := results[step]
		switch {
		case !ran:
			row, failures = append(row, "missing"), append(failures, name+" "+step+": it was not run")
		case r.Absent:
			row = append(row, "-")
		case r.Failure != "":
			row, failures = append(row, "FAILED"), append(failures, name+" "+step+": "+r.Failure)
		default:
			row = append(row, cellPassed)
		}
	}
	return row, failures
}

// columns pads the cells of a row.
func columns(cells []string) []string {
	padded := make([]string, len(cells))
	for i, cell := range cells {
		padded[i] = fmt.Sprintf("%-11s", cell)
	}
	return padded
}
