package replay

import (
	"cmp"
	"slices"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// Group is the unit of a summary: a category in a market.
type Group struct {
	Category conversation.Category
	Market   string
}

// Totals are counts of messages and the sums of their charges and costs.
type Totals struct {
	Charged, Free, Refused, Unpriced int64
	Amount                           money.Decimal // what is owed
	Cost                             money.Decimal // what the upstream charges: without the mark-ups
}

// Summary sums settlements, in total and by group. A refused message has no group.
type Summary struct {
	Totals
	Groups map[Group]*Totals
}

// NewSummary returns an empty summary.
func NewSummary() *Summary { return &Summary{Groups: map[Group]*Totals{}} }

// Refuse counts a refused send.
func (s *Summary) Refuse() { s.Refused++ }

// GroupOf returns the group of a settled message.
func GroupOf(out *pricing.Outcome) Group { return Group{Category: out.Category, Market: out.Market} }

// Add counts a settled message in a group. It fails if a sum is too large.
func (s *Summary) Add(group Group, out *pricing.Outcome) error {
	if s.Groups[group] == nil {
		s.Groups[group] = &Totals{}
	}
	if err := s.add(out); err != nil {
		return err
	}
	return s.Groups[group].add(out)
}

// Correct counts a message that was settled as undelivered in one group and is delivered after all,
// in the same group or another one.
func (s *Summary) Correct(was, group Group, out *pricing.Outcome) error {
	s.Free--
	s.Groups[was].Free--
	return s.Add(group, out)
}

func (t *Totals) add(out *pricing.Outcome) (err error) {
	switch out.Result {
	case pricing.Charged:
		t.Charged++
		if t.Amount, err = t.Amount.Add(out.Charge); err == nil {
			t.Cost, err = t.Cost.Add(out.Cost)
		}
	case pricing.Free:
		t.Free++
	default:
		t.Unpriced++
	}
	return err
}

// Messages returns the number of settled messages.
func (t *Totals) Messages() int64 { return t.Charged + t.Free + t.Unpriced }

// Sorted returns the groups of one or more summaries, by category and market.
func Sorted(summaries ...*Summary) []Group {
	var groups []Group
	for _, s := range summaries {
		for group := range s.Groups {
			groups = append(groups, group)
		}
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Market, b.Market))
	})
	return slices.Compact(groups)
}
