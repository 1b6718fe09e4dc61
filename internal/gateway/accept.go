package gateway

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/rawjson"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// accept decides on a send, reserves what it can cost and queues it, all in one commit, and returns
// the answer once that commit is durable (P1, P3).
func (g *Gateway) accept(ctx context.Context, from caller, send *whatsapp.Send, key string) (whatsapp.SendResponse, error) {
	t := from.tenant
	wanted := g.newRepeatable(from, send, key)
	// A repetition gets its answer whatever has become of the template since: what the
	// configuration refuses, it refuses to a new message only.
	out, refusal := recognise(t, send)
	if refusal != nil && wanted.key == nil {
		return whatsapp.SendResponse{}, refusal
	}
	now := g.store.Now()
	id, err := from.channel.Network.NewID(now)
	if err != nil {
		return whatsapp.SendResponse{}, err
	}
	var repeated bool
	var ready *parcel
	sending, slot := g.senders.overtakes(from.channel.ID)
	parent := telemetry.ParentOf(ctx)
	err = g.store.Update(ctx, func(tx *durable.Tx) error {
		known, found, err := wanted.find(tx)
		if err != nil {
			return err
		}
		if found {
			id, repeated = known, true
			return nil
		}
		if refusal != nil {
			return refusal
		}
		ready, err = g.admitSend(tx, from, out, acceptance{
			id: id, now: now, trace: parent, repeatable: wanted,
			slot: slot && !g.channels.isStopped(from.channel.ID),
		})
		return err
	}, store.Subject{Channel: from.channel.ID, Address: out.address})
	switch {
	case err == nil && ready != nil:
		g.start(sending, *ready)
	case slot:
		g.giveBack()
	}
	if err != nil {
		g.refusals.note(t, err, now)
		return whatsapp.SendResponse{}, err
	}
	if parent != "" {
		trace.SpanFromContext(ctx).SetAttributes(
			telemetry.AttributeMessage.String(id), telemetry.AttributeChannel.String(from.channel.Name),
		)
	}
	if !repeated {
		g.metrics.Accepted.WithLabelValues(formLabel(out.form)).Inc()
	}
	if !repeated && ready == nil {
		g.sends.Notify()
	}
	return whatsapp.Accept(send, id), nil
}

// acceptance is a send that is about to be accepted.
type acceptance struct {
	id    string
	now   time.Time
	slot  bool   // whether it may be sent at once
	trace string // the span of the acceptance, see traces
	repeatable
}

// admitSend reads what the decision depends on, decides, and stores what was decided. The parcel is
// what may be sent once that is durable; nil for a message that has to wait for its turn.
func (g *Gateway) admitSend(tx *durable.Tx, from caller, out outgoing, a acceptance) (*parcel, error) {
	t := from.tenant
	if err := g.adopt(tx, a.now, from.channel.ID, out.address); err != nil {
		return nil, err
	}
	primary, err := tx.People().Primary(out.address)
	if err != nil {
		return nil, err
	}
	customer, person := g.keys.Seal().CustomerHash(from.channel.ID, string(primary)), g.personOf(primary)
	state, err := tx.People().Conversation(from.channel.ID, customer)
	if err != nil {
		return nil, err
	}
	in, err := g.circumstances(tx, from, out, person, a, &state)
	if err != nil {
		return nil, err
	}
	granted, err := decide(t, out, in)
	if err != nil {
		return nil, err
	}
	envelope := newEnvelope(out, granted)
	envelope.Trace = a.trace
	about, err := envelope.encode()
	if err != nil {
		return nil, err
	}
	if t.Limits.CustomersPerDay > 0 && !granted.inWindow {
		if err := tx.People().PutReach(person, a.now); err != nil {
			return nil, err
		}
	}
	m := &store.Message{
		ID: a.id, Channel: from.channel.ID, Customer: customer, Lane: granted.lane,
		AcceptedAt: a.now, ExpiresAt: granted.expires, Bound: &granted.bound, Covered: granted.covered,
		IdempotencyKey: a.key, Fingerprint: a.fingerprint,
		Envelope: about, Content: out.send.Raw,
	}
	line, err := tx.Queue().Line(store.Person{Channel: m.Channel, Customer: m.Customer})
	if err != nil {
		return nil, err
	}
	atOnce := a.slot && line.Free()
	if atOnce { // only then does it take of the limits
		until, _, err := g.holdUntil(tx, t, m, a.now)
		if err != nil {
			return nil, err
		}
		atOnce = until.IsZero()
	}
	if !atOnce {
		if err := tx.Queue().AcceptInto(line, m); err != nil {
			return nil, err
		}
		g.senders.note(m.Channel, true)
		return nil, nil
	}
	if err := tx.Queue().AcceptAndClaim(line, m); err != nil {
		return nil, err
	}
	upstream, err := upstreamBody(tx, from.channel, m)
	if err != nil {
		return nil, err
	}
	return newParcel(t, from.channel, m, envelope, upstream), nil
}

