package pricing

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
)

// Check lists the gaps of a plan, those of the latest revision first. A gap is a market, of the
// lists published while the revision is in force, whose messages would be unpriced in some
// categories, or a volume above which they would be. The gaps of revisions that ended before the
// given day are returned separately, as earlier. A gap is not an error: an unknown rate is better
// absent than wrong.
func (b *Book) Check(since civil.Date) (gaps, earlier []Finding) {
	last := civil.Date(math.MaxInt32)
	for _, r := range slices.Backward(b.revisions) {
		found := r.check(last)
		if last < since {
			earlier = append(earlier, found...)
		} else {
			gaps = append(gaps, found...)
		}
		last = r.from - 1
	}
	return gaps, earlier
}

// check lists the gaps of a revision that is in force until the given day.
func (r *revision) check(last civil.Date) findings {
	var found findings
	gaps := r.gaps(last)
	var lacks []categorySet
	markets := map[categorySet][]string{}
	for _, m := range append(market.All(), market.Any) {
		lack := gaps[m]
		if lack != 0 && markets[lack] == nil {
			lacks = append(lacks, lack)
		}
		markets[lack] = append(markets[lack], m.String())
	}
	for _, lack := range lacks {
		found.add(
			fmt.Sprintf("revisions[%s].rates", r.name), "%s must have a rate for %s, or such messages are unpriced",
			strings.Join(markets[lack], ", "), lack,
		)
	}
	if steps := r.unknownSteps(); len(steps) > 0 {
		found.add(
			fmt.Sprintf("revisions[%s].tiers", r.name),
			"the steps %s must have an amount, or messages above them are unpriced", strings.Join(steps, ", "),
		)
	}
	return found
}

// gaps returns the categories without a rate, by market, on any day from the revision's first to
// the given last one.
func (r *revision) gaps(last civil.Date) map[market.Market]categorySet {
	gaps := map[market.Market]categorySet{}
	for date, ok := r.from, true; ok && date <= last; date, ok = market.NextChange(date) {
		for country := range market.Country(market.Countries()) {
			p := r.place(country, date)
			for category := conversation.None + 1; int(category) < conversation.Categories; category++ {
				if r.asks(category, country) && r.prices.find(p, category) == nil {
					gaps[p.market] = gaps[p.market].with(category)
				}
			}
		}
	}
	return gaps
}

// unknownSteps returns the steps whose price is not known, like "Utility in Brazil above 250000".
func (r *revision) unknownSteps() []string {
	var steps []string
	for _, row := range r.prices.rows {
		for category, price := range row {
			if price == nil || price.tiers == nil || price.category != conversation.Category(category) {
				continue
			}
			for i, unknown := range price.tiers.unknown {
				if unknown {
					steps = append(
						steps,
						fmt.Sprintf("%s in %s above %d", price.category.PlanName(), price.market, price.tiers.above[i]),
					)
				}
			}
		}
	}
	return steps
}

// asks reports whether some messages to the country are charged in the category under the
// revision's own rules.
func (r *revision) asks(category conversation.Category, country market.Country) bool {
	if r.frees(category, always) {
		return false
	}
	switch category {
	case conversation.Template:
		return r.classify == byForm
	case conversation.BusinessInitiated, conversation.UserInitiated:
		return r.classify == byInitiator
	case conversation.Marketing, conversation.Utility, conversation.Authentication:
		return r.classify == byCategory
	case conversation.AuthenticationInternational:
		return r.international[country]
	case conversation.Service:
		onlyInWindow := r.rules.OutsideWindow == conversation.TemplateOnly
		return r.classify != byInitiator && !(onlyInWindow && r.frees(category, inServiceWindow))
	default:
		return false
	}
}

// frees reports whether a rule frees all messages of the category on the condition.
func (r *revision) frees(category conversation.Category, when condition) bool {
	return slices.ContainsFunc(r.free, func(rule freeRule) bool {
		return rule.when == when && rule.forms == everyForm && rule.categories.has(category)
	})
}

// String names the categories of the set as a plan does.
func (s categorySet) String() string {
	var names []string
	for category := conversation.None + 1; int(category) < conversation.Categories; category++ {
		if s.has(category) {
			names = append(names, category.PlanName())
		}
	}
	return strings.Join(names, ", ")
}
