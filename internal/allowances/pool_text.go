package allowances

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/money"
)

// OneChannel is the scope of allowances that one channel has for itself.
const OneChannel = 0

// Name names an allowance in a pool: equal names are the same allowance. Scope is OneChannel, or
// any other number that tells what scopeID names. A name has no tabs and no line breaks.
func Name(currency money.Currency, scope uint8, scopeID, name string) string {
	return fmt.Sprintf("%s/%d/%q/%q", currency, scope, scopeID, name)
}

// isOfOneChannel reports whether an allowance is that of one channel.
func isOfOneChannel(name string) bool {
	_, scope, _ := strings.Cut(name, "/")
	return strings.HasPrefix(scope, strconv.Itoa(OneChannel)+"/")
}

// String returns the stored form: a line for each set of allowances, with their names, the claims
// of all messages, and the months. For example, with tabs before the 0,
//
//	USD/0/"1066"/"free"	0 0.03*2;2026-11 1000 3 0 0.03*2
//
// is two messages that can be charged 0.03 each, with a claim on November, in which the allowance
// has 1,000 places of which three are used. For each further allowance of the set there are two
// more such numbers. The number before the amounts counts claims whose amount is unknown.
func (p Pool) String() string {
	var b []byte
	for i := range p.sets {
		set := &p.sets[i]
		if i > 0 {
			b = append(b, '\n')
		}
		for _, name := range set.allowances {
			b = append(append(b, name...), '\t')
		}
		b = set.all.append(b)
		for j := range set.months {
			month := &set.months[j]
			b = fmt.Appendf(b, ";%s ", month.month)
			for _, name := range set.allowances {
				var known places
				if at, found := p.find(name, month.month); found {
					known = p.places[at]
				}
				b = fmt.Appendf(b, "%d %d ", known.limit, known.used)
			}
			b = month.claims.append(b)
		}
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

var errPool = errors.New("the claims on allowances are not what was written")

// ParsePool reads what String writes.
func ParsePool(text string) (p Pool, err error) {
	if text == "" {
		return p, nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		fields := strings.Split(line, "\t")
		set := claimSet{allowances: fields[:len(fields)-1]}
		if len(set.allowances) == 0 {
			return Pool{}, errPool
		}
		all, months, _ := strings.Cut(fields[len(fields)-1], ";")
		if set.all, err = parseClaims(strings.Fields(all)); err != nil {
			return Pool{}, err
		}
		if p, err = p.parseMonths(&set, months); err != nil {
			return Pool{}, err
		}
		at, found := p.findSet(set.allowances)
		if found {
			return Pool{}, errPool
		}
		p.sets = slices.Insert(p.sets, at, set)
	}
	return p, nil
}

// parseMonths reads the months of a set, and the places that its allowances have in them.
func (p Pool) parseMonths(set *claimSet, text string) (Pool, error) {
	for text != "" {
		var part string
		part, text, _ = strings.Cut(text, ";")
		fields := strings.Fields(part)
		numbers := 1 + 2*len(set.allowances)
		if len(fields) < numbers+1 {
			return p, errPool
		}
		month, err := civil.ParseMonth(fields[0])
		if err != nil {
			return p, errPool
		}
		for i, name := range set.allowances {
			limit, bad := strconv.ParseInt(fields[1+2*i], 10, 64)
			used, worse := strconv.ParseInt(fields[2+2*i], 10, 64)
			if bad != nil || worse != nil {
				return p, errPool
			}
			p = p.Offer(name, month, limit, used)
		}
		claims, err := parseClaims(fields[numbers:])
		if err != nil {
			return p, err
		}
		set.months = append(set.months, monthClaims{month: month, claims: claims})
	}
	return p, nil
}

func parseClaims(fields []string) (c claims, err error) {
	if len(fields) == 0 {
		return c, errPool
	}
	if c.unpriced, err = strconv.ParseInt(fields[0], 10, 64); err != nil {
		return claims{}, errPool
	}
	for _, field := range fields[1:] {
		amount, number, _ := strings.Cut(field, "*")
		var a amounts
		var bad error
		a.amount, err = money.Parse(amount)
		a.number, bad = strconv.ParseInt(number, 10, 64)
		if err != nil || bad != nil {
			return claims{}, errPool
		}
		c.amounts = append(c.amounts, a)
	}
	return c, nil
}
