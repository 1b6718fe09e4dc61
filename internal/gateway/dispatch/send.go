package dispatch

import (
	"context"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/peers"
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

// send calls the upstream and records what came of it. The call outlives ctx: a stop of the gateway
// waits for its answer.
func (d *Dispatcher) send(ctx context.Context, job *Job) {
	if !d.Store.HoldsLease(job.lease) && !d.stillOurs(ctx, job) {
		job.permit.Cancel()
		return // another replica has taken the message over, as one in doubt
	}
	ctx, s := d.Traces.OfMessage(ctx, job.trace, "send", job.id, trace.SpanKindClient)
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), peers.Timeout)
	defer cancel()
	answer, err := job.channel.Upstream.Send(call, job.endpoint, job.body)
	if s.Recording() {
		s.SetAttributes(
			telemetry.AttributeChannel.String(job.channel.Name), telemetry.AttributeAttempt.Int(job.tries+1),
		)
	}
	defer s.End(err)
	now := d.Store.Now()
	record, what := d.recordSent(job, answer, now), "submit"
	if err == nil {
		d.Metrics.Upstream.WithLabelValues(telemetry.ResultSent, "0").Inc()
		d.Gate.Sent(job.channel, job.to, job.billable, now)
	} else {
		record, what = d.recordFate(job, d.judge(job, err, now), now), "record"
	}
	if d.persist(ctx, what, record, subjectsOf(job, answer)...) {
		return
	}
	d.leaveInDoubt(ctx, job, now)
}

// subjectsOf are the message, and whom the upstream says that it went to.
func subjectsOf(job *Job, answer network.Sent) []store.Subject {
	subjects := []store.Subject{{Message: job.id, Channel: job.to.Channel, Address: job.recipient}}
	if answer.Recipient.Input == job.recipient {
		subjects = append(subjects, store.Subject{Address: job.recipient})
		for _, address := range answer.Recipient.Addresses {
			subjects = append(subjects, store.Subject{Address: address})
		}
	}
	return subjects
}

// judge decides what becomes of a message whose send met an error. It counts and logs that (its
// code only: the upstream's words may name the customer), and stops the channel where the error
// says that nothing will pass.
func (d *Dispatcher) judge(job *Job, err error, now time.Time) outcome {
	try := attempt{
		words: job.channel.Network, tries: job.tries, accepted: job.accepted, expires: job.expires, now: now,
		jitter: rand.Float64(), refusals: d.Gate.Failed(job.channel, job.to, job.billable, err, now),
	}
	o := try.judge(err)
	code := o.failure.Number()
	d.Metrics.Upstream.WithLabelValues(o.fate.label(), telemetry.CodeLabel(code)).Inc()
	if o.fate == fateStopped {
		d.Gate.Stop(job.channel, o.failure, now)
		return o
	}
	d.Log.Debug("Send met an error", "message", job.id, "result", o.fate.label(), "code", code)
	d.Gate.Refused(job.channel, o.failure)
	return o
}

// persist records an outcome, see durable.Store.Persist, of which the business may have to hear.
func (d *Dispatcher) persist(
	ctx context.Context, what string, fn func(*durable.Tx) error, about ...store.Subject,
) (recorded bool) {
	recorded = d.Store.Persist(ctx, what, fn, about...)
	if recorded {
		d.Callbacks.Notify()
	}
	return recorded
}

// stillOurs asks whether a message whose lease may have run out before it was sent is still this
// replica's. Asking renews the lease.
func (d *Dispatcher) stillOurs(ctx context.Context, job *Job) bool {
	ours := false
	asked := d.persist(ctx, "ask", func(tx *durable.Tx) error {
		m, found, err := tx.Queue().Claimed(job.id, job.tries+1)
		ours = err == nil && found && m.State == store.Sending
		return err
	})
	return asked && ours
}

