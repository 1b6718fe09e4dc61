package ratecard

import (
	"bytes"
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/pricing"
)

func open(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// prices returns pairs of a category and an amount.
func prices(pairs ...string) []pricing.Price {
	var list []pricing.Price
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, pricing.Price{Category: pairs[i], Amount: pairs[i+1]})
	}
	return list
}

func TestReadRates(t *testing.T) {
	card, err := ReadRates(strings.NewReader(open(t, "base-rates.csv")))
	if err != nil {
		t.Fatal(err)
	}
	want := &Card{Currency: "USD", Rates: []pricing.MarketRates{
		{Market: "Argentina", Prices: prices("Marketing", "0.0618", "Utility", "0.026", "Authentication", "0.026", "Service", "0.026")},
		{Market: "Brazil", Prices: prices("Marketing", "0.0625", "Utility", "0.0068", "Authentication", "0.0068", "Service", "0.0068")},
		{Market: "India", Prices: prices("Marketing", "0.0118", "Utility", "0.0014", "Authentication", "0.0014", "AuthenticationInternational", "0.0304", "Service", "0.0014")},
		{Market: "Rest of Central & Eastern Europe", Prices: prices("Marketing", "0.086", "Utility", "0.0212", "Authentication", "0.0212", "Service", "0.0212")},
		{Market: "Other", Prices: prices("Marketing", "0.0604", "Utility", "0.0077", "Authentication", "0.0077", "Service", "0.0077")},
	}}
	if diff := cmp.Diff(want, card); diff != "" {
		t.Error(diff)
	}
}

func TestReadTiers(t *testing.T) {
	card, err := ReadTiers(strings.NewReader(open(t, "tiers.csv")))
	if err != nil {
		t.Fatal(err)
	}
	want := []pricing.Tiers{
		{Market: "Argentina", Category: "Utility", Mode: "Marginal", Per: "Portfolio", Steps: []pricing.TierStep{{Above: 100_000, Amount: "0.0247"}}},
		{Market: "Argentina", Category: "Authentication", Mode: "Marginal", Per: "Portfolio", Steps: []pricing.TierStep{{Above: 120_000, Amount: "0.0247"}}},
		{Market: "India", Category: "Authentication", Mode: "Marginal", Per: "Portfolio", Steps: []pricing.TierStep{{Above: 1_000_000, Amount: "0.0013"}}},
		{Market: "India", Category: "AuthenticationInternational", CountedAs: "Authentication", Mode: "Marginal", Per: "Portfolio", Steps: []pricing.TierStep{{Above: 1_000_000, Amount: "0.0289"}}},
		{Market: "Rest of Central & Eastern Europe", Category: "Utility", Mode: "Marginal", Per: "Portfolio", Steps: []pricing.TierStep{{Above: 100_000, Amount: "0.0201"}, {Above: 80_000_000, Amount: "0.0159"}}},
	}
	if diff := cmp.Diff(want, card.Tiers); diff != "" {
		t.Error(diff)
	}
	base, err := ReadRates(strings.NewReader(open(t, "base-rates.csv")))
	if err != nil {
		t.Fatal(err)
	}
	merged, err := Merge(base, card)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Card{Currency: "USD", Rates: base.Rates, Tiers: want}, merged); diff != "" {
		t.Error(diff)
	}
}

func TestRatesMalformedRowsAreNamedByTheirLine(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"unknown market":     {"Brazil,", "Brasil,", `line 9: "Brasil" must be a market`},
		"the market Any":     {"Brazil,", "Any,", `line 9: "Any" must be a market`},
		"a market twice":     {"Brazil,", "Argentina,", `line 9: market "Argentina" must have one row`},
		"another currency":   {"Brazil,$US", "Brazil,BRL", "line 9: BRL must be USD as in the rows above"},
		"no currency":        {"Brazil,$US", "Brazil,Reais", `line 9: currency "REAIS" must be a code`},
		"a rate of words":    {"0.0625", "cheap", `line 9: amount "cheap" must be digits`},
		"a negative rate":    {"0.0625", "-0.0625", `line 9: "-0.0625" must not be negative`},
		"a decimal comma":    {"0.0625", `"0,0625"`, `line 9: "0,0625" must have a point before its decimals: a comma only sets off thousands`},
		"a comma, 3 digits":  {"0.0625", `"0,625"`, `line 9: "0,625" must have a point before its decimals`},
		"an odd thousand":    {"0.0625", `"1,06.25"`, `line 9: "1,06.25" must have a point before its decimals`},
		"an over-precise":    {"0.0625", "0.06250001", `line 9: "0.06250001" must have at most 6 decimals`},
		"too large a rate":   {"0.0625", `"1,000,000,000"`, `line 9: "1000000000" must be below 1000000000`},
		"a row cut short":    {"Brazil,$US,0.0625,0.0068,0.0068,n/a,0.0068", "Brazil,$US,0.0625", "line 9: the row must have 7 columns as the heading has, and has 3"},
		"a column too many":  {"Brazil,$US,0.0625,", "Brazil,$US,0.0625,0.07,", "line 9: \"0.0068\" must stand below a heading"},
		"no market":          {"Brazil,", ",", "line 9: the row must name its market"},
		"a stray quote":      {"0.0625", `0.06"25`, "line 9: must be comma-separated values"},
		"a row of one field": {"Brazil,$US,0.0625,0.0068,0.0068,n/a,0.0068", "Brazil", "line 9: the row must have 7 columns as the heading has, and has 1"},
		"unknown heading":    {",Marketing,", ",Poetry,", `line 6: heading "Poetry" must be`},
		"a heading twice":    {",Marketing,", ",Utility,", `line 6: heading "Utility" must stand once`},
	}
	for name, tc := range tests {
		_, err := ReadRates(strings.NewReader(strings.Replace(open(t, "base-rates.csv"), tc.old, tc.new, 1)))
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "another file": "a,b\n1,2\n", "no rows": "Market,Currency,Utility\n",
	} {
		if card, err := ReadRates(strings.NewReader(text)); err == nil {
			t.Errorf("%s: got %+v, want an error", name, card)
		}
	}
}

