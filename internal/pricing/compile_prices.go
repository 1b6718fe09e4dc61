package pricing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

// The bounds of a plan's numbers, chosen so that every product and sum is exact and none overflows.
const (
	maxRateDecimals    = 6
	maxPercentDecimals = 4
)

var (
	maxRate    = money.FromInt(1_000_000_000)
	maxPercent = money.FromInt(100_000)
	one        = money.FromInt(1)
)

// ParseRate reads a rate: a decimal number from 0 to below 1,000,000,000 with at most 6 decimals.
func ParseRate(text string) (money.Decimal, error) {
	return parseNumber(text, maxRateDecimals, maxRate)
}

func parseNumber(text string, decimals int, limit money.Decimal) (money.Decimal, error) {
	number, err := money.Parse(text)
	if err != nil {
		return number, err
	}
	_, fraction, _ := strings.Cut(text, ".")
	switch {
	case number.Sign() < 0:
		return number, fmt.Errorf("%q must not be negative", text)
	case len(fraction) > decimals:
		return number, fmt.Errorf("%q must have at most %d decimals", text, decimals)
	case number.Cmp(limit) >= 0:
		return number, fmt.Errorf("%q must be below %s", text, limit)
	}
	return number, nil
}

// parseAmount reads a rate, a fixed mark-up or a minimum.
func parseAmount(found *findings, path, text string) money.Decimal {
	number, err := ParseRate(text)
	found.addError(path, err)
	return number
}

// priceTable is the prices of one revision while they are compiled.
type priceTable struct {
	found    *findings
	prices   prices
	markups  [conversation.Categories]markup
	byMarket bool
}

func compilePrices(found *findings, path string, doc *Revision) prices {
	t := priceTable{found: found, markups: compileMarkups(found, path, doc), byMarket: doc.MarketBy != "None"}
	t.prices.ofCountry = slices.Repeat([]int16{-1}, market.Countries())
	t.prices.ofMarket = slices.Repeat([]int16{-1}, int(slices.Max(market.All()))+1)
	for i, rates := range doc.Rates {
		t.addRates(fmt.Sprintf("%s.rates[%d]", path, i), rates)
	}
	for i, terms := range doc.Tiers {
		t.addTiers(fmt.Sprintf("%s.tiers[%d]", path, i), terms)
	}
	for i, terms := range doc.RatedAs {
		t.addRatedAs(fmt.Sprintf("%s.ratedAs[%d]", path, i), terms)
	}
	return t.prices
}

func compileMarkups(found *findings, path string, doc *Revision) [conversation.Categories]markup {
	var markups [conversation.Categories]markup
	minimum := money.Decimal{}
	if doc.MinimumCharge != "" {
		minimum = parseAmount(found, path+".minimumCharge", doc.MinimumCharge)
	}
	for c := range markups {
		markups[c] = markup{factor: one, minimum: minimum}
	}
	var seen categorySet
	for i, terms := range doc.Markups {
		at := fmt.Sprintf("%s.markups[%d]", path, i)
		category, err := conversation.ParsePlanCategory(terms.Category)
		if !found.addError(at+".category", err) {
			continue
		}
		if seen.has(category) {
			found.add(at+".category", "%s must not have two mark-ups", terms.Category)
		}
		seen = seen.with(category)
		if terms.Percent == "" && terms.Fixed == "" {
			found.add(at, "must have percent or fixed, or both")
		}
		if terms.Percent != "" {
			markups[category].factor = parseFactor(found, at+".percent", terms.Percent)
		}
		if terms.Fixed != "" {
			markups[category].fixed = parseAmount(found, at+".fixed", terms.Fixed)
		}
	}
	return markups
}

// parseFactor reads a percentage as the factor that adds it: 1.125 for "12.5".
func parseFactor(found *findings, path, text string) money.Decimal {
	factor, err := parseNumber(text, maxPercentDecimals, maxPercent)
	if err == nil {
		factor, err = factor.Percent()
	}
	if err == nil {
		factor, err = one.Add(factor)
	}
	found.addError(path, err)
	return factor
}

