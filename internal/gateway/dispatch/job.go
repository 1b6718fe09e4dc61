package dispatch

import (
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/policy"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

// Job is a claimed message on its way to the upstream, with copies of what is needed outside of the
// store's operation.
type Job struct {
	permit  upstream.Permit
	tenant  *served.Tenant
	channel *served.Channel
	to      upstream.Pair
	// recipient is the address that it is sent to.
	recipient identity.Address
	id        string
	endpoint  string
	body      []byte
	trace     string // the span of its acceptance
	accepted  time.Time
	expires   time.Time
	tries     int   // how often it was tried before
	lease     int64 // under which it was claimed
	billable  bool  // whether it can cost anything
}

// NewJob makes a claimed message ready for the upstream. It returns network.ErrUnreadable for a
// damaged row.
func NewJob(
	tx *durable.Tx, t *served.Tenant, c *served.Channel, m *store.Message, about *settlement.Envelope,
	permit upstream.Permit,
) (*Job, error) {
	body, err := encode(tx, c, m)
	if err != nil {
		return nil, err
	}
	recipient := identity.Of(about.Recipient)
	if about.Group {
		recipient = "" // nobody is learned of
	}
	return &Job{
		permit: permit, tenant: t, channel: c, to: upstream.Pair{Channel: m.Channel, Customer: m.Customer},
		recipient: recipient, id: m.ID, endpoint: about.Endpoint, body: body, trace: about.Trace,
		accepted: m.AcceptedAt, expires: m.AcceptedAt.Add(about.TTL()), tries: m.Attempts - 1, lease: m.Lease,
		billable: settlement.IsBillable(m),
	}, nil
}

// recheck makes a job of a claimed message, unless it may no longer be sent: then it is given up,
// and there is none.
func (c *claimed) recheck(m *store.Message, permit *upstream.Permit) (*Job, error) {
	about, err := c.Settler.Open(c.tx, m)
	if err != nil {
		return nil, err
	}
	if about.Unreadable {
		return nil, c.giveUp(m, &about, unreadable())
	}
	refusal, err := policy.Recheck(c.tx, c.tenant, m, &about, c.now)
	if errors.Is(err, store.ErrDamaged) {
		refusal, err = unreadable(), nil // nobody knows any more what the customer has stopped
	}
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		return nil, c.giveUp(m, &about, refusal)
	}
	job, err := NewJob(c.tx, c.tenant, c.channel, m, &about, *permit)
	if errors.Is(err, network.ErrUnreadable) {
		id := m.ID
		c.tx.After(func() { c.Metrics.TellUnreadable(c.Log, telemetry.RowMessage, "message", id) })
		return nil, c.giveUp(m, &about, unreadable())
	}
	return job, err
}

// giveUp ends a message that may not be sent, and has the business told.
func (c *claimed) giveUp(m *store.Message, about *settlement.Envelope, refusal *network.Refusal) error {
	c.tx.After(c.Callbacks.Notify)
	ending := settlement.Ending{Message: m, About: *about, At: c.now, Now: c.now}
	return c.Settler.GiveUp(c.tx, c.tenant, c.channel, ending, c.channel.Network.Refuse(refusal))
}

func unreadable() *network.Refusal {
	return network.Refuse(network.Broken, "The stored message could not be read. Send it again.")
}
