package messages

import (
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
	updateCurrency     = `UPDATE messages SET currency = $1 WHERE seq = $2`
	selectReservedPast = `SELECT ` + messageColumns + ` FROM messages WHERE settled = 1 AND reserved <> '0'
		AND expires_at <= $1 AND unpriced = 0 ORDER BY expires_at LIMIT $2 + 0`
)

// Settle appends the one settlement of a message to the ledger, and in the same commit counts it in
// the totals, releases the message's reservation and deletes its content, or keeps it until
// keepContentUntil. The record's Sequence is set here. A message that is settled already stays as
// it is: the result is false, and no error.
func (l Ledger) Settle(m *Message, record *ledger.Record, keepContentUntil time.Time) (bool, error) {
	settled, err := l.SettleReserved(m, record, keepContentUntil)
	if err != nil || !settled {
		return settled, err
	}
	return true, l.Unreserve(m)
}

// SettleReserved is Settle for a message that is given up while the upstream may still have a copy
// of it: its reservation stays until Unreserve, because a delivery would be charged. See
// ReservedPast.
func (l Ledger) SettleReserved(m *Message, record *ledger.Record, keepContentUntil time.Time) (bool, error) {
	if m.Settled {
		return false, nil
	}
	record.Kind, record.MessageID = ledger.Settlement, m.ID
	if err := l.Append(record); err != nil {
		return false, err
	}
	if err := l.tx.Deepen(books.Unsettled, -1); err != nil {
		return false, err
	}
	if err := l.tx.setUnpriced(m, false); err != nil {
		return false, err
	}
	m.Settled, m.dirty = true, true
	if m.Reserved.Amount.IsZero() { // it holds claims at most, and a message without a reservation is not looked for
		if err := l.Unreserve(m); err != nil {
			return false, err
		}
	}
	return true, l.tx.retireContent(m, keepContentUntil)
}

// Unreserve gives back what a settled message has still reserved.
func (l Ledger) Unreserve(m *Message) error {
	if !m.Settled {
		return nil
	}
	if m.Reserved.Amount.IsZero() && m.claims == "" {
		m.dirty = m.dirty || m.Condition == txn.Damaged // so that a reservation that cannot be read is not found again
		return nil
	}
	if err := l.tx.releaseOf(m); err != nil {
		return err
	}
	m.Reserved = money.Money{}
	return nil
}

// Rereserve reserves another bound for a message that is not settled.
func (l Ledger) Rereserve(m *Message, bound *pricing.Bound) error {
	if m.Settled {
		return l.tx.wrongState(m)
	}
	if err := l.tx.releaseOf(m); err != nil {
		return err
	}
	if m.Reserved.Currency != bound.Amount.Currency {
		if err := l.tx.Exec(updateCurrency, string(bound.Amount.Currency), m.seq); err != nil {
			return err
		}
	}
	return l.tx.reserveFor(m, bound)
}

// Reserves tells whether the message has the bound reserved already, or more.
func (m *Message) Reserves(bound *pricing.Bound) bool {
	enough := m.Reserved.Currency == bound.Amount.Currency && bound.Amount.Amount.Cmp(m.Reserved.Amount) <= 0
	return enough && books.ClaimsOf(bound, m.Covered).String() == m.claims
}

// reserveFor adds the bound of a message to what is reserved.
func (tx *Tx) reserveFor(m *Message, bound *pricing.Bound) error {
	held := books.ClaimsOf(bound, m.Covered)
	m.Reserved, m.claims, m.dirty = bound.Amount, held.String(), true
	return tx.Reserve(bound, held)
}

// releaseOf takes what a message has reserved back.
func (tx *Tx) releaseOf(m *Message) error {
	held, err := books.ParseHeldClaims(m.claims)
	if err != nil {
		return err
	}
	m.claims, m.dirty = "", true
	return tx.Release(m.Reserved, held)
}

// Correct appends what a settled message owes after all to the ledger, in place of what it has
// still reserved. The record's Sequence is set here.
func (l Ledger) Correct(m *Message, record *ledger.Record) error {
	record.Kind, record.MessageID = ledger.Correction, m.ID
	if err := l.tx.setUnpriced(m, false); err != nil {
		return err
	}
	if err := l.Unreserve(m); err != nil {
		return err
	}
	return l.Append(record)
}

// ReservedPast are settled messages that have a reservation although their time is over at now, and
// no delivery that waits for a rate.
func (ms Messages) ReservedPast(now time.Time, limit int) ([]*Message, error) {
	return ms.tx.messagesOf(selectReservedPast, txn.Millis(now), limit)
}

// HoldUnpriced marks a delivered message that the plan has no rate for, and whether it has opened
// its billed conversation. It keeps its reservation until it is settled, or corrected if it was
// settled as undelivered.
func (l Ledger) HoldUnpriced(m *Message, opened bool) error {
	if m.Opened != opened {
		m.Opened, m.dirty = opened, true
	}
	return l.tx.setUnpriced(m, true)
}

func (tx *Tx) setUnpriced(m *Message, unpriced bool) error {
	if m.Unpriced == unpriced {
		return nil
	}
	m.Unpriced, m.dirty = unpriced, true
	if unpriced {
		return tx.Deepen(books.UnpricedMessages, 1)
	}
	return tx.Deepen(books.UnpricedMessages, -1)
}
