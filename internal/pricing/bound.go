package pricing

import (
	"github.com/guichet-dev/guichet/internal/allowances"
	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

// MaxCharge returns the most that an accepted message can still cost, if it is delivered by the
// instant until (Unix seconds, its time to live). It allows for everything that may happen until
// then: another revision takes effect, its market is split off, the window closes, the allowance is
// used up, the volume is at the most expensive step. A budget reserves it. The message's EndedAt,
// Delivered and CategoryAtDelivery are still unknown and not read.
//
// The bound is 0 for a message that is sure to cost nothing, because a rule always frees it, or
// because its window is open when it is sent and that decides. It is also 0 for an exempt account.
// If allowances may pay for a message, the bound has the places that it may take, because that
// depends on other messages. See allowances.Pool.
func (b *Book) MaxCharge(a *Account, m *Message, s *conversation.State, until int64) Bound {
	bound := Bound{Amount: money.Money{Currency: b.currency}}
	first := civil.DateAt(m.SentAt, a.Zone)
	last := civil.DateAt(max(until, m.SentAt), a.Zone)
	if r := b.on(first); r != nil && r.rateAt == conversation.AtSend {
		last = first
	}
	for first <= last {
		end := last
		if next, ok := b.nextChange(first); ok {
			end = min(last, next-1)
		}
		b.raise(&bound, a, m, s, dates{first, end}, until)
		first = end + 1
	}
	return bound
}

// MaxChargeAnywhere is MaxCharge for a message whose recipient's country is not known before it is
// delivered: the most of all countries.
func (b *Book) MaxChargeAnywhere(a *Account, m *Message, s *conversation.State, until int64) Bound {
	most := Bound{Amount: money.Money{Currency: b.currency}}
	message := *m
	for country := range market.Countries() {
		message.Country = market.Country(country) //nolint:gosec // there are a few hundred
		bound := b.MaxCharge(a, &message, s, until)
		most.include(&bound)
	}
	return most
}

// include raises the bound to at least another one.
func (b *Bound) include(other *Bound) {
	b.Amount.Amount = b.Amount.Amount.Max(other.Amount.Amount)
	b.Unpriced = b.Unpriced || other.Unpriced
	if b.UnpricedMarket == "" {
		b.UnpricedMarket = other.UnpricedMarket
	}
	b.Uncovered.Amount = b.Uncovered.Amount.Max(other.Uncovered.Amount)
	b.Uncovered.Unpriced = b.Uncovered.Unpriced || other.Uncovered.Unpriced
	for _, p := range other.Places() {
		b.addPlace(p)
	}
}

// dates is an inclusive range of days in which one revision and one list of markets are in force.
type dates struct{ first, last civil.Date }

// nextChange returns the first date after the given one on which another revision or another list
// of markets is in force, or an exemption is over.
func (b *Book) nextChange(date civil.Date) (civil.Date, bool) {
	next, ok := market.NextChange(date)
	if r := b.after(date); r != nil && (!ok || r.from < next) {
		next, ok = r.from, true
	}
	if r := b.on(date); r != nil {
		for i := range r.exemptions {
			if over := r.exemptions[i].last; over >= date && over < endless && (!ok || over < next-1) {
				next, ok = over+1, true
			}
		}
	}
	return next, ok
}

// raise raises the bound to at least what the message can cost when it is priced within the dates.
func (b *Book) raise(bound *Bound, a *Account, m *Message, s *conversation.State, in dates, until int64) {
	r := b.on(in.first)
	if r == nil {
		bound.Unpriced, bound.Uncovered.Unpriced = true, true
		return
	}
	possible := r.possible(a, m, s, until)
	for category := range conversation.Category(conversation.Categories) {
		if !possible.has(category) || r.surelyFree(category, m, s) {
			continue
		}
		cost := r.most(a, m, category, in.first)
		bound.Amount.Amount = bound.Amount.Amount.Max(cost.Amount)
		bound.Unpriced = bound.Unpriced || cost.Unpriced
		if cost.Unpriced && bound.UnpricedMarket == "" {
			bound.UnpricedMarket = r.place(m.Country, in.first).market.String()
		}
		if !r.addPlaces(bound, a, m.Channel, category, in, cost) {
			bound.Uncovered.Amount = bound.Uncovered.Amount.Max(cost.Amount)
			bound.Uncovered.Unpriced = bound.Uncovered.Unpriced || cost.Unpriced
		}
	}
}

// most returns the most that a message of the category can be charged on a date, if no allowance
// pays for it.
func (r *revision) most(a *Account, m *Message, category conversation.Category, date civil.Date) allowances.Exposure {
	if r.exempts(a, category, date) {
		return allowances.Exposure{}
	}
	price := r.prices.find(r.place(m.Country, date), category)
	if price == nil || m.Units > MaxUnits {
		return allowances.Exposure{Unpriced: true}
	}
	charge, err := price.highest(max(m.Units, 1))
	return allowances.Exposure{Amount: charge, Unpriced: err != nil}
}

// addPlaces adds to the bound the places that a message of the category may take within the dates.
// It reports whether there are any.
func (r *revision) addPlaces(
	bound *Bound, a *Account, channel string, category conversation.Category, in dates, cost allowances.Exposure,
) (found bool) {
	for i := range r.allowances {
		terms := &r.allowances[i]
		if !terms.of.has(category) {
			continue
		}
		found = true
		for month := in.first.Month(); month <= in.last.Month(); month++ {
			bound.addPlace(Place{
				Key: terms.key(a, channel, month), Limit: terms.count, Set: r.allowanceSets[category],
				Amount: cost.Amount, Unpriced: cost.Unpriced,
			})
		}
	}
	return found
}

// possible returns the categories that the message may be billed as when it is delivered.
func (r *revision) possible(a *Account, m *Message, s *conversation.State, until int64) categorySet {
	var set categorySet
	templated := m.Form == conversation.Templated || m.Form == conversation.Direct
	switch {
	case r.classify == byInitiator && s.WindowOpen(m.SentAt):
		return set.with(conversation.UserInitiated)
	case r.classify == byInitiator:
		return set.with(conversation.UserInitiated).with(conversation.BusinessInitiated)
	case r.classify == byForm && templated:
		return set.with(conversation.Template)
	case r.classify == byForm || m.Category == conversation.None && !templated:
		set = set.with(conversation.Service)
	default:
		set = set.with(m.Category)
	}
	if r.classify == byCategory && r.categoryAt == conversation.AtDelivery && templated {
		set = set.with(conversation.Marketing).with(conversation.Utility).with(conversation.Authentication)
	}
	if set.has(conversation.Authentication) && r.international[m.Country] && a.International.applies(m.Country, until) {
		set = set.with(conversation.AuthenticationInternational)
	}
	return set
}

// surelyFree reports whether a message of the category costs nothing whatever happens until it is
// delivered.
func (r *revision) surelyFree(category conversation.Category, m *Message, s *conversation.State) bool {
	for i := range r.free {
		rule := &r.free[i]
		if !rule.categories.has(category) || !rule.forms.has(m.Form) {
			continue
		}
		inOpenWindow := rule.when == inServiceWindow && rule.at == conversation.AtSend && s.WindowOpen(m.SentAt)
		if rule.when == always || inOpenWindow {
			return true
		}
	}
	return false
}
