// Package plugin has the commands of kubectl-guichet. Each command has a file: it reads the cluster
// into a view, which is what -o json prints, and writes the view to a screen.
package plugin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/guichet-dev/guichet/internal/plugin/cluster"
	"github.com/guichet-dev/guichet/internal/version"
)

// ErrFound says that a command found something that is wrong, and has printed it.
var ErrFound = errors.New("something is wrong")

// Surroundings are what the plugin finds around itself.
type Surroundings struct {
	Now func() time.Time
	// Colour says that the standard output shows colours.
	Colour bool
	// Web makes requests to the internet; nil is the system's.
	Web http.RoundTripper
	// still has the cluster's time be Now: a test's objects are of another day than its API server.
	still bool
	// forward stands in for forwarded ports in tests; nil forwards them.
	forward func(namespace string, port int) (address string, ended <-chan error, err error)
}

// System returns the surroundings of a process. There is colour on a terminal only, and nowhere if
// NO_COLOR is set: https://no-color.org.
func System() Surroundings {
	terminal := term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("TERM") != "dumb"
	return Surroundings{Now: time.Now, Colour: terminal && os.Getenv("NO_COLOR") == ""}
}

// plugin is what all commands share.
type plugin struct {
	Surroundings
	flags *genericclioptions.ConfigFlags
}

func newPlugin(around Surroundings) *plugin {
	return &plugin{Surroundings: around, flags: genericclioptions.NewConfigFlags(true)}
}

// New returns the plugin's root command.
func New(around Surroundings) *cobra.Command {
	root := &cobra.Command{
		Use:           "kubectl-guichet",
		Short:         "See and run the accounts of Guichet on a cluster",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version.Number(),
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl guichet"},
	}
	root.SetVersionTemplate(version.Line("kubectl-guichet") + "\n")
	root.SetUsageTemplate(strings.ReplaceAll(
		root.UsageTemplate(), "FlagUsages | trim", "FlagUsagesWrapped 100 | trim",
	))
	p := newPlugin(around)
	p.flags.AddFlags(root.PersistentFlags())
	hideAllBut(root, "namespace", "context", "kubeconfig", "as")
	root.AddCommand(
		p.newStatus(), p.newDoctor(), p.newUsage(), p.newWindows(), p.newSend(), p.newTemplate(), p.newPlan(),
		p.newCallbacks(), p.newLedger(), p.newStatement(), p.newLogs(), p.newReport(), p.newSimulate(),
		p.newSuspend(), p.newHibernate(), p.newResume(), newVersion(),
	)
	return root
}

// hideAllBut keeps kubectl's many flags out of the help. They work all the same.
func hideAllBut(root *cobra.Command, shown ...string) {
	root.PersistentFlags().VisitAll(func(flag *pflag.Flag) {
		flag.Hidden = !slices.Contains(shown, flag.Name)
	})
}

// open connects to the cluster that the flags name.
func (p *plugin) open() (*cluster.Cluster, error) { return cluster.Open(p.flags, p.Now) }

// reach forwards a local port to a ready pod until the context ends.
func (p *plugin) reach(
	ctx context.Context, c *cluster.Cluster, namespace string, chosen labels.Set, localPort, port int,
) (address string, ended <-chan error, err error) {
	if p.forward != nil {
		return p.forward(namespace, port)
	}
	return c.Forward(ctx, namespace, chosen, localPort, port)
}

// now is the time at the cluster.
func (p *plugin) now(c *cluster.Cluster) time.Time {
	if p.still {
		return p.Now()
	}
	return c.Now()
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which release this is", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), version.Line("kubectl-guichet")+"\n")
			return err
		},
	}
}

// oneName returns the argument that names something, or nothing.
func oneName(arguments []string) string {
	if len(arguments) == 0 {
		return ""
	}
	return arguments[0]
}
