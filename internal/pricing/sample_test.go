package pricing

import (
	"encoding/csv"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

const cardFolder = "../../hack/ratecards/cards/"

// cardOf names the card of each revision of the shipped plans; none is a revision without a single
// price.
var cardOf = map[string]map[string]string{
	"whatsapp": {
		"nbp-2018-08": "none",
		"cbp-2022-02": "conversation-rates-usd-2022-02-01", "cbp-2023-03": "conversation-rates-usd-2022-02-01",
		"cbp-2023-06": "rates-usd-2023-06-01", "cbp-2024-06": "rates-usd-2024-06-01", "cbp-2024-07": "rates-usd-2024-07-01",
		"cbp-2024-08": "rates-usd-2024-08-01", "cbp-2024-10": "rates-usd-2024-10-01", "cbp-2024-11": "rates-usd-2024-11-01",
		"cbp-2025-02": "rates-usd-2025-02-01", "cbp-2025-04": "rates-usd-2025-04-01",
		"pmp-2025-07": "rates-usd-2025-07-01", "pmp-2025-10": "rates-usd-2025-10-01", "pmp-2026-01": "rates-usd-2026-01-01",
		"pmp-2026-04": "rates-usd-2026-04-01", "pmp-2026-07": "rates-usd-2026-07-01", "pmp-2026-08": "rates-usd-2026-07-01",
		"pmp-2026-09": "rates-usd-2026-07-01", "pmp-2026-10": "rates-usd-2026-10-01",
	},
	"whatsapp_eur": {"pmp-2026-07": "rates-eur-2026-07-01", "pmp-2026-09": "rates-eur-2026-07-01", "pmp-2026-10": "none"},
	"whatsapp_cop": {"pmp-2026-07": "rates-cop-2026-07-01", "pmp-2026-09": "rates-cop-2026-07-01", "pmp-2026-10": "rates-cop-2026-10-01"},
}

// cells are the rates of a list, as "market/category" → amount without zeros at its end.
type cells map[string]string

func table(t *testing.T, path string) [][]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// cardCells returns the cells of a card of base rates and the currency of its rows. It reads the
// file by itself, not as the program that wrote the plans does.
func cardCells(t *testing.T, name string) (rates cells, currency string) {
	t.Helper()
	rates = cells{}
	if name == "none" {
		return rates, ""
	}
	rows := table(t, cardFolder+name+".csv")
	for _, row := range rows[1:] {
		for i, heading := range rows[0] {
			if i > 1 && row[i] != "" && row[i] != "n/a" {
				rates[row[0]+"/"+strings.ReplaceAll(heading, "-", "")] = money.MustParse(row[i]).String()
			}
		}
		currency = row[1]
	}
	return rates, currency
}

// planCells returns the rates of a revision, without that of Meta's own agent, which is on no card.
func planCells(r Revision) cells {
	rates := cells{}
	for _, row := range r.Rates {
		for _, price := range row.Prices {
			if price.Category != "BusinessAgent" {
				rates[row.Market+"/"+price.Category] = money.MustParse(price.Amount).String()
			}
		}
	}
	return rates
}

func TestTheShippedRatesAreThoseOfTheCards(t *testing.T) {
	for name, cards := range cardOf {
		plan := samplePlan(t, name)
		if len(plan.Revisions) != len(cards) {
			t.Errorf("%s: %d revisions, want %d", name, len(plan.Revisions), len(cards))
		}
		for _, revision := range plan.Revisions {
			card, ok := cards[revision.Name]
			if !ok {
				t.Errorf("%s: %s has no card", name, revision.Name)
				continue
			}
			want, currency := cardCells(t, card)
			if currency != "" && currency != string(plan.Currency) {
				t.Errorf("%s: %s is in %s and the plan in %s", revision.Name, card, currency, plan.Currency)
			}
			if diff := cmp.Diff(want, planCells(revision)); diff != "" {
				t.Errorf("%s: %s: the card (-) and the plan (+) differ:\n%s", name, revision.Name, diff)
			}
		}
	}
}

// How many rates of each card are known: one that is lost, or invented, shows here.
func TestNumberOfShippedRates(t *testing.T) {
	tests := map[string]map[string]int{
		"whatsapp": {
			"nbp-2018-08": 0, "cbp-2022-02": 58, "cbp-2023-06": 127, "cbp-2024-06": 128, "cbp-2024-07": 130, "cbp-2024-08": 130,
			"cbp-2024-10": 130, "cbp-2024-11": 97, "cbp-2025-02": 66, "cbp-2025-04": 66, "pmp-2025-07": 105, "pmp-2025-10": 105,
			"pmp-2026-01": 105, "pmp-2026-04": 105, "pmp-2026-07": 123, "pmp-2026-10": 206,
		},
		"whatsapp_eur": {"pmp-2026-07": 123, "pmp-2026-10": 0},
		"whatsapp_cop": {"pmp-2026-07": 123, "pmp-2026-10": 206},
	}
	for name, want := range tests {
		for _, revision := range samplePlan(t, name).Revisions {
			if count, ok := want[revision.Name]; ok && len(planCells(revision)) != count {
				t.Errorf("%s: %s has %d rates, want %d", name, revision.Name, len(planCells(revision)), count)
			}
		}
	}
}

// testdata/usd-rates.csv was read from other copies of the cards than those that the plan is made
// of: every cell of it must be in the plan. In the card of 2022 the column marketing is of
// conversations that the business began, and service of those that the customer began.
//
// Sources: the rate cards of
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing of 2026; of
// 2022 and 2023 the lists of https://chatalog.ai/en/pricing-whatsapp-conversation-fees/, less their
// mark-up of 20 per cent.
func TestTheShippedRatesAgreeWithAnotherReading(t *testing.T) {
	plan := map[string]cells{}
	for _, revision := range samplePlan(t, "whatsapp").Revisions {
		plan[revision.EffectiveDate] = planCells(revision)
	}
	compared := 0
	for _, row := range table(t, "testdata/usd-rates.csv")[1:] {
		columns := []string{"Marketing", "Utility", "Authentication", "AuthenticationInternational", "Service"}
		if row[2] == "CBP2" {
			columns = []string{"BusinessInitiated", "", "", "", "UserInitiated"}
		}
		for i, amount := range row[3:] {
			if amount == "" {
				continue
			}
			compared++
			cell := row[1] + "/" + columns[i]
			if got := plan[row[0]][cell]; got != money.MustParse(amount).String() {
				t.Errorf("%s: %s is %q in the plan and %s in another copy of the card", row[0], cell, got, amount)
			}
		}
	}
	if compared != 334 {
		t.Errorf("%d cells were compared, want 334", compared)
	}
}

// cardSteps returns the steps of a card of volume tiers, as "market/category" → "above amount;
// above amount".
func cardSteps(t *testing.T, name string) map[string]string {
	t.Helper()
	steps := map[string]string{}
	market := ""
	for _, row := range table(t, cardFolder+name+".csv") {
		if len(row) < 17 || row[0] == "Market" {
			continue
		}
		if row[0] != "" {
			market = row[0]
		}
		for i, category := range []string{"Utility", "Authentication", "AuthenticationInternational"} {
			from, kind, rate := row[2+5*i], row[4+5*i], row[5+5*i]
			if kind != "Tier rate" {
				continue
			}
			first, err := strconv.Atoi(from)
			if err != nil {
				t.Fatal(err)
			}
			steps[market+"/"+category] += strconv.Itoa(first-1) + " " + money.MustParse(rate).String() + "; "
		}
	}
	return steps
}

func TestTheShippedTiersAreThoseOfTheCards(t *testing.T) {
	cards := map[string]string{"pmp-2026-04": "tiers-usd-2026-04-01", "pmp-2026-10": "tiers-usd-2026-10-01"}
	for name := range cardOf {
		for _, revision := range samplePlan(t, name).Revisions {
			want := map[string]string{}
			if card, ok := cards[revision.Name]; ok && name == "whatsapp" {
				want = cardSteps(t, card)
			}
			got := map[string]string{}
			for _, tiers := range revision.Tiers {
				if tiers.Mode != "Marginal" || tiers.Per != "Portfolio" ||
					(tiers.CountedAs == "Authentication") != (tiers.Category == "AuthenticationInternational") {
					t.Errorf(
						"%s: %s/%s is %s per %s, counted as %q", revision.Name, tiers.Market, tiers.Category,
						tiers.Mode, tiers.Per, tiers.CountedAs,
					)
				}
				for _, step := range tiers.Steps {
					got[tiers.Market+"/"+tiers.Category] += strconv.FormatInt(
						step.Above, 10,
					) + " " + money.MustParse(step.Amount).String() + "; "
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s: the card (-) and the plan (+) differ:\n%s", name, revision.Name, diff)
			}
		}
	}
}

// The steps of October 2026 are 5 per cent of the list each, in India 6, rounded half up to four
// decimals. Those of April are not: what its card prints counts.
func TestTheShippedTiersOfOctober2026FollowTheirRule(t *testing.T) {
	plan := samplePlan(t, "whatsapp")
	october := plan.Revisions[len(plan.Revisions)-1]
	list := planCells(october)
	for _, tiers := range october.Tiers {
		of := int64(5)
		if tiers.Market == "India" {
			of = 6
		}
		if len(tiers.Steps) != 5 {
			t.Errorf("%s/%s has %d steps, want 5", tiers.Market, tiers.Category, len(tiers.Steps))
		}
		whole, err := strconv.ParseInt(
			strings.Replace(fourDecimals(list[tiers.Market+"/"+tiers.Category]), ".", "", 1), 10, 64,
		)
		if err != nil {
			t.Fatal(err)
		}
		for i, step := range tiers.Steps {
			want := (whole*(100-of*int64(i+1)) + 50) / 100
			if got := strings.TrimLeft(
				strings.Replace(fourDecimals(step.Amount), ".", "", 1), "0",
			); got != strconv.FormatInt(want, 10) {
				t.Errorf(
					"%s/%s above %d is %s, want %d ten-thousandths", tiers.Market, tiers.Category, step.Above,
					step.Amount, want,
				)
			}
		}
	}
	if len(october.Tiers) != 2*47+18 {
		t.Errorf("%d tiers, want utility and authentication of 47 markets and 18 from abroad", len(october.Tiers))
	}
}

func fourDecimals(amount string) string {
	whole, decimals, _ := strings.Cut(amount, ".")
	return whole + "." + decimals + strings.Repeat("0", 4-len(decimals))
}

// Every card has the markets of its day, and no other: what a market is called, and from when it is
// there, is the table's word.
func TestTheCardsHaveTheMarketsOfTheirDay(t *testing.T) {
	for name, cards := range cardOf {
		for _, revision := range samplePlan(t, name).Revisions {
			if cards[revision.Name] == "none" {
				continue
			}
			day, err := civil.ParseDate(revision.EffectiveDate)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, m := range market.Listed(day) {
				want = append(want, m.String())
			}
			var got []string
			for _, row := range table(t, cardFolder+cards[revision.Name]+".csv")[1:] {
				got = append(got, row[0])
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: the markets of the day (-) and of the card (+):\n%s", revision.Name, diff)
			}
		}
	}
}

// A market with a rate for authentication from abroad has its country in the plan's list, and the
// other way round unless that rate is not known: else the rate would never be used.
func TestTheShippedCountriesOfInternationalAuthentication(t *testing.T) {
	unknown := map[string]string{"cbp-2025-02": "AE EG MY NG PK SA ZA", "cbp-2025-04": "AE EG MY NG PK SA ZA"}
	for _, name := range []string{"whatsapp", "whatsapp_cop"} {
		for _, revision := range samplePlan(t, name).Revisions {
			listed := map[string]bool{}
			if revision.InternationalAuthentication != nil {
				for _, code := range revision.InternationalAuthentication.Countries {
					listed[country(t, code).Market(date(t, revision.EffectiveDate)).String()] = true
				}
			}
			rated := map[string]bool{}
			for cell := range planCells(revision) {
				if name, category, _ := strings.Cut(cell, "/"); category == "AuthenticationInternational" {
					rated[name] = true
				}
			}
			for code := range strings.FieldsSeq(unknown[revision.Name]) {
				rated[country(t, code).Market(date(t, revision.EffectiveDate)).String()] = true
			}
			if !maps.Equal(listed, rated) {
				t.Errorf("%s: %s: the countries are of %v, the rates of %v", name, revision.Name, listed, rated)
			}
		}
	}
}

func date(t *testing.T, text string) civil.Date {
	t.Helper()
	day, err := civil.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return day
}
