// Package settlement ends messages: it prices what was delivered, releases what was reserved, and
// writes the ledger, once for each message (P2). What follows from that outside the store follows
// the commit.
package settlement

import (
	"errors"
	"log/slog"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/callbacks"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// Ending is how a message has ended: delivered, or given up.
type Ending struct {
	Message   *store.Message
	About     Envelope
	Delivered bool
	// At is when it ended, by the upstream's clock where it told; Now is the gateway's instant.
	At, Now time.Time
	// Price is the upstream's word on the price; nil where it said nothing.
	Price *network.Price
	// WindowCode is the code with which the upstream refused the message as outside of a service
	// window; 0 where it did not.
	WindowCode int
}

// facts are what pricing asks of an ended message. An ending is never before the acceptance: a
// clock of the upstream's that is slow must not bill a period that was over when the message was
// accepted (P3). A template's category at delivery is the one that is served when the delivery is
// told.
func (e *Ending) facts(t *served.Tenant) pricing.Message {
	accepted := e.Message.AcceptedAt.Unix()
	facts := pricing.Message{
		Channel: e.Message.Channel, Country: e.About.Country, Form: e.About.Form, Category: e.About.Category,
		SentAt: accepted, EndedAt: max(e.At.Unix(), accepted), Delivered: e.Delivered, Opened: e.Message.Opened,
	}
	if template := t.TemplateOf(e.Message.Channel, e.About.Template, e.About.Language); template != nil {
		facts.CategoryAtDelivery = e.About.billedNow(template.Billed)
	}
	return facts
}

// mayComeYet reports whether the message is given up although the upstream may have a copy of it,
// whose delivery would be charged: its reservation then stays (P3). A message that the upstream
// refused or failed by its own word, or whose time is over, does not come any more.
func (e *Ending) mayComeYet() bool {
	return !e.Delivered && !e.Message.DoubtedAt.IsZero() && e.Now.Before(e.Message.ExpiresAt)
}

// Settler settles messages. It is safe for concurrent use.
type Settler struct {
	callbacks *callbacks.Queue
	log       *slog.Logger
	metrics   *telemetry.Metrics
	failures  *telemetry.Throttle
}

// New returns a settler that tells the business through a queue.
func New(queue *callbacks.Queue, log *slog.Logger, metrics *telemetry.Metrics) *Settler {
	return &Settler{callbacks: queue, log: log, metrics: metrics, failures: telemetry.NewThrottle()}
}

// Settle gives a message its one settlement: prices it by the conversation and the counts as they
// are, and records the price, what it changes in both, and the release of its reservation, in the
// caller's commit (P2). A delivered message that the plan has no rate for is held and reported
// instead. What is settled already stays as it is, but for a delivery that is reported after the
// message was given up: that is a correction.
func (s *Settler) Settle(tx *durable.Tx, t *served.Tenant, e Ending) error {
	m := e.Message
	if m.Settled && (!e.Delivered || m.FailedAt.IsZero() && m.ErrorCode == 0) {
		return nil // only a message that was given up can have been delivered after all
	}
	state, err := tx.People().Conversation(m.Channel, m.Customer)
	if errors.Is(err, store.ErrDamaged) {
		s.tellUnreadable(tx, telemetry.RowConversation, m.ID)
		e.About.Unreadable, err = true, nil
	}
	if err != nil {
		return err
	}
	facts := e.facts(t)
	outcome := e.rate(tx, t, &facts, &state)
	j := judged{message: m, record: newRecord(t, &e, facts, outcome), outcome: outcome, state: state}
	j.record.UpstreamVerdict, j.differs = e.mismatch(outcome)
	switch {
	case m.Settled:
		return s.correct(tx, &j)
	case outcome.Result == pricing.Unpriced:
		s.count(tx, labelUnpriced)
		return j.hold(tx)
	}
	if !e.Delivered && e.About.Form == conversation.PrivateReply && !e.mayComeYet() {
		j.state.RecordReply(0) // the comment may have another one
		if err := tx.People().PutConversation(m.Channel, m.Customer, &j.state); err != nil {
			return err
		}
	}
	if err := j.apply(tx); err != nil {
		return err
	}
	settle := tx.Ledger().Settle
	if e.mayComeYet() {
		settle = tx.Ledger().SettleReserved
	}
	if _, err := settle(m, j.record, contentUntil(t, e.Now)); err != nil {
		return err
	}
	if err := s.countMismatch(tx, &j); err != nil {
		return err
	}
	s.count(tx, outcomeLabel(outcome))
	if e.Delivered {
		lag := max(0, e.Now.Sub(e.At).Seconds())
		tx.After(func() { s.metrics.SettlementLag.Observe(lag) })
		return nil
	}
	s.tellFailure(tx, m.ID, m.ErrorCode, e.Now)
	if e.mayComeYet() || e.About.Member != nil {
		return nil
	}
	return s.waiveShares(tx, m, &e.About)
}

// GiveUp ends a message as failed: it is settled as undelivered, and the business hears why, in the
// caller's commit. A message that has ended otherwise stays as it is.
func (s *Settler) GiveUp(
	tx *durable.Tx, t *served.Tenant, c *served.Channel, e Ending, cause network.Error,
) error {
	moved, err := tx.Queue().Fail(e.Message, cause.Number(), e.Now)
	if err != nil || !moved {
		return err
	}
	if err := s.Settle(tx, t, e); err != nil {
		return err
	}
	if err := freeSubscription(tx, e.Message, &e.About); err != nil {
		return err
	}
	if !s.callbacks.Wanted(t) {
		return nil
	}
	body, err := c.Network.FailedCallback(network.Failure{
		Channel: c.ID, Account: c.BusinessAccountID, ID: e.Message.ID, Recipient: e.About.Recipient,
		Campaign:     e.About.Campaign,
		CallbackData: e.About.CallbackData, At: e.Now, Cause: cause,
	})
	if err != nil {
		return err
	}
	return s.callbacks.Add(tx, t, c.ID, e.Message.Customer, body, e.Now)
}

// Labels of settlements beside the reasons for which a message is free.
const (
	labelUnpriced = "unpriced"
	labelCharged  = "charged"
)

func outcomeLabel(o pricing.Outcome) string {
	if o.Result == pricing.Charged {
		return labelCharged
	}
	return o.FreeReason.String()
}

func (s *Settler) count(tx *durable.Tx, label string) {
	tx.After(func() { s.metrics.Settled.WithLabelValues(label).Inc() })
}

func (s *Settler) tellFailure(tx *durable.Tx, id string, errorCode int, now time.Time) {
	tx.After(func() {
		code := telemetry.CodeLabel(errorCode)
		if n := s.failures.Add(code, now); n > 0 {
			s.log.Warn("Messages failed", "code", code, "messages", n, "latest", id)
		}
	})
}

func (s *Settler) tellUnreadable(tx *durable.Tx, kind, message string) {
	tx.After(func() { s.metrics.TellUnreadable(s.log, kind, "message", message) })
}

// contentUntil is until when the content of a message that is settled now is kept; the zero time
// deletes it at once.
func contentUntil(t *served.Tenant, now time.Time) time.Time {
	if t.RetentionSeconds == 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(t.RetentionSeconds) * time.Second)
}

