package cli

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
)

// totalsOptions are the flags of ledger totals.
type totalsOptions struct {
	ledgerFlags
	output string
}

func newLedgerTotals() *cobra.Command {
	var o totalsOptions
	command := &cobra.Command{
		Use:   "totals {--store FILE | --jsonl FILE}",
		Short: "Recompute the totals of each period from the records alone",
		Long: `Recompute the totals of each period from the records alone, to compare them with a
BusinessAccount's status.usage.

The ledger is verified on the way. If the last record has the sequence and hash of
status.usage.ledger, the figures are those of status.usage.

If a store keeps other sums, --output sql prints the statements that replace them. Apply them while no
gateway of the account runs.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	o.register(command)
	command.Flags().StringVarP(
		&o.output, "output", "o", "table",
		"table for people; json: one object a line, the ledger's head last; sql: statements that write these "+
			"totals to a store",
	)
	return command
}

func (o *totalsOptions) run(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	show := map[string]func(io.Writer, *ledgerSum) error{
		"table": printTotals, "json": printTotalsJSON, "sql": o.printTotalsSQL,
	}[o.output]
	if show == nil {
		return fmt.Errorf("--output %.40q must be table, json or sql", o.output)
	}
	compare := (*ledgerSum).compare
	if o.output == "sql" {
		compare = func(*ledgerSum, ledger.Totals) error { return nil } // the stored sums are to be replaced
	}
	sum, err := o.sum(ctx, stdin, nil, compare)
	if err != nil {
		return err
	}
	return show(stdout, sum)
}

func printTotals(out io.Writer, sum *ledgerSum) error {
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "PERIOD\tCATEGORY\tMESSAGES\tCHARGED\tBILLED\tCOST\tCURRENCY")
	for _, key := range sortedKeys(sum.totals) {
		t := sum.totals[key]
		fmt.Fprintf(
			table, "%s\t%s\t%d\t%d\t%s\t%s\t%s\n", key.Period, categoryName(key), t.Messages, t.Charged, t.Billed,
			t.Cost, key.Currency,
		)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "sequence %d, hash %s\n", sum.head.Sequence, sum.head.Hash)
	return err
}

// totalLine is a total in JSON. Category is absent from the total of a whole period.
type totalLine struct {
	Period   string         `json:"period"`
	Category string         `json:"category,omitempty"`
	Messages int64          `json:"messages"`
	Charged  int64          `json:"charged"`
	Billed   money.Decimal  `json:"billed"`
	Cost     money.Decimal  `json:"cost"`
	Currency money.Currency `json:"currency"`
}

func printTotalsJSON(out io.Writer, sum *ledgerSum) error {
	buffered := bufio.NewWriter(out)
	lines := json.NewEncoder(buffered)
	for _, key := range sortedKeys(sum.totals) {
		t := sum.totals[key]
		if err := lines.Encode(
			totalLine{key.Period, key.Category, t.Messages, t.Charged, t.Billed, t.Cost, key.Currency},
		); err != nil {
			return err
		}
	}
	head := struct {
		Sequence int64  `json:"sequence"`
		Hash     string `json:"hash"`
	}{sum.head.Sequence, sum.head.Hash.String()}
	if err := lines.Encode(head); err != nil {
		return err
	}
	return buffered.Flush()
}

// printTotalsSQL prints statements that replace the totals of a store, in the SQL of both engines.
func (o *totalsOptions) printTotalsSQL(out io.Writer, sum *ledgerSum) error {
	buffered := bufio.NewWriter(out)
	fmt.Fprintf(
		buffered, "-- The totals of ledger %s by its records up to %d, hash %s.\n", sum.id,
		sum.head.Sequence, sum.head.Hash,
	)
	fmt.Fprint(buffered, "-- Apply them while no gateway of the account runs.\nBEGIN;\n")
	if isShared(o.store) {
		fmt.Fprintf(buffered, "SET LOCAL search_path = %q;\n", sharedSchema(sum.id))
	}
	fmt.Fprintln(buffered, "DELETE FROM totals;")
	for _, key := range sortedKeys(sum.totals) {
		t := sum.totals[key]
		fmt.Fprintf(
			buffered, "INSERT INTO totals (period, currency, category, messages, charged, billed, cost) "+
				"VALUES (%s, %s, %s, %d, %d, '%s', '%s');\n",
			quoteSQL(key.Period), quoteSQL(string(key.Currency)), quoteSQL(key.Category), t.Messages, t.Charged,
			t.Billed, t.Cost,
		)
	}
	fmt.Fprintln(buffered, "COMMIT;")
	return buffered.Flush()
}

// quoteSQL returns a text as a literal of standard SQL.
func quoteSQL(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// sortedKeys sorts the keys by period and currency, the whole before its categories.
func sortedKeys(totals ledger.Totals) []ledger.TotalKey {
	return slices.SortedFunc(maps.Keys(totals), func(a, b ledger.TotalKey) int {
		return cmp.Or(
			cmp.Compare(a.Period, b.Period), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Category, b.Category),
		)
	})
}

func categoryName(key ledger.TotalKey) string {
	if key.Category == "" {
		return "all"
	}
	return key.Category
}
