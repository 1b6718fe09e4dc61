package pricing

import (
	"encoding/csv"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// publishedRates are the list rates in US dollars that could be found, by effective date, as "market/category" → amount. An empty cell is a rate
// that was not published for that card, or does not apply; it is never 0. In the card of 2022 the column marketing is
// of conversations that the business began, and service of those that the customer began.
//
// Sources of testdata/usd-rates.csv: the rate cards of https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing
// of 2026; of 2022 and 2023 the lists of https://chatalog.ai/en/pricing-whatsapp-conversation-fees/, less their mark-up of 20 per cent.
func publishedRates(t *testing.T) map[string]map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/usd-rates.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	cards := map[string]map[string]string{}
	for _, row := range rows[1:] {
		date, market, model := row[0], row[1], row[2]
		columns := []string{"Marketing", "Utility", "Authentication", "AuthenticationInternational", "Service"}
		if model == "CBP2" {
			columns = []string{"BusinessInitiated", "", "", "", "UserInitiated"}
		}
		if cards[date] == nil {
			cards[date] = map[string]string{}
		}
		for i, amount := range row[3:] {
			if amount != "" {
				cards[date][market+"/"+columns[i]] = amount
			}
		}
	}
	return cards
}

// sampleRates are the rates of a revision of the shipped plan, without that of Meta's own agent, which is on no card.
func sampleRates(r Revision) map[string]string {
	rates := map[string]string{}
	for _, row := range r.Rates {
		for _, price := range row.Prices {
			if price.Category != "BusinessAgent" {
				rates[row.Market+"/"+price.Category] = price.Amount
			}
		}
	}
	return rates
}

func TestTheShippedRatesAreThePublishedOnes(t *testing.T) {
	cards := publishedRates(t)
	compared := 0
	for _, revision := range samplePlan(t, "whatsapp").Revisions {
		card, ok := cards[revision.EffectiveDate]
		if !ok {
			continue
		}
		compared++
		if diff := cmp.Diff(card, sampleRates(revision)); diff != "" {
			t.Errorf("%s: the card (-) and the plan (+) differ:\n%s", revision.Name, diff)
		}
	}
	if compared != 5 {
		t.Errorf("%d cards were compared, want 5", compared)
	}
}

// Between two cards a revision has the rates of the card before, but for those of which only that they changed is known: they are absent. The list
// prices from July to December 2025 are not known at all.
func TestAShippedRateThatIsNotKnownIsAbsent(t *testing.T) {
	const eachMarket = "Argentina Brazil Chile Colombia Egypt France Germany India Indonesia Israel"
	in := func(category string) []string {
		var cells []string
		for name := range strings.FieldsSeq(eachMarket) {
			cells = append(cells, name+"/"+category)
		}
		return cells
	}
	tests := map[string]struct {
		card   string
		absent []string
	}{
		"nbp-2018-08": {card: "none"},
		"cbp-2023-03": {card: "2022-02-01"},
		"cbp-2024-06": {card: "2023-06-01"},
		"cbp-2024-07": {card: "2023-06-01"},
		"cbp-2024-08": {card: "2023-06-01", absent: in("Utility")},
		"cbp-2024-10": {card: "2023-06-01", absent: append(in("Utility"), "India/Marketing")},
		"cbp-2024-11": {card: "2023-06-01", absent: append(append(in("Utility"), in("Service")...), "India/Marketing")},
		"cbp-2025-02": {card: "2023-06-01", absent: append(append(append(in("Utility"), in("Service")...), in("Authentication")...), "India/Marketing")},
		"pmp-2025-07": {card: "none"},
		"pmp-2026-04": {card: "2026-01-01", absent: []string{
			"India/AuthenticationInternational", "Saudi Arabia/Marketing",
			"Pakistan/Utility", "Pakistan/Authentication", "Turkey/Utility", "Turkey/Authentication",
		}},
		"pmp-2026-08": {card: "2026-07-01"},
		"pmp-2026-09": {card: "2026-07-01"},
	}
	cards := publishedRates(t)
	for _, revision := range samplePlan(t, "whatsapp").Revisions {
		tc, ok := tests[revision.Name]
		if !ok {
			continue
		}
		delete(tests, revision.Name)
		want := map[string]string{}
		maps.Copy(want, cards[tc.card])
		for _, cell := range tc.absent {
			if _, ok := want[cell]; !ok {
				t.Errorf("%s: %s must be on the card before", revision.Name, cell)
			}
			delete(want, cell)
		}
		if diff := cmp.Diff(want, sampleRates(revision)); diff != "" {
			t.Errorf("%s: wanted (-) and in the plan (+):\n%s", revision.Name, diff)
		}
	}
	for name := range tests {
		t.Errorf("there must be a revision %s", name)
	}
}
