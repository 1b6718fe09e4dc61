package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
	"github.com/guichet-dev/guichet/internal/reconcile"
)

// reconcileOptions are the flags of ledger reconcile.
type reconcileOptions struct {
	ledgerFlags
	analytics, output string
	channels          []string
}

func newLedgerReconcile() *cobra.Command {
	var o reconcileOptions
	command := &cobra.Command{
		Use:   "reconcile {--store FILE | --jsonl FILE} --pricing-analytics FILE",
		Short: "Compare a ledger with Meta's own count of what it billed",
		Long: `Compare a ledger with Meta's own count of what it billed, by day, market, category and
type, and trace each difference to messages and to a cause.

The file is Meta's answer to GET /{waba-id} with the field pricing_analytics, the metrics VOLUME and
COST, and the dimensions COUNTRY, PRICING_CATEGORY, PRICING_TYPE and TIER; several answers may follow
one another. The ledger is compared from the first day in it to the last.

Meta's figures are approximate until the invoice. The command ends with an error if anything differs.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	o.register(command)
	flags := command.Flags()
	flags.StringVar(&o.analytics, "pricing-analytics", "", "file of Meta's answer, in JSON")
	flags.StringSliceVar(
		&o.channels, "channel", nil,
		"phone number id whose messages are compared, for an account with numbers of several WhatsApp Business "+
			"accounts; may be repeated (default: all)",
	)
	flags.StringVarP(&o.output, "output", "o", "table", "table for people, or json: one difference a line")
	if err := command.MarkFlagRequired("pricing-analytics"); err != nil {
		panic(err) // the flag is defined above
	}
	return command
}

// maxAnalytics bounds the file, in bytes: a month of every market has some 4 MB.
const maxAnalytics = 256 << 20

func (o *reconcileOptions) run(ctx context.Context, stdin io.Reader, stdout io.Writer) (err error) {
	show := map[string]func(io.Writer, reconcile.Result) error{
		"table": printReconciliation, "json": printReconciliationJSON,
	}[o.output]
	if show == nil {
		return fmt.Errorf("--output %.40q must be table or json", o.output)
	}
	counts, err := o.counts()
	if err != nil {
		return err
	}
	source, err := o.open(ctx, stdin)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	// What does not verify proves nothing about the upstream.
	read := reconcile.NewReader(o.channels)
	_, _, err = ledger.Verify(source.id, read.Records(source.entries))
	if err != nil {
		return fmt.Errorf("%s: %w", source.name, err)
	}
	result, err := reconcile.Compare(counts, read.Messages())
	if err != nil {
		return fmt.Errorf("%s: %w", o.analytics, err)
	}
	if err := show(stdout, result); err != nil {
		return err
	}
	if n := len(result.Differences); n > 0 {
		return fmt.Errorf("the ledger and the upstream differ in %d places", n)
	}
	return nil
}

// counts reads the file of the upstream's counts.
func (o *reconcileOptions) counts() ([]network.Count, error) {
	info, err := os.Stat(o.analytics)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxAnalytics {
		return nil, fmt.Errorf("%s has %d MiB and may have %d", o.analytics, info.Size()>>20, maxAnalytics>>20)
	}
	content, err := os.ReadFile(o.analytics)
	if err != nil {
		return nil, err
	}
	counter, ok := meta.Common().(network.Counter)
	if !ok {
		return nil, errors.New("this network tells no counts")
	}
	counts, err := counter.ParseCounts(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.analytics, err)
	}
	return counts, nil
}

// mostNamed is how many messages the table names of one difference; JSON has all.
const mostNamed = 3

func printReconciliation(out io.Writer, result reconcile.Result) error {
	if len(result.Differences) > 0 {
		table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(table, "FROM\tMARKET\tCATEGORY\tTYPE\tCAUSE\tMESSAGES\tWHICH")
		for i := range result.Differences {
			d := &result.Differences[i]
			fmt.Fprintf(
				table, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", d.Start.UTC().Format(time.RFC3339), d.Market, d.Category,
				d.Kind, d.Cause, d.Count, which(d),
			)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		for i := range result.Differences {
			d := &result.Differences[i]
			fmt.Fprintf(out, "%s, %s, %s: %s\n", d.Start.UTC().Format(time.DateOnly), d.Market, d.Category, d.Details)
		}
	}
	if result.Pending > 0 {
		fmt.Fprintf(out, "%d messages were billed as conversations and cannot be compared\n", result.Pending)
	}
	_, err := fmt.Fprintf(
		out, "%d delivered messages by the ledger, %d by the upstream\n", result.Ours, result.Theirs,
	)
	return err
}

// which names the messages of a difference in short.
func which(d *reconcile.Difference) string {
	named := d.Messages[:min(len(d.Messages), mostNamed)]
	text := strings.Join(named, " ")
	switch more := len(d.Messages) - len(named); {
	case len(d.Messages) == 0:
		return "not known here"
	case !d.Sure():
		return fmt.Sprintf("among %d: %s", len(d.Messages), text)
	case more > 0:
		return fmt.Sprintf("%s and %d more", text, more)
	default:
		return text
	}
}

// differenceLine is a difference in JSON.
type differenceLine struct {
	Start    time.Time       `json:"start"`
	End      time.Time       `json:"end"`
	Market   string          `json:"market"`
	Category string          `json:"category"`
	Type     network.Billing `json:"type"`
	Cause    reconcile.Cause `json:"cause"`
	Count    int64           `json:"count"`
	// Exact says that the messages are exactly those that differ.
	Exact    bool     `json:"exact"`
	Messages []string `json:"messages"`
	Details  string   `json:"details"`
}

func printReconciliationJSON(out io.Writer, result reconcile.Result) error {
	lines := json.NewEncoder(out)
	for i := range result.Differences {
		d := &result.Differences[i]
		if err := lines.Encode(differenceLine{
			d.Start.UTC(), d.End.UTC(), d.Market, d.Category.String(), d.Kind, d.Cause, d.Count, d.Sure(), d.Messages,
			d.Details,
		}); err != nil {
			return err
		}
	}
	return lines.Encode(struct {
		Ledger   int64 `json:"ledger"`
		Upstream int64 `json:"upstream"`
		Pending  int64 `json:"pending,omitempty"`
	}{result.Ours, result.Theirs, result.Pending})
}
