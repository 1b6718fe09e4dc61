package policy

import (
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/allowances"
	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// Spent is what weighs on the budget at an instant: what its period was charged, or the next one if
// that is more. A message is charged in the period in which it ends, and for a replica whose clock
// is slow, or an operation that has waited over midnight, that one may have begun (P3).
func Spent(tx *store.Tx, t *served.Tenant, currency money.Currency, now time.Time) (money.Decimal, error) {
	month := civil.DateAt(now.Unix(), t.Zone).Month()
	total, err := tx.Figures().Total(ledger.TotalKey{Period: month.String(), Currency: currency})
	if err != nil {
		return money.Decimal{}, err
	}
	next, err := tx.Figures().Total(ledger.TotalKey{Period: (month + 1).String(), Currency: currency})
	return total.Billed.Max(next.Billed), err
}

// Recheck is why a message that was accepted may not be sent any more, if so: its time to live is
// over, its window has closed while it waited (P4), or the customer has stopped marketing, took the
// consent back or was blocked meanwhile, or the plan has become so dear that the budget does not
// cover it. It renews the message's reservation where the plan wants that.
func Recheck(
	tx *durable.Tx, t *served.Tenant, m *store.Message, about *settlement.Envelope, now time.Time,
) (*network.Refusal, error) {
	if !now.Before(m.AcceptedAt.Add(about.TTL())) {
		return Expired(), nil
	}
	state, err := tx.People().Conversation(m.Channel, m.Customer)
	if err != nil {
		return nil, err
	}
	request := requestOf(t, now.Unix(), about.Form, about.Category)
	request.Again, request.Subscription = true, about.Subscription
	permission := state.Permit(request, t.PricesOf(m.Channel).Book.Rules(now.Unix(), t.Zone))
	cause := permitted(permission, now)
	if cause == nil && about.Subscription == "" {
		cause = withdrawn(&state, permission.Answers)
	}
	if cause == nil {
		cause = stillCovered(tx, t, m, about, &state, now)
	}
	if refusal, refused := errors.AsType[*network.Refusal](cause); refused {
		return refusal, nil
	}
	return nil, cause
}

// Expired refuses a message whose time to live is over before the upstream has taken it.
func Expired() *network.Refusal {
	return network.Refuse(
		network.Undeliverable, "The message was not taken by the upstream within its time to live.",
	)
}

// stillCovered renews the reservations of a message that waited and of its shares: the plan that is
// served when the message ends prices it. What a blocking budget cannot pay any more is refused, as
// it would be at its acceptance (P3), and so is what may cost something once billing is stopped.
func stillCovered(
	tx *durable.Tx, t *served.Tenant, m *store.Message, about *settlement.Envelope, state *conversation.State,
	now time.Time,
) error {
	message := pricing.Message{
		Channel: m.Channel, Country: about.Country, Form: about.Form, Category: about.Category,
		SentAt: m.AcceptedAt.Unix(),
	}
	bound := mostOf(t.PricesOf(m.Channel), about.Group, &message, state, m.ExpiresAt) // of each share
	for n := 0; n <= about.Shares; n++ {
		share, err := settlement.Share(tx, m, n)
		if err != nil {
			return err
		}
		if share == nil || share.Settled {
			continue
		}
		if err := renewReservation(tx, t, share, &bound, now); err != nil {
			return err
		}
	}
	return nil
}

// renewReservation reserves a bound for a message, if the plan has become dearer since it was
// accepted, or its allowances others.
func renewReservation(
	tx *durable.Tx, t *served.Tenant, m *store.Message, bound *pricing.Bound, now time.Time,
) error {
	costs := bound.Unpriced || !bound.Amount.Amount.IsZero()
	if stopped := t.PricesOf(m.Channel).BillingStopped; costs && !m.Covered && stopped != "" {
		return network.Refuse(network.Unpaid, stopped)
	}
	if m.Reserves(bound) {
		return nil
	}
	currency := bound.Amount.Currency
	before, err := tx.Figures().Reserved(currency)
	if err != nil {
		return err
	}
	rise, err := tx.Figures().Rise(bound)
	if err != nil {
		return err
	}
	m.Covered = m.Covered && rise == (allowances.Exposure{})
	if err := tx.Ledger().Rereserve(m, bound); err != nil {
		return err
	}
	after, err := tx.Figures().Reserved(currency)
	if err != nil {
		return err
	}
	if rise.Amount, err = after.Sub(before); err != nil || rise.Amount.Sign() <= 0 && !rise.Unpriced {
		return err
	}
	billed, err := Spent(tx.Tx, t, currency, now)
	if err != nil {
		return err
	}
	return within(t.Budget, rise, bound, billed, before)
}
