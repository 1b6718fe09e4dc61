package pricing

import (
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

// prices finds the price of a country, market and category: that of the country, else of the market, else of Any.
type prices struct {
	rows      []priceRow
	ofCountry []int16 // by market.Country; -1 is none
	ofMarket  []int16 // by market.Market, Any included; -1 is none
}

// priceRow is the prices of one market or country, by category.
type priceRow [conversation.Categories]*price

// price is what one unit of a market and category costs, at the list rate and above each volume.
type price struct {
	market string // as the plan names it; counts are kept by it
	list   amount
	tiers  *tiers // nil where volume does not matter
	markup markup
}

// amount is a cost and the charge that the mark-up makes of it.
type amount struct{ cost, charge money.Decimal }

// tiers are the prices above volumes of the month.
type tiers struct {
	countedAs conversation.Category
	scope     Scope
	whole     bool
	above     []int64 // rising
	prices    []amount
}

// place is where a recipient is, as far as a revision asks.
type place struct {
	country market.Country
	market  market.Market
}

// find is the price, or nil where the plan has none.
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

// step is the tier that the unit after the first counted ones falls in: 0 is the list rate.
func (t *tiers) step(counted int64) int {
	step := 0
	for step < len(t.above) && counted >= t.above[step] {
		step++
	}
	return step
}

// at is the amount of one unit in a tier.
func (p *price) at(tier int) amount {
	if tier == 0 {
		return p.list
	}
	return p.tiers.prices[tier-1]
}

// of is the amount of a number of units after the first counted ones, and the tier of the last of them.
func (p *price) of(units, counted int64) (amount, int, error) {
	if p.tiers == nil {
		return p.same(units, 0)
	}
	last := p.tiers.step(counted + units - 1)
	if units == 1 || p.tiers.whole {
		return p.same(units, last)
	}
	var cost money.Decimal
	for left := units; left > 0; {
		tier := p.tiers.step(counted)
		here := left
		if tier < len(p.tiers.above) {
			here = min(left, p.tiers.above[tier]-counted)
		}
		part, err := p.at(tier).cost.MulInt(here)
		if err == nil {
			cost, err = cost.Add(part)
		}
		if err != nil {
			return amount{}, 0, err
		}
		counted += here
		left -= here
	}
	charge, err := p.markup.on(cost)
	return amount{cost: cost, charge: charge}, last, err
}

// same is the amount of units that are all of one tier.
func (p *price) same(units int64, tier int) (amount, int, error) {
	one := p.at(tier)
	if units == 1 {
		return one, tier, nil
	}
	cost, err := one.cost.MulInt(units)
	if err != nil {
		return amount{}, 0, err
	}
	charge, err := p.markup.on(cost)
	return amount{cost: cost, charge: charge}, tier, err
}

// highest is the most that a number of units can be charged, whatever was counted before.
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

// markup makes a charge of a cost.
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