// IsBillable reports whether a message can cost anything, as far as was known when it was accepted:
// an allowance may surely have paid for it.
func IsBillable(m *store.Message) bool { return !m.Covered && !m.Reserved.Amount.IsZero() }

// saturated is how long marketing is held back from a customer of whom the network says that they
// get too much of it: the shorter of the spans that it looks at. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/marketing-messages-on-messenger/changelog (2026-04-10)
const saturated = 24 * time.Hour

// HeedFailure draws what follows from a failure at the upstream beside the message: a customer who
// has stopped marketing, as the upstream knows, has stopped it here too, and one who gets too much
// of it gets none for a while.
func HeedFailure(tx *durable.Tx, m *store.Message, cause network.Cause, at time.Time) error {
	if cause != network.StoppedMarketing && cause != network.SaturatedMarketing {
		return nil
	}
	return changeState(tx, m, func(state *conversation.State) {
		if cause == network.StoppedMarketing {
			state.StopMarketing(true, at.Unix())
			return
		}
		state.HoldMarketing(conversation.Span{From: at.Unix(), To: at.Add(saturated).Unix()})
	})
}

// freeSubscription lets a subscription have another message at once in place of one that the
// upstream has not taken.
func freeSubscription(tx *durable.Tx, m *store.Message, about *Envelope) error {
	if about.Subscription == "" || !m.SubmittedAt.IsZero() || !m.DoubtedAt.IsZero() {
		return nil
	}
	return changeState(tx, m, func(state *conversation.State) { state.ForgetMarketing(about.Subscription, m.ID) })
}

// changeState changes what is remembered of a message's customer. What cannot be read stops
// everything until the row is restored, and the upstream will say again what it has said.
func changeState(tx *durable.Tx, m *store.Message, change func(*conversation.State)) error {
	state, err := tx.People().Conversation(m.Channel, m.Customer)
	if errors.Is(err, store.ErrDamaged) {
		return nil
	}
	if err != nil {
		return err
	}
	change(&state)
	return tx.People().PutConversation(m.Channel, m.Customer, &state)
}
