// Package allowances bounds what messages can still be charged while allowances may pay for some of
// them. What is claimed of the allowances decides, and not what plan they are in.
package allowances

import (
	"cmp"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/money"
)

// Exposure is the most that messages can still be charged.
type Exposure struct {
	Amount   money.Decimal
	Unpriced bool // the plan has no rate for some of them
}

// Pool is what is left of all allowances of an account, and the claims of messages on them. It is
// immutable: its methods return a new one.
//
// A place of an allowance makes one message free. A claim is a message's: it takes one place when
// the message is delivered, of any allowance of the claim's set, and is charged only if none of
// them has one left. So the places of a set count together, and where sets overlap, no place counts
// twice.
//
// Who takes a place is known only when messages are delivered, in any order. In the worst case the
// places go to the cheapest messages, see exposure. Whatever happens next (a delivery that takes a
// place, one that is charged, or a failure), the exposure falls by at least what is charged.
//
// A message may be delivered in one of several months, and claims a place in each. There are two
// upper bounds: the sum of what each month can charge, and what all messages together can be
// charged with the places that each allowance has in the month that has the fewest, since each
// message is delivered in one of the months. The lower bound is the exposure.
type Pool struct {
	places []places // by allowance and month
	sets   []claimSet
}

// places is an allowance in one month. It is known as long as there are claims on it.
type places struct {
	allowance   string
	month       civil.Month
	limit, used int64
}

func (p *places) free() int64 { return max(0, p.limit-p.used) }

// claimSet is the claims on the same set of allowances.
type claimSet struct {
	allowances []string
	months     []monthClaims // in order
	all        claims        // of every message, once
}

// monthClaims are those on places of one month.
type monthClaims struct {
	month  civil.Month
	claims claims
}

// Claim is what one message claims of a set of allowances: a place in each of some months.
type Claim struct {
	// Allowances are names, see Name. The first one that has a place left gives it.
	Allowances []string
	Months     []civil.Month
	// Amount is what the message is charged if no place is left; 0 if an exemption frees it anyway.
	Amount   money.Decimal
	Unpriced bool // the plan does not say what it is charged
}

// Offer says how many places an allowance has in a month, and how many of them are used. It must be
// called before a claim on them is made. The last offer counts, and so the plan that is served.
func (p Pool) Offer(allowance string, month civil.Month, limit, used int64) Pool {
	at, found := p.find(allowance, month)
	p.places = slices.Clone(p.places)
	if !found {
		p.places = slices.Insert(p.places, at, places{allowance: allowance, month: month})
	}
	p.places[at].limit, p.places[at].used = limit, used
	return p
}

// With adds a message's claim.
func (p Pool) With(c Claim) Pool {
	at, found := p.findSet(c.Allowances)
	p.sets = slices.Clone(p.sets)
	if !found {
		p.sets = slices.Insert(p.sets, at, claimSet{allowances: c.Allowances})
	}
	set := &p.sets[at]
	set.months, set.all = slices.Clone(set.months), set.all.add(c.Amount, c.Unpriced, 1)
	for _, month := range c.Months {
		i, found := set.find(month)
		if !found {
			set.months = slices.Insert(set.months, i, monthClaims{month: month})
		}
		set.months[i].claims = set.months[i].claims.add(c.Amount, c.Unpriced, 1)
	}
	return p
}

// Without undoes With. What is not claimed any more is forgotten.
func (p Pool) Without(c Claim) Pool {
	at, found := p.findSet(c.Allowances)
	if !found {
		return p
	}
	p.sets = slices.Clone(p.sets)
	set := &p.sets[at]
	set.months, set.all = slices.Clone(set.months), set.all.add(c.Amount, c.Unpriced, -1)
	for _, month := range c.Months {
		if i, found := set.find(month); found {
			set.months[i].claims = set.months[i].claims.add(c.Amount, c.Unpriced, -1)
		}
	}
	set.months = slices.DeleteFunc(set.months, func(m monthClaims) bool { return m.claims.number() == 0 })
	if len(set.months) == 0 {
		p.sets = slices.Delete(p.sets, at, at+1)
	}
	p.places = slices.DeleteFunc(slices.Clone(p.places), func(places places) bool { return !p.claimed(&places) })
	return p
}