// leaveInDoubt makes a doubt of a send whose outcome the store refuses to record, so that the rule
// for doubts ends it, and not the next start.
func (d *Dispatcher) leaveInDoubt(ctx context.Context, job *Job, now time.Time) {
	if ctx.Err() != nil || d.Store.Superseded() != nil {
		return
	}
	if err := d.Store.Update(ctx, func(tx *durable.Tx) error {
		m, found, err := tx.Queue().Claimed(job.id, job.tries+1)
		if err != nil || !found || m.State != store.Sending {
			return err
		}
		return settlement.BeginDoubt(tx, m, now)
	}); err != nil && durable.WorthLogging(err) {
		d.Log.Error("Send could not be recorded as in doubt", "message", job.id, "error", err)
	}
}

// recordSent records that the upstream has the message, and whose address the upstream says that it
// went to, and applies the statuses that came before its id was known.
func (d *Dispatcher) recordSent(job *Job, answer network.Sent, now time.Time) func(tx *durable.Tx) error {
	return func(tx *durable.Tx) error {
		unions, err := people.LearnAnswer(tx, job.recipient, answer.Recipient, now)
		if err != nil && !people.IsDamaged(err) {
			return err // whoever cannot be read stays apart; the message has gone all the same
		}
		d.Gate.Follow(tx, unions)
		m, found, err := tx.Queue().Claimed(job.id, job.tries+1)
		if err != nil || !found {
			return err
		}
		if m.State == store.InDoubt { // it was held for lost while the answer was on its way
			if err := tx.Ledger().Append(settlement.DoubtRecord(m, ledger.NoteDoubtAnswered, now)); err != nil {
				return err
			}
		}
		if err := tx.Queue().Submit(m, answer.ID, now); err != nil {
			return err
		}
		if tx.Queue().Readied() {
			d.Gate.SetWaiting(job.channel.ID, true)
		}
		return d.Intake.Submitted(tx, job.tenant, job.channel, m, answer.To, now)
	}
}

// recordFate records the fate of a message that the upstream did not take, as far as is known. A
// status that arrived meanwhile knows better. A message that was held for lost while the answer was
// on its way is in doubt no more.
func (d *Dispatcher) recordFate(job *Job, o outcome, now time.Time) func(tx *durable.Tx) error {
	return func(tx *durable.Tx) error {
		m, found, err := tx.Queue().Claimed(job.id, job.tries+1)
		if err != nil || !found {
			return err
		}
		if m.State == store.InDoubt && o.fate != fateInDoubt {
			if err := tx.Ledger().Append(settlement.DoubtRecord(m, ledger.NoteDoubtAnswered, now)); err != nil {
				return err
			}
			if err := tx.Queue().Undoubt(m); err != nil {
				return err
			}
		}
		if m.State != store.Sending {
			return nil
		}
		d.Gate.SetWaiting(job.channel.ID, true) // it waits for its next try, or the one behind it is ready
		switch o.fate {
		case fateRetry:
			return tx.Queue().Retry(m, o.at)
		case fateParked:
			return tx.Queue().Park(m, o.at)
		case fateStopped:
			if o.failure.Cause() == network.Payment && !job.billable {
				// such a stop holds billable messages only, so what is free here and not there
				// waits by itself
				return tx.Queue().Hold(m, o.at)
			}
			return tx.Queue().Retry(m, now) // it stays first; the stop of its channel holds it
		case fateInDoubt:
			return settlement.BeginDoubt(tx, m, now)
		default:
			return d.fail(tx, job, m, o.failure, now)
		}
	}
}

// fail ends a message that the upstream has refused for good.
func (d *Dispatcher) fail(
	tx *durable.Tx, job *Job, m *store.Message, failure network.Error, now time.Time,
) error {
	about, err := d.Settler.Open(tx, m)
	if err != nil {
		return err
	}
	if err := settlement.HeedFailure(tx, m, failure.Cause(), now); err != nil {
		return err
	}
	e := settlement.Ending{Message: m, About: about, At: now, Now: now}
	if failure.Cause() == network.OutsideWindow {
		e.WindowCode = failure.Number()
	}
	return d.Settler.GiveUp(tx, job.tenant, job.channel, e, failure)
}
