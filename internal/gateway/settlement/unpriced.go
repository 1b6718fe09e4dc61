package settlement

import (
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// Lack is what keeps a delivered message from being priced: a rate for a market and a category,
// both empty where no revision of the plan was in force, or that it cannot be read. Plan is the
// plan that lacks it, if that is not the account's.
type Lack struct {
	Market, Category string
	Plan             string
	Unreadable       bool
}

// Lacks counts the delivered messages that cannot be priced by what they lack, so many of the
// oldest at most. What a plan prices by now is left out: it is about to be settled.
func Lacks(tx *store.Tx, t *served.Tenant, limit int, now time.Time) (map[Lack]int64, error) {
	messages, err := tx.Messages().Unpriced(nil, limit)
	if err != nil {
		return nil, err
	}
	lacks := map[Lack]int64{}
	for _, m := range messages {
		found, lacking, err := lackOf(tx, t, m, now)
		if err != nil {
			return nil, err
		}
		if lacking {
			lacks[found]++
		}
	}
	return lacks, nil
}

func lackOf(tx *store.Tx, t *served.Tenant, m *store.Message, now time.Time) (found Lack, lacking bool, err error) {
	state, err := tx.People().Conversation(m.Channel, m.Customer)
	if m.Envelope == nil || errors.Is(err, store.ErrDamaged) {
		return Lack{Unreadable: true}, true, nil
	}
	if err != nil {
		return Lack{}, false, err
	}
	about, err := decode(m.Envelope)
	if err != nil {
		return Lack{Unreadable: true}, true, nil //nolint:nilerr // it is what the lack is about
	}
	facts := (&Ending{Message: m, About: about, Delivered: true, At: DeliveredAt(m), Now: now}).facts(t)
	prices := t.PricesOf(m.Channel)
	outcome := prices.Book.Rate(prices.Payer, &facts, &state, tx.Figures())
	if outcome.Result != pricing.Unpriced {
		return Lack{}, false, nil
	}
	found = Lack{Market: outcome.Market, Category: outcome.Category.PlanName()}
	if prices.PlanName != t.PlanName {
		found.Plan = prices.PlanName
	}
	return found, true, nil
}

// DeliveredAt is the first instant at which a message is known to have been delivered. A reaction
// is only ever told to be sent.
func DeliveredAt(m *store.Message) time.Time {
	for _, at := range []time.Time{m.DeliveredAt, m.ReadAt, m.SentAt} {
		if !at.IsZero() {
			return at
		}
	}
	return m.AcceptedAt
}
