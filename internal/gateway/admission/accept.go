// Package admission accepts messages: it decides on each, reserves what it can cost and queues it,
// all in one commit.
package admission

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/dispatch"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/policy"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// Admission accepts messages. It is safe for concurrent use.
type Admission struct {
	store      *durable.Store
	keys       *seal.Keys
	gate       *upstream.Gate
	dispatcher *dispatch.Dispatcher
	metrics    *telemetry.Metrics
	refusals   refusals
}

// New returns an admission whose messages the dispatcher sends.
func New(
	store *durable.Store, keys *seal.Keys, gate *upstream.Gate, dispatcher *dispatch.Dispatcher,
	metrics *telemetry.Metrics,
) *Admission {
	return &Admission{store: store, keys: keys, gate: gate, dispatcher: dispatcher, metrics: metrics}
}

// Request is a business's request to send a message. The configuration that it came under serves it
// to its end.
type Request struct {
	Tenant  *served.Tenant
	Channel *served.Channel
	// Token is the name of the API token that it was presented with.
	Token string
	// IdempotencyKey is the client's own; empty without one.
	IdempotencyKey string
	// ByPerson says that the client says that a person wrote the message.
	ByPerson bool
	Outbound *network.Outbound
}

// RefusedForBudget is the least amount for which the budget has refused a message in this period;
// nil if it has refused none.
func (a *Admission) RefusedForBudget(t *served.Tenant, now time.Time) *money.Money {
	return a.refusals.least(t, now)
}

// accepted is what a commit has made of a request.
type accepted struct {
	id       string
	repeated bool
	// job is what may be sent at once; nil for a message that has to wait for its turn.
	job *dispatch.Job
}

// Accept decides on a message and returns its id once that is durable (P1, P3). Its error is a
// network.Error or a network.Refusal where the business can mend it.
func (a *Admission) Accept(ctx context.Context, r *Request) (id string, err error) {
	wanted := newRepeatable(a.keys, r)
	// A repetition gets its answer whatever has become of the template since: what the
	// configuration refuses, it refuses to a new message only.
	message, refusal := r.recognise()
	if refusal != nil && wanted.key == nil {
		return "", refusal
	}
	now := a.store.Now()
	newID, err := r.Channel.Network.NewID(now)
	if err != nil {
		return "", err
	}
	permit, atOnce := a.gate.TryAcquire(r.Channel.ID)
	parent := telemetry.ParentOf(ctx)
	var done accepted
	err = a.store.Update(ctx, func(tx *durable.Tx) error {
		done = accepted{id: newID}
		known, found, err := wanted.find(tx)
		if err != nil {
			return err
		}
		if found {
			done.id, done.repeated = known, true
			return nil
		}
		if refusal != nil {
			return refusal
		}
		candidate := candidate{
			Request: r, message: &message, id: newID, now: now, trace: parent, repeatable: wanted,
		}
		if atOnce {
			candidate.permit = &permit
		}
		done.job, err = a.admit(tx, &candidate)
		return err
	}, store.Subject{Channel: r.Channel.ID, Address: r.Outbound.To, Key: wanted.key})
	if err == nil && done.job != nil {
		a.dispatcher.Start(done.job)
	} else {
		permit.Cancel()
	}
	if err != nil {
		a.refusals.record(r.Tenant, err, now)
		return "", err
	}
	if parent != "" {
		trace.SpanFromContext(ctx).SetAttributes(
			telemetry.AttributeMessage.String(done.id), telemetry.AttributeChannel.String(r.Channel.Name),
		)
	}
	if !done.repeated {
		a.metrics.Accepted.WithLabelValues(formLabel(message.Form)).Inc()
	}
	if !done.repeated && done.job == nil {
		a.gate.Notify()
	}
	return done.id, nil
}

// candidate is a message that is about to be accepted.
type candidate struct {
	*Request
	message *policy.Message
	id      string
	now     time.Time
	// permit is what the message may be sent with at once; nil if it may not.
	permit *upstream.Permit
	trace  string // the span of the acceptance, see telemetry.Traces
	repeatable
}

// decision is what a message gets that may go out, and who gets it.
type decision struct {
	customer, person seal.CustomerHash
	state            conversation.State
	in               policy.Circumstances
	grant            policy.Grant
	envelope         settlement.Envelope
}

