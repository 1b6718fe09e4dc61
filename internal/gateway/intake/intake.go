// Package intake takes what the upstream tells: webhooks, whose events change conversations and
// messages, each webhook in one commit, and are passed on to the business.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/callbacks"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// Dispatch is what the sending of messages must hear of, once it is durable.
type Dispatch interface {
	// Notify says that messages may be due.
	Notify()
	// Confirmed says that the upstream has sent a message of the channel that can cost something
	// and was claimed at an instant.
	Confirmed(c *served.Channel, claimed time.Time)
	// Unpaid says that the upstream takes nothing of the channel that costs, with the code that it
	// gave.
	Unpaid(c *served.Channel, code int, now time.Time)
	// Blocked says that the upstream takes nothing of the channel, with the error that a message of
	// it would meet, and Unblocked that it does again.
	Blocked(c *served.Channel, cause network.Error, now time.Time)
	Unblocked(c *served.Channel)
	// United says that customers were found to be others.
	United(unions []store.Union)
}

// Options are what an Intake uses.
type Options struct {
	// Address is the gateway's own address of a file of a channel; see media.
	Address   func(base, channel string, file network.File) (string, error)
	Store     *durable.Store
	Config    *served.Configuration
	Keys      *seal.Keys
	Dispatch  Dispatch
	Callbacks *callbacks.Queue
	Settler   *settlement.Settler
	Log       *slog.Logger
	Metrics   *telemetry.Metrics
	Traces    telemetry.Traces
}

// Intake takes webhooks. It is safe for concurrent use.
type Intake struct {
	Options
	room       bodyRoom
	rejections *rejections
	// refused is when a signature was refused last, in Unix milliseconds; 0 for never.
	refused atomic.Int64
}

// New returns an intake.
func New(options Options) *Intake {
	return &Intake{Options: options, rejections: newRejections(options.Log)}
}

// Errors that refuse a webhook of which a part is stored, so that the upstream tells it again.
var (
	errConversation = errors.New(
		"what the webhook says of a customer whose conversation cannot be read is not stored: restore the row",
	)
	errRefused = fmt.Errorf("a part of the webhook is not stored: %w", store.ErrFault)
	errNumber  = errors.New(
		"what the webhook says of messages that another replica has sent from a number that this one does not know " +
			"yet is not stored",
	)
)

// Take applies what a webhook tells in one commit and returns when that is durable. Applying it
// again changes nothing: every event is known by its id. The webhook was signed with an app secret,
// and speaks for the channels that trust it. The errors of reading it are those of package network.
func (in *Intake) Take(ctx context.Context, t *served.Tenant, body []byte, secret string) error {
	batches, unread, err := meta.ReadWebhook(body)
	if err != nil {
		return err
	}
	if in.Callbacks.Wanted(t) {
		if err := in.readdress(t, batches); err != nil {
			return err
		}
		writeAhead(batches)
	}
	var incomplete error
	began := time.Now()
	err = in.Store.UpdateInSteps(ctx, func(tx *durable.Tx, attempt durable.Attempt) error {
		c := &commit{
			Intake: in, ctx: ctx, tx: tx, tenant: t, secret: secret, now: in.Store.Now(), began: began,
		}
		for range unread {
			c.count(kindOther, telemetry.ResultIgnored)
		}
		for i := range batches {
			if err := c.takeBatch(&batches[i], attempt); err != nil {
				return err
			}
		}
		incomplete = c.incomplete
		return nil
	}, in.subjectsOf(batches)...)
	if err != nil {
		return err
	}
	in.Callbacks.Notify()
	return incomplete
}

// readdress has the files of messages come from the gateway: at the upstream's addresses the
// business's token opens nothing.
func (in *Intake) readdress(t *served.Tenant, batches []network.Batch) error {
	for i := range batches {
		if t.URL == "" || t.Channel(batches[i].Channel) == nil {
			continue
		}
		for _, event := range batches[i].Events {
			if e, ok := event.(*network.Inbound); ok && e.File != nil {
				address, err := in.Address(t.URL, batches[i].Channel, *e.File)
				if err != nil {
					return err
				}
				e.File.URL = address
			}
		}
	}
	return nil
}

// writeAhead writes the callbacks that need nothing of the store before the commit, so that the
// store's one writer does not wait for them.
func writeAhead(batches []network.Batch) {
	for i := range batches {
		for _, event := range batches[i].Events {
			if e, ok := event.(*network.Inbound); ok && len(e.Quotes) == 0 {
				body := e.Callback(nil)
				e.Callback = func([]string) []byte { return body }
			}
		}
	}
}

// subjectsOf are the messages that a webhook's statuses are of, as far as they say so themselves,
// and the customers who write.
func (in *Intake) subjectsOf(batches []network.Batch) (subjects []store.Subject) {
	var last string // a message's statuses often come together
	for i := range batches {
		for _, event := range batches[i].Events {
			switch e := event.(type) {
			case *network.Status:
				if id := e.Correlation; id != "" && id != last {
					subjects, last = append(subjects, ofMessage(id, batches[i].Channel, e)), id
				}
				if e.Subscription != "" {
					subjects = append(subjects, store.Subject{Channel: batches[i].Channel, Address: e.Subscription})
				}
			case *network.Subscription:
				subjects = append(subjects, store.Subject{Channel: batches[i].Channel, Address: e.Address})
			case *network.Inbound:
				subjects = append(subjects, store.Subject{Event: in.eventID(batches[i].Channel, kindMessage, e.ID)})
				for _, address := range e.From {
					subjects = append(subjects, store.Subject{Channel: batches[i].Channel, Address: address})
				}
			}
		}
	}
	return subjects
}

