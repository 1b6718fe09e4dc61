// Command kubectl-guichet is the kubectl plugin: it shows and changes accounts on a cluster. What
// needs no cluster is cmd/guichet.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	_ "time/tzdata" // for systems without time zones

	"github.com/guichet-dev/guichet/internal/plugin"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := plugin.New(plugin.System()).ExecuteContext(ctx)
	if err == nil {
		return
	}
	if !errors.Is(err, plugin.ErrFound) { // what was found has been printed
		fmt.Fprintln(os.Stderr, "Error:", err)
	}
	os.Exit(1)
}
