package reconcile

import (
	"fmt"
	"slices"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
)

// roundingOfTotals is how far the upstream's costs may be off, which it calls approximate: half of
// the last place that it prints.
var roundingOfTotals = money.MustParse("0.00005")

// priced compares what the messages cost.
func (c *comparison) priced() {
	for _, k := range c.keys() {
		cell := c.at(k)
		if k.kind != network.Regular || cell.theirs == 0 {
			continue
		}
		theirs, told := cell.cost()
		ours, known := cell.expected()
		if !told || !known || near(ours, theirs) {
			continue
		}
		cause, many, messages := cell.tierOrRate()
		c.found(k, cause, many, messages, fmt.Sprintf(
			"%s cost %s by the ledger and %s by the upstream", plural(cell.theirs), ours, theirs,
		))
	}
}

// cost is what the upstream says that a count cost; false if it does not say so of all of it.
func (c *count) cost() (money.Decimal, bool) {
	var total money.Decimal
	for _, p := range c.points {
		var err error
		if total, err = total.Add(p.Cost); err != nil || !p.Costed {
			return money.Decimal{}, false
		}
	}
	return total, true
}

// expected is what the upstream's number of messages costs by the ledger; false if that cannot be
// said, because the numbers differ and the messages cost differently.
func (c *count) expected() (money.Decimal, bool) {
	if c.surplus() == 0 {
		total, err := sum(c.ours)
		return total, err == nil // a sum beyond what a Decimal holds was refused when the records were made
	}
	if len(c.ours) == 0 || slices.ContainsFunc(c.ours, func(m *Message) bool { return m.Cost != c.ours[0].Cost }) {
		return money.Decimal{}, false
	}
	total, err := c.ours[0].Cost.MulInt(c.theirs)
	return total, err == nil
}

// near reports whether two sums agree within the upstream's rounding.
func near(a, b money.Decimal) bool {
	difference, err := a.Sub(b)
	if err != nil {
		return false
	}
	negative, err := b.Sub(a)
	if err != nil {
		return false
	}
	return difference.Max(negative).Cmp(roundingOfTotals) <= 0
}

// tierOrRate tells a wrong tier from a wrong rate, and how many messages of which it is about,
// the likeliest first. The tiers differ if the upstream put other numbers of messages into the list
// tier, or into the tiers above it, than the ledger did.
func (c *count) tierOrRate() (cause Cause, many int64, messages []*Message) {
	all := int64(len(c.ours))
	var listed, tiered int64
	for _, p := range c.points {
		switch {
		case p.TierFrom < 0:
			return Rate, all, c.ours
		case p.TierFrom == 0:
			listed += p.Volume
		default:
			tiered += p.Volume
		}
	}
	inTier := func(m *Message) bool { return m.Tier > 0 }
	above := slices.DeleteFunc(slices.Clone(c.ours), func(m *Message) bool { return !inTier(m) })
	below := slices.DeleteFunc(slices.Clone(c.ours), inTier)
	switch {
	case int64(len(above)) > tiered: // the first of a tier were still at the list rate for the upstream
		return Tier, int64(len(above)) - tiered, above
	case int64(len(below)) > listed: // the last at the list rate were in a tier already
		slices.Reverse(below)
		return Tier, int64(len(below)) - listed, below
	default:
		return Rate, all, c.ours
	}
}
