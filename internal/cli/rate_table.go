package cli

import (
	"bufio"
	"fmt"
	"text/tabwriter"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/replay"
)

// summaryTable prints the sums by category and market for people. Amounts are exact.
type summaryTable struct{ silent }

func (summaryTable) end(out *bufio.Writer, currency money.Currency, sums []*replay.Summary) error {
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(table, "CATEGORY\tMARKET\tMESSAGES\tCHARGED\tFREE\tUNPRICED\tTOTAL %s\n", currency)
	for _, group := range replay.Sorted(sums[0]) {
		t := sums[0].Groups[group]
		fmt.Fprintf(
			table, "%s\t%s\t%d\t%d\t%d\t%d\t%s\n", group.Category, group.Market, t.Messages(), t.Charged, t.Free,
			t.Unpriced, t.Amount,
		)
	}
	t := sums[0]
	fmt.Fprintf(table, "all\t\t%d\t%d\t%d\t%d\t%s\n", t.Messages(), t.Charged, t.Free, t.Unpriced, t.Amount)
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d refused outside the service window (%d)\n", t.Refused, codeOutsideWindow())
	if err != nil || t.Cost == t.Amount {
		return err
	}
	_, err = fmt.Fprintf(out, "%s %s of the total is the cost, the rest is the mark-up\n", t.Cost, currency)
	return err
}
