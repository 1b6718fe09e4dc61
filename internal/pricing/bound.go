package pricing

import (
	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

// MaxCharge is the most that an accepted message can still cost, whenever it is delivered up to the instant until (Unix seconds, its time to
// live) and whatever happens meanwhile: another revision comes into force, its market is split off, the window closes, the
// allowance is used up, the volume is at the dearest step. A budget reserves it. The message's EndedAt, Delivered and
// CategoryAtDelivery are not read, being yet to come.
//
// A message that is sure to cost nothing, because a rule always frees it or its window is open when it is sent and that is what counts, has a bound of 0.
func (b *Book) MaxCharge(a *Account, m *Message, s *conversation.State, until int64) Bound {
	bound := Bound{Amount: money.Money{Currency: b.currency}}
	date := civil.DateAt(m.SentAt, a.Zone)
	last := civil.DateAt(max(until, m.SentAt), a.Zone)
	if r := b.on(date); r != nil && r.rateAt == conversation.AtSend {
		last = date
	}
	for {
		b.raise(&bound, a, m, s, date, until)
		next, ok := b.nextChange(date)
		if !ok || next > last {
			return bound
		}
		date = next
	}
}

// nextChange is the first date after the given one on which another revision or another list of markets is in force.
func (b *Book) nextChange(date civil.Date) (civil.Date, bool) {
	next, ok := market.NextChange(date)
	if r := b.after(date); r != nil && (!ok || r.from < next) {
		return r.from, true
	}
	return next, ok
}

// raise makes the bound no less than what the message can cost when it is priced on a date.
func (b *Book) raise(bound *Bound, a *Account, m *Message, s *conversation.State, date civil.Date, until int64) {
	r := b.on(date)
	if r == nil {
		bound.Unpriced = true
		return
	}
	in := r.place(m.Country, date)
	possible := r.possible(a, m, s, until)
	for category := range conversation.Category(conversation.Categories) {
		if !possible.has(category) || r.surelyFree(category, m, s) {
			continue
		}
		price := r.prices.find(in, category)
		if price == nil {
			bound.Unpriced = true
			continue
		}
		charge, err := price.highest(max(m.Units, 1))
		if err != nil || m.Units > MaxUnits {
			bound.Unpriced = true
			continue
		}
		bound.Amount.Amount = bound.Amount.Amount.Max(charge)
	}
}

// possible is what the message may be billed as when it is delivered.
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

// surelyFree tells whether a message of the category costs nothing whatever happens until it is delivered.
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
