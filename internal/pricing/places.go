package pricing

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/guichet-dev/guichet/internal/money"
)

// Claim says that a message may take a place of an allowance when it is delivered, and what it can be charged if none is left by then.
type Claim struct {
	Key      CounterKey
	Limit    int64         // places that the allowance has in the month
	Amount   money.Decimal // 0 where an exemption frees it anyway: it takes a place all the same
	Unpriced bool          // the plan does not say what it is charged
}

// Exposure is the most that messages can still be charged.
type Exposure struct {
	Amount   money.Decimal
	Unpriced bool // one of them may be charged an amount that the plan does not say
}

// Places is one allowance of a month: how many places it has, how many are used, and what the messages that claim one can be charged instead. It never changes: With and
// Without return another one.
//
// Who takes a place is known only when messages are delivered, in whatever order. As many of the claims as places are left are free for sure, and in the worst case these are
// the cheapest: what is left to be charged is the sum of the others. A place is therefore never counted twice, and whatever happens next, a delivery that takes a place, one
// that is charged, or a failure, the exposure falls by at least what is charged.
type Places struct {
	Limit, Used int64
	unpriced    int64
	claims      []claims // by amount, the dearest first
}

// claims are a number of claims of one amount.
type claims struct {
	amount money.Decimal
	number int64
}

// With adds a claim. The limit is from then on the claim's: that of the plan that is served.
func (p Places) With(c Claim) Places {
	p.Limit = c.Limit
	return p.add(c.Amount, c.Unpriced, 1)
}

// Without takes a claim back. One that is not there changes nothing.
func (p Places) Without(amount money.Decimal, unpriced bool) Places {
	return p.add(amount, unpriced, -1)
}

func (p Places) add(amount money.Decimal, unpriced bool, number int64) Places {
	if unpriced {
		p.unpriced = max(0, p.unpriced+number)
		return p
	}
	at, found := slices.BinarySearchFunc(p.claims, amount, func(c claims, wanted money.Decimal) int { return wanted.Cmp(c.amount) })
	switch {
	case !found && number < 0:
		return p
	case !found:
		p.claims = slices.Insert(slices.Clone(p.claims), at, claims{amount, number})
	case p.claims[at].number+number == 0:
		p.claims = slices.Delete(slices.Clone(p.claims), at, at+1)
	default:
		p.claims = slices.Clone(p.claims)
		p.claims[at].number += number
	}
	return p
}

// Exposure is the most that the messages that claim a place can be charged.
func (p Places) Exposure() (Exposure, error) {
	over := p.unpriced - max(0, p.Limit-p.Used) // claims for which no place is left
	for _, c := range p.claims {
		over += c.number
	}
	if over <= 0 {
		return Exposure{}, nil
	}
	most := Exposure{Unpriced: p.unpriced > 0}
	over -= p.unpriced // an unknown amount counts as the dearest
	for _, c := range p.claims {
		if over <= 0 {
			break
		}
		part, err := c.amount.MulInt(min(over, c.number))
		if err == nil {
			most.Amount, err = most.Amount.Add(part)
		}
		if err != nil {
			return Exposure{}, err
		}
		over -= c.number
	}
	return most, nil
}

// String is the places as they are stored, for example "1000 3 0 0.0550*2 0.0300*1": limit, used, claims without an amount, and the others.
func (p Places) String() string {
	b := fmt.Appendf(nil, "%d %d %d", p.Limit, p.Used, p.unpriced)
	for _, c := range p.claims {
		b = append(b, ' ')
		b = c.amount.AppendString(b)
		b = append(b, '*')
		b = strconv.AppendInt(b, c.number, 10)
	}
	return string(b)
}

var errPlaces = errors.New("the places of an allowance are not what was written")

// ParsePlaces reads what String writes.
func ParsePlaces(text string) (Places, error) {
	fields := strings.Fields(text)
	if len(fields) < 3 {
		return Places{}, errPlaces
	}
	var p Places
	for i, into := range []*int64{&p.Limit, &p.Used, &p.unpriced} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return Places{}, errPlaces
		}
		*into = n
	}
	for _, field := range fields[3:] {
		amount, number, _ := strings.Cut(field, "*")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return Places{}, errPlaces
		}
		of, err := money.Parse(amount)
		if err != nil {
			return Places{}, errPlaces
		}
		p.claims = append(p.claims, claims{of, n})
	}
	return p, nil
}
