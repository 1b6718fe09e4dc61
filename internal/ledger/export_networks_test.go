package ledger_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
)

// fromPage returns a delivered message of a page, of a category and at a price.
func fromPage(id, category, price string) ledger.Record {
	r := utility(id)
	r.Plan, r.Revision, r.Channel = "messenger", "standard-2026-09", "108181820024680"
	r.Market, r.Category = "Any", category
	r.ListPrice, r.Cost, r.Charge = money.MustParse(price), money.MustParse(price), money.MustParse(price)
	return r
}

// Records of a number and of a page stand in one export, each with its channel and its plan, and
// what they cost adds up.
func TestP5ExportsShowNetworksSideBySide(t *testing.T) {
	entries := chain(
		utility("wamid.A"), fromPage("m_1", "utility", "0"), fromPage("m_2", "marketing", "0.05"), service("wamid.C"),
	)
	want := [][]string{
		{"wamid.A", "106540352242922", "whatsapp", "utility", "0.0335"},
		{"m_1", "108181820024680", "messenger", "utility", "0"},
		{"m_2", "108181820024680", "messenger", "marketing", "0.05"},
		{"wamid.C", "106540352242922", "whatsapp", "service", "0"},
	}
	var export strings.Builder
	if err := ledger.WriteCSV(&export, sequence(entries)); err != nil {
		t.Fatal(err)
	}
	table, err := csv.NewReader(strings.NewReader(export.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"messageID", "channel", "plan", "category", "charge"}
	if diff := cmp.Diff(want, columnsOf(table, names)); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
	var got [][]string
	for _, row := range focusRows(t, entries) {
		got = append(got, []string{
			row["x_MessageId"], row["ResourceId"], row["x_Plan"], row["x_MessageCategory"], row["BilledCost"],
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("FOCUS (-want +got):\n%s", diff)
	}
	_, totals, err := ledger.Verify(accountUID, sequence(entries))
	if err != nil {
		t.Fatal(err)
	}
	sum := money.Decimal{}
	for key, total := range totals {
		if key.Category != "" {
			continue // a part of the period's
		}
		if sum, err = sum.Add(total.Billed); err != nil {
			t.Fatal(err)
		}
	}
	if sum != money.MustParse("0.0835") {
		t.Errorf("the period has %s; want 0.0835, of both networks", sum)
	}
}

// columnsOf are the named columns of a table whose first row has the names.
func columnsOf(table [][]string, names []string) (rows [][]string) {
	index := map[string]int{}
	for i, name := range table[0] {
		index[name] = i
	}
	for _, cells := range table[1:] {
		var row []string
		for _, name := range names {
			row = append(row, cells[index[name]])
		}
		rows = append(rows, row)
	}
	return rows
}
