package gateway

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/peers"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	// dispatchers is how many sends are under way at once. At the upstream's usual third of a
	// second for a call, that is some 1,100 a second: more than the most that the upstream takes
	// from a number, 1,000 in a second.
	dispatchers = 384
	// dispatchIdle is how long the dispatcher sleeps when nothing rings.
	dispatchIdle = time.Minute
	// faultPause is for how long a message is set aside whose step the store refuses.
	faultPause = 5 * time.Minute
)

// parcel is a claimed message on its way to the upstream, with copies of what is needed outside of
// the store's operation.
type parcel struct {
	tenant  *served.Tenant
	channel *served.Channel
	to      pair
	// recipient is the address that it is sent to.
	recipient identity.Address
	id        string
	body      []byte
	trace     string // the span of its acceptance
	accepted  time.Time
	expires   time.Time
	tries     int   // how often it was tried before
	lease     int64 // under which it was claimed
	billable  bool  // whether it can cost anything
}

// dispatch sends what is queued until ctx is done, then waits for the sends that are under way:
// their outcomes are recorded, so a graceful stop leaves nothing in doubt.
func (g *Gateway) dispatch(ctx context.Context) {
	g.senders.begin(ctx)
	defer g.senders.end()
	timer := time.NewTimer(dispatchIdle)
	for pause, turn := time.Duration(0), 0; g.sends.Sleep(ctx, timer, pause); turn++ {
		pause = g.store.Idle()
		t := g.config.Tenant()
		for i := range t.Channels {
			c := t.Channel(t.Channels[(turn+i)%len(t.Channels)].ID)
			parcels, next, err := g.claim(ctx, t, c, share(g.senders.free(), len(t.Channels)-i))
			if err != nil {
				pause = min(pause, durable.RetryPause)
				continue
			}
			if !next.IsZero() {
				pause = min(pause, max(0, next.Sub(g.store.Now())))
			}
			for _, p := range parcels {
				g.senders.take()
				g.start(ctx, p)
			}
		}
	}
}

// start sends a message in the background, with a slot that was taken for it.
func (g *Gateway) start(ctx context.Context, p parcel) {
	go func() {
		defer g.giveBack()
		g.send(ctx, p)
	}()
}

// giveBack gives a slot back, to whoever waits for one.
func (g *Gateway) giveBack() {
	g.senders.release()
	if g.senders.anyWaits() {
		g.sends.Notify()
	}
}

// share is a channel's part of the free slots when so many channels, itself included, have still to
// be served. The channels take turns at being the first, so that none starves while another has
// more to send than there are slots.
func share(free, channels int) int { return (free + channels - 1) / channels }

// claim takes the messages of a channel that may go now, limit at most, and marks them as being
// sent, durably, before the upstream is called (P12). Next is when to look again if nobody rings
// before.
func (g *Gateway) claim(
	ctx context.Context, t *served.Tenant, c *served.Channel, limit int,
) (parcels []parcel, next time.Time, err error) {
	if limit == 0 {
		g.senders.note(c.ID, true) // as far as is known: when a slot is given back, it is looked again
		return nil, time.Time{}, nil
	}
	now := g.store.Now()
	n, until := g.channels.limit(c.ID, now, limit)
	if n == 0 {
		return nil, until, nil
	}
	defer func() {
		if len(parcels) == 0 {
			g.channels.unprobed(c.ID, now) // of a stopped channel, nothing that was claimed is sent
		}
	}()
	n, wait := g.pacer.tokens(now, c.ID, g.rate(t), n)
	if n == 0 {
		return nil, now.Add(wait), nil
	}
	gaveUp, locked := false, 0
	held, again := g.channels.releases(c.ID)
	err = g.store.UpdateInSteps(ctx, func(tx *durable.Tx, attempt durable.Attempt) error {
		parcels, gaveUp, locked = nil, false, 0
		if held {
			if err := tx.Queue().Release(c.ID, now); err != nil {
				return err
			}
		}
		claimed, err := tx.Queue().Claim(c.ID, now, n)
		if err != nil {
			return err
		}
		for _, m := range claimed {
			if m.Condition == store.Locked {
				locked++
				if err := setAside(tx, m, now.Add(lockedPause)); err != nil {
					return err
				}
				continue
			}
			p, ended, err := g.prepareAlone(tx, attempt, t, c, m, now)
			if err != nil {
				return err
			}
			if gaveUp = gaveUp || ended; p != nil {
				parcels = append(parcels, *p)
			}
		}
		next, err = tx.Queue().NextReady(c.ID)
		g.senders.note(c.ID, !next.IsZero() && !next.After(now))
		return err
	})
	if err != nil {
		again()
		if durable.WorthLogging(err) {
			g.log.Error("Claim failed", "channel", c.Name, "error", err)
		}
		return nil, time.Time{}, err
	}
	if locked > 0 {
		g.log.Error(
			"Stored messages are sealed with a key that the keyset lacks and wait for it", "channel", c.Name,
			"messages", locked,
		)
	}
	if gaveUp {
		g.deliveries.Notify()
	}
	return parcels, next, nil
}

