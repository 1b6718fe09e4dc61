package pricing

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
)

// lackingRevision has priced messages. It has a rate for Utility everywhere, others only in some
// markets, and none of the higher volumes.
func lackingRevision() Revision {
	r := small().Revisions[0]
	r.EffectiveDate = "2026-10-01"
	r.Rates = []MarketRates{
		{Market: "France", Prices: []Price{{"Utility", "0.03"}, {"Authentication", "0.02"}}},
		{Market: "Rest of Central & Eastern Europe", Prices: []Price{{"Marketing", "0.07"}}},
		{Market: "Any", Prices: []Price{{"Utility", "0.04"}}},
	}
	r.Tiers = []Tiers{{
		Market: "France", Category: "Utility", Mode: "Marginal", Per: "Portfolio",
		Steps: []TierStep{{100, "0.02"}, {200, ""}},
	}}
	r.RatedAs = []RatedAs{
		{Category: "MarketingLite", As: "Marketing"}, {Category: "AuthenticationInternational", As: "Authentication"},
	}
	r.Markups = []Markup{{Category: "Utility", Percent: "10"}}
	return r
}

// TestP6WhatAPricedRevisionLacksIsAdded: what counts as lacking, and what would change the price of
// messages that have one.
func TestP6WhatAPricedRevisionLacksIsAdded(t *testing.T) {
	rates := func(r *Revision, name string, prices ...Price) {
		r.Rates = slices.Insert(r.Rates, 0, MarketRates{Market: name, Prices: prices})
	}
	inFrance := func(r *Revision, prices ...Price) { r.Rates[0].Prices = append(r.Rates[0].Prices, prices...) }
	none := func(*Revision) {}
	for name, tc := range map[string]struct {
		later func(*Revision)
		// adds is what of it is added; all of it if nil.
		adds func(*Revision)
	}{
		"a market":               {later: func(r *Revision) { rates(r, "Poland", Price{"Marketing", "0.06"}) }},
		"a category of a market": {later: func(r *Revision) { inFrance(r, Price{"Marketing", "0.0859"}) }},
		"what the last resort lacks": {later: func(r *Revision) {
			r.Rates[2].Prices = append(r.Rates[2].Prices, Price{"Marketing", "0.05"}, Price{"Authentication", "0.01"})
		}},
		"the last resort and a market before it, at once": {later: func(r *Revision) {
			rates(r, "Poland", Price{"Authentication", "0.06"})
			r.Rates[3].Prices = append(r.Rates[3].Prices, Price{"Authentication", "0.01"})
		}},
		"a country whose market has no rate": {later: func(r *Revision) { rates(r, "PL", Price{"Marketing", "0.06"}) }},
		"a market with its tiers": {later: func(r *Revision) {
			rates(r, "Poland", Price{"Authentication", "0.06"})
			r.Tiers = append(r.Tiers, Tiers{
				Market: "Poland", Category: "Authentication", Mode: "Marginal", Per: "Portfolio",
				Steps: []TierStep{{1000, "0.05"}},
			})
		}},
		"the amount of a step": {later: func(r *Revision) { r.Tiers[0].Steps[1].Amount = "0.01" }},
		"what nothing was rated as": {
			later: func(r *Revision) { r.RatedAs = append(r.RatedAs, RatedAs{"GroupUtility", "Utility"}) },
		},
		"the mark-up of a new category": {later: func(r *Revision) {
			r.Markups = append(r.Markups, Markup{Category: "Service", Percent: "50"})
			inFrance(r, Price{"Service", "0.01"})
		}},

		"a rate":         {later: func(r *Revision) { r.Rates[0].Prices[0].Amount = "0.05" }, adds: none},
		"a rate is gone": {later: func(r *Revision) { r.Rates = r.Rates[1:]; r.Tiers = nil }, adds: none},
		"a rate, and another is added": {later: func(r *Revision) {
			inFrance(r, Price{"Marketing", "0.0859"})
			r.Rates[0].Prices[0].Amount = "0.05"
		}, adds: func(r *Revision) { inFrance(r, Price{"Marketing", "0.0859"}) }},
		"a market that the last resort prices": {
			later: func(r *Revision) { rates(r, "Poland", Price{"Utility", "0.06"}) }, adds: none,
		},
		"one that it prices and one that it does not": {
			later: func(r *Revision) { rates(r, "Poland", Price{"Utility", "0.06"}, Price{"Marketing", "0.06"}) },
			adds:  func(r *Revision) { rates(r, "Poland", Price{"Marketing", "0.06"}) },
		},
		"a country whose market has a rate": {
			later: func(r *Revision) { rates(r, "CZ", Price{"Marketing", "0.06"}) }, adds: none,
		},
		"a category that is rated as another": {
			later: func(r *Revision) { inFrance(r, Price{"AuthenticationInternational", "0.06"}) }, adds: none,
		},
		"a category rated as another, where neither has a rate": {
			later: func(r *Revision) { rates(r, "Poland", Price{"AuthenticationInternational", "0.06"}) },
		},
		"tiers of a rate that had none": {later: func(r *Revision) {
			r.Tiers = append(r.Tiers, Tiers{
				Market: "Any", Category: "Utility", Mode: "Marginal", Per: "Portfolio", Steps: []TierStep{{10, "0.03"}},
			})
		}, adds: none},
		"a step": {later: func(r *Revision) {
			r.Tiers[0].Steps = append(r.Tiers[0].Steps, TierStep{300, "0.005"})
		}, adds: none},
		"the amount of a known step": {later: func(r *Revision) { r.Tiers[0].Steps[0].Amount = "0.01" }, adds: none},
		"the mark-up of a category that has a price": {later: func(r *Revision) {
			r.Markups = append(r.Markups, Markup{Category: "Authentication", Percent: "50"})
		}, adds: none},
		"a rule":    {later: func(r *Revision) { r.Allowances[0].Count = 20 }, adds: none},
		"the order": {later: func(r *Revision) { slices.Reverse(r.Rates) }, adds: none},
		"another day": {later: func(r *Revision) {
			r.EffectiveDate = "2026-11-01"
			inFrance(r, Price{"Marketing", "0.0859"})
		}, adds: none},
		"another unit": {later: func(r *Revision) {
			r.Unit, r.Conversation = "Conversation", &ConversationUnit{86400, "SameCategory", "Any"}
			inFrance(r, Price{"Marketing", "0.0859"})
		}, adds: none},
	} {
		t.Run(name, func(t *testing.T) {
			frozen, later, want := lackingRevision(), lackingRevision(), lackingRevision()
			tc.later(&later)
			if tc.adds == nil {
				tc.adds = tc.later
			}
			tc.adds(&want)
			got, more := Extend(frozen, later)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("want, got: %s", diff)
			}
			if changed := Digest(want) != Digest(frozen); more != changed {
				t.Errorf("more is %t, want %t", more, changed)
			}
			if diff := cmp.Diff(lackingRevision(), frozen); diff != "" {
				t.Errorf("what was frozen was changed: %s", diff)
			}
			kept, found := KeepHistory(Plan{Revisions: []Revision{later}}, []Revision{frozen})
			if Digest(kept.Revisions[0]) != Digest(want) || (len(found) == 0) != (Digest(want) == Digest(later)) {
				t.Errorf("history: %v, and what is not added must be said", found)
			}
		})
	}
}

