package pricing

import (
	"errors"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

// prices finds the price in a category: that of the country, else of the market, else of Any.
type prices struct {
	rows      []priceRow
	ofCountry []int16 // by market.Country; -1 is none
	ofMarket  []int16 // by market.Market, Any included; -1 is none
}

// priceRow is the prices of one market or country, by category.
type priceRow [conversation.Categories]*price

// price is what one unit of a market and category costs, at the list rate and above each volume.
type price struct {
	market   string                // as the plan names it; counts are kept by it
	category conversation.Category // whose price it is; other categories may be rated as it
	list     amount
	tiers    *tiers // nil where volume does not matter
	markup   markup
}

// amount is a cost, and the charge after the mark-up.
type amount struct{ cost, charge money.Decimal }

// tiers are the prices above the month's volumes.
type tiers struct {
	countedAs conversation.Category
	scope     Scope
	whole     bool
	above     []int64 // rising
	prices    []amount
	unknown   []bool // the plan has the volume but not its price
}

// errUnknown says that the plan lacks the price above a volume.
var errUnknown = errors.New("the price above this volume is not known")

// place is where a recipient is, as far as a revision depends on it.
type place struct {
	country market.Country
	market  market.Market
}

// find returns the price, or nil if the plan has none.
func (p *prices) find(in place, category conversation.Category) *price {
	for _, row := range [...]int16{p.ofCountry[in.country], p.ofMarket[in.market], p.ofMarket[market.Any]} {
		if row >= 0 {
			if found := p.rows[row][category]; found != nil {
				return found
			}
		}
	}
	return nil
}

// step returns the tier that the unit after the first counted ones falls in: 0 is the list rate.
func (t *tiers) step(counted int64) int {
	step := 0
	for step < len(t.above) && counted >= t.above[step] {
		step++
	}
	return step
}

// at returns the amount of one unit in a tier.
func (p *price) at(tier int) (amount, error) {
	switch {
	case tier == 0:
		return p.list, nil
	case p.tiers.unknown[tier-1]:
		return amount{}, errUnknown
	default:
		return p.tiers.prices[tier-1], nil
	}
}

// of returns the amount of a number of units after the first counted ones, and the tier of the last
// of them.
func (p *price) of(units, counted int64) (amount, int, error) {
	if p.tiers == nil {
		return p.same(units, 0)
	}
	last := p.tiers.step(counted + units - 1)
	if units == 1 || p.tiers.whole {
		return p.same(units, last)
	}
	cost, err := p.marginal(units, counted)
	if err != nil {
		return amount{}, 0, err
	}
	charge, err := p.markup.on(cost)
	return amount{cost: cost, charge: charge}, last, err
}

// marginal returns the cost of units that are each priced by their own tier.
func (p *price) marginal(units, counted int64) (money.Decimal, error) {
	var cost money.Decimal
	for units > 0 {
		tier := p.tiers.step(counted)
		here := units
		if tier < len(p.tiers.above) {
			here = min(units, p.tiers.above[tier]-counted)
		}
		part, _, err := p.same(here, tier)
		if err != nil {
			return money.Decimal{}, err
		}
		if cost, err = cost.Add(part.cost); err != nil {
			return money.Decimal{}, err
		}
		counted += here
		units -= here
	}
	return cost, nil
}

// same returns the amount of units that are all of one tier.
func (p *price) same(units int64, tier int) (amount, int, error) {
	one, err := p.at(tier)
	if err != nil || units == 1 {
		return one, tier, err
	}
	cost, err := one.cost.MulInt(units)
	if err != nil {
		return amount{}, 0, err
	}
	charge, err := p.markup.on(cost)
	return amount{cost: cost, charge: charge}, tier, err
}

// highest returns the most that a number of units can be charged, whatever was counted before. An
// unknown step charges nothing.
func (p *price) highest(units int64) (money.Decimal, error) {
	cost := p.list.cost
	if p.tiers != nil {
		for _, step := range p.tiers.prices {
			cost = cost.Max(step.cost)
		}
	}
	cost, err := cost.MulInt(units)
	if err != nil {
		return money.Decimal{}, err
	}
	return p.markup.on(cost)
}

// markup turns a cost into a charge.
type markup struct {
	factor  money.Decimal // 1 without a percentage
	fixed   money.Decimal
	minimum money.Decimal
}

func (m markup) on(cost money.Decimal) (money.Decimal, error) {
	charge, err := cost.Mul(m.factor)
	if err == nil {
		charge, err = charge.Add(m.fixed)
	}
	return charge.Max(m.minimum), err
}
