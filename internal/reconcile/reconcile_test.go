package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// first is the first day of the tests, in UTC.
var first = time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)

func day(n int) time.Time { return first.AddDate(0, 0, n) }

func country(tb testing.TB, code string) market.Country {
	tb.Helper()
	c, err := market.ParseCountry(code)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// utilityTo are so many messages of a day to a market, an hour apart, charged 0.03 each.
func utilityTo(name string, on, many int) []Message {
	all := make([]Message, many)
	for i := range all {
		all[i] = Message{
			ID:          fmt.Sprintf("%s-%d-%d", strings.ToLower(name), on, i),
			DeliveredAt: day(on).Add(time.Duration(i+1) * time.Hour), Market: name, Category: conversation.Utility,
			Cost: money.MustParse("0.03"),
		}
	}
	return all
}

// told is a count of the upstream's for a day of France's utility messages.
func told(tb testing.TB, on int, volume int64, cost string) network.Count {
	tb.Helper()
	return network.Count{
		Start: day(on), End: day(on + 1), Country: country(tb, "FR"), Category: conversation.Utility,
		Kind: network.Regular, TierFrom: -1, Volume: volume, Cost: money.MustParse(cost), Costed: true,
	}
}

func as(n network.Count, change func(*network.Count)) network.Count {
	change(&n)
	return n
}

func TestCompareNamesTheCauseAndTheMessages(t *testing.T) {
	free := func(n *network.Count) { n.Kind, n.Cost = network.FreeService, money.Decimal{} }
	marketing := func(n *network.Count) { n.Category, n.Cost = conversation.Marketing, money.MustParse("0.0859") }
	listed := func(n *network.Count) { n.TierFrom = 0 }
	tests := map[string]struct {
		counts   []network.Count
		messages []Message
		cause    Cause
		count    int64
		ids      string
	}{
		"nothing": {
			counts: []network.Count{told(t, 0, 3, "0.09")}, messages: utilityTo("France", 0, 3),
		},
		"costs as floating point prints them": {
			counts: []network.Count{told(t, 0, 3, "0.09004")}, messages: utilityTo("France", 0, 3),
		},
		"another rate": {
			counts: []network.Count{told(t, 0, 3, "0.0903")}, messages: utilityTo("France", 0, 3),
			cause: Rate, count: 3, ids: "france-0-0 france-0-1 france-0-2",
		},
		"one more than the ledger has": {
			counts: []network.Count{told(t, 0, 4, "0.12")}, messages: utilityTo("France", 0, 3),
			cause: UnknownMessage, count: 1,
		},
		"one that the upstream does not count": {
			counts: []network.Count{told(t, 0, 2, "0.06")}, messages: utilityTo("France", 0, 3),
			cause: Uncounted, count: 1, ids: "france-0-0 france-0-1 france-0-2",
		},
		"all of a day that the upstream leaves out": {
			counts:   []network.Count{told(t, 0, 1, "0.03"), told(t, 2, 1, "0.03")},
			messages: slices.Concat(utilityTo("France", 0, 1), utilityTo("France", 1, 1), utilityTo("France", 2, 1)),
			cause:    Uncounted, count: 1, ids: "france-1-0",
		},
		"the last of a day on the next one": {
			counts:   []network.Count{told(t, 0, 2, "0.06"), told(t, 1, 2, "0.06")},
			messages: slices.Concat(utilityTo("France", 0, 3), utilityTo("France", 1, 1)),
			cause:    Late, count: 1, ids: "france-0-2 france-0-1 france-0-0",
		},
		"the first of a day on the one before": {
			counts:   []network.Count{told(t, 0, 2, "0.06"), told(t, 1, 1, "0.03")},
			messages: slices.Concat(utilityTo("France", 0, 1), utilityTo("France", 1, 2)),
			cause:    Late, count: 1, ids: "france-1-0 france-1-1",
		},
		"another category, as its status said": {
			counts: []network.Count{told(t, 0, 2, "0.06"), as(told(t, 0, 1, "0"), marketing)},
			messages: with(utilityTo("France", 0, 3), 1, func(m *Message) {
				m.Verdict = Verdict{Said: true, Kind: network.Regular, Category: conversation.Marketing}
			}),
			cause: Category, count: 1, ids: "france-0-1",
		},
		"another category, of which no status spoke": {
			counts:   []network.Count{told(t, 0, 2, "0.06"), as(told(t, 0, 1, "0"), marketing)},
			messages: utilityTo("France", 0, 3),
			cause:    Category, count: 1, ids: "france-0-0 france-0-1 france-0-2",
		},
		"beyond the free quota for the upstream": {
			counts: []network.Count{told(t, 0, 1, "0.03"), as(told(t, 0, 2, "0"), free)},
			messages: quota(utilityTo("France", 0, 3), func(i int, m *Message) {
				m.FreeReason, m.AllowanceUsed, m.Cost = pricing.InAllowance, int64(998+i), money.Decimal{}
			}),
			cause: Allowance, count: 1, ids: "france-0-2",
		},
		"free within a window for the upstream, as its status said": {
			counts: []network.Count{told(t, 0, 2, "0.06"), as(told(t, 0, 1, "0"), free)},
			messages: with(utilityTo("France", 0, 3), 2, func(m *Message) {
				m.Verdict = Verdict{Said: true, Kind: network.FreeService}
			}),
			cause: Window, count: 1, ids: "france-0-2",
		},
		"in a tier for the ledger, at the list rate for the upstream": {
			counts: []network.Count{as(told(t, 0, 3, "0.09"), listed)},
			messages: with(utilityTo("France", 0, 3), 2, func(m *Message) {
				m.Tier, m.Cost = 1, money.MustParse("0.0285")
			}),
			cause: Tier, count: 1, ids: "france-0-2",
		},
		"at the list rate for the ledger, in a tier for the upstream": {
			counts: []network.Count{
				as(told(t, 0, 1, "0.03"), listed),
				as(told(t, 0, 2, "0.057"), func(n *network.Count) { n.TierFrom = 250000 }),
			},
			messages: with(utilityTo("France", 0, 3), 2, func(m *Message) {
				m.Tier, m.Cost = 1, money.MustParse("0.0285")
			}),
			cause: Tier, count: 1, ids: "france-0-1 france-0-0",
		},
		"sent for marketing, counted as any marketing": {
			counts: []network.Count{as(told(t, 0, 2, "0"), func(n *network.Count) {
				n.Category, n.Cost = conversation.Marketing, money.MustParse("0.06")
			})},
			messages: quota(utilityTo("France", 0, 2), func(_ int, m *Message) {
				m.Category = conversation.MarketingLite
			}),
		},
		"billed as conversations": {
			counts: []network.Count{told(t, 0, 0, "0")},
			messages: quota(utilityTo("France", 0, 2), func(_ int, m *Message) {
				m.FreeReason = pricing.InConversation
			}),
		},
		"outside the time of the counts": {
			counts:   []network.Count{told(t, 1, 1, "0.03")},
			messages: slices.Concat(utilityTo("France", 0, 2), utilityTo("France", 1, 1), utilityTo("France", 2, 1)),
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			result, err := Compare(tc.counts, tc.messages)
			if err != nil {
				t.Fatal(err)
			}
			if tc.cause == "" {
				if len(result.Differences) > 0 {
					t.Fatalf("got %+v, want no difference", result.Differences)
				}
				return
			}
			if len(result.Differences) != 1 {
				t.Fatalf("got %+v, want one difference", result.Differences)
			}
			d := result.Differences[0]
			ids := strings.Join(d.Messages, " ")
			if d.Cause != tc.cause || d.Count != tc.count || ids != tc.ids || d.Details == "" {
				t.Errorf("got %s of %d: %q (%s), want %s of %d: %q",
					d.Cause, d.Count, d.Messages, d.Details, tc.cause, tc.count, tc.ids)
			}
		})
	}
}