// TestP6AdditionsChangeNoPrice: whatever a plan becomes, messages that a revision had a price for
// keep it, and what was added stays from then on.
func TestP6AdditionsChangeNoPrice(t *testing.T) {
	names := []string{"France", "Poland", "Rest of Central & Eastern Europe", "PL", "FR", "CZ", "Other", "Any"}
	categories := []string{"Marketing", "Utility", "Authentication", "AuthenticationInternational"}
	amounts := rapid.SampledFrom([]string{"0.01", "0.02", "0.03"})
	some := func(of []string, least int) *rapid.Generator[[]string] {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), least, len(of), rapid.ID[string])
	}
	drawn := func(t *rapid.T, label string) Revision {
		r := lackingRevision()
		r.Rates, r.Tiers, r.RatedAs, r.Markups = nil, nil, nil, nil
		for _, name := range some(names, 0).Draw(t, label+" markets") {
			rates := MarketRates{Market: name}
			for _, category := range some(categories, 1).Draw(t, label+" of "+name) {
				rates.Prices = append(rates.Prices, Price{category, amounts.Draw(t, "amount")})
				if rapid.Bool().Draw(t, "tiers") {
					step := rapid.SampledFrom([]string{"", "0.005", "0.006"}).Draw(t, "step")
					r.Tiers = append(r.Tiers, Tiers{
						Market: name, Category: category, Mode: "Marginal", Per: "Portfolio",
						Steps: []TierStep{{100, step}},
					})
				}
			}
			r.Rates = append(r.Rates, rates)
		}
		for _, category := range some(categories, 0).Draw(t, "rated") {
			if as := rapid.SampledFrom(categories).Draw(t, "as"); as != category {
				r.RatedAs = append(r.RatedAs, RatedAs{category, as})
			}
		}
		return r
	}
	days := []civil.Date{date(t, "2026-10-01"), date(t, "2030-01-01")}
	rapid.Check(t, func(t *rapid.T) {
		frozen, later := drawn(t, "frozen"), drawn(t, "later")
		extended, _ := Extend(frozen, later)
		before, validBefore := compiledAlone(&frozen)
		after, validAfter := compiledAlone(&extended)
		if !validBefore || !validAfter {
			t.Fatal("the revisions must be valid")
		}
		for _, code := range []string{"FR", "PL", "CZ", "DE"} {
			country, _ := market.ParseCountry(code)
			for _, day := range days {
				in := before.place(country, day)
				for category := range conversation.Category(conversation.Categories) {
					was, is := before.prices.find(in, category), after.prices.find(in, category)
					for _, counted := range []int64{0, 100} {
						if was == nil {
							continue
						}
						amount, tier, err := was.of(1, counted)
						if now, tierNow, errNow := is.of(1, counted); err == nil &&
							(errNow != nil || now != amount || tierNow != tier || is.market != was.market) {
							t.Fatalf("%s to %s after %d: %v, was %v", category, code, counted, now, amount)
						}
					}
				}
			}
		}
		if again, more := Extend(extended, later); more {
			t.Fatalf("added twice: %s", cmp.Diff(extended, again))
		}
	})
}
