package plugin

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/plugin/screen"
)

// format is how a command prints what it shows: for people, or as JSON or YAML.
type format string

func (f *format) register(cmd *cobra.Command) {
	cmd.Flags().StringVarP((*string)(f), "output", "o", "", "json or yaml, for programs")
	_ = cmd.RegisterFlagCompletionFunc( // there is such a flag
		"output", cobra.FixedCompletions([]cobra.Completion{"json", "yaml"}, cobra.ShellCompDirectiveNoFileComp),
	)
}

// check refuses an unknown format before anything is read.
func (f format) check() error {
	switch f {
	case "", "json", "yaml":
		return nil
	}
	return fmt.Errorf("-o %.40q must be json or yaml", string(f))
}

// show prints a view: as it is, or as show lays it out for people.
func (p *plugin) show(cmd *cobra.Command, as format, view any, layOut func(*screen.Screen)) error {
	switch as {
	case "json":
		encoder := json.NewEncoder(cmd.OutOrStdout())
		encoder.SetIndent("", "  ")
		return encoder.Encode(view)
	case "yaml":
		text, err := yaml.Marshal(view)
		if err != nil {
			return err
		}
		_, err = cmd.OutOrStdout().Write(text)
		return err
	}
	s := screen.New(cmd.OutOrStdout(), p.Colour)
	layOut(s)
	return s.Err()
}

// ago says how long ago something was, such as "3m ago".
func ago(at, now time.Time) string {
	if at.IsZero() {
		return "at an unknown time"
	}
	if now.Sub(at) < time.Second {
		return "just now"
	}
	return duration.HumanDuration(now.Sub(at)) + " ago"
}

// unknown is what stands for a figure that nobody has told: it is never shown as zero.
const unknown = "unknown"

// amount says an exact sum, such as "12.5 USD".
func amount(m *v1alpha1.Money) string {
	if m == nil {
		return unknown
	}
	return m.Amount + " " + m.Currency
}

// number says a count.
func number(n *int64) string {
	if n == nil {
		return unknown
	}
	return fmt.Sprint(*n)
}

// counted says how many there are of something, such as "1 message" or "2 messages".
func counted(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
