// Command guichet is the command line; under the name kubectl-guichet it is the kubectl plugin.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	_ "time/tzdata" // for systems without time zones

	"github.com/guichet-dev/guichet/internal/cli"
)

func main() {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if err := cli.New(name).Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}
