package network

import (
	"context"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

// Counter is a Network that tells a business how many of its messages it has billed.
type Counter interface {
	// ParseCounts reads such an answer of the upstream's, or several in a row. Its error says what
	// was to be asked for.
	ParseCounts(answers []byte) ([]Count, error)
}

// CountingUpstream is the Upstream of a Counter.
type CountingUpstream interface {
	Upstream
	// Counts are the upstream's of a business account, from one instant to another, by day.
	Counts(ctx context.Context, businessAccount string, from, to time.Time) ([]Count, error)
}

// Count is how many messages were delivered at or after Start and before End, by the upstream's
// count, and what they cost.
type Count struct {
	Start, End time.Time
	Country    market.Country
	Category   conversation.Category
	Kind       Billing
	// TierFrom is the lower bound of the volume tier; -1 if the upstream names none.
	TierFrom int64
	Volume   int64
	// Cost is valid only if Costed: the upstream does not tell every customer what it charges.
	Cost   money.Decimal
	Costed bool
}

// Billing is how the upstream bills a delivered message.
type Billing string

// The ways of billing. A message that a free quota pays for is FreeService.
const (
	Regular        Billing = "regular"
	FreeService    Billing = "freeService"
	FreeEntryPoint Billing = "freeEntryPoint"
)
