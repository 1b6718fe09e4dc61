package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// toldByStatuses moves the messages of which the upstream's own status said what its count says.
func (c *comparison) toldByStatuses() {
	for _, from := range c.keys() {
		told := map[key][]*Message{}
		for _, m := range c.at(from).ours {
			if to := c.told(from, m); m.Verdict.Said && to != from {
				told[to] = append(told[to], m)
			}
		}
		for _, to := range slices.SortedFunc(maps.Keys(told), key.compare) {
			many := min(c.at(from).surplus(), -c.at(to).surplus(), int64(len(told[to])))
			if many <= 0 {
				continue
			}
			cause := Category
			if to.category == from.category {
				cause = causeOfKinds(told[to], from, to)
			}
			c.move(from, to, many, told[to][:many], cause)
		}
	}
}

// told is the count that a message is in by the upstream's status.
func (c *comparison) told(from key, m *Message) key {
	to := from
	to.kind = m.Verdict.Kind
	if m.Verdict.Category != 0 {
		to.category = countedAs(m.Verdict.Category)
	}
	return to
}

// betweenKinds moves messages that one side has as free, or free for another reason.
func (c *comparison) betweenKinds() {
	c.pair(func(a, b key) bool {
		return a.interval == b.interval && a.market == b.market && a.category == b.category && a.kind != b.kind
	}, func(from, to key, many int64) {
		candidates := likeliest(c.at(from).ours, many)
		c.move(from, to, many, candidates, causeOfKinds(candidates, from, to))
	})
}

// causeOfKinds says what made one side free. The free quota is what the upstream and the ledger
// count each on their own; a window is open or not.
func causeOfKinds(messages []*Message, from, to key) Cause {
	byAllowance := func(m *Message) bool { return m.FreeReason == pricing.InAllowance }
	byWindow := func(m *Message) bool { return m.FreeReason == pricing.InServiceWindow }
	switch {
	case from.kind == network.FreeEntryPoint || to.kind == network.FreeEntryPoint:
		return Window
	case slices.ContainsFunc(messages, byAllowance):
		return Allowance
	case slices.ContainsFunc(messages, byWindow):
		return Window
	case slices.ContainsFunc(messages, func(m *Message) bool { return m.AllowanceUsed > 0 }):
		return Allowance
	default:
		return Window
	}
}

// likeliest are the candidates among messages: those at the end of a free quota, where the two
// counts of it part, or else all.
func likeliest(messages []*Message, many int64) []*Message {
	quota := slices.DeleteFunc(slices.Clone(messages), func(m *Message) bool { return m.AllowanceUsed == 0 })
	if int64(len(quota)) < many {
		return messages
	}
	slices.SortStableFunc(quota, func(a, b *Message) int { return cmp.Compare(b.AllowanceUsed, a.AllowanceUsed) })
	return quota[:many]
}

// betweenIntervals moves messages that the upstream counts in another interval, the nearest first:
// in the one beside it, or in any before it, for a delivery of which only the reading was told is
// late in the ledger.
func (c *comparison) betweenIntervals() {
	for distance := 1; distance < len(c.intervals); distance++ {
		c.pair(func(a, b key) bool {
			near := a.interval-b.interval == distance || distance == 1 && b.interval-a.interval == 1
			return near && a.market == b.market && a.category == b.category && a.kind == b.kind
		}, func(from, to key, many int64) {
			c.move(from, to, many, c.nearest(from, to), Late)
		})
	}
}

// nearest are the messages of a count, those nearest to another interval first.
func (c *comparison) nearest(from, to key) []*Message {
	border := c.intervals[to.interval].start
	if to.interval < from.interval {
		border = c.intervals[to.interval].end
	}
	near := slices.Clone(c.at(from).ours)
	slices.SortStableFunc(near, func(a, b *Message) int {
		return cmp.Compare(distance(a.DeliveredAt, border), distance(b.DeliveredAt, border))
	})
	return near
}

func distance(a, b time.Time) time.Duration { return a.Sub(b).Abs() }

// betweenCategories moves messages of which no status said that the upstream bills them otherwise.
func (c *comparison) betweenCategories() {
	c.pair(func(a, b key) bool {
		return a.interval == b.interval && a.market == b.market && a.category != b.category
	}, func(from, to key, many int64) {
		c.move(from, to, many, c.at(from).ours, Category)
	})
}

// leftOver says what only one side has.
func (c *comparison) leftOver() {
	for _, k := range c.keys() {
		cell := c.at(k)
		switch surplus := cell.surplus(); {
		case surplus < 0:
			c.found(k, UnknownMessage, -surplus, nil,
				"the ledger has no delivery of them: sent past the gateway, or no status arrived")
		case surplus > 0:
			c.found(k, Uncounted, surplus, cell.ours, "the upstream does not count them")
		}
	}
}

// pair looks for counts of which the ledger has more in one and the upstream in the other.
func (c *comparison) pair(match func(from, to key) bool, move func(from, to key, many int64)) {
	differing := slices.DeleteFunc(c.keys(), func(k key) bool { return c.at(k).surplus() == 0 })
	for _, from := range differing {
		for _, to := range differing {
			many := min(c.at(from).surplus(), -c.at(to).surplus())
			if many > 0 && match(from, to) {
				move(from, to, many)
			}
		}
	}
}

// plural is a word for a number of messages.
func plural(many int64) string {
	if many == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", many)
}
