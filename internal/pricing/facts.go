package pricing

import (
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

// Account is what pricing must know of the account that sends. It is read only.
type Account struct {
	Zone          *time.Location // midnights, and so revisions, months and markets, turn in it; never nil
	Portfolio     string         // id of the portfolio whose accounts share tiers; may be empty
	Exemptions    []string       // names of the plan's exemptions that were granted to the account
	International International  // from when authentication messages from abroad have a price of their own
}

// International is what the upstream says about the account's authentication-international rates.
// Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing/authentication-international-rates
type International struct {
	PrimaryLocation market.Country // where the business is; the zero value (unverified) is abroad everywhere
	// Unix seconds from which the rates apply; 0 while the account is not eligible
	StartTime  int64
	Exceptions map[market.Country]int64 // countries with a start time of their own
}

// Message is what pricing must know of an outbound message that has ended: delivered (or read,
// whichever was reported first), or not.
type Message struct {
	Channel string            // id of the phone number or page
	Country market.Country    // of the recipient
	Form    conversation.Form // free-form, template, reaction, direct
	// of the template or direct send, when it was sent; None for other forms, and where it is not
	// known: that is unpriced
	Category  conversation.Category
	SentAt    int64 // Unix seconds
	EndedAt   int64 // Unix seconds: delivered, or failed, or given up
	Delivered bool
	Units     int64 // pulses or tokens, where one message is several units; 0 is 1

	CategoryAtDelivery conversation.Category // where the template's category has changed since; None otherwise
	// the end of a free entry point that the upstream stated (its conversation's origin is a
	// referral); 0 where it stated none
	EntryPointExpiry int64
}

// Result is how a message ended as far as money goes.
type Result uint8

// The results.
const (
	Unpriced Result = iota // the plan does not say what it costs: it is held and reported, never priced 0
	Free
	Charged
)

// FreeReason is why a message costs nothing.
type FreeReason uint8

// The reasons, as they stand in records. NotFree is that of a message that is charged or unpriced.
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

// String is the reason as it stands in records, for example "serviceWindow"; NotFree is "".
func (r FreeReason) String() string { return freeReasons[r] }

// Scope is over what something is counted.
type Scope uint8

// The scopes.
const (
	PerChannel Scope = iota
	PerAccount
	PerPortfolio
)

// CounterKey names a count of one month. It is comparable.
type CounterKey struct {
	Scope     Scope
	ScopeID   string                // channel or portfolio id; empty for the account
	Allowance string                // name of the allowance; empty for a tier
	Market    string                // of a tier
	Category  conversation.Category // of a tier
	Month     civil.Month           // in the account's zone
}

// Counts answers how much has been counted so far. A key that was never counted is 0.
type Counts interface {
	Count(key CounterKey) int64
}

// Increment is a count that a settled message raises.
type Increment struct {
	Key CounterKey
	By  int64
}

// Outcome is what one message costs and why. Record it, apply Change to the conversation and add
// Count, in one commit.
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
	Count  Increment // the allowance or tier count that it raises; By is 0 where nothing is counted
}

// Bound is the most that a message can still cost, in whatever way it ends.
type Bound struct {
	Amount   money.Money
	Unpriced bool // some way in which the message may end has no rate, so Amount bounds only the others
	// UnpricedMarket is the market whose rate is missing; empty if none is, or if no revision is in
	// force.
	UnpricedMarket string
	// Uncovered is the same for the ways in which no allowance may pay; for the others, there are
	// Claims.
	Uncovered Exposure

	few    [fewClaims]Claim
	number int
	more   []Claim // all of them, if they are more than a few
}

// fewClaims is enough for an allowance in each of the months that a message can reach into, so that
// bounds are computed without allocating.
const fewClaims = 3

// Claims are the places of allowances that the message may take: one for each allowance and month
// in which it may be delivered.
func (b *Bound) Claims() []Claim {
	if b.more != nil {
		return b.more
	}
	return b.few[:b.number]
}

// claim adds a claim, or raises the one that there is on the same allowance.
func (b *Bound) claim(c Claim) {
	known := b.Claims()
	for i := range known {
		if known[i].Key == c.Key {
			known[i].Amount = known[i].Amount.Max(c.Amount)
			known[i].Unpriced = known[i].Unpriced || c.Unpriced
			known[i].Limit = min(known[i].Limit, c.Limit)
			return
		}
	}
	switch {
	case b.more != nil:
		b.more = append(b.more, c)
	case b.number == fewClaims:
		b.more = append(slices.Clone(b.few[:]), c)
	default:
		b.few[b.number] = c
		b.number++
	}
}
