// Command guichet is the command line: what needs no cluster. The kubectl plugin is
// cmd/kubectl-guichet.
package main

import (
	"fmt"
	"os"
	_ "time/tzdata" // for systems without time zones

	"github.com/guichet-dev/guichet/internal/cli"
)

func main() {
	if err := cli.New().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}
