package gateway

import (
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// ending is how a message has ended: delivered, or given up.
type ending struct {
	message   *store.Message
	about     envelope
	delivered bool
	at        time.Time // of the ending, by the upstream's clock where it told
	now       time.Time
	upstream  *whatsapp.Pricing // the upstream's word on the price; nil where it said nothing
	refused   int               // the code with which the upstream refused it; 0 where it did not
}

// facts are what pricing asks of an ended message. An ending is never before the acceptance: a
// clock of the upstream's that is slow must not bill a period that was over when the message was
// accepted (P3). A template's category at delivery is the one that is served when the delivery is
// told.
func (e ending) facts(t *served.Tenant) pricing.Message {
	accepted := e.message.AcceptedAt.Unix()
	facts := pricing.Message{
		Channel: e.message.Channel, Country: e.about.Country, Form: e.about.Form, Category: e.about.Category,
		SentAt: accepted, EndedAt: max(e.at.Unix(), accepted), Delivered: e.delivered,
	}
	if template := t.Template(e.about.Template, e.about.Language); template != nil {
		facts.CategoryAtDelivery = template.Billed
	}
	return facts
}

// mayComeYet tells whether the message is given up although the upstream may have a copy of it,
// whose delivery would be charged: its reservation then stays (P3). A message that the upstream
// refused or failed by its own word, or whose time is over, does not come any more.
func (e ending) mayComeYet() bool {
	return !e.delivered && !e.message.DoubtedAt.IsZero() && e.now.Before(e.message.ExpiresAt)
}

// settle gives a message its one settlement: prices it by the conversation and the counts as they
// are, and records the price, what it changes in both, and the release of its reservation, in the
// caller's commit (P2). A delivered message that the plan has no rate for is held and reported
// instead. What is settled already stays as it is, but for a delivery that is reported after the
// message was given up: that is a correction.
func (g *Gateway) settle(tx *durable.Tx, t *served.Tenant, e ending) error {
	if e.message.Settled && (!e.delivered || e.message.FailedAt.IsZero() && e.message.ErrorCode == 0) {
		return nil // only a message that was given up can have been delivered after all
	}
	state, err := tx.People().Conversation(e.message.Channel, e.message.Customer)
	if errors.Is(err, store.ErrDamaged) {
		g.unreadable(kindConversation, "message", e.message.ID)
		e.about.unreadable, err = true, nil
	}
	if err != nil {
		return err
	}
	facts := e.facts(t)
	outcome := rateOf(t, e, func() pricing.Outcome { return t.Book.Rate(&t.Payer, &facts, &state, tx.Figures()) })
	record := recordOf(t, e, facts, outcome)
	g.keepDissent(e, record, outcome)
	switch {
	case e.message.Settled:
		return g.correct(tx, e, record, outcome, &state)
	case outcome.Result == pricing.Unpriced:
		g.metrics.Settled.WithLabelValues("unpriced").Inc()
		return tx.Ledger().HoldUnpriced(e.message)
	}
	if err := g.apply(tx, e.message, record, outcome, &state); err != nil {
		return err
	}
	settle := tx.Ledger().Settle
	if e.mayComeYet() {
		settle = tx.Ledger().SettleReserved
	}
	if _, err := settle(e.message, record, contentUntil(t, e.now)); err != nil {
		return err
	}
	g.metrics.Settled.WithLabelValues(outcomeLabel(outcome)).Inc()
	if e.delivered {
		g.metrics.SettlementLag.Observe(max(0, e.now.Sub(e.at).Seconds()))
		return nil
	}
	code := telemetry.CodeLabel(e.message.ErrorCode)
	if n := g.failures.Add(code, e.now); n > 0 {
		g.log.Warn("Messages failed", "code", code, "messages", n, "latest", e.message.ID)
	}
	return nil
}

// apply stores what an outcome changes beside the ledger: the conversation, and the count of an
// allowance or tier.
func (g *Gateway) apply(
	tx *durable.Tx, m *store.Message, record *ledger.Record, outcome pricing.Outcome, state *conversation.State,
) error {
	if outcome.Change != (conversation.Change{}) {
		state.Apply(outcome.Change)
		if err := tx.People().PutConversation(m.Channel, m.Customer, state); err != nil {
			return err
		}
	}
	if outcome.Count.By == 0 {
		return nil
	}
	if outcome.Allowance != "" {
		record.AllowanceUsed = tx.Figures().Count(outcome.Count.Key) + outcome.Count.By
	}
	return tx.Figures().Increment(outcome.Currency, outcome.Count)
}

// correct appends what a message owes after all, in place of its reservation: it was settled as
// undelivered, and then a delivery was reported. One that the plan has no rate for is held until
// the plan has it, and the ledger says so once.
func (g *Gateway) correct(
	tx *durable.Tx, e ending, record *ledger.Record, outcome pricing.Outcome, state *conversation.State,
) error {
	settled, found, err := tx.Ledger().Settlement(e.message.ID)
	if err != nil || !found || settled.FreeReason != pricing.Undelivered.String() {
		return err
	}
	record.MessageID = e.message.ID
	record.Corrects, record.CorrectedFreeReason = settled.Sequence, settled.FreeReason
	if outcome.Result == pricing.Unpriced {
		return g.oweUnpriced(tx, e.message, record)
	}
	record.Note = noteDeliveredAfterAll
	if err := g.apply(tx, e.message, record, outcome, state); err != nil {
		return err
	}
	g.log.Warn("Message delivered after it was given up", "message", e.message.ID, "settlement", settled.Sequence)
	return tx.Ledger().Correct(e.message, record)
}

// oweUnpriced holds a delivery that was reported after the message was given up, and that the plan
// has no rate for.
func (g *Gateway) oweUnpriced(tx *durable.Tx, m *store.Message, record *ledger.Record) error {
	if m.Unpriced {
		return nil // the ledger has it already
	}
	g.log.Warn(
		"Message delivered after it was given up, and the plan has no rate for it", "message", m.ID, "settlement",
		record.Corrects,
	)
	g.metrics.Settled.WithLabelValues("unpriced").Inc()
	record.Kind, record.Note = ledger.Doubt, noteDeliveredUnpriced
	if err := tx.Ledger().HoldUnpriced(m); err != nil {
		return err
	}
	return tx.Ledger().Append(record)
}

// Notes of records.
const (
	noteDeliveredAfterAll = ledger.NoteDeliveredAfterAll
	noteDeliveredUnpriced = ledger.NoteDeliveredUnpriced
	noteDoubtBegan        = ledger.NoteDoubtBegan
	noteDoubtFailed       = ledger.NoteDoubtFailed
	noteDoubtResent       = ledger.NoteDoubtResent
	noteDoubtAnswered     = ledger.NoteDoubtAnswered
	noteDoubtConfirmed    = ledger.NoteDoubtConfirmed
)

// record is the ledger's word on an ended message.
func recordOf(t *served.Tenant, e ending, facts pricing.Message, outcome pricing.Outcome) *ledger.Record {
	m := e.message
	ended := time.Unix(facts.EndedAt, 0)
	record := &ledger.Record{
		MessageID: m.ID, SettledAt: e.now, AcceptedAt: m.AcceptedAt, SentAt: m.SentAt,
		Period: periodAt(ended, t.Zone), Plan: t.PlanName, Revision: outcome.Revision,
		Channel: m.Channel, Customer: ledger.Customer(m.Customer), MessageKind: e.about.Type,
		Market: outcome.Market, Category: outcome.Category.String(), Currency: t.Book.Currency(),
		Tier: outcome.Tier, Allowance: outcome.Allowance,
	}
	if outcome.Listed {
		record.ListPrice, record.Listed = outcome.ListPrice, true
	}
	if e.delivered {
		record.DeliveredAt = ended
	} else {
		record.FailedAt = ended
	}
	if outcome.Result == pricing.Charged {
		record.Cost, record.Charge = outcome.Cost, outcome.Charge
	} else {
		record.FreeReason = outcome.FreeReason.String()
	}
	return record
}

// contentUntil is until when the content of a message that is settled now is kept; the zero time
// deletes it at once.
func contentUntil(t *served.Tenant, now time.Time) time.Time {
	if t.RetentionSeconds == 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(t.RetentionSeconds) * time.Second)
}

func outcomeLabel(o pricing.Outcome) string {
	if o.Result == pricing.Charged {
		return "charged"
	}
	return o.FreeReason.String()
}
