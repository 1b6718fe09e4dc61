package settlement

import (
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// judged is an ended message with its price, and what that price changes.
type judged struct {
	message *store.Message
	record  *ledger.Record
	outcome pricing.Outcome
	// state is the conversation before the message.
	state conversation.State
	// differs lists what the upstream judges otherwise, as labels.
	differs []string
}

// rate prices an ended message. One whose envelope or conversation cannot be read has no price that
// is known, unless it is free because it was not delivered.
func (e *Ending) rate(
	tx *durable.Tx, t *served.Tenant, facts *pricing.Message, state *conversation.State,
) pricing.Outcome {
	switch {
	case !e.About.Unreadable:
		prices := t.PricesOf(e.Message.Channel)
		return prices.Book.Rate(prices.Payer, facts, state, tx.Figures())
	case e.Delivered:
		return pricing.Outcome{Currency: t.Book.Currency(), Result: pricing.Unpriced}
	default:
		return pricing.Outcome{Currency: t.Book.Currency(), Result: pricing.Free, FreeReason: pricing.Undelivered}
	}
}

// Forecast is what a message of which nothing is stored would be settled for, if it were delivered
// as soon as it is accepted.
func Forecast(
	tx *durable.Tx, t *served.Tenant, m *store.Message, about *Envelope, state *conversation.State,
) pricing.Outcome {
	e := Ending{Message: m, About: *about, Delivered: true, At: m.AcceptedAt, Now: m.AcceptedAt}
	facts := e.facts(t)
	return e.rate(tx, t, &facts, state)
}

// hold marks a delivered message that the plan has no rate for. It opens its conversation all the
// same, once: what is delivered from then on joins that, whether the message's own price is known
// or not.
func (j *judged) hold(tx *durable.Tx) error {
	opens := !j.outcome.Change.Opens.Span.IsEmpty()
	if !j.message.Unpriced || opens {
		if err := j.applyToConversation(tx); err != nil {
			return err
		}
	}
	return tx.Ledger().HoldUnpriced(j.message, j.message.Opened || opens)
}

// apply stores what the price changes beside the ledger: the conversation, and the count of an
// allowance or tier.
func (j *judged) apply(tx *durable.Tx) error {
	if err := j.applyToConversation(tx); err != nil {
		return err
	}
	count := j.outcome.Count
	if count.By == 0 {
		return nil
	}
	if j.outcome.Allowance != "" {
		j.record.AllowanceUsed = tx.Figures().Count(count.Key) + count.By
	}
	return tx.Figures().Increment(j.outcome.Currency, count)
}

func (j *judged) applyToConversation(tx *durable.Tx) error {
	if j.outcome.Change == (conversation.Change{}) {
		return nil
	}
	j.state.Apply(j.outcome.Change)
	return tx.People().PutConversation(j.message.Channel, j.message.Customer, &j.state)
}

// correct appends what a message owes after all, in place of its reservation: it was settled as
// undelivered, and then a delivery was reported. One that the plan has no rate for is held until
// the plan has it, and the ledger says so once.
func (s *Settler) correct(tx *durable.Tx, j *judged) error {
	id := j.message.ID
	settled, found, err := tx.Ledger().Settlement(id)
	if err != nil || !found || settled.FreeReason != pricing.Undelivered.String() {
		return err
	}
	j.record.MessageID = id
	j.record.Corrects, j.record.CorrectedFreeReason = settled.Sequence, settled.FreeReason
	if j.outcome.Result == pricing.Unpriced {
		return s.oweUnpriced(tx, j)
	}
	j.record.Note = ledger.NoteDeliveredAfterAll
	if err := j.apply(tx); err != nil {
		return err
	}
	tx.After(func() {
		s.log.Warn("Message delivered after it was given up", "message", id, "settlement", settled.Sequence)
	})
	if err := tx.Ledger().Correct(j.message, j.record); err != nil {
		return err
	}
	return s.countMismatch(tx, j)
}

// oweUnpriced holds a delivery that was reported after the message was given up, and that the plan
// has no rate for.
func (s *Settler) oweUnpriced(tx *durable.Tx, j *judged) error {
	if j.message.Unpriced {
		return nil // the ledger has it already
	}
	id, corrects := j.message.ID, j.record.Corrects
	tx.After(func() {
		s.log.Warn("Message delivered after it was given up, and the plan has no rate for it",
			"message", id, "settlement", corrects)
	})
	s.count(tx, labelUnpriced)
	j.record.Kind, j.record.Note = ledger.Doubt, ledger.NoteDeliveredUnpriced
	if err := j.hold(tx); err != nil {
		return err
	}
	return tx.Ledger().Append(j.record)
}
