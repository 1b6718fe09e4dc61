package pricing

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/money"
)

// Claim says that a message may take a place of an allowance when it is delivered, and what it can
// be charged if none is left by then.
type Claim struct {
	Key      CounterKey
	Limit    int64         // places that the allowance has in the month
	Amount   money.Decimal // 0 if an exemption frees the message anyway; it still takes a place
	Unpriced bool          // the plan does not say what it is charged
}

// Exposure is the most that messages can still be charged.
type Exposure struct {
	Amount   money.Decimal
	Unpriced bool // the plan has no rate for some of them
}

// Places is an allowance: how many places of its months are left, and what the messages that claim
// one can be charged instead. It is immutable: its methods return a new one.
//
// Who takes a place is known only when messages are delivered, in any order. In a month, as many
// delivered messages are free as there are places. In the worst case these are the cheapest, so
// what is left to be charged is the sum of the others. A place is therefore never counted twice.
// Whatever happens next (a delivery that takes a place, one that is charged, or a failure), the
// exposure falls by at least what is charged.
//
// A message may be delivered in one of several months, and claims a place in each. There are two
// upper bounds: the sum of what each month can charge, and what all messages together can be
// charged with the places of the month that has the fewest, since each message is delivered in one
// of the months. The lower bound is the exposure.
type Places struct {
	months []monthPlaces // in order
	all    claims        // of every message, once
}

// monthPlaces is an allowance in one month.
type monthPlaces struct {
	month       civil.Month
	limit, used int64
	claims      claims
}

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

// With adds a message, which claims a place in each of the claims' months. Used is how many places
// of each month are used. From then on the limits are those of the claims, and so of the plan that
// is served.
func (p Places) With(made []Claim, used []int64) Places {
	amount, unpriced := Dearest(made)
	p.months = slices.Clone(p.months)
	for i := range made {
		at, found := p.find(made[i].Key.Month)
		if !found {
			p.months = slices.Insert(p.months, at, monthPlaces{month: made[i].Key.Month})
		}
		m := &p.months[at]
		m.limit, m.used, m.claims = made[i].Limit, used[i], m.claims.add(amount, unpriced, 1)
	}
	p.all = p.all.add(amount, unpriced, 1)
	return p
}

// Dearest returns the highest amount of a message's claims on one allowance. It counts for all of
// them.
func Dearest(made []Claim) (amount money.Decimal, unpriced bool) {
	for i := range made {
		amount, unpriced = amount.Max(made[i].Amount), unpriced || made[i].Unpriced
	}
	return amount, unpriced
}

// Without undoes With. Months without claims are dropped.
func (p Places) Without(amount money.Decimal, unpriced bool, months []civil.Month) Places {
	p.months = slices.Clone(p.months)
	for _, month := range months {
		if at, found := p.find(month); found {
			p.months[at].claims = p.months[at].claims.add(amount, unpriced, -1)
		}
	}
	p.months = slices.DeleteFunc(p.months, func(m monthPlaces) bool { return m.claims.number() == 0 })
	p.all = p.all.add(amount, unpriced, -1)
	return p
}

// Use counts used places of a month.
func (p Places) Use(month civil.Month, number int64) Places {
	at, found := p.find(month)
	if !found {
		return p
	}
	p.months = slices.Clone(p.months)
	p.months[at].used += number
	return p
}

func (p *Places) find(month civil.Month) (at int, found bool) {
	return slices.BinarySearchFunc(
		p.months, month, func(m monthPlaces, wanted civil.Month) int { return cmp.Compare(m.month, wanted) },
	)
}

// Exposure returns the most that the messages that claim a place can be charged.
func (p Places) Exposure() (Exposure, error) {
	var each Exposure
	fewest := int64(-1)
	for i := range p.months {
		m := &p.months[i]
		free := max(0, m.limit-m.used)
		if fewest < 0 || free < fewest {
			fewest = free
		}
		most, err := m.claims.beyond(free)
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
	together, err := p.all.beyond(max(0, fewest))
	if err != nil || each.Amount.Cmp(together.Amount) > 0 {
		return together, err
	}
	return each, nil
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

func (c claims) number() int64 {
	number := c.unpriced
	for _, a := range c.amounts {
		number += a.number
	}
	return number
}

// beyond returns what the claims can be charged if so many of them are free: the sum without the
// cheapest. An unknown amount counts as the highest.
func (c claims) beyond(free int64) (Exposure, error) {
	over := c.number() - free
	if over <= 0 {
		return Exposure{}, nil
	}
	most := Exposure{Unpriced: c.unpriced > 0}
	over -= c.unpriced
	for _, a := range c.amounts {
		if over <= 0 {
			break
		}
		part, err := a.amount.MulInt(min(over, a.number))
		if err == nil {
			most.Amount, err = most.Amount.Add(part)
		}
		if err != nil {
			return Exposure{}, err
		}
		over -= a.number
	}
	return most, nil
}

// String returns the stored form. For example, "0 0.03*2;2026-11 1000 3 0 0.03*2" is two messages
// that can be charged 0.03 each, with a claim on November, which has 1,000 places of which three
// are used. The number before the amounts counts claims whose amount is unknown.
func (p Places) String() string {
	if len(p.months) == 0 {
		return ""
	}
	b := p.all.append(nil)
	for i := range p.months {
		m := &p.months[i]
		b = fmt.Appendf(b, ";%s %d %d ", m.month, m.limit, m.used)
		b = m.claims.append(b)
	}
	return string(b)
}

func (c claims) append(b []byte) []byte {
	b = strconv.AppendInt(b, c.unpriced, 10)
	for _, a := range c.amounts {
		b = append(b, ' ')
		b = a.amount.AppendString(b)
		b = append(b, '*')
		b = strconv.AppendInt(b, a.number, 10)
	}
	return b
}

var errPlaces = errors.New("the places of an allowance are not what was written")

// ParsePlaces reads what String writes.
func ParsePlaces(text string) (p Places, err error) {
	if text == "" {
		return p, nil
	}
	all, rest, _ := strings.Cut(text, ";")
	if p.all, err = parseClaims(strings.Fields(all)); err != nil {
		return Places{}, err
	}
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, ";")
		fields := strings.Fields(part)
		if len(fields) < 4 {
			return Places{}, errPlaces
		}
		var m monthPlaces
		var bad [3]error
		m.month, bad[0] = civil.ParseMonth(fields[0])
		m.limit, bad[1] = strconv.ParseInt(fields[1], 10, 64)
		m.used, bad[2] = strconv.ParseInt(fields[2], 10, 64)
		if errors.Join(bad[:]...) != nil {
			return Places{}, errPlaces
		}
		if m.claims, err = parseClaims(fields[3:]); err != nil {
			return Places{}, err
		}
		p.months = append(p.months, m)
	}
	return p, nil
}

func parseClaims(fields []string) (c claims, err error) {
	if len(fields) == 0 {
		return c, errPlaces
	}
	if c.unpriced, err = strconv.ParseInt(fields[0], 10, 64); err != nil {
		return claims{}, errPlaces
	}
	for _, field := range fields[1:] {
		amount, number, _ := strings.Cut(field, "*")
		var a amounts
		var bad error
		a.amount, err = money.Parse(amount)
		a.number, bad = strconv.ParseInt(number, 10, 64)
		if err != nil || bad != nil {
			return claims{}, errPlaces
		}
		c.amounts = append(c.amounts, a)
	}
	return c, nil
}