// prepareAlone prepares a claimed message in a step of its own: one that the store refuses is set
// aside for a while and holds up no other message of the claim.
func (g *Gateway) prepareAlone(
	tx *durable.Tx, attempt durable.Attempt, t *served.Tenant, c *served.Channel, m *store.Message, now time.Time,
) (p *parcel, ended bool, err error) {
	err = attempt(func() (err error) {
		p, ended, err = g.prepare(tx, t, c, m, now)
		return err
	})
	if errors.Is(err, store.ErrFault) {
		return nil, false, setAside(tx, m, now.Add(faultPause))
	}
	return p, ended, err
}

// setAside takes a claimed message out of its customer's line, untried, until an instant.
func setAside(tx *durable.Tx, m *store.Message, until time.Time) error {
	tx.Queue().CancelAttempt(m)
	return tx.Queue().Park(m, until)
}

// prepare makes a claimed message ready for the upstream, unless it must wait and is put back, or
// has ended because it may no longer be sent.
func (g *Gateway) prepare(
	tx *durable.Tx, t *served.Tenant, c *served.Channel, m *store.Message, now time.Time,
) (p *parcel, ended bool, err error) {
	until, forPayment, err := g.holdUntil(tx, t, m, now)
	if err != nil {
		return nil, false, err
	}
	if !until.IsZero() {
		return nil, false, putBack(tx, m, until, forPayment)
	}
	p, err = g.pack(tx, t, c, m, now)
	return p, p == nil && err == nil, err
}

// holdUntil is until when a claimed message must wait after all: for the pair's limit, or for
// payment, while the upstream takes no billable messages.
func (g *Gateway) holdUntil(
	tx *durable.Tx, t *served.Tenant, m *store.Message, now time.Time,
) (until time.Time, forPayment bool, err error) {
	billable := isBillable(m)
	if billable {
		if until := g.channels.holdsBillable(m.Channel, now); !until.IsZero() {
			return until, true, nil
		}
	}
	wait, err := g.pace(tx, t, m, now)
	if wait == 0 || err != nil {
		return time.Time{}, false, err
	}
	if billable {
		g.channels.unprobed(m.Channel, now)
	}
	return now.Add(wait), false, nil
}

// isBillable tells whether a message can cost anything, as far as was known when it was accepted:
// an allowance may surely have paid for it.
func isBillable(m *store.Message) bool { return !m.Covered && !m.Reserved.Amount.IsZero() }

// putBack puts a claimed message back untried. One that waits for payment lets what is free of its
// customer go ahead, and is released when the stop ends.
func putBack(tx *durable.Tx, m *store.Message, until time.Time, forPayment bool) error {
	tx.Queue().CancelAttempt(m)
	if forPayment {
		return tx.Queue().Hold(m, until)
	}
	return tx.Queue().Retry(m, until)
}

// pack makes a claimed message ready for the upstream. A message that may no longer be sent is
// given up instead, and the parcel is nil.
func (g *Gateway) pack(tx *durable.Tx, t *served.Tenant, c *served.Channel, m *store.Message, now time.Time) (*parcel, error) {
	about, err := g.envelopeOf(m)
	if err != nil {
		return nil, err
	}
	if about.unreadable {
		return nil, g.giveUp(tx, t, c, m, about, unreadableError(), now)
	}
	refusal, err := stillPermitted(tx, t, m, about, now)
	if errors.Is(err, store.ErrDamaged) {
		refusal, err = unreadableError(), nil // nobody knows any more what the customer has stopped
	}
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		return nil, g.giveUp(tx, t, c, m, about, refusal, now)
	}
	body, err := upstreamBody(tx, c, m)
	switch {
	case errors.Is(err, network.ErrUnreadable):
		g.unreadable(kindMessage, "message", m.ID)
		return nil, g.giveUp(tx, t, c, m, about, unreadableError(), now)
	case err != nil:
		return nil, err
	}
	return newParcel(t, c, m, about, body), nil
}

func newParcel(t *served.Tenant, c *served.Channel, m *store.Message, about envelope, body []byte) *parcel {
	return &parcel{
		tenant: t, channel: c, to: pair{m.Channel, m.Customer}, recipient: identity.Of(
			about.Recipient,
		), id: m.ID, body: body, trace: about.Trace, accepted: m.AcceptedAt, expires: m.AcceptedAt.Add(about.ttl()),
		tries: m.Attempts - 1, lease: m.Lease, billable: isBillable(m),
	}
}

