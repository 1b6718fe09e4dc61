package reconcile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// seed is one thing that the upstream sees otherwise, and what Compare must say of it.
type seed struct {
	cause   Cause
	message string // "" if the ledger has none
}

// upstream is the upstream's view of a ledger's messages, with some of it changed.
type upstream struct {
	t     *testing.T
	views []Message
	seeds []seed
}

func indexOf(t *testing.T, messages []Message, id string) int {
	t.Helper()
	i := slices.IndexFunc(messages, func(m Message) bool { return m.ID == id })
	if i < 0 {
		t.Fatalf("there is no message %s", id)
	}
	return i
}

// sees changes the upstream's view of a message.
func (u *upstream) sees(id string, cause Cause, change func(*Message)) {
	u.t.Helper()
	change(&u.views[indexOf(u.t, u.views, id)])
	u.seeds = append(u.seeds, seed{cause, id})
}

// week is a ledger: for each market and day twenty utility messages that are charged, ten service
// messages of the free quota, and ten marketing messages.
func week() []Message {
	var all []Message
	for _, m := range markets {
		for on := range 7 {
			for i := range 40 {
				one := Message{
					ID:          fmt.Sprintf("%s-%d-%d", m.country, on, i),
					DeliveredAt: day(on).Add(time.Duration(i+1) * 30 * time.Minute), Market: m.name,
					Category: conversation.Utility, Cost: money.MustParse("0.03"),
				}
				switch {
				case i >= 30:
					one.Category, one.Cost = conversation.Marketing, money.MustParse("0.0859")
				case i >= 20:
					one.Category, one.Cost = conversation.Service, money.Decimal{}
					one.FreeReason, one.AllowanceUsed = pricing.InAllowance, int64(on*10+i)
				}
				all = append(all, one)
			}
		}
	}
	return all
}

func TestTwentySeededDifferencesAreNamedAndNoOther(t *testing.T) {
	ours := week()
	u := &upstream{t: t, views: slices.Clone(ours)}
	for i, m := range markets {
		id := func(on, n int) string { return fmt.Sprintf("%s-%d-%d", m.country, on, n) }
		switch i {
		case 0, 1: // the last utility message of a day is delivered on the next one
			for _, on := range []int{0, 4} {
				u.sees(id(on, 19), Late, func(v *Message) { v.DeliveredAt = day(on + 1) })
			}
			u.sees(id(2, 35), Category, func(v *Message) {
				v.Category, v.Cost = conversation.Utility, money.MustParse("0.03")
			})
			ours[indexOf(t, ours, id(2, 35))].Verdict = Verdict{
				Said: true, Kind: network.Regular, Category: conversation.Utility,
			}
			u.sees(id(6, 29), Allowance, func(v *Message) {
				v.FreeReason, v.Cost = pricing.NotFree, money.MustParse("0.03")
			})
		case 2, 3: // a message was free within a window; another is not counted; a third is unknown
			u.sees(id(1, 3), Window, func(v *Message) {
				v.FreeReason, v.Cost = pricing.InServiceWindow, money.Decimal{}
			})
			ours[indexOf(t, ours, id(1, 3))].Verdict = Verdict{Said: true, Kind: network.FreeService}
			at := indexOf(t, u.views, id(3, 38))
			u.views = slices.Delete(u.views, at, at+1)
			u.seeds = append(u.seeds, seed{Uncounted, id(3, 38)})
			u.views = append(u.views, Message{
				ID: "elsewhere", DeliveredAt: day(5), Market: m.name, Category: conversation.Marketing,
				Cost: money.MustParse("0.0859"),
			})
			u.seeds = append(u.seeds, seed{cause: UnknownMessage})
			u.sees(id(6, 19), Tier, func(v *Message) { v.Tier, v.Cost = 1, money.MustParse("0.0285") })
		default: // a rate that is not ours
			for _, on := range []int{0, 2, 4, 6} {
				u.sees(id(on, 30), Rate, func(v *Message) { v.Cost = money.MustParse("0.0709") })
			}
		}
	}
	if len(u.seeds) != 20 {
		t.Fatalf("%d differences are seeded, want 20", len(u.seeds))
	}
	result, err := Compare(upstreamsCounts(t, u.views), ours)
	if err != nil {
		t.Fatal(err)
	}
	found := slices.Clone(result.Differences)
	for _, s := range u.seeds {
		i := slices.IndexFunc(found, func(d Difference) bool {
			return d.Cause == s.cause && (s.message == "" || slices.Contains(d.Messages, s.message))
		})
		if i < 0 {
			t.Errorf("nothing says %s of %q", s.cause, s.message)
			continue
		}
		found = slices.Delete(found, i, i+1)
	}
	for _, d := range found {
		t.Errorf("this was not seeded: %+v", d)
	}
}