// ofMessage is a message that a status is about, and whom it went to: a number, if there is one,
// because that is what most is kept under.
func ofMessage(id, channel string, status *network.Status) store.Subject {
	subject := store.Subject{Message: id, Channel: channel}
	for _, address := range status.Recipient {
		if subject.Address == "" || address.Kind() == identity.Phone && subject.Address.Kind() != identity.Phone {
			subject.Address = address
		}
	}
	return subject
}

// commit is one webhook within its commit.
type commit struct {
	*Intake
	ctx    context.Context
	tx     *durable.Tx
	tenant *served.Tenant
	secret string
	now    time.Time
	began  time.Time // by the machine's clock
	// incomplete says why something was left out; nil if nothing was.
	incomplete error
}

// Kinds of events, as labels.
const (
	kindMessage    = "message"
	kindStatus     = "status"
	kindPreference = "preference"
	kindCall       = "call"
	kindTemplate   = "template"
	kindOther      = "other"
)

func (c *commit) count(kind, result string) {
	c.tx.After(func() { c.Metrics.Events.WithLabelValues(kind, result).Inc() })
}

// takeBatch routes what is told to its channel. A channel that is not served, or that the signature
// does not speak for, is counted and ignored.
func (c *commit) takeBatch(b *network.Batch, attempt durable.Attempt) error {
	channel := c.tenant.Channel(b.Channel)
	switch {
	case b.Channel == "":
		channel = c.accountChannel(b.Account)
		if channel == nil {
			c.reject(unknownAccount, "businessAccountID", objectID(b.Account))
			return nil
		}
	case channel == nil:
		c.reject(unknownNumber, "phoneNumberID", objectID(b.Channel))
		return c.takeUnknown(b)
	case !channel.Trusts(c.secret):
		c.reject(untrustedSecret, "channel", channel.Name)
		c.tx.After(func() { c.refuseSignature(c.now) })
		return nil
	}
	for _, event := range b.Events {
		err := attempt(func() error { return c.takeEvent(channel, event) })
		switch {
		case errors.Is(err, store.ErrFault): // it is left out, so that the upstream tells it again
			c.incomplete = errRefused
		case err != nil:
			return err
		}
	}
	if b.Channel == "" {
		return nil
	}
	return c.tx.Intake().Heard(channel.ID)
}

func (c *commit) takeEvent(channel *served.Channel, event network.Event) error {
	switch e := event.(type) {
	case *network.Inbound:
		return c.takeInbound(channel, e)
	case *network.Status:
		return c.takeStatus(channel, e)
	case *network.Preference:
		return c.takePreference(channel, e)
	case *network.Subscription:
		return c.takeSubscription(channel, e)
	case *network.Call:
		return c.takeCall(channel, e)
	case *network.TemplateNews:
		return c.takeTemplateNews(channel, e)
	case *network.Watermark:
		return c.takeWatermark(channel, e)
	case *network.Enforcement:
		return c.takeEnforcement(channel, e)
	case *network.Passed:
		return c.takePassed(channel, e)
	}
	return fmt.Errorf("an event is %T, which nothing is done with", event)
}

// accountChannel is a channel of the business account for which the secret speaks, or nil.
func (c *commit) accountChannel(account string) *served.Channel {
	for _, configured := range c.tenant.Channels {
		channel := c.tenant.Channel(configured.ID)
		if channel.BusinessAccountID == account && channel.Trusts(c.secret) {
			return channel
		}
	}
	return nil
}

// takeUnknown leaves the statuses out that a number without a channel has of unsettled messages:
// while replicas take a new configuration over, another one sends from the number already. The
// upstream tells them again, and to a replica that knows the number by then.
func (c *commit) takeUnknown(b *network.Batch) error {
	if !c.Store.Shared() {
		return nil
	}
	for _, event := range b.Events {
		s, ok := event.(*network.Status)
		if !ok || s.Correlation == "" {
			continue
		}
		m, found, err := c.tx.Messages().ByID(s.Correlation)
		if err != nil {
			return err
		}
		if found && m.Channel == b.Channel && !m.Settled {
			c.incomplete = errNumber
		}
	}
	return nil
}

// passOn queues for the business what the gateway has no use for, about a customer or about none.
// It is known by all that it says when the upstream tells it again.
func (c *commit) passOn(channel string, customer seal.CustomerHash, kind, result string, says, body []byte) error {
	first, err := c.firstTime(channel, kindOther, string(says))
	if err != nil {
		return err
	}
	if !first {
		c.count(kind, telemetry.ResultDuplicate)
		return nil
	}
	c.count(kind, result)
	return c.tell(channel, customer, body)
}

// tell queues a webhook for the business.
func (c *commit) tell(channel string, customer seal.CustomerHash, body []byte) error {
	return c.Callbacks.Add(c.tx, c.tenant, channel, customer, body, c.now)
}

// firstTime reports whether an event is told for the first time.
func (c *commit) firstTime(channel, kind, id string) (bool, error) {
	return c.tx.Intake().FirstTime(c.eventID(channel, kind, id), c.now)
}

// forget takes firstTime back: the event is left out, and as new when it is told again.
func (c *commit) forget(channel, kind, id string) error {
	return c.tx.Intake().NotSeen(c.eventID(channel, kind, id))
}

// eventID is what an event is known by. The id is hashed with the customers' key, because the
// upstream's ids hold phone numbers in base64.
func (in *Intake) eventID(channel, kind, id string) string {
	return kind + "/" + in.Keys.CustomerHash(channel, id).String()
}

func (c *commit) tellUnreadable(kind string, which ...any) {
	c.tx.After(func() { c.Metrics.TellUnreadable(c.Log, kind, which...) })
}