// stillPermitted is why a message that was accepted may not be sent any more, if so: its time to
// live is over, its window has closed while it waited (P4), or the customer has stopped marketing,
// took the consent back or was blocked meanwhile, or the plan has become so dear that the budget
// does not cover it.
func stillPermitted(tx *durable.Tx, t *served.Tenant, m *store.Message, about envelope, now time.Time) (*graph.Error, error) {
	if !now.Before(m.AcceptedAt.Add(about.ttl())) {
		return expiredError(), nil
	}
	state, err := tx.People().Conversation(m.Channel, m.Customer)
	if err != nil {
		return nil, err
	}
	request := conversation.Request{At: now.Unix(), Form: about.Form, Category: about.Category}
	cause := permitted(state.Permit(request, t.Book.Rules(now.Unix(), t.Zone)))
	if cause == nil {
		cause = withdrawn(&state, state.WindowOpen(now.Unix()))
	}
	if refusal, refused := graph.AsError(cause); refused {
		return refusal, nil
	}
	return stillCovered(tx, t, m, about, &state, now)
}

func expiredError() *graph.Error {
	return graph.NewError(graph.CodeUndeliverable, "The message was not taken by the upstream within its time to live.")
}

// send calls the upstream and records what came of it. The call outlives ctx: a stop of the gateway
// waits for its answer.
func (g *Gateway) send(ctx context.Context, p parcel) {
	if !g.store.HoldsLease(p.lease) && !g.stillOurs(ctx, p) {
		return // another replica has taken the message over, as one in doubt
	}
	ctx, s := g.traces.OfMessage(ctx, p.trace, "send", p.id, trace.SpanKindClient)
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), peers.Timeout)
	defer cancel()
	answer, err := p.channel.Upstream.Send(call, p.body)
	if s.Recording() {
		s.Note(telemetry.AttributeChannel.String(p.channel.Name), telemetry.AttributeAttempt.Int(p.tries+1))
	}
	defer s.End(err)
	now := g.store.Now()
	if err == nil {
		g.metrics.Upstream.WithLabelValues(telemetry.ResultSent, "0").Inc()
		g.pacer.taken(p.to)
		if g.channels.passed(p.channel.ID, p.billable) {
			g.goesAgain(p.channel)
		}
		g.learn(&p, nil, now)
		if !g.persist(
			ctx, "submit", func(tx *durable.Tx) error { return g.submitted(tx, p, answer, now) },
			store.Subject{Message: p.id},
		) {
			g.leaveInDoubt(ctx, p, now)
		}
		return
	}
	g.learn(&p, err, now)
	try := attempt{tries: p.tries, accepted: p.accepted, expires: p.expires, now: now, jitter: rand.Float64()}
	if failure, ok := graph.AsError(err); ok && failure.Class() == network.PairBackoff {
		try.refusals = g.pacer.refused(now, p.to)
	}
	verdict := try.judge(err)
	g.note(p, verdict, now)
	if !g.persist(
		ctx, "record", func(tx *durable.Tx) error { return g.notSubmitted(tx, p, verdict, now) },
		store.Subject{Message: p.id},
	) {
		g.leaveInDoubt(ctx, p, now)
	}
}

// leaveInDoubt makes a doubt of a send whose outcome the store refuses to record, so that the rule
// for doubts ends it, and not the next start.
func (g *Gateway) leaveInDoubt(ctx context.Context, p parcel, now time.Time) {
	if ctx.Err() != nil || g.store.Superseded() != nil {
		return
	}
	if err := g.store.Update(ctx, func(tx *durable.Tx) error {
		m, found, err := tx.Queue().Claimed(p.id, p.tries+1)
		if err != nil || !found || m.State != store.Sending {
			return err
		}
		return g.beginDoubt(tx, m, now)
	}); err != nil && durable.WorthLogging(err) {
		g.log.Error("Send could not be recorded as in doubt", "message", p.id, "error", err)
	}
}

// note counts and logs a send that met an error (its code only: the upstream's words may name the
// customer), and stops the channel where the error says that nothing will pass.
func (g *Gateway) note(p parcel, v sendVerdict, now time.Time) {
	g.metrics.Upstream.WithLabelValues(v.fate.label(), telemetry.CodeLabel(v.failure.Code)).Inc()
	if v.fate != fateStopped {
		g.log.Debug("Send met an error", "message", p.id, "result", v.fate.label(), "code", v.failure.Code)
		if g.channels.refused(p.channel.ID, v.failure) {
			g.goesAgain(p.channel)
		}
		return
	}
	g.stop(p.channel, channelStop{code: v.failure.Code, since: now, until: v.at})
}

// stop stops a channel, and says so.
func (g *Gateway) stop(c *served.Channel, stop channelStop) {
	g.metrics.Stopped.WithLabelValues(c.Name).Set(1)
	g.upstreams.met(c.ID, obstacle{cause: report.Refused, code: stop.code, since: stop.since})
	if g.channels.stop(c.ID, stop) {
		g.log.Error("Channel stopped by the upstream", "channel", c.Name, "code", stop.code)
	}
}

// goesAgain says that a channel's stop has ended.
func (g *Gateway) goesAgain(c *served.Channel) {
	g.metrics.Stopped.WithLabelValues(c.Name).Set(0)
	g.upstreams.shown(c.ID, proofPaid)
	g.sends.Notify() // what it held may go
	g.log.Info("Channel goes again", "channel", c.Name)
}
