// Package dispatch sends accepted messages: in order for each customer, at each channel's rate, and
// with the outcome of every send on record (P12).
package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/callbacks"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/intake"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/store"
)

// Concurrency is how many sends are under way at once. At the upstream's usual third of a second
// for a call, that is some 1,100 a second: more than the most that WhatsApp takes from a number,
// 1,000 in a second.
const Concurrency = 384

const (
	// faultPause is for how long a message is set aside whose step the store refuses.
	faultPause = 5 * time.Minute
	// lockedPause is how long what is sealed with a missing key waits until it is looked at again.
	lockedPause = time.Minute
)

// Options are what a Dispatcher uses.
type Options struct {
	Store     *durable.Store
	Config    *served.Configuration
	Gate      *upstream.Gate
	Settler   *settlement.Settler
	Intake    *intake.Intake
	Callbacks *callbacks.Queue
	Log       *slog.Logger
	Metrics   *telemetry.Metrics
	Traces    telemetry.Traces
}

// Dispatcher sends messages. It is safe for concurrent use.
type Dispatcher struct{ Options }

// New returns a dispatcher that Run has yet to start.
func New(options Options) *Dispatcher { return &Dispatcher{options} }

// Run sends what is queued until ctx is done, then waits for the sends that are under way: their
// outcomes are recorded, so a graceful stop leaves nothing in doubt.
func (d *Dispatcher) Run(ctx context.Context) {
	d.Gate.Begin(ctx)
	defer d.Gate.End()
	timer := d.Store.Clock().NewTimer(d.Store.Idle())
	for pause, turn := time.Duration(0), 0; d.Gate.Sleep(ctx, timer, pause); turn++ {
		pause = d.Store.Idle()
		t := d.Config.Tenant()
		for i := range t.Channels {
			c := t.Channel(t.Channels[(turn+i)%len(t.Channels)].ID)
			jobs, next, err := d.Claim(ctx, t, c, share(d.Gate.Free(), len(t.Channels)-i))
			if err != nil {
				pause = min(pause, durable.RetryPause)
				continue
			}
			if !next.IsZero() {
				pause = min(pause, max(0, next.Sub(d.Store.Now())))
			}
			for _, job := range jobs {
				job.permit.Occupy(ctx)
				d.Start(job)
			}
		}
	}
}

// Start sends a message in the background, with the slot that its permit holds.
func (d *Dispatcher) Start(job *Job) {
	go func() {
		defer job.permit.Done()
		d.send(job.permit.Context(), job)
	}()
}

// share is a channel's part of the free slots when so many channels, itself included, have still to
// be served. The channels take turns at being the first, so that none starves while another has
// more to send than there are slots.
func share(free, channels int) int { return (free + channels - 1) / channels }

// Claim takes the messages of a channel that may go now, limit at most, and marks them as being
// sent, durably, before the upstream is called (P12). Next is when to look again if nothing wakes
// the dispatcher before.
func (d *Dispatcher) Claim(
	ctx context.Context, t *served.Tenant, c *served.Channel, limit int,
) (jobs []*Job, next time.Time, err error) {
	if limit == 0 || t.SendingStopped != "" {
		d.Gate.SetWaiting(c.ID, true) // as far as is known: when a slot is given back, it is looked again
		return nil, time.Time{}, nil
	}
	now := d.Store.Now()
	n, until, grant := d.Gate.Grant(t, c, now, limit)
	if n == 0 {
		return nil, until, nil
	}
	held, again := d.Gate.Release(c.ID)
	err = d.Store.UpdateInSteps(ctx, func(tx *durable.Tx, attempt durable.Attempt) error {
		cancelAll(jobs) // of a run that the store has refused
		batch := claimed{Dispatcher: d, tx: tx, attempt: attempt, tenant: t, channel: c, grant: grant, now: now}
		if held {
			if err := tx.Queue().Release(c.ID, now); err != nil {
				return err
			}
		}
		messages, err := tx.Queue().Claim(c.ID, now, n)
		if err != nil {
			return err
		}
		err = batch.prepare(messages)
		jobs = batch.jobs
		if err != nil {
			return err
		}
		next, err = tx.Queue().NextReady(c.ID)
		d.Gate.SetWaiting(c.ID, !next.IsZero() && !next.After(now))
		return err
	})
	if err != nil {
		cancelAll(jobs)
		grant.Cancel()
		again()
		if durable.WorthLogging(err) {
			d.Log.Error("Claim failed", "channel", c.Name, "error", err)
		}
		return nil, time.Time{}, err
	}
	if len(jobs) == 0 {
		grant.Cancel() // of a stopped channel, nothing that was claimed is sent
	}
	return jobs, next, nil
}

func cancelAll(jobs []*Job) {
	for _, job := range jobs {
		job.permit.Cancel()
	}
}

// claimed are the messages of one claim, within its operation.
type claimed struct {
	*Dispatcher
	tx      *durable.Tx
	attempt durable.Attempt
	tenant  *served.Tenant
	channel *served.Channel
	grant   upstream.Permit
	now     time.Time
	// jobs are the messages that may go.
	jobs []*Job
}

// prepare makes each message ready for the upstream, in a step of its own: one that the store
// refuses is set aside for a while and holds up no other.
func (c *claimed) prepare(messages []*store.Message) error {
	locked := 0
	for _, m := range messages {
		if m.Condition == store.Locked {
			locked++
			if err := c.setAside(m, lockedPause); err != nil {
				return err
			}
			continue
		}
		permit := c.grant
		var job *Job
		err := c.attempt(func() (err error) {
			job, err = c.prepareOne(m, &permit)
			return err
		})
		switch {
		case errors.Is(err, store.ErrFault):
			permit.Cancel()
			if err := c.setAside(m, faultPause); err != nil {
				return err
			}
		case err != nil:
			permit.Cancel()
			return err
		case job == nil:
			permit.Cancel()
		default:
			c.jobs = append(c.jobs, job)
		}
	}
	if locked > 0 {
		c.tx.After(func() {
			c.Log.Error(
				"Stored messages are sealed with a key that the keyset lacks and wait for it",
				"channel", c.channel.Name, "messages", locked,
			)
		})
	}
	return nil
}

// setAside takes a claimed message out of its customer's line, untried, for a while.
func (c *claimed) setAside(m *store.Message, pause time.Duration) error {
	c.tx.Queue().CancelAttempt(m)
	return c.tx.Queue().Park(m, c.now.Add(pause))
}

// prepareOne makes a claimed message ready for the upstream, unless it must wait and is put back,
// or has ended because it may no longer be sent.
func (c *claimed) prepareOne(m *store.Message, permit *upstream.Permit) (*Job, error) {
	hold, err := permit.Take(c.tx, c.tenant, c.channel, m, c.now)
	switch {
	case err != nil:
		return nil, err
	case hold.ForPayment: // what is free of its customer goes ahead, and the end of the stop releases it
		c.tx.Queue().CancelAttempt(m)
		return nil, c.tx.Queue().Hold(m, hold.Until)
	case !hold.Until.IsZero():
		c.tx.Queue().CancelAttempt(m)
		return nil, c.tx.Queue().Retry(m, hold.Until)
	}
	return c.recheck(m, permit)
}
