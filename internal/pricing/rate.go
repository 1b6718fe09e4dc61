package pricing

import (
	"slices"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
)

// MaxUnits is the largest number of units of one message that is priced.
const MaxUnits = 1_000_000_000_000

// Rate returns what a message that has ended costs. It changes nothing: it reads the conversation
// and the counts as they are before the message, and returns what to change. It does not allocate.
//
// The first of these that applies decides: undelivered, the plan's free rules, allowances,
// exemptions, price. If conversations are billed, a message that no entry point makes free joins an
// open conversation at no cost, or opens one, to which the same order applies.
func (b *Book) Rate(a *Account, m *Message, s *conversation.State, counts Counts) Outcome {
	out := Outcome{Currency: b.currency}
	j, ok := b.judge(a, m, s)
	switch {
	case ok:
		j.describe(&out)
	case m.Delivered:
		return out
	}
	if !m.Delivered {
		out.free(Undelivered)
		return out
	}
	j.settle(&out, counts)
	return out
}

// judgement is one message under the revision that prices it.
type judgement struct {
	revision *revision
	account  *Account
	message  *Message
	state    *conversation.State

	date     civil.Date // of the instant that prices it
	place    place
	category conversation.Category
	reply    conversation.Reply // the entry point that the message opens
	price    *price             // nil if the plan has none
}

// judge finds the revision, the market, the category and the price of a message. It returns false
// if no revision is in force.
//
// The revision in force when the message was sent says which instant counts. So a message that was
// sent in the last hour of an era that priced by sending keeps that era's price. One that was sent
// in an era that prices by delivery may end in the next era.
func (b *Book) judge(a *Account, m *Message, s *conversation.State) (judgement, bool) {
	j := judgement{account: a, message: m, state: s, date: civil.DateAt(m.SentAt, a.Zone)}
	j.revision = b.on(j.date)
	if j.revision == nil || j.revision.rateAt == conversation.AtDelivery {
		j.date = civil.DateAt(m.EndedAt, a.Zone)
		j.revision = b.on(j.date)
	}
	if j.revision == nil {
		return j, false
	}
	j.place = j.revision.place(m.Country, j.date)
	j.category = j.classify()
	j.price = j.revision.prices.find(j.place, j.category)
	if m.Delivered {
		j.reply = s.Reply(m.SentAt, m.EndedAt, m.EntryPointExpiry, &j.revision.rules.EntryPoint)
	}
	return j, true
}

// classify returns the category that the message is billed as.
func (j *judgement) classify() conversation.Category {
	m := j.message
	templated := m.Form == conversation.Templated || m.Form == conversation.Direct
	switch j.revision.classify {
	case byInitiator:
		if j.state.WindowOpen(m.SentAt) {
			return conversation.UserInitiated
		}
		return conversation.BusinessInitiated
	case byForm:
		if templated {
			return conversation.Template
		}
		return conversation.Service
	}
	category := m.Category
	if j.revision.categoryAt == conversation.AtDelivery && m.CategoryAtDelivery != conversation.None {
		category = m.CategoryAtDelivery
	}
	switch {
	case category == conversation.None && !templated:
		return conversation.Service
	case category == conversation.Authentication && j.revision.international[m.Country] &&
		j.account.International.applies(m.Country, m.EndedAt):
		return conversation.AuthenticationInternational
	default:
		return category
	}
}

// applies reports whether authentication messages to the country are international at the instant
// of delivery.
func (i *International) applies(country market.Country, deliveredAt int64) bool {
	if i.StartTime == 0 || i.PrimaryLocation == country {
		return false
	}
	start, excepted := i.Exceptions[country]
	if !excepted {
		start = i.StartTime
	}
	return deliveredAt >= start
}

// describe writes what is known about the message before it is settled.
func (j *judgement) describe(out *Outcome) {
	out.Revision = j.revision.name
	out.Market = j.place.market.String()
	out.Category = j.category
	if j.price != nil {
		out.ListPrice, out.Listed = j.price.list.cost, true
	}
	out.Change.EntryPoint = j.reply
}