// Commas between thousands and trailing zeros are read. Both readers skip empty rows, and columns
// without a heading.
func TestRatesAreReadAsCardsWriteThem(t *testing.T) {
	card, err := ReadRates(strings.NewReader(
		"Market,Currency,Marketing,Utility,,\nColombia,COP,\"1,046.02270000\",\"2,500\",\n,,,,,\n",
	))
	want := &Card{Currency: "COP", Rates: []pricing.MarketRates{
		{Market: "Colombia", Prices: prices("Marketing", "1046.0227", "Utility", "2500")},
	}}
	if diff := cmp.Diff(want, card); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestTiersMalformedRowsAreNamedByTheirLine(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"a gap":                     {`"100,001",--`, `"100,002",--`, "line 8: the step must begin where the one above it ends"},
		"a step after the last one": {`$US,"80,000,001",--`, `$US,"80,000,001","80,000,002"` + strings.Repeat(",n/a", 13) + "\n,$US,1,2", "line 13: "},
		"no number":                 {`"100,001",--`, `many,--`, `line 8: "many" must be a number of messages`},
		"an end below the start":    {`0,"100,000",List rate,0.0260`, `0,"0",List rate,0.0260`, "line 7: 0 must be above 0"},
		"no rate":                   {"Tier rate,0.0247", "Tier rate,n/a", "line 8: there must be a rate"},
		"an unknown rate type":      {"Tier rate,0.0247", "Gift,0.0247", `line 8: rate type "Gift" must be`},
		"a tier first":              {"0,\"100,000\",List rate,0.0260", "0,\"100,000\",Tier rate,0.0260", `line 7: rate type "Tier rate" must be "List rate" in the first step`},
		"a market without a list":   {`India,$US,0,--`, `India,$US,5,--`, "line 9: the first step of Utility in India must begin at 0 or 1"},
		"no market in the first":    {"Argentina,", ",", "line 7: the first row must name its market"},
		"no category above":         {",,Utility,", ",,,", "line 6: there must be a row above that names the category"},
		"a heading cut short":       {"From,To,Rate type,Rate,vs. List rate\nArgentina", "From\nArgentina", "line 6: there must be the headings From, To, Rate type and Rate for each category"},
		"a row cut short":           {`0,"100,000",List rate,0.0260,0%,0,`, `0,"100,000",List rate,0.0260` + "\n", "line 7: the row must have 17 columns as the heading has, and has 6"},
		"an odd thousand":           {`"100,001",--`, `"1000,01",--`, `line 8: "1000,01" must be a number of messages`},
		"another currency":          {",$US,\"100,001\",--", ",EUR,\"100,001\",--", "line 8: EUR must be USD"},
	}
	for name, tc := range tests {
		_, err := ReadTiers(strings.NewReader(strings.Replace(open(t, "tiers.csv"), tc.old, tc.new, 1)))
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
}

func TestMergeRefusesTwoDifferentCards(t *testing.T) {
	base, err := ReadRates(strings.NewReader(open(t, "base-rates.csv")))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"another list rate": strings.Replace(open(t, "tiers.csv"), "List rate,0.0260", "List rate,0.0250", 1),
		"another currency":  strings.ReplaceAll(open(t, "tiers.csv"), "$US", "EUR"),
	} {
		tiers, err := ReadTiers(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if merged, err := Merge(base, tiers); err == nil {
			t.Errorf("%s: got %+v, want an error", name, merged)
		}
	}
}

// write returns a card as Meta lays it out: what the two readers read back.
func write(tb testing.TB, card *Card) (base, tiers string) {
	tb.Helper()
	names := []string{"Marketing", "Utility", "Authentication", "AuthenticationInternational", "Service"}
	rates := [][]string{{
		"Market", "Currency", "Marketing", "Utility", "Authentication", "Authentication-\nInternational", "Service",
	}}
	for _, r := range card.Rates {
		row := []string{r.Market, string(card.Currency)}
		for _, name := range names {
			if amount, ok := card.rate(r.Market, name); ok {
				row = append(row, amount)
			} else {
				row = append(row, "n/a")
			}
		}
		rates = append(rates, row)
	}
	var steps [][]string
	const columns = "From,To,Rate type,Rate,vs. List rate"
	steps = append(
		steps,
		strings.Split(",,Utility,,,,,Authentication,,,,,Authentication-International,,,,", ","),
		strings.Split("Market,Currency"+strings.Repeat(","+columns, 3), ","),
	)
	for _, r := range card.Rates {
		for i := range 12 {
			row := []string{r.Market, string(card.Currency)}
			used := false
			for _, name := range names[1:4] {
				cells, ok := stepCells(card, r.Market, name, i)
				row = append(row, cells...)
				used = used || ok
			}
			if !used {
				break
			}
			steps = append(steps, row)
		}
	}
	return text(tb, rates), text(tb, steps)
}

// stepCells returns the five cells of the i-th step of a category.
func stepCells(card *Card, market, category string, i int) ([]string, bool) {
	none := []string{"n/a", "n/a", "n/a", "n/a", "n/a"}
	list, ok := card.rate(market, category)
	var steps []pricing.TierStep
	for _, tiers := range card.Tiers {
		if tiers.Market == market && tiers.Category == category {
			steps = tiers.Steps
		}
	}
	if !ok || i > len(steps) {
		return none, false
	}
	from, kind, rate, to := "0", "List rate", list, "--"
	if i > 0 {
		from, kind, rate = strconv.FormatInt(steps[i-1].Above+1, 10), "Tier rate", steps[i-1].Amount
	}
	if i < len(steps) {
		to = strconv.FormatInt(steps[i].Above, 10)
	}
	return []string{from, to, kind, rate, "0%"}, true
}

func text(tb testing.TB, rows [][]string) string {
	tb.Helper()
	var buffer bytes.Buffer
	if err := csv.NewWriter(&buffer).WriteAll(rows); err != nil {
		tb.Fatal(err)
	}
	return buffer.String()
}

func TestRoundTrip(t *testing.T) {
	base, err := ReadRates(strings.NewReader(open(t, "base-rates.csv")))
	if err != nil {
		t.Fatal(err)
	}
	tiers, err := ReadTiers(strings.NewReader(open(t, "tiers.csv")))
	if err != nil {
		t.Fatal(err)
	}
	card, err := Merge(base, tiers)
	if err != nil {
		t.Fatal(err)
	}
	baseText, tiersText := write(t, card)
	base, err = ReadRates(strings.NewReader(baseText))
	if err != nil {
		t.Fatal(err)
	}
	tiers, err = ReadTiers(strings.NewReader(tiersText))
	if err != nil {
		t.Fatal(err)
	}
	back, err := Merge(base, tiers)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(card, back); diff != "" {
		t.Error(diff)
	}
}

func TestRevisionKeepsTheRules(t *testing.T) {
	like := pricing.Revision{
		Name: "old", EffectiveDate: "2026-10-01", ClassifyBy: "Category", Unit: "Message",
		Rates: []pricing.MarketRates{{Market: "Any", Prices: prices("BusinessAgent", "0.000002")}, {Market: "France"}},
		Tiers: []pricing.Tiers{{Market: "France", Category: "Utility"}},
	}
	card := &Card{Currency: "USD", Rates: []pricing.MarketRates{{Market: "Spain"}}}
	want := like
	want.Name, want.EffectiveDate, want.Tiers = "new", "2027-01-01", nil
	want.Rates = []pricing.MarketRates{like.Rates[0], {Market: "Spain"}}
	if diff := cmp.Diff(want, card.Revision(like, "new", "2027-01-01")); diff != "" {
		t.Error(diff)
	}
}

func fuzz(f *testing.F, name string, read func([]byte) (*Card, error)) {
	f.Helper()
	seed := open(f, name)
	_, withoutHeading, _ := strings.Cut(seed, "Argentina")
	f.Add([]byte(seed))
	f.Add([]byte(withoutHeading))
	f.Add([]byte(strings.ReplaceAll(seed, "0.0", "-")))
	f.Add([]byte("\ufeffMarket,Currency,Utility\nFrance,EUR,0.03\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		card, err := read(data)
		switch {
		case err != nil && !strings.HasPrefix(err.Error(), "line ") &&
			!strings.HasPrefix(err.Error(), "there must be a heading row"):
			t.Errorf("an error must name its line: %v", err)
		case err == nil && (card.Currency == "" || len(card.Rates)+len(card.Tiers) == 0):
			t.Errorf("a card without a currency or without rates was taken: %+v", card)
		}
	})
}

func FuzzReadRates(f *testing.F) {
	fuzz(f, "base-rates.csv", func(data []byte) (*Card, error) { return ReadRates(bytes.NewReader(data)) })
}

func FuzzReadTiers(f *testing.F) {
	fuzz(f, "tiers.csv", func(data []byte) (*Card, error) { return ReadTiers(bytes.NewReader(data)) })
}
