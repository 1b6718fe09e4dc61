package pricing

import (
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

// Book is a compiled plan. It never changes and may be used by several goroutines at once.
type Book struct {
	currency  money.Currency
	revisions []*revision // in the order of their dates
	closed    conversation.Rules
}

// revision is a compiled Revision.
type revision struct {
	name          string
	from          civil.Date
	digest        string
	rules         conversation.Rules
	byMarket      bool
	classify      classification
	rateAt        conversation.Clock
	categoryAt    conversation.Clock
	conversations *conversations // nil where messages are billed
	free          []freeRule
	allowances    []allowance
	// allowanceSets numbers, for each category, the set of allowances that may pay for it. Equal
	// sets have equal numbers in all revisions of the book.
	allowanceSets [conversation.Categories]int
	exemptions    []exemption
	international map[market.Country]bool
	prices        prices
}

// conversations is a compiled ConversationUnit.
type conversations struct {
	seconds          int64
	templatesJoinAny bool
	freeFormJoinsAny bool
}

type freeRule struct {
	reason     FreeReason
	when       condition
	at         conversation.Clock
	categories categorySet
	forms      formSet
}

type allowance struct {
	name  string
	count int64
	of    categorySet
	scope Scope
}

type exemption struct {
	name string
	of   categorySet
	last civil.Date // endless if the plan names none
}

// endless is the last date of an exemption that does not end.
const endless = civil.Date(1<<31 - 1)

// Currency returns the currency of every amount of the book.
func (b *Book) Currency() money.Currency { return b.currency }

// Rules returns the window rules in force at an instant, in Unix seconds, in a zone. Before the
// first revision no window ever opens.
func (b *Book) Rules(at int64, zone *time.Location) *conversation.Rules {
	if r := b.on(civil.DateAt(at, zone)); r != nil {
		return &r.rules
	}
	return &b.closed
}

// AsksForCountry reports whether prices at an instant, in Unix seconds, in a zone depend on the
// recipient's country.
func (b *Book) AsksForCountry(at int64, zone *time.Location) bool {
	r := b.on(civil.DateAt(at, zone))
	return r != nil && r.byMarket
}

// AllowanceLimit is how many messages or conversations cost nothing, and the count to compare with
// it.
type AllowanceLimit struct {
	Name  string
	Limit int64
	Key   CounterKey
}

// Allowances returns the allowances of a channel in force at an instant, in Unix seconds.
func (b *Book) Allowances(at int64, a *Account, channel string) []AllowanceLimit {
	today := civil.DateAt(at, a.Zone)
	r := b.on(today)
	if r == nil {
		return nil
	}
	limits := make([]AllowanceLimit, len(r.allowances))
	for i := range r.allowances {
		terms := &r.allowances[i]
		limits[i] = AllowanceLimit{Name: terms.name, Limit: terms.count, Key: terms.key(a, channel, today.Month())}
	}
	return limits
}

// HasExemption reports whether a revision has an exemption of that name.
func (b *Book) HasExemption(name string) bool {
	return slices.ContainsFunc(b.revisions, func(r *revision) bool {
		return slices.ContainsFunc(r.exemptions, func(e exemption) bool { return e.name == name })
	})
}

// on returns the revision in force on a date, or nil before the first one.
func (b *Book) on(date civil.Date) *revision {
	for _, v := range slices.Backward(b.revisions) {
		if v.from <= date {
			return v
		}
	}
	return nil
}

// after returns the first revision that comes into force after a date, or nil.
func (b *Book) after(date civil.Date) *revision {
	for _, r := range b.revisions {
		if r.from > date {
			return r
		}
	}
	return nil
}

// place returns where a recipient of the country is on a date. If prices do not depend on it,
// everyone is in the same place.
func (r *revision) place(country market.Country, date civil.Date) place {
	if !r.byMarket {
		return place{}
	}
	return place{country: country, market: country.Market(date)}
}

// InForce says whether a revision is in force on a date.
type InForce uint8

// The answers: it was in force, it is, it will be.
const (
	Past InForce = iota
	Current
	Future
)

// Standing says of a revision whether it is in force on a date.
type Standing struct {
	Name          string
	EffectiveDate civil.Date
	Digest        string // of its content, see Digest
	InForce       InForce
}

// Standings returns the revisions in the order of their dates, and whether each is in force today.
func (b *Book) Standings(today civil.Date) []Standing {
	current := b.on(today)
	standings := make([]Standing, len(b.revisions))
	for i, r := range b.revisions {
		standings[i] = Standing{Name: r.name, EffectiveDate: r.from, Digest: r.digest, InForce: Past}
		switch {
		case r == current:
			standings[i].InForce = Current
		case r.from > today:
			standings[i].InForce = Future
		}
	}
	return standings
}

// scopeID returns the id that a count is kept by.
func scopeID(scope Scope, a *Account, channel string) string {
	var id string
	switch scope {
	case PerChannel:
		return channel
	case PerPortfolio:
		id = a.Portfolio
	}
	if a.CountedBy == "" {
		return id
	}
	return id + "/" + a.CountedBy
}

func (l *allowance) key(a *Account, channel string, month civil.Month) CounterKey {
	return CounterKey{Scope: l.scope, ScopeID: scopeID(l.scope, a, channel), Allowance: l.name, Month: month}
}