// circumstances reads what the decision depends on beside the send.
func (g *Gateway) circumstances(
	tx *durable.Tx, from caller, out outgoing, person seal.CustomerHash, a acceptance, state *conversation.State,
) (circumstances, error) {
	t := from.tenant
	in := circumstances{now: a.now, state: state, paymentStopped: g.channels.paymentStopped(from.channel.ID, a.now)}
	in.bound = mostOf(t, from.channel, out, a.now, state)
	var err error
	if in.rise, err = tx.Figures().Rise(&in.bound); err != nil {
		return in, err
	}
	if in.waiting, err = tx.Depth(store.Outbound); err != nil {
		return in, err
	}
	if t.Limits.CustomersPerDay > 0 {
		limit := int64(t.Limits.CustomersPerDay)
		if in.customersToday, in.met, err = tx.People().Reach(person, a.now); err != nil {
			return in, err
		}
		if in.customersToday >= limit {
			if in.nextCustomer, err = tx.People().ReachFrees(in.customersToday, limit); err != nil {
				return in, err
			}
		}
	}
	if t.Budget == nil {
		return in, nil
	}
	currency := t.Book.Currency()
	if in.spent, err = spent(tx.Tx, t, currency, a.now); err != nil {
		return in, err
	}
	in.reserved, err = tx.Figures().Reserved(currency)
	return in, err
}

// periodAt is the billing period of an instant: the calendar month in the account's zone, such as
// "2026-11".
func periodAt(at time.Time, zone *time.Location) string {
	return civil.DateAt(at.Unix(), zone).Month().String()
}

// repeatable recognises the repetition of a send by the key that its client gave it; without a key
// nothing is recognised. Both hashes are keyed as those of customers are: requests, and often their
// keys, hold a phone number, and of those there are few enough to try them all (P7).
type repeatable struct {
	key         []byte // hash of the channel, the token's name and the client's key; nil without one
	fingerprint []byte // hash of the request, however its JSON is written
}

func (g *Gateway) newRepeatable(from caller, send *whatsapp.Send, key string) repeatable {
	if key == "" {
		return repeatable{}
	}
	name := g.keys.Seal().CustomerHash(from.channel.ID, fmt.Sprintf("%d:%s%s", len(from.token), from.token, key))
	request := g.keys.Seal().CustomerHash(from.channel.ID, string(rawjson.Canonical(send.Raw)))
	return repeatable{key: name[:], fingerprint: request[:]}
}

// find is the id of the message that was accepted under the same key. The same key with another
// request is the client's mistake.
func (r repeatable) find(tx *durable.Tx) (id string, found bool, err error) {
	if r.key == nil {
		return "", false, nil
	}
	m, found, err := tx.Messages().ByIdempotencyKey(r.key)
	if err != nil || !found {
		return "", false, err
	}
	if subtle.ConstantTimeCompare(m.Fingerprint, r.fingerprint) != 1 {
		return "", false, graph.NewError(graph.CodeInvalidParameter,
			"This "+idempotencyHeader+" was used with another request. Use a new key for a new message, and the same request for a repetition.")
	}
	return m.ID, true, nil
}

func formLabel(form conversation.Form) string {
	if form == conversation.Templated {
		return "template"
	}
	return "freeform"
}