// settle decides what a delivered message costs.
func (j *judgement) settle(out *Outcome, counts Counts) {
	rule := j.freeRule()
	if j.revision.conversations != nil && (rule == nil || rule.when != inEntryPoint) {
		joined, opens := j.conversation()
		out.Change.Opens = opens
		if joined {
			out.free(InConversation)
			return
		}
	}
	switch {
	case rule != nil:
		out.free(rule.reason)
	case j.useAllowance(out, counts):
	case j.revision.exempts(j.account, j.category, j.date):
		out.free(IsExempt)
	case j.price != nil:
		j.charge(out, counts)
	}
}

// freeRule returns the first of the plan's rules that makes the message free, or nil.
func (j *judgement) freeRule() *freeRule {
	for i := range j.revision.free {
		rule := &j.revision.free[i]
		if rule.categories.has(j.category) && rule.forms.has(j.message.Form) && j.holds(rule) {
			return rule
		}
	}
	return nil
}

// holds reports whether the conversation is in the state that the rule requires.
func (j *judgement) holds(rule *freeRule) bool {
	at := rule.at.Pick(j.message.SentAt, j.message.EndedAt)
	switch rule.when {
	case inServiceWindow:
		return j.state.WindowOpen(at)
	case inEntryPoint:
		open := j.state.EntryPointAt(at)
		superseded := open.From == j.reply.Free.From
		return j.reply.Free.Contains(at) || open.Contains(at) && !superseded
	case inConversation:
		return !j.state.ConversationAt(j.category, at).Span.IsEmpty()
	default:
		return true
	}
}

// conversation reports whether the message joins a billed conversation. It also returns the
// conversation that the message opens, or makes begin earlier.
func (j *judgement) conversation() (joined bool, opens conversation.Open) {
	if j.message.Opened {
		return false, conversation.Open{}
	}
	terms, at := j.revision.conversations, j.message.EndedAt
	joinsAny := terms.freeFormJoinsAny
	if j.message.Form == conversation.Templated || j.message.Form == conversation.Direct {
		joinsAny = terms.templatesJoinAny
	}
	sought := j.category
	if joinsAny {
		sought = conversation.None
	}
	if !j.state.ConversationAt(sought, at).Span.IsEmpty() {
		return true, conversation.Open{}
	}
	opens = conversation.Open{Category: j.category, Span: conversation.Span{From: at, To: at + terms.seconds}}
	return j.state.BeginsWithin(opens), opens
}

// useAllowance reports whether an allowance pays for the message.
func (j *judgement) useAllowance(out *Outcome, counts Counts) bool {
	for i := range j.revision.allowances {
		terms := &j.revision.allowances[i]
		if !terms.of.has(j.category) {
			continue
		}
		key := terms.key(j.account, j.message.Channel, j.date.Month())
		if counts.Count(key) < terms.count {
			out.free(InAllowance)
			out.Allowance = terms.name
			out.Count = Increment{Key: key, By: 1}
			return true
		}
	}
	return false
}

// exempts reports whether one of the account's exemptions frees messages of a category on a date.
func (r *revision) exempts(a *Account, category conversation.Category, date civil.Date) bool {
	for i := range r.exemptions {
		terms := &r.exemptions[i]
		if terms.of.has(category) && date <= terms.last && slices.Contains(a.Exemptions, terms.name) {
			return true
		}
	}
	return false
}

// charge prices the message by its tier.
func (j *judgement) charge(out *Outcome, counts Counts) {
	units := max(j.message.Units, 1)
	if units > MaxUnits {
		return
	}
	var key CounterKey
	var counted int64
	if t := j.price.tiers; t != nil {
		key = CounterKey{
			Scope: t.scope, ScopeID: scopeID(t.scope, j.account, j.message.Channel),
			Market: j.price.market, Category: t.countedAs, Month: j.date.Month(),
		}
		counted = counts.Count(key)
	}
	amount, tier, err := j.price.of(units, counted)
	if err != nil { // the step has no known price
		return
	}
	out.Result = Charged
	out.Cost, out.Charge, out.Tier = amount.cost, amount.charge, tier
	if j.price.tiers != nil {
		out.Count = Increment{Key: key, By: units}
	}
}

// free makes the outcome free for a reason.
func (o *Outcome) free(reason FreeReason) {
	o.Result, o.FreeReason = Free, reason
}
