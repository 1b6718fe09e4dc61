package store

import (
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

const (
	insertRecord       = `INSERT INTO ledger (sequence, message_id, kind, record, hash) VALUES ($1, $2, $3, $4, $5)`
	selectSettlement   = `SELECT record FROM ledger WHERE message_id = $1 AND kind = 'settlement'`
	selectRecordHash   = `SELECT hash FROM ledger WHERE sequence = $1`
	updateCurrency     = `UPDATE messages SET currency = $1 WHERE seq = $2`
	selectReservedPast = `SELECT ` + messageColumns + ` FROM messages WHERE settled = 1 AND reserved <> '0'
		AND expires_at <= $1 AND unpriced = 0 ORDER BY expires_at LIMIT $2 + 0`
)

// Settle appends the one settlement of a message to the ledger, and in the same commit counts it in
// the totals, releases the message's reservation and deletes its content, or keeps it until
// keepContentUntil. The record's Sequence is set here. A message that is settled already stays as
// it is: the result is false, and no error.
func (tx Ledger) Settle(m *Message, record *ledger.Record, keepContentUntil time.Time) (bool, error) {
	settled, err := tx.SettleReserved(m, record, keepContentUntil)
	if err != nil || !settled {
		return settled, err
	}
	return true, tx.Unreserve(m)
}

// SettleReserved is Settle for a message that is given up while the upstream may still have a copy
// of it: its reservation stays until Unreserve, because a delivery would be charged. See
// ReservedPast.
func (tx Ledger) SettleReserved(m *Message, record *ledger.Record, keepContentUntil time.Time) (bool, error) {
	if m.Settled {
		return false, nil
	}
	record.Kind, record.MessageID = ledger.Settlement, m.ID
	if err := tx.Append(record); err != nil {
		return false, err
	}
	if err := tx.deepen(Unsettled, -1); err != nil {
		return false, err
	}
	if err := tx.setUnpriced(m, false); err != nil {
		return false, err
	}
	m.Settled, m.dirty = true, true
	if m.Reserved.Amount.IsZero() { // it holds claims at most, and a message without a reservation is not looked for
		if err := tx.Unreserve(m); err != nil {
			return false, err
		}
	}
	return true, tx.retireContent(m, keepContentUntil)
}

// Unreserve gives back what a settled message has still reserved.
func (tx Ledger) Unreserve(m *Message) error {
	if !m.Settled {
		return nil
	}
	if m.Reserved.Amount.IsZero() && m.claims == "" {
		m.dirty = m.dirty || m.Condition == Damaged // so that a reservation that cannot be read is not found again
		return nil
	}
	if err := tx.releaseOf(m); err != nil {
		return err
	}
	m.Reserved = money.Money{}
	return nil
}

// Rereserve reserves another bound for a message that is not settled.
func (tx Ledger) Rereserve(m *Message, bound *pricing.Bound) error {
	if m.Settled {
		return tx.wrongState(m)
	}
	if err := tx.releaseOf(m); err != nil {
		return err
	}
	if m.Reserved.Currency != bound.Amount.Currency {
		if err := tx.exec(updateCurrency, string(bound.Amount.Currency), m.seq); err != nil {
			return err
		}
	}
	return tx.reserveFor(m, bound)
}

// Reserves tells whether the message has the bound reserved already, or more.
func (m *Message) Reserves(bound *pricing.Bound) bool {
	enough := m.Reserved.Currency == bound.Amount.Currency && bound.Amount.Amount.Cmp(m.Reserved.Amount) <= 0
	return enough && claimsOf(bound, m.Covered).String() == m.claims
}

// reserveFor adds the bound of a message to what is reserved.
func (tx *transaction) reserveFor(m *Message, bound *pricing.Bound) error {
	held := claimsOf(bound, m.Covered)
	m.Reserved, m.claims, m.dirty = bound.Amount, held.String(), true
	return tx.reserve(bound, held)
}

// releaseOf takes what a message has reserved back.
func (tx *transaction) releaseOf(m *Message) error {
	held, err := parseHeldClaims(m.claims)
	if err != nil {
		return err
	}
	m.claims, m.dirty = "", true
	return tx.release(m.Reserved, held)
}

// Correct appends what a settled message owes after all to the ledger, in place of what it has
// still reserved. The record's Sequence is set here.
func (tx Ledger) Correct(m *Message, record *ledger.Record) error {
	record.Kind, record.MessageID = ledger.Correction, m.ID
	if err := tx.setUnpriced(m, false); err != nil {
		return err
	}
	if err := tx.Unreserve(m); err != nil {
		return err
	}
	return tx.Append(record)
}

// ReservedPast are settled messages that have a reservation although their time is over at now, and
// no delivery that waits for a rate.
func (tx Messages) ReservedPast(now time.Time, limit int) ([]*Message, error) {
	return tx.messagesOf(selectReservedPast, millis(now), limit)
}

// HoldUnpriced marks a delivered message that the plan has no rate for, and whether it has opened
// its billed conversation. It keeps its reservation until it is settled, or corrected if it was
// settled as undelivered.
func (tx Ledger) HoldUnpriced(m *Message, opened bool) error {
	if m.Opened != opened {
		m.Opened, m.dirty = opened, true
	}
	return tx.setUnpriced(m, true)
}

func (tx *transaction) setUnpriced(m *Message, unpriced bool) error {
	if m.Unpriced == unpriced {
		return nil
	}
	m.Unpriced, m.dirty = unpriced, true
	if unpriced {
		return tx.deepen(UnpricedMessages, 1)
	}
	return tx.deepen(UnpricedMessages, -1)
}

// Append adds a record to the ledger and its amounts to the totals. Settlements are made by Settle;
// Correct makes corrections; Append is for doubts.
func (tx Ledger) Append(record *ledger.Record) error {
	head, err := tx.headCell()
	if err != nil {
		return err
	}
	entry, next := head.value.Append(record)
	if err := tx.exec(
		insertRecord, entry.Sequence, record.MessageID, string(record.Kind), entry.Canonical, entry.Hash[:],
	); err != nil {
		return err
	}
	if err := change(tx.transaction, head, next); err != nil {
		return err
	}
	return tx.count(record)
}

// count adds a record to the derived figures.
func (tx *transaction) count(record *ledger.Record) error {
	if !record.Counts() {
		return nil
	}
	for _, key := range record.TotalKeys() {
		c, err := tx.totalCell(key)
		if err != nil {
			return err
		}
		total := c.value
		if err := total.Add(record); err != nil {
			return err
		}
		if err := change(tx, c, total); err != nil {
			return err
		}
	}
	if record.Revision == "" {
		return nil
	}
	used, err := tx.usedCell(PlanRevision{Plan: record.Plan, Revision: record.Revision})
	if err != nil || used.value {
		return err
	}
	return change(tx, used, true)
}

// Head is the end of the ledger.
func (tx Ledger) Head() (ledger.Head, error) {
	c, err := tx.headCell()
	if err != nil {
		return ledger.Head{}, err
	}
	return c.value, nil
}

// RecordHash is the hash of the ledger's record of a sequence, and whether there is one.
func (tx Ledger) RecordHash(sequence int64) (hash ledger.Hash, found bool, err error) {
	found, err = tx.first(selectRecordHash, []any{sequence}, func(v engine.Row) { copy(hash[:], v.Bytes(0)) })
	return hash, found, err
}

// Settlement is the ledger's settlement of a message, and whether there is one.
func (tx Ledger) Settlement(messageID string) (*ledger.Record, bool, error) {
	var canonical []byte
	found, err := tx.first(selectSettlement, []any{messageID}, func(v engine.Row) { canonical = v.Bytes(0) })
	if err != nil || !found {
		return nil, false, err
	}
	record, err := ledger.ParseCanonical(canonical)
	return record, err == nil, err
}
