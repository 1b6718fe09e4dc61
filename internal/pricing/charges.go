package pricing

import (
	"errors"
	"fmt"
	"slices"

	"github.com/guichet-dev/guichet/internal/conversation"
)

// Charges is a revision as an account pays it: in its rates and tiers stand the charges, with the
// mark-up of their category and the minimum charge, and it has no mark-ups of its own. An amount is
// that of one message or conversation. A tier without an amount stays without one.
func Charges(r Revision) (Revision, error) {
	var found findings
	markups := compileMarkups(&found, "revision", &r)
	if err := found.asError(); err != nil {
		return Revision{}, err
	}
	charge := func(category, amount string) (string, error) {
		known, err := conversation.ParsePlanCategory(category)
		cost, costErr := ParseRate(amount)
		if err := errors.Join(err, costErr); err != nil {
			return "", fmt.Errorf("charge for %s: %w", category, err)
		}
		charged, err := markups[known].on(cost)
		return charged.String(), err
	}
	rates, err := chargedRates(r.Rates, charge)
	if err != nil {
		return Revision{}, err
	}
	tiers, err := chargedTiers(r.Tiers, charge)
	if err != nil {
		return Revision{}, err
	}
	r.Rates, r.Tiers, r.Markups, r.MinimumCharge = rates, tiers, nil, ""
	return r, nil
}

func chargedRates(rates []MarketRates, charge func(category, amount string) (string, error)) ([]MarketRates, error) {
	charged := slices.Clone(rates)
	for i := range charged {
		charged[i].Prices = slices.Clone(charged[i].Prices)
		for j := range charged[i].Prices {
			price := &charged[i].Prices[j]
			amount, err := charge(price.Category, price.Amount)
			if err != nil {
				return nil, err
			}
			price.Amount = amount
		}
	}
	return charged, nil
}

func chargedTiers(tiers []Tiers, charge func(category, amount string) (string, error)) ([]Tiers, error) {
	charged := slices.Clone(tiers)
	for i := range charged {
		charged[i].Steps = slices.Clone(charged[i].Steps)
		for j := range charged[i].Steps {
			step := &charged[i].Steps[j]
			if step.Amount == "" {
				continue
			}
			amount, err := charge(charged[i].Category, step.Amount)
			if err != nil {
				return nil, err
			}
			step.Amount = amount
		}
	}
	return charged, nil
}