func with(messages []Message, i int, change func(*Message)) []Message {
	change(&messages[i])
	return messages
}

func quota(messages []Message, change func(int, *Message)) []Message {
	for i := range messages {
		change(i, &messages[i])
	}
	return messages
}

func TestCompareWithoutACountIsRefused(t *testing.T) {
	if _, err := Compare(nil, utilityTo("France", 0, 1)); err == nil {
		t.Fatal("got no error")
	}
}

// markets are countries, and the markets that they are since October 2026.
var markets = []struct{ country, name string }{
	{"FR", "France"}, {"BR", "Brazil"}, {"IN", "India"}, {"ID", "Indonesia"}, {"MX", "Mexico"},
}

// upstreamsCounts are the counts of an upstream that agrees on every message.
func upstreamsCounts(tb testing.TB, messages []Message) []network.Count {
	tb.Helper()
	type cell struct {
		on       int
		market   string
		category conversation.Category
		kind     network.Billing
		tier     int64
	}
	at := map[cell]int{}
	var counts []network.Count
	for i := range messages {
		m := &messages[i]
		on := int(m.DeliveredAt.Sub(first) / (24 * time.Hour))
		c := cell{on, m.Market, m.Category, m.kind(), int64(m.Tier) * 250_000}
		n, known := at[c]
		if !known {
			n = len(counts)
			at[c] = n
			counts = append(counts, network.Count{
				Start: day(on), End: day(on + 1), Category: m.Category, Kind: m.kind(), TierFrom: c.tier, Costed: true,
			})
			for _, of := range markets {
				if of.name == m.Market {
					counts[n].Country = country(tb, of.country)
				}
			}
		}
		counts[n].Volume++
		total, err := counts[n].Cost.Add(m.Cost)
		if err != nil {
			tb.Fatal(err)
		}
		counts[n].Cost = total
	}
	return counts
}

