package pricing

import (
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/allowances"
	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

// Account is what pricing must know about the sending account. It is read-only.
type Account struct {
	Zone      *time.Location // revisions, months and markets change at its midnights; never nil
	Portfolio string         // id of the portfolio whose accounts share tiers; may be empty
	// CountedBy is the name of the plan, if it is that of some channels only: what it counts for
	// the account or the portfolio is counted apart from what the account's own plan counts.
	CountedBy     string
	Exemptions    []string      // names of the plan's exemptions that were granted to the account
	International International // when authentication messages from abroad have their own price
}

// International says when the account's authentication-international rates apply. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing/authentication-international-rates
type International struct {
	PrimaryLocation market.Country // where the business is; the zero value (unverified) is abroad everywhere
	// Unix seconds from which the rates apply; 0 while the account is not eligible
	StartTime  int64
	Exceptions map[market.Country]int64 // countries with their own start time
}

// Message is what pricing must know about an outbound message that has ended: delivered (or read,
// whichever was reported first), or not.
type Message struct {
	Channel string            // id of the phone number or page
	Country market.Country    // of the recipient
	Form    conversation.Form // free-form, template, reaction, direct
	// Category is that of the template or direct send when it was sent. It is None for other forms,
	// and if it is unknown: the message is then unpriced.
	Category  conversation.Category
	SentAt    int64 // Unix seconds
	EndedAt   int64 // Unix seconds: delivered, or failed, or given up
	Delivered bool
	// Opened says that the message was delivered when the plan had no price for it, and has opened
	// its billed conversation then.
	Opened bool
	Units  int64 // pulses or tokens, if one message has several units; 0 means 1

	CategoryAtDelivery conversation.Category // if the template's category has changed since; else None
	// EntryPointExpiry is the end of a free entry point as the upstream stated it (its
	// conversation's origin is a referral); 0 if it stated none.
	EntryPointExpiry int64
}

// Result is how a message ended in terms of money.
type Result uint8

// The results.
const (
	Unpriced Result = iota // the plan has no rate: the message is held and reported, never priced 0
	Free
	Charged
)

// FreeReason is why a message costs nothing.
type FreeReason uint8

// The reasons, as records spell them. A message that is charged or unpriced has NotFree.
const (
	NotFree          FreeReason = iota
	InServiceWindow             // serviceWindow
	InFreeEntryPoint            // freeEntryPoint
	InConversation              // conversation: it joined an open one
	InAllowance                 // allowance
	IsExempt                    // exempt
	IsReaction                  // reaction
	Undelivered                 // undelivered
)

var freeReasons = [...]string{
	"", "serviceWindow", "freeEntryPoint", "conversation", "allowance", "exempt", "reaction", "undelivered",
}

// String returns the reason as records spell it, for example "serviceWindow"; NotFree is "".
func (r FreeReason) String() string { return freeReasons[r] }

// ParseFreeReason reads a reason as records spell it; "" is NotFree. The result is false for any
// other text.
func ParseFreeReason(text string) (FreeReason, bool) {
	at := slices.Index(freeReasons[:], text)
	return FreeReason(max(at, 0)), at >= 0
}

// Scope says over what something is counted.
type Scope uint8

// The scopes.
const (
	PerChannel Scope = allowances.OneChannel + iota
	PerAccount
	PerPortfolio
)

// CounterKey names a count in one month. It is comparable.
type CounterKey struct {
	Scope     Scope
	ScopeID   string                // channel or portfolio id; empty for the account
	Allowance string                // name of the allowance; empty for a tier
	Market    string                // of a tier
	Category  conversation.Category // of a tier
	Month     civil.Month           // in the account's zone
}

// AllowanceName names the allowance of a key where it is claimed: equal names are the same
// allowance.
func AllowanceName(currency money.Currency, key CounterKey) string {
	return allowances.Name(currency, uint8(key.Scope), key.ScopeID, key.Allowance)
}

// Counts returns what has been counted so far: 0 for a key that was never counted.
type Counts interface {
	Count(key CounterKey) int64
}

// Increment is how a settled message raises a count.
type Increment struct {
	Key CounterKey
	By  int64
}

// Outcome is what one message costs and why. Record it, apply Change to the conversation and add
// Count, all in one commit.
type Outcome struct {
	Result     Result
	FreeReason FreeReason
	Revision   string // name of the revision that priced it; empty before the first one
	Market     string
	Category   conversation.Category // what it was billed as; None for an undelivered message under no revision
	Currency   money.Currency
	ListPrice  money.Decimal // the list rate of one unit, whether charged or not; valid if Listed
	Listed     bool          // whether the plan has that rate
	Cost       money.Decimal // what the upstream charges: the list rate or its tier
	Charge     money.Decimal // what is owed: the cost and the mark-up; 0 unless Result is Charged
	Tier       int           // 0 is the list rate, 1 the first step
	Allowance  string        // name of the allowance that it used

	Change conversation.Change
	Count  Increment // the allowance or tier count that it raises; By is 0 if nothing is counted
}

// Bound is the most that a message can still cost, however it ends.
type Bound struct {
	Amount   money.Money
	Unpriced bool // the message may end in a way that has no rate; Amount bounds only the others
	// UnpricedMarket is the market whose rate is missing; empty if none is, or if no revision is in
	// force.
	UnpricedMarket string
	// Uncovered is the same for the ways in which no allowance may pay. Places are about the
	// others.
	Uncovered allowances.Exposure

	few    [fewPlaces]Place
	number int
	more   []Place // all places, if they are more than a few
}

// Place is a place of an allowance that a message may take when it is delivered.
type Place struct {
	Key   CounterKey
	Limit int64 // places that the allowance has in the month
	// Set is equal for places of which any may pay for the message: the first one that is left, in
	// the order in which they are here. The message is charged only if none of the month's is left.
	Set      int
	Amount   money.Decimal // what it is charged then; 0 if an exemption frees it anyway
	Unpriced bool          // the plan does not say what it is charged
}

// fewPlaces is enough for an allowance in each month in which a message can be delivered, so that
// bounds are computed without allocating.
const fewPlaces = 3

// Places returns the places of allowances that the message may take: one for each allowance and
// month in which it may be delivered, and each set of allowances that may pay for it then.
func (b *Bound) Places() []Place {
	if b.more != nil {
		return b.more
	}
	return b.few[:b.number]
}

// addPlace adds a place, or raises what is known of it.
func (b *Bound) addPlace(p Place) {
	known := b.Places()
	for i := range known {
		if known[i].Key == p.Key && known[i].Set == p.Set {
			known[i].Amount = known[i].Amount.Max(p.Amount)
			known[i].Unpriced = known[i].Unpriced || p.Unpriced
			known[i].Limit = min(known[i].Limit, p.Limit)
			return
		}
	}
	switch {
	case b.more != nil:
		b.more = append(b.more, p)
	case b.number == fewPlaces:
		b.more = append(slices.Clone(b.few[:]), p)
	default:
		b.few[b.number] = p
		b.number++
	}
}

// Claims returns what the message claims: for each set of allowances a place in each month. Of the
// months' amounts the highest counts.
func (b *Bound) Claims() []allowances.Claim {
	var made []allowances.Claim
	places := b.Places()
	sets := make([]int, 0, len(places))
	for i := range places {
		p := &places[i]
		at := slices.Index(sets, p.Set)
		if at < 0 {
			at = len(sets)
			sets, made = append(sets, p.Set), append(made, allowances.Claim{})
		}
		c := &made[at]
		if name := AllowanceName(b.Amount.Currency, p.Key); !slices.Contains(c.Allowances, name) {
			c.Allowances = append(c.Allowances, name)
		}
		if !slices.Contains(c.Months, p.Key.Month) {
			c.Months = append(c.Months, p.Key.Month)
		}
		c.Amount, c.Unpriced = c.Amount.Max(p.Amount), c.Unpriced || p.Unpriced
	}
	return made
}
