package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

// submitted records that the upstream has the message, and whose address the upstream says that it
// went to, and applies the statuses that came before its id was known.
func (g *Gateway) submitted(tx *durable.Tx, p parcel, answer network.Sent, now time.Time) error {
	err := g.learnAnswer(tx, p.recipient, answer.Recipient, now)
	if err != nil && !damaged(err) {
		return err // whoever cannot be read stays apart; the message has gone all the same
	}
	return g.recordSubmitted(tx, p, answer.ID, now)
}

func (g *Gateway) recordSubmitted(tx *durable.Tx, p parcel, upstreamID string, now time.Time) error {
	m, found, err := tx.Queue().Claimed(p.id, p.tries+1)
	if err != nil || !found {
		return err
	}
	if m.State == store.InDoubt { // it was held for lost while the answer was on its way
		if err := tx.Ledger().Append(doubtRecord(m, noteDoubtAnswered, now)); err != nil {
			return err
		}
	}
	if err := tx.Queue().Submit(m, upstreamID, now); err != nil {
		return err
	}
	if tx.Queue().Readied() {
		g.senders.note(p.channel.ID, true)
	}
	return g.applyKept(tx, p.tenant, p.channel, m, now)
}

// notSubmitted records the fate of a message that the upstream did not take, as far as is known. A
// status that arrived meanwhile knows better. A message that was held for lost while the answer was
// on its way is in doubt no more.
func (g *Gateway) notSubmitted(tx *durable.Tx, p parcel, v sendVerdict, now time.Time) error {
	m, found, err := tx.Queue().Claimed(p.id, p.tries+1)
	if err != nil || !found {
		return err
	}
	if m.State == store.InDoubt && v.fate != fateInDoubt {
		if err := tx.Ledger().Append(doubtRecord(m, noteDoubtAnswered, now)); err != nil {
			return err
		}
		if err := tx.Queue().Undoubt(m); err != nil {
			return err
		}
	}
	if m.State != store.Sending {
		return nil
	}
	g.senders.note(p.channel.ID, true) // it waits for its next try, or the one behind it is ready
	switch v.fate {
	case fateRetry:
		return tx.Queue().Retry(m, v.at)
	case fateParked:
		return tx.Queue().Park(m, v.at)
	case fateStopped:
		if v.failure.Code == graph.CodePayment && !p.billable {
			// such a stop holds billable messages only, so what is free here and not there waits by
			// itself
			return tx.Queue().Hold(m, v.at)
		}
		return tx.Queue().Retry(m, now) // it stays first; the stop of its channel holds it
	case fateInDoubt:
		return g.beginDoubt(tx, m, now)
	default:
		about, err := g.envelopeOf(m)
		if err != nil {
			return err
		}
		if err := g.afterFailure(tx, m, v.failure.Code, now); err != nil {
			return err
		}
		e := ending{message: m, about: about, at: now, now: now, refused: v.failure.Code}
		return g.abandon(tx, p.tenant, p.channel, e, v.failure)
	}
}

// giveUp ends a message as failed: it is settled as undelivered, and the business hears of it, in
// the caller's commit. If it was to probe a stop, the next one may.
func (g *Gateway) giveUp(
	tx *durable.Tx, t *served.Tenant, c *served.Channel, m *store.Message, about envelope, cause *graph.Error, now time.Time,
) error {
	if isBillable(m) {
		g.channels.unprobed(c.ID, now)
	}
	return g.abandon(tx, t, c, ending{message: m, about: about, at: now, now: now}, cause)
}

func (g *Gateway) abandon(tx *durable.Tx, t *served.Tenant, c *served.Channel, e ending, cause *graph.Error) error {
	moved, err := tx.Queue().Fail(e.message, cause.Code, e.now)
	if err != nil || !moved {
		return err
	}
	if err := g.settle(tx, t, e); err != nil {
		return err
	}
	body, err := failedCallback(failure{channel: c, id: e.message.ID, at: e.now, cause: cause}, e.about)
	if err != nil {
		return err
	}
	return g.queueCallback(tx, t, c.ID, e.message.Customer, body, e.now)
}

// afterFailure draws what follows from a failure at the upstream beside the message: a customer who
// has stopped marketing, as the upstream knows, has stopped it here too. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
// (131050).
func (g *Gateway) afterFailure(tx *durable.Tx, m *store.Message, code int, at time.Time) error {
	if code != graph.CodeMarketingStopped {
		return nil
	}
	state, err := tx.People().Conversation(m.Channel, m.Customer)
	if errors.Is(err, store.ErrDamaged) {
		return nil // it stops everything until the row is restored, and the upstream will say it again
	}
	if err != nil {
		return err
	}
	state.StopMarketing(true, at.Unix())
	return tx.People().PutConversation(m.Channel, m.Customer, &state)
}

// persist records an outcome that is known only here, see durable.Store.Persist, of which the
// business may have to hear.
func (g *Gateway) persist(
	ctx context.Context, what string, fn func(*durable.Tx) error, about ...store.Subject,
) (recorded bool) {
	recorded = g.store.Persist(ctx, what, fn, about...)
	if recorded {
		g.deliveries.Notify()
	}
	return recorded
}

// label is the fate in metrics and logs.
func (f fate) label() string {
	switch f {
	case fateRetry, fateParked:
		return telemetry.ResultRetry
	case fateInDoubt:
		return telemetry.ResultInDoubt
	case fateStopped:
		return telemetry.ResultStopped
	default:
		return telemetry.ResultFailed
	}
}