// anyMessages draws messages of a week.
func anyMessages(t *rapid.T) []Message {
	categories := []conversation.Category{conversation.Marketing, conversation.Utility, conversation.Service}
	reasons := []pricing.FreeReason{
		pricing.NotFree, pricing.NotFree, pricing.InServiceWindow, pricing.InFreeEntryPoint, pricing.InAllowance,
	}
	messages := make([]Message, rapid.IntRange(1, 60).Draw(t, "messages"))
	for i := range messages {
		m := &messages[i]
		m.ID = fmt.Sprintf("m%d", i)
		m.DeliveredAt = first.Add(time.Duration(rapid.IntRange(0, 7*86400-1).Draw(t, "second")) * time.Second)
		m.Market = rapid.SampledFrom(markets).Draw(t, "market").name
		m.Category = rapid.SampledFrom(categories).Draw(t, "category")
		if m.FreeReason = rapid.SampledFrom(reasons).Draw(t, "reason"); m.FreeReason == pricing.NotFree {
			m.Tier = rapid.IntRange(0, 1).Draw(t, "tier")
			m.Cost = money.MustParse([]string{"0.03", "0.0285"}[m.Tier])
		}
	}
	return messages
}

func TestCompareOfAnUpstreamThatAgreesNamesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		messages := anyMessages(r)
		result, err := Compare(upstreamsCounts(t, messages), messages)
		if err != nil {
			r.Fatal(err)
		}
		if len(result.Differences) > 0 || result.Ours != result.Theirs || result.Ours != int64(len(messages)) {
			r.Fatalf("got %+v, want %d messages that agree", result, len(messages))
		}
	})
}

// Whatever the upstream says, each message that only one side has is in a difference.
func TestCompareAccountsForEveryMessage(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		messages := anyMessages(r)
		counts := upstreamsCounts(t, anyMessages(r))
		for i := range counts {
			counts[i].Costed = false
		}
		counts = append(counts, network.Count{ // the whole week, so that nothing is outside
			Start: day(0), End: day(1), Country: country(t, "FR"), Category: conversation.Utility,
			Kind: network.Regular, TierFrom: -1,
		}, network.Count{
			Start: day(6), End: day(7), Country: country(t, "FR"), Category: conversation.Utility,
			Kind: network.Regular, TierFrom: -1,
		})
		result, err := Compare(counts, messages)
		if err != nil {
			r.Fatal(err)
		}
		var unknown, uncounted int64
		for _, d := range result.Differences {
			switch d.Cause {
			case UnknownMessage:
				unknown += d.Count
			case Uncounted:
				uncounted += d.Count
			default:
			}
			if d.Cause != UnknownMessage && int64(len(d.Messages)) < d.Count {
				r.Fatalf("%d messages are named of %d: %+v", len(d.Messages), d.Count, d)
			}
		}
		if result.Ours-uncounted != result.Theirs-unknown {
			r.Fatalf("%d less %d is not %d less %d", result.Ours, uncounted, result.Theirs, unknown)
		}
	})
}
