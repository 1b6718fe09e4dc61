// Package reconcile compares a ledger with what the upstream counted and billed itself, and says of
// each difference which messages it is about and why.
//
// The upstream gives counts by interval, market, category and kind, not messages. So a difference
// is traced in passes, the surest first: what the upstream's statuses said of a message, then what
// moves from one count to another beside it, then what is left over on one side. Compare is pure.
package reconcile

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/network"
)

// marketOf is the market of a count's country. The middle of an account's day is of that date in
// UTC too.
func marketOf(n *network.Count) string {
	return n.Country.Market(dateOf(n.Start.Add(n.End.Sub(n.Start) / 2))).String()
}

// Cause is why the upstream's count differs.
type Cause string

// The causes.
const (
	// Category: the upstream bills the messages under another category.
	Category Cause = "category"
	// Allowance: the ledger and the upstream disagree on whether a free quota paid for them.
	Allowance Cause = "allowance"
	// Window: they disagree on whether an open window or entry point made them free.
	Window Cause = "window"
	// Late: the upstream counts them in another interval.
	Late Cause = "late"
	// Tier: they were priced by another volume tier.
	Tier Cause = "tier"
	// Rate: the price of one message differs.
	Rate Cause = "rate"
	// UnknownMessage: the upstream counts messages of which the ledger knows no delivery.
	UnknownMessage Cause = "unknownMessage"
	// Uncounted: the ledger has deliveries that the upstream does not count.
	Uncounted Cause = "uncounted"
)

// Difference is what the ledger and the upstream disagree on in one count.
type Difference struct {
	Start, End time.Time
	Market     string
	Category   conversation.Category
	Kind       network.Billing
	Cause      Cause
	// Count is of the messages that it is about.
	Count int64
	// Messages are their ids. If they are more than Count, it is about Count of them.
	Messages []string
	// Details is a sentence for people, without any customer's address.
	Details string
}

// Sure reports whether the messages are exactly those that the difference is about.
func (d *Difference) Sure() bool { return int64(len(d.Messages)) == d.Count }

// Result is a comparison.
type Result struct {
	// Ours and Theirs are the messages that were compared.
	Ours, Theirs int64
	Differences  []Difference
	// Pending are messages of the ledger that cannot be compared, because they were billed as
	// conversations.
	Pending int64
}

// Compare compares the messages of a ledger with the upstream's counts. It looks at the time from
// the first count's start to the last one's end.
func Compare(counts []network.Count, messages []Message) (Result, error) {
	if len(counts) == 0 {
		return Result{}, errors.New("there is no count of the upstream's to compare with")
	}
	c := newComparison(counts)
	var result Result
	for i := range messages {
		m := &messages[i]
		switch {
		case !c.spans(m.DeliveredAt):
		case !m.comparable():
			result.Pending++
		default:
			c.place(m)
			result.Ours++
		}
	}
	for i := range counts {
		result.Theirs += counts[i].Volume
	}
	c.sortMessages()
	c.priced() // first, while each count has its own messages
	c.toldByStatuses()
	c.betweenKinds()
	c.betweenIntervals()
	c.betweenCategories()
	c.leftOver()
	result.Differences = c.differences
	slices.SortStableFunc(result.Differences, func(a, b Difference) int {
		return cmp.Or(
			a.Start.Compare(b.Start), cmp.Compare(a.Market, b.Market), cmp.Compare(a.Category, b.Category),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Cause, b.Cause),
		)
	})
	return result, nil
}
