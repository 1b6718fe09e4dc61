package cli

import (
	"bufio"
	"fmt"
	"text/tabwriter"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/replay"
)

// comparedLine is what one category in one market costs under both plans.
type comparedLine struct {
	Category   string         `json:"category,omitempty"`
	Market     string         `json:"market,omitempty"`
	Total      money.Decimal  `json:"total"`
	Compared   money.Decimal  `json:"compared"`
	Difference money.Decimal  `json:"difference"` // compared less total
	Currency   money.Currency `json:"currency"`
	// Unpriced counts messages without a price, under each plan. Neither total has their cost.
	Unpriced [2]int64  `json:"unpriced"`
	Refused  *[2]int64 `json:"refused,omitempty"`
}

// compared returns the lines of two summaries, and the line of everything.
func compared(currency money.Currency, first, second *replay.Summary) ([]comparedLine, comparedLine, error) {
	var lines []comparedLine
	for _, group := range replay.Sorted(first, second) {
		line, err := compareTotals(currency, first.Groups[group], second.Groups[group])
		if err != nil {
			return nil, comparedLine{}, err
		}
		line.Category, line.Market = group.Category.String(), group.Market
		lines = append(lines, line)
	}
	all, err := compareTotals(currency, &first.Totals, &second.Totals)
	all.Refused = &[2]int64{first.Refused, second.Refused}
	return lines, all, err
}

func compareTotals(currency money.Currency, first, second *replay.Totals) (comparedLine, error) {
	if first == nil {
		first = &replay.Totals{}
	}
	if second == nil {
		second = &replay.Totals{}
	}
	difference, err := second.Amount.Sub(first.Amount)
	return comparedLine{
		Total: first.Amount, Compared: second.Amount, Difference: difference, Currency: currency,
		Unpriced: [2]int64{first.Unpriced, second.Unpriced},
	}, err
}

// compareJSON prints the comparison as an object for each category and market, and one for all.
type compareJSON struct{ silent }

func (compareJSON) end(out *bufio.Writer, currency money.Currency, sums []*replay.Summary) error {
	lines, all, err := compared(currency, sums[0], sums[1])
	if err != nil {
		return err
	}
	for _, line := range append(lines, all) {
		if err := writeJSON(out, line); err != nil {
			return err
		}
	}
	return nil
}

// compareTable prints the comparison for people. Amounts are exact.
type compareTable struct{ silent }

func (compareTable) end(out *bufio.Writer, currency money.Currency, sums []*replay.Summary) error {
	lines, all, err := compared(currency, sums[0], sums[1])
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(table, "CATEGORY\tMARKET\tTOTAL %[1]s\tCOMPARED %[1]s\tDIFFERENCE\tUNPRICED\n", currency)
	all.Category = "all"
	for _, l := range append(lines, all) {
		fmt.Fprintf(
			table, "%s\t%s\t%s\t%s\t%s\t%d → %d\n", l.Category, l.Market, l.Total, l.Compared, l.Difference,
			l.Unpriced[0], l.Unpriced[1],
		)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(
		out, "%d → %d refused outside the service window (%d)\n", all.Refused[0], all.Refused[1], codeOutsideWindow(),
	)
	return err
}
