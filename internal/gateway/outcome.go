package gateway

import (
	"context"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

// submitted records that the upstream has the message, and whose address the upstream says that it
// went to, and applies the statuses that came before its id was known.
func (g *Gateway) submitted(tx *durable.Tx, p parcel, answer network.Sent, now time.Time) ([]store.Union, error) {
	unions, err := people.LearnAnswer(tx, p.recipient, answer.Recipient, now)
	if err != nil && !people.IsDamaged(err) {
		return nil, err // whoever cannot be read stays apart; the message has gone all the same
	}
	return unions, g.recordSubmitted(tx, p, answer.ID, now)
}

func (g *Gateway) recordSubmitted(tx *durable.Tx, p parcel, upstreamID string, now time.Time) error {
	m, found, err := tx.Claimed(p.id, p.tries+1)
	if err != nil || !found {
		return err
	}
	if m.State == store.InDoubt { // it was held for lost while the answer was on its way
		if err := tx.Append(settlement.DoubtRecord(m, settlement.NoteDoubtAnswered, now)); err != nil {
			return err
		}
	}
	if err := tx.Submit(m, upstreamID, now); err != nil {
		return err
	}
	if tx.Readied() {
		g.senders.note(p.channel.ID, true)
	}
	return g.intake.TakeEarly(tx, p.tenant, p.channel, m, now)
}

// notSubmitted records the fate of a message that the upstream did not take, as far as is known. A
// status that arrived meanwhile knows better. A message that was held for lost while the answer was
// on its way is in doubt no more.
func (g *Gateway) notSubmitted(tx *durable.Tx, p parcel, v sendVerdict, now time.Time) error {
	m, found, err := tx.Claimed(p.id, p.tries+1)
	if err != nil || !found {
		return err
	}
	if m.State == store.InDoubt && v.fate != fateInDoubt {
		if err := tx.Append(settlement.DoubtRecord(m, settlement.NoteDoubtAnswered, now)); err != nil {
			return err
		}
		if err := tx.Undoubt(m); err != nil {
			return err
		}
	}
	if m.State != store.Sending {
		return nil
	}
	g.senders.note(p.channel.ID, true) // it waits for its next try, or the one behind it is ready
	switch v.fate {
	case fateRetry:
		return tx.Retry(m, v.at)
	case fateParked:
		return tx.Park(m, v.at)
	case fateStopped:
		if v.failure.Code == graph.CodePayment && !p.billable {
			// such a stop holds billable messages only, so what is free here and not there waits by
			// itself
			return tx.Hold(m, v.at)
		}
		return tx.Retry(m, now) // it stays first; the stop of its channel holds it
	case fateInDoubt:
		return g.beginDoubt(tx, m, now)
	default:
		about, err := g.settler.Open(tx, m)
		if err != nil {
			return err
		}
		if err := settlement.HeedFailure(tx, m, v.failure.Cause(), now); err != nil {
			return err
		}
		e := settlement.Ending{Message: m, About: about, At: now, Now: now}
		if v.failure.Cause() == network.OutsideWindow {
			e.WindowCode = v.failure.Code
		}
		return g.settler.GiveUp(tx, p.tenant, p.channel, e, v.failure)
	}
}

// giveUp ends a message as failed: it is settled as undelivered, and the business hears of it, in
// the caller's commit. If it was to probe a stop, the next one may.
func (g *Gateway) giveUp(
	tx *durable.Tx, t *served.Tenant, c *served.Channel, m *store.Message, about settlement.Envelope, cause *graph.Error, now time.Time,
) error {
	if settlement.IsBillable(m) {
		g.channels.unprobed(c.ID, now)
	}
	e := settlement.Ending{Message: m, About: about, At: now, Now: now}
	return g.settler.GiveUp(tx, t, c, e, cause)
}

// persist records an outcome that is known only here, see durable.Store.Persist, of which the
// business may have to hear.
func (g *Gateway) persist(
	ctx context.Context, what string, fn func(*durable.Tx) error, about ...store.Subject,
) (recorded bool) {
	recorded = g.store.Persist(ctx, what, fn, about...)
	if recorded {
		g.callbacks.Notify()
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