func (t *priceTable) addRates(path string, rates MarketRates) {
	index, err := t.row(rates.Market, true)
	if !t.found.addError(path+".market", err) {
		return
	}
	if len(rates.Prices) == 0 {
		t.found.add(path+".prices", "must have at least one price")
	}
	for i, entry := range rates.Prices {
		at := fmt.Sprintf("%s.prices[%d]", path, i)
		category, err := conversation.ParsePlanCategory(entry.Category)
		if !t.found.addError(at+".category", err) {
			continue
		}
		if t.prices.rows[index][category] != nil {
			t.found.add(at+".category", "%s must have one price in %s", entry.Category, rates.Market)
		}
		t.prices.rows[index][category] = &price{
			market:   rates.Market,
			category: category,
			list:     t.amount(at+".amount", category, entry.Amount),
			markup:   t.markups[category],
		}
	}
}

// amount reads a price and marks it up.
func (t *priceTable) amount(path string, category conversation.Category, text string) amount {
	cost := parseAmount(t.found, path, text)
	charge, err := t.markups[category].on(cost)
	t.found.addError(path, err)
	return amount{cost: cost, charge: charge}
}

// row returns the index of the row of a market or country. If there is none and it is wanted, row
// adds one.
func (t *priceTable) row(name string, wanted bool) (int16, error) {
	slot, err := t.slot(name)
	if err != nil {
		return -1, err
	}
	if !t.byMarket && name != market.Any.String() {
		return -1, fmt.Errorf("%q must be \"Any\": marketBy is \"None\"", name)
	}
	if *slot < 0 && wanted {
		*slot = int16(len(t.prices.rows))
		t.prices.rows = append(t.prices.rows, priceRow{})
	}
	return *slot, nil
}

// slot returns where the row index of a market or a country is kept.
func (t *priceTable) slot(name string) (*int16, error) {
	if len(name) == 2 {
		country, err := market.ParseCountry(name)
		if err != nil {
			return nil, err
		}
		return &t.prices.ofCountry[country], nil
	}
	in, err := market.Parse(name)
	if err != nil {
		return nil, err
	}
	return &t.prices.ofMarket[in], nil
}

func (t *priceTable) addTiers(path string, terms Tiers) {
	category, err := conversation.ParsePlanCategory(terms.Category)
	known := t.found.addError(path+".category", err)
	index, err := t.row(terms.Market, false)
	if !t.found.addError(path+".market", err) || !known {
		return
	}
	if index < 0 || t.prices.rows[index][category] == nil {
		t.found.add(
			path, "%s in %s must have a rate in rates: it is the price below the first step", terms.Category,
			terms.Market,
		)
		return
	}
	list := t.prices.rows[index][category]
	if list.tiers != nil {
		t.found.add(path, "%s in %s must have tiers once", terms.Category, terms.Market)
	}
	list.tiers = &tiers{
		countedAs: category,
		scope:     choose(t.found, path+".per", terms.Per, tierScopes),
		whole:     choose(t.found, path+".mode", terms.Mode, tierModes),
	}
	if terms.CountedAs != "" {
		list.tiers.countedAs, err = conversation.ParsePlanCategory(terms.CountedAs)
		t.found.addError(path+".countedAs", err)
	}
	t.addSteps(path, category, list.tiers, terms.Steps)
}

func (t *priceTable) addSteps(path string, category conversation.Category, to *tiers, steps []TierStep) {
	if len(steps) == 0 {
		t.found.add(path+".steps", "must have at least one step")
	}
	last := int64(0)
	for i, step := range steps {
		at := fmt.Sprintf("%s.steps[%d]", path, i)
		if step.Above <= last {
			t.found.add(at+".above", "%d must be above %d: the steps must rise", step.Above, last)
		}
		last = step.Above
		to.above = append(to.above, step.Above)
		to.unknown = append(to.unknown, step.Amount == "")
		var price amount
		if step.Amount != "" {
			price = t.amount(at+".amount", category, step.Amount)
		}
		to.prices = append(to.prices, price)
	}
}

// addRatedAs gives a category the prices of another one, with their tiers and mark-up, where it has
// none of its own.
func (t *priceTable) addRatedAs(path string, terms RatedAs) {
	category, err := conversation.ParsePlanCategory(terms.Category)
	known := t.found.addError(path+".category", err)
	as, err := conversation.ParsePlanCategory(terms.As)
	if !t.found.addError(path+".as", err) || !known {
		return
	}
	if category == as {
		t.found.add(path+".as", "%s must be rated as another category", terms.Category)
	}
	for i := range t.prices.rows {
		if row := &t.prices.rows[i]; row[category] == nil {
			row[category] = row[as]
		}
	}
}
