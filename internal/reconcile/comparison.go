package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
)

// interval is the time of one count.
type interval struct{ start, end time.Time }

// key names a count.
type key struct {
	interval int // index of the interval
	market   string
	category conversation.Category
	kind     network.Billing
}

func (k key) compare(o key) int {
	return cmp.Or(
		cmp.Compare(k.interval, o.interval), cmp.Compare(k.market, o.market), cmp.Compare(k.category, o.category),
		cmp.Compare(k.kind, o.kind),
	)
}

// count is the two sides of one count: the messages of the ledger that nothing has moved yet, and
// the upstream's figure.
type count struct {
	ours   []*Message
	theirs int64
	points []*network.Count
}

// surplus is how many messages more the ledger has than the upstream; negative, how many fewer.
func (c *count) surplus() int64 { return int64(len(c.ours)) - c.theirs }

// comparison holds every count, and what was found.
type comparison struct {
	intervals   []interval
	counts      map[key]*count
	differences []Difference
}

// newComparison makes the counts of the points. Time between two points without any is an interval
// of its own: the upstream leaves out what it has no message for.
func newComparison(points []network.Count) *comparison {
	c := &comparison{counts: map[key]*count{}}
	for i := range points {
		c.intervals = append(c.intervals, interval{points[i].Start, points[i].End})
	}
	slices.SortFunc(c.intervals, func(a, b interval) int {
		return cmp.Or(a.start.Compare(b.start), a.end.Compare(b.end))
	})
	c.intervals = slices.Compact(c.intervals)
	var whole []interval
	for i, next := range c.intervals {
		if i > 0 && c.intervals[i-1].end.Before(next.start) {
			whole = append(whole, interval{c.intervals[i-1].end, next.start})
		}
		whole = append(whole, next)
	}
	c.intervals = whole
	for i := range points {
		p := &points[i]
		cell := c.at(key{c.find(p.Start), marketOf(p), countedAs(p.Category), p.Kind})
		cell.theirs += p.Volume
		cell.points = append(cell.points, p)
	}
	return c
}

// find returns the index of the interval that an instant is in.
func (c *comparison) find(at time.Time) int {
	i, exact := slices.BinarySearchFunc(c.intervals, at, func(v interval, at time.Time) int {
		return v.start.Compare(at)
	})
	if exact {
		return i
	}
	return i - 1
}

func (c *comparison) spans(at time.Time) bool {
	return !at.Before(c.intervals[0].start) && at.Before(c.intervals[len(c.intervals)-1].end)
}

func (c *comparison) at(k key) *count {
	if c.counts[k] == nil {
		c.counts[k] = &count{}
	}
	return c.counts[k]
}

// countedAs is the category that a count is kept under. The upstream may count what came to its
// endpoint for marketing as marketing like any other.
func countedAs(category conversation.Category) conversation.Category {
	if category == conversation.MarketingLite {
		return conversation.Marketing
	}
	return category
}

// place puts a message into its count.
func (c *comparison) place(m *Message) {
	cell := c.at(key{c.find(m.DeliveredAt), m.Market, countedAs(m.Category), m.kind()})
	cell.ours = append(cell.ours, m)
}

// sortMessages puts the messages of each count in the order of their deliveries.
func (c *comparison) sortMessages() {
	for _, cell := range c.counts {
		slices.SortFunc(cell.ours, func(a, b *Message) int {
			return cmp.Or(a.DeliveredAt.Compare(b.DeliveredAt), cmp.Compare(a.ID, b.ID))
		})
	}
}

// keys are those of the counts, in order.
func (c *comparison) keys() []key { return slices.SortedFunc(maps.Keys(c.counts), key.compare) }

// found records a difference in a count.
func (c *comparison) found(at key, cause Cause, many int64, messages []*Message, details string) {
	ids := make([]string, len(messages))
	for i, m := range messages {
		ids[i] = m.ID
	}
	in := c.intervals[at.interval]
	c.differences = append(c.differences, Difference{
		Start: in.start, End: in.end, Market: at.market, Category: at.category, Kind: at.kind,
		Cause: cause, Count: many, Messages: ids, Details: details,
	})
}

// move settles a difference between two counts: the ledger has the messages in one, the upstream in
// the other. Only some of the candidates are meant if there are more than many.
func (c *comparison) move(from, to key, many int64, candidates []*Message, cause Cause) {
	moved := make(map[*Message]bool, many)
	for _, m := range candidates[:min(many, int64(len(candidates)))] {
		moved[m] = true
	}
	source := c.at(from)
	source.ours = slices.DeleteFunc(slices.Clone(source.ours), func(m *Message) bool { return moved[m] })
	c.at(to).theirs -= many
	c.found(from, cause, many, candidates, c.describeMove(from, to))
}

// describeMove says what the upstream does otherwise.
func (c *comparison) describeMove(from, to key) string {
	switch {
	case from.interval != to.interval:
		return fmt.Sprintf("the upstream counts them in the interval from %s",
			c.intervals[to.interval].start.UTC().Format(time.RFC3339))
	case from.category != to.category && from.kind != to.kind:
		return fmt.Sprintf("the upstream counts them as %s and %s", to.category, to.kind)
	case from.category != to.category:
		return fmt.Sprintf("the upstream bills them as %s", to.category)
	default:
		return fmt.Sprintf("the upstream counts them as %s", to.kind)
	}
}

// sum adds what the messages cost by the ledger.
func sum(messages []*Message) (money.Decimal, error) {
	var total money.Decimal
	for _, m := range messages {
		var err error
		if total, err = total.Add(m.Cost); err != nil {
			return money.Decimal{}, err
		}
	}
	return total, nil
}
