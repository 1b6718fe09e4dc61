package ratecard

import (
	"fmt"
	"slices"

	"github.com/guichet-dev/guichet/internal/pricing"
)

// Merge returns the card of base rates with the steps of a card of volume tiers. Both must have the
// same currency and agree on every list rate.
func Merge(base, tiers *Card) (*Card, error) {
	if base.Currency != tiers.Currency {
		return nil, fmt.Errorf(
			"the tiers are in %s and the base rates in %s: they must be of one currency", tiers.Currency, base.Currency,
		)
	}
	for _, rates := range tiers.Rates {
		for _, price := range rates.Prices {
			amount, ok := base.rate(rates.Market, price.Category)
			if !ok || amount != price.Amount {
				return nil, fmt.Errorf(
					"the list rate of %s in %s is %s in the tiers and %q in the base rates: they must be of one card",
					price.Category, rates.Market, price.Amount, amount,
				)
			}
		}
	}
	return &Card{Currency: base.Currency, Rates: base.Rates, Tiers: tiers.Tiers, Empty: base.Empty}, nil
}

func (c *Card) rate(market, category string) (string, bool) {
	for _, rates := range c.Rates {
		for _, price := range rates.Prices {
			if rates.Market == market && price.Category == category {
				return price.Amount, true
			}
		}
	}
	return "", false
}

// Revision returns a revision with the card's rates and tiers, and everything else from another
// revision. Rates of markets that are on no card (Any, single countries) are kept.
func (c *Card) Revision(like pricing.Revision, name, effectiveDate string) pricing.Revision {
	revision := like
	revision.Name, revision.EffectiveDate = name, effectiveDate
	onNoCard := func(market string) bool { return market == "Any" || len(market) == 2 }
	revision.Rates, revision.Tiers = nil, nil
	for _, rates := range like.Rates {
		if onNoCard(rates.Market) {
			revision.Rates = append(revision.Rates, rates)
		}
	}
	for _, tiers := range like.Tiers {
		if onNoCard(tiers.Market) {
			revision.Tiers = append(revision.Tiers, tiers)
		}
	}
	revision.Rates = append(revision.Rates, c.Rates...)
	revision.Tiers = append(revision.Tiers, slices.Clone(c.Tiers)...)
	return revision
}
