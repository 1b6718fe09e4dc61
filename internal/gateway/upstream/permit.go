package upstream

import (
	"context"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

// Permit is what a message holds that goes to the upstream: a slot among the sends that are under
// way, a turn at its channel's rate, and if the channel is stopped, the stop's probe. Its holder
// sends the message and calls Done, or calls Cancel. The zero Permit holds nothing.
type Permit struct {
	gate    *Gate
	channel string
	// send is the context of the send, for which there is a slot; nil without one. It is not that
	// of whoever asks for the slot, whom the send outlives.
	send context.Context
	// perSecond is the rate of which a turn was taken; 0 for none.
	perSecond int32
	// probe is the number of the stop's probe; 0 for none.
	probe int64
}

// TryAcquire takes a slot for a message that is about to be accepted, if it may be sent at once:
// there is a slot, its channel is not stopped, and nothing of the channel waits.
func (g *Gate) TryAcquire(channel string) (p Permit, ok bool) {
	if g.stops.isStopped(channel) {
		return Permit{}, false
	}
	ctx, ok := g.slots.tryAcquire(channel)
	if !ok {
		return Permit{}, false
	}
	return Permit{gate: g, channel: channel, send: ctx}, true
}

// Grant is how many messages of a channel may be claimed now, limit at most, and when to look again
// if none may. If the channel is stopped, one may be its probe, and the permit holds that.
func (g *Gate) Grant(
	t *served.Tenant, c *served.Channel, now time.Time, limit int,
) (n int, until time.Time, p Permit) {
	p = Permit{gate: g, channel: c.ID}
	n, until, p.probe = g.stops.limit(c.ID, now, limit)
	if n == 0 {
		return 0, until, p
	}
	n, wait := g.pacer.tokens(now, c.ID, g.rate(t, c), n)
	if n == 0 {
		p.Cancel()
		return 0, now.Add(wait), p
	}
	return n, time.Time{}, p
}

// Hold says that a message must wait. The zero Hold says that it may go.
type Hold struct {
	Until time.Time
	// ForPayment says that it waits until the upstream takes what costs.
	ForPayment bool
}

// Take takes what a message needs beside a slot, or says for how long it must wait: then nothing
// was taken. Beyond the replica's own part of a pair's limit there is a part that all replicas
// share, in their store.
func (p *Permit) Take(
	tx *durable.Tx, t *served.Tenant, c *served.Channel, m *store.Message, now time.Time,
) (Hold, error) {
	g := p.gate
	p.returnTurn() // an operation may run again
	if settlement.IsBillable(m) {
		until, probe := g.stops.holdsBillable(m.Channel, now)
		if !until.IsZero() {
			return Hold{Until: until, ForPayment: true}, nil
		}
		if probe != 0 {
			p.probe = probe
		}
	}
	perSecond := g.rate(t, c)
	wait := g.pacer.takeChannel(now, m.Channel, perSecond)
	if wait == 0 {
		p.perSecond = perSecond
		var err error
		if wait, err = g.takePair(tx, c.Network.Traits().PairLimit, m, now); err != nil {
			p.returnTurn()
			return Hold{}, err
		}
	}
	if wait > 0 {
		p.returnTurn()
		return Hold{Until: now.Add(wait)}, nil
	}
	return Hold{}, nil
}

// takePair takes of the limit of the message's pair, or says how long it must wait.
func (g *Gate) takePair(
	tx *durable.Tx, limit network.RateLimit, m *store.Message, now time.Time,
) (wait time.Duration, err error) {
	if limit == (network.RateLimit{}) {
		return 0, nil
	}
	to := Pair{m.Channel, m.Customer}
	if !g.store.Shared() {
		return g.pacer.takePair(now, to, limit), nil
	}
	wait = g.pacer.takePair(now, to, ownPart(limit, g.store.Replicas()))
	if wait == 0 {
		return 0, nil
	}
	var shared bucket
	if shared.fullAt, err = tx.People().PairFullAt(to.Channel, to.Customer); err != nil {
		return 0, err
	}
	if sharedWait := shared.take(now, sharedHalf(limit)); sharedWait > 0 {
		return min(sharedWait, wait), nil
	}
	return 0, tx.People().PutPairFullAt(to.Channel, to.Customer, shared.fullAt)
}

// rate is this replica's part of a channel's messages per second: the upstream counts all replicas'
// together.
func (g *Gate) rate(t *served.Tenant, c *served.Channel) int32 {
	return ratePart(t.Limits.MessagesPerSecond, c.Network.Traits().MostPerSecond, g.store.Replicas())
}

// ratePart is one replica's part of the smaller one of two limits.
func ratePart(ofAccount, ofNetwork int32, replicas int64) int32 {
	return max(int32(int64(min(ofAccount, ofNetwork))/replicas), 1) //nolint:gosec // no larger than the limits
}

// IsProbe reports whether the permit holds the probe of a stop.
func (p *Permit) IsProbe() bool { return p.probe != 0 }

// Occupy takes a slot for a message that was claimed, whose send runs in ctx.
func (p *Permit) Occupy(ctx context.Context) {
	p.gate.slots.take()
	p.send = ctx
}

// Context is that of the send, once there is a slot for it.
func (p *Permit) Context() context.Context { return p.send }

// Done gives the slot back when the send is over, to whoever waits for one.
func (p *Permit) Done() {
	p.perSecond, p.probe = 0, 0
	if p.send == nil {
		return
	}
	p.send = nil
	p.gate.slots.release()
	if p.gate.slots.anyWaits() {
		p.gate.Notify()
	}
}

// Cancel gives back all that the permit holds: its message is not sent. Cancelling again, or after
// Done, changes nothing more.
func (p *Permit) Cancel() {
	p.returnTurn()
	p.Done()
}

func (p *Permit) returnTurn() {
	if p.perSecond != 0 {
		p.gate.pacer.giveChannelBack(p.channel, p.perSecond)
		p.perSecond = 0
	}
	if p.probe != 0 {
		p.gate.stops.cancelProbe(p.channel, p.probe)
		p.probe = 0
	}
}
