package pricing

import (
	"slices"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
)

// Extend returns a revision that has priced messages with the prices that it lacks and a later
// version of it has: rates of a market and category, the amounts of tier steps, what a category is
// rated as, and the mark-ups of categories that had no price. Nothing has been priced by what was
// not there. Everything else stays as it was.
//
// A price is not taken over if a message that had one would be priced by it: a rate of a market
// whose messages the rate of Any has priced, or of a category that was rated as another one. Where
// versions differ in what they bill, nothing is. more says whether something was taken over.
func Extend(frozen, later Revision) (extended Revision, more bool) {
	if frozen.EffectiveDate != later.EffectiveDate || frozen.MarketBy != later.MarketBy ||
		frozen.ClassifyBy != later.ClassifyBy || frozen.Unit != later.Unit {
		return frozen, false
	}
	before, valid := compiledAlone(&frozen)
	if !valid {
		return frozen, false
	}
	lacking := before.additions(&frozen, &later)
	if len(lacking) == 0 {
		return frozen, false
	}
	together := cloneRates(frozen)
	for _, add := range lacking {
		add(&together)
	}
	if before.pricesAsBefore(&together) {
		return arranged(together, &later), true
	}
	extended = cloneRates(frozen)
	for _, add := range lacking {
		next := cloneRates(extended)
		if add(&next); before.pricesAsBefore(&next) {
			extended, more = next, true
		}
	}
	if !more {
		return frozen, false
	}
	return arranged(extended, &later), true
}

// Keeps says whether a later version of a revision that has priced messages is that revision, or
// has the prices that it lacks and nothing else that is new.
func Keeps(frozen, later Revision) bool {
	extended, _ := Extend(frozen, later)
	return Digest(extended) == Digest(later)
}

// addition adds to a revision what it lacks.
type addition func(*Revision)

// additions are what a revision lacks and a later version has.
func (r *revision) additions(frozen, later *Revision) (lacking []addition) {
	for _, terms := range later.Markups {
		if !slices.ContainsFunc(frozen.Markups, func(m Markup) bool { return m.Category == terms.Category }) {
			lacking = append(lacking, func(r *Revision) { r.Markups = append(r.Markups, terms) })
		}
	}
	for _, rates := range later.Rates {
		for _, price := range rates.Prices {
			if r.lacks(rates.Market, price.Category) {
				lacking = append(lacking, rateOf(rates.Market, price, later))
			}
		}
	}
	for _, terms := range later.Tiers {
		at := frozen.tiersAt(terms.Market, terms.Category)
		if at < 0 {
			continue
		}
		for _, step := range terms.Steps {
			is := slices.IndexFunc(frozen.Tiers[at].Steps, func(s TierStep) bool { return s.Above == step.Above })
			if is >= 0 && frozen.Tiers[at].Steps[is].Amount == "" && step.Amount != "" {
				lacking = append(lacking, func(r *Revision) { r.Tiers[at].Steps[is].Amount = step.Amount })
			}
		}
	}
	for _, terms := range later.RatedAs {
		if !slices.ContainsFunc(frozen.RatedAs, func(r RatedAs) bool { return r.Category == terms.Category }) {
			lacking = append(lacking, func(r *Revision) { r.RatedAs = append(r.RatedAs, terms) })
		}
	}
	return lacking
}

// rateOf adds a rate with its tiers.
func rateOf(name string, price Price, later *Revision) addition {
	return func(r *Revision) {
		at := slices.IndexFunc(r.Rates, func(rates MarketRates) bool { return rates.Market == name })
		if at < 0 {
			at = len(r.Rates)
			r.Rates = append(r.Rates, MarketRates{Market: name})
		}
		r.Rates[at].Prices = append(r.Rates[at].Prices, price)
		if tiers := later.tiersAt(name, price.Category); tiers >= 0 {
			r.Tiers = append(r.Tiers, cloneTiers(later.Tiers[tiers]))
		}
	}
}