// decide reads what the decision depends on, and decides. It stores the shares of a message to a
// group, because each of them has to be affordable beside those before it.
func (a *Admission) decide(tx *durable.Tx, c *candidate) (*decision, error) {
	unions, err := people.Adopt(tx, c.now, c.Channel.ID, c.Outbound.To)
	if err != nil {
		return nil, err
	}
	a.gate.Follow(tx, unions)
	primary, err := tx.People().Primary(c.Outbound.To)
	if err != nil {
		return nil, err
	}
	d := &decision{
		customer: a.keys.CustomerHash(c.Channel.ID, string(primary)), person: people.Person(a.keys, primary),
	}
	if d.state, err = tx.People().Conversation(c.Channel.ID, d.customer); err != nil {
		return nil, err
	}
	if c.Outbound.Subscribed {
		if err := a.subscribed(c, &d.state); err != nil {
			return nil, err
		}
	}
	if d.in, err = a.circumstances(tx, c, d.person, &d.state); err != nil {
		return nil, err
	}
	if d.grant, err = policy.Decide(c.Tenant, c.message, &d.in); err != nil {
		return nil, err
	}
	d.envelope = newEnvelope(c, &d.grant)
	if c.Outbound.Group {
		d.envelope.Group, d.envelope.Shares = true, c.Channel.Network.Traits().GroupSize-1
		if err := acceptShares(tx, c, d.customer, &d.envelope, &d.in, &d.grant); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// admit decides on a message and stores what was decided. The job is what may be sent once that is
// durable; nil for a message that has to wait for its turn.
func (a *Admission) admit(tx *durable.Tx, c *candidate) (*dispatch.Job, error) {
	d, err := a.decide(tx, c)
	if err != nil {
		return nil, err
	}
	if c.remember(&d.state) {
		if err := tx.People().PutConversation(c.Channel.ID, d.customer, &d.state); err != nil {
			return nil, err
		}
	}
	about, err := d.envelope.Encode()
	if err != nil {
		return nil, err
	}
	if c.Tenant.Limits.CustomersPerDay > 0 && !d.grant.InWindow {
		if err := tx.People().PutReach(d.person, c.now); err != nil {
			return nil, err
		}
	}
	m := &store.Message{
		ID: c.id, Channel: c.Channel.ID, Customer: d.customer, Lane: d.grant.Lane,
		AcceptedAt: c.now, ExpiresAt: d.grant.Expires, Bound: &d.grant.Bound, Covered: d.grant.Covered,
		IdempotencyKey: c.key, Fingerprint: c.fingerprint,
		Envelope: about, Content: c.Outbound.Content,
	}
	claimed, err := a.queue(tx, c, m)
	if err != nil || !claimed {
		return nil, err
	}
	return dispatch.NewJob(tx, c.Tenant, c.Channel, m, &d.envelope, *c.permit)
}

// remember records in the conversation that the message was accepted, if that bears on later ones.
func (c *candidate) remember(state *conversation.State) (changed bool) {
	switch {
	case c.message.Subscription != "":
		state.RecordMarketing(c.message.Subscription, c.id, c.now.Unix())
	case c.message.Form == conversation.PrivateReply:
		state.RecordReply(c.now.Unix())
	default:
		return false
	}
	return true
}

// queue stores a message in its customer's line, and claims it if it may be sent at once.
func (a *Admission) queue(tx *durable.Tx, c *candidate, m *store.Message) (claimed bool, err error) {
	line, err := tx.Queue().Line(store.Person{Channel: m.Channel, Customer: m.Customer})
	if err != nil {
		return false, err
	}
	if c.permit != nil && line.Free() && !a.gate.Stopped(m.Channel) { // only then does it take of the limits
		hold, err := c.permit.Take(tx, c.Tenant, c.Channel, m, c.now)
		if err != nil {
			return false, err
		}
		if hold == (upstream.Hold{}) {
			return true, tx.Queue().AcceptAndClaim(line, m)
		}
	}
	a.gate.SetWaiting(m.Channel, true)
	return false, tx.Queue().AcceptInto(line, m)
}

// newEnvelope is what is kept of a message as long as it is known.
func newEnvelope(c *candidate, grant *policy.Grant) settlement.Envelope {
	e := settlement.Envelope{
		Endpoint: c.Outbound.Endpoint, Recipient: c.Outbound.Recipient, CallbackData: c.Outbound.CallbackData,
		Type: c.Outbound.Type, Country: c.message.Country, Form: c.message.Form, Category: c.message.Category,
		TTLSeconds: int64(c.message.TTL / time.Second), InWindow: grant.InWindow, Trace: c.trace,
		Subscription: c.message.Subscription, Campaign: c.Outbound.Campaign,
	}
	if wanted := c.Outbound.Template; wanted != nil {
		e.Template, e.Language = wanted.Name, wanted.Language
	}
	return e
}

// circumstances reads what the decision depends on beside the message.
func (a *Admission) circumstances(
	tx *durable.Tx, c *candidate, person seal.CustomerHash, state *conversation.State,
) (policy.Circumstances, error) {
	t := c.Tenant
	in := policy.Circumstances{
		Now: c.now, State: state, PaymentStopped: a.gate.PaymentStopped(c.Channel.ID, c.now),
		Bound: c.message.Bound(t, c.now, state),
	}
	var err error
	if in.Rise, err = tx.Figures().Rise(&in.Bound); err != nil {
		return in, err
	}
	if in.Waiting, err = tx.Depth(store.Outbound); err != nil {
		return in, err
	}
	if t.Limits.CustomersPerDay > 0 {
		limit := int64(t.Limits.CustomersPerDay)
		if in.CustomersToday, in.Met, err = tx.People().Reach(person, c.now); err != nil {
			return in, err
		}
		if in.CustomersToday >= limit {
			if in.NextCustomer, err = tx.People().ReachFrees(in.CustomersToday, limit); err != nil {
				return in, err
			}
		}
	}
	if t.Budget == nil {
		return in, nil
	}
	currency := t.Book.Currency()
	if in.Spent, err = policy.Spent(tx.Tx, t, currency, c.now); err != nil {
		return in, err
	}
	in.Reserved, err = tx.Figures().Reserved(currency)
	return in, err
}

func formLabel(form conversation.Form) string {
	if form == conversation.Templated {
		return "template"
	}
	return "freeform"
}