// Use counts used places of an allowance in a month.
func (p Pool) Use(allowance string, month civil.Month, number int64) Pool {
	at, found := p.find(allowance, month)
	if !found {
		return p
	}
	p.places = slices.Clone(p.places)
	p.places[at].used += number
	return p
}

func (p *Pool) find(allowance string, month civil.Month) (at int, found bool) {
	return slices.BinarySearchFunc(p.places, month, func(known places, month civil.Month) int {
		return cmp.Or(strings.Compare(known.allowance, allowance), cmp.Compare(known.month, month))
	})
}

func (p *Pool) findSet(allowances []string) (at int, found bool) {
	return slices.BinarySearchFunc(p.sets, allowances, func(known claimSet, wanted []string) int {
		return slices.Compare(known.allowances, wanted)
	})
}

func (s *claimSet) find(month civil.Month) (at int, found bool) {
	return slices.BinarySearchFunc(
		s.months, month, func(known monthClaims, wanted civil.Month) int { return cmp.Compare(known.month, wanted) },
	)
}

// claimed tells whether a message claims one of the places.
func (p *Pool) claimed(places *places) bool {
	return slices.ContainsFunc(p.sets, func(set claimSet) bool {
		_, found := set.find(places.month)
		return found && slices.Contains(set.allowances, places.allowance)
	})
}

// Exposure returns the most that the messages with claims can be charged.
func (p Pool) Exposure() (Exposure, error) {
	var most Exposure
	for _, members := range components(p.sets, func(set claimSet) []string { return set.allowances }) {
		found, err := p.exposureOf(members)
		if err == nil {
			most.Amount, err = most.Amount.Add(found.Amount)
		}
		if err != nil {
			return Exposure{}, err
		}
		most.Unpriced = most.Unpriced || found.Unpriced
	}
	return most, nil
}

// exposureOf returns the lower one of the two bounds for sets that have places in common.
func (p *Pool) exposureOf(sets []claimSet) (Exposure, error) {
	var each Exposure
	for _, month := range p.months() {
		most, err := p.in(month, sets).exposure()
		if err == nil {
			each.Amount, err = each.Amount.Add(most.Amount)
		}
		if err != nil {
			return Exposure{}, err
		}
		each.Unpriced = each.Unpriced || most.Unpriced
	}
	if each == (Exposure{}) {
		return each, nil
	}
	together, err := p.inAny(sets).exposure()
	if err != nil || each.Amount.Cmp(together.Amount) > 0 {
		return together, err
	}
	return each, nil
}

// months are those in which a place is claimed, in order.
func (p *Pool) months() (months []civil.Month) {
	for i := range p.places {
		if at, found := slices.BinarySearch(months, p.places[i].month); !found {
			months = slices.Insert(months, at, p.places[i].month)
		}
	}
	return months
}

// in is the contest of sets for the places of a month.
func (p *Pool) in(month civil.Month, sets []claimSet) contest {
	c := contest{free: map[string]int64{}}
	for i := range p.places {
		if p.places[i].month == month {
			c.free[p.places[i].allowance] = p.places[i].free()
		}
	}
	for i := range sets {
		if at, found := sets[i].find(month); found {
			c.rivals = append(c.rivals, rivals{sets[i].allowances, sets[i].months[at].claims})
		}
	}
	return c
}

// inAny is the contest of all messages of sets for the places of the month in which an allowance
// has the fewest.
func (p *Pool) inAny(sets []claimSet) contest {
	c := contest{free: map[string]int64{}}
	for i := range p.places {
		free, name := p.places[i].free(), p.places[i].allowance
		if fewest, known := c.free[name]; !known || free < fewest {
			c.free[name] = free
		}
	}
	for i := range sets {
		c.rivals = append(c.rivals, rivals{sets[i].allowances, sets[i].all})
	}
	return c
}