// lacks says whether no message of a category to a market or a country has a price.
func (r *revision) lacks(name, categoryName string) bool {
	category, err := conversation.ParsePlanCategory(categoryName)
	if err != nil {
		return false
	}
	has := func(row int16) bool { return row >= 0 && r.prices.rows[row][category] != nil }
	if has(r.prices.ofMarket[market.Any]) {
		return false
	}
	if len(name) != 2 {
		in, err := market.Parse(name)
		return err == nil && !has(r.prices.ofMarket[in])
	}
	country, err := market.ParseCountry(name)
	if err != nil || has(r.prices.ofCountry[country]) {
		return false
	}
	for date, more := r.from, true; more; date, more = market.NextChange(date) {
		if has(r.prices.ofMarket[country.Market(date)]) {
			return false
		}
	}
	return true
}

// tiersAt is the index of the tiers of a market and category, or -1.
func (r *Revision) tiersAt(name, category string) int {
	return slices.IndexFunc(r.Tiers, func(t Tiers) bool { return t.Market == name && t.Category == category })
}

// cloneRates is a revision of which everything that additions change may be changed.
func cloneRates(r Revision) Revision {
	r.Rates = slices.Clone(r.Rates)
	for i := range r.Rates {
		r.Rates[i].Prices = slices.Clone(r.Rates[i].Prices)
	}
	r.Tiers = slices.Clone(r.Tiers)
	for i := range r.Tiers {
		r.Tiers[i] = cloneTiers(r.Tiers[i])
	}
	r.RatedAs, r.Markups = slices.Clone(r.RatedAs), slices.Clone(r.Markups)
	return r
}

func cloneTiers(t Tiers) Tiers {
	t.Steps = slices.Clone(t.Steps)
	return t
}

// arranged is a revision with its prices in the order of another version, so that versions with the
// same prices are the same.
func arranged(r Revision, as *Revision) Revision {
	order(r.Rates, as.Rates, func(rates MarketRates) string { return rates.Market })
	for i := range r.Rates {
		at := slices.IndexFunc(as.Rates, func(rates MarketRates) bool { return rates.Market == r.Rates[i].Market })
		if at >= 0 {
			order(r.Rates[i].Prices, as.Rates[at].Prices, func(p Price) string { return p.Category })
		}
	}
	order(r.Tiers, as.Tiers, func(t Tiers) string { return t.Market + "/" + t.Category })
	order(r.Markups, as.Markups, func(m Markup) string { return m.Category })
	return r
}

// order sorts a list like another one; what that lacks comes last.
func order[T any](list, like []T, key func(T) string) {
	places := make(map[string]int, len(like))
	for i := range like {
		places[key(like[i])] = i - len(like)
	}
	slices.SortStableFunc(list, func(a, b T) int { return places[key(a)] - places[key(b)] })
}

// compiledAlone is a revision without its plan, if it can price messages.
func compiledAlone(doc *Revision) (*revision, bool) {
	var found findings
	compiled := compileRevision(&found, "revision", doc)
	return compiled, found.asError() == nil
}

// pricesAsBefore says whether another version gives the same price to every message that the
// revision has a price for, wherever its recipient is, on every date from the revision's day on.
func (r *revision) pricesAsBefore(version *Revision) bool {
	now, valid := compiledAlone(version)
	if !valid {
		return false
	}
	for date, more := r.from, true; more; date, more = market.NextChange(date) {
		if !r.pricesAsBeforeOn(date, now) {
			return false
		}
	}
	return true
}

func (r *revision) pricesAsBeforeOn(date civil.Date, now *revision) bool {
	for country := range market.Country(market.Countries()) {
		in := r.place(country, date)
		for category := range conversation.Category(conversation.Categories) {
			was := r.prices.find(in, category)
			if was != nil && !was.isKeptBy(now.prices.find(in, category)) {
				return false
			}
		}
		if !r.byMarket {
			return true // everyone is in the same place
		}
	}
	return true
}

// isKeptBy says whether another price is this one for every volume at which this one is known.
func (p *price) isKeptBy(now *price) bool {
	if now == nil || now.market != p.market || now.category != p.category || now.list != p.list ||
		now.markup != p.markup || (now.tiers == nil) != (p.tiers == nil) {
		return false
	}
	return p.tiers == nil || p.tiers.areKeptBy(now.tiers)
}

func (t *tiers) areKeptBy(now *tiers) bool {
	if now.countedAs != t.countedAs || now.scope != t.scope || now.whole != t.whole ||
		!slices.Equal(now.above, t.above) {
		return false
	}
	for i := range t.prices {
		if !t.unknown[i] && (now.unknown[i] || now.prices[i] != t.prices[i]) {
			return false
		}
	}
	return true
}
