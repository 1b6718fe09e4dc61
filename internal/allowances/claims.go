package allowances

import (
	"slices"

	"github.com/guichet-dev/guichet/internal/money"
)

// claims are the amounts that messages can be charged.
type claims struct {
	unpriced int64     // of how many the plan does not say what they are
	amounts  []amounts // highest first
}

// amounts is a number of claims with equal amounts.
type amounts struct {
	amount money.Decimal
	number int64
}

// add adds a number of claims of one amount, or removes them if the number is negative. Claims that
// are not there are not removed.
func (c claims) add(amount money.Decimal, unpriced bool, number int64) claims {
	if unpriced {
		c.unpriced = max(0, c.unpriced+number)
		return c
	}
	at, found := slices.BinarySearchFunc(
		c.amounts, amount, func(a amounts, wanted money.Decimal) int { return wanted.Cmp(a.amount) },
	)
	if !found && number < 0 {
		return c
	}
	c.amounts = slices.Clone(c.amounts)
	if !found {
		c.amounts = slices.Insert(c.amounts, at, amounts{amount: amount})
	}
	if c.amounts[at].number += number; c.amounts[at].number == 0 {
		c.amounts = slices.Delete(c.amounts, at, at+1)
	}
	return c
}

// and returns both.
func (c claims) and(more claims) claims {
	c.unpriced += more.unpriced
	for _, a := range more.amounts {
		c = c.add(a.amount, false, a.number)
	}
	return c
}

func (c claims) number() int64 {
	number := c.unpriced
	for _, a := range c.amounts {
		number += a.number
	}
	return number
}

// takers are claims of one amount on places that may be taken of the same allowances.
type takers struct {
	amounts
	unpriced bool
	reach    uint // the allowances, a bit for each
}

// takers returns the claims by their amounts.
func (c claims) takers(reach uint) []takers {
	list := make([]takers, 0, len(c.amounts)+1)
	for _, a := range c.amounts {
		list = append(list, takers{amounts: a, reach: reach})
	}
	if c.unpriced > 0 {
		list = append(list, takers{amounts: amounts{number: c.unpriced}, unpriced: true, reach: reach})
	}
	return list
}

// compareTakers orders the cheapest first. An unknown amount counts as the highest.
func compareTakers(a, b takers) int {
	switch {
	case a.unpriced == b.unpriced:
		return a.amount.Cmp(b.amount)
	case b.unpriced:
		return -1
	}
	return 1
}

// sum returns what the claims are charged if none is free.
func (c claims) sum() (Exposure, error) {
	sum := Exposure{Unpriced: c.unpriced > 0}
	for _, a := range c.amounts {
		part, err := a.amount.MulInt(a.number)
		if err == nil {
			sum.Amount, err = sum.Amount.Add(part)
		}
		if err != nil {
			return Exposure{}, err
		}
	}
	return sum, nil
}
