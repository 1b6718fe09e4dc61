package messages

import (
	"errors"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/allowances"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
	insertMessage = `INSERT INTO messages (id, channel, customer, lane, state, ready_at, attempts, settled, unpriced,
		expires_at, accepted_at, reserved, currency, times, error_code, envelope, content, content_until,
		idempotency_key, fingerprint, lease, claims)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9, $10, $11, $12, 0, $13, $14, 0, $15, $16, $17, $18)`
	selectKey = `SELECT 1 FROM messages WHERE idempotency_key = $1`
)

// ErrInvalid says that a message cannot be stored as it is: a mistake of the caller.
var ErrInvalid = errors.New("the message cannot be stored")

// Accept stores a new message with its reservation and puts it in its customer's queue. ID,
// Channel, Customer, Lane, AcceptedAt, ExpiresAt, Envelope and Content must be set, Reserved or
// Bound, IdempotencyKey and Fingerprint may be. An id or an idempotency key that is taken makes the
// operation fail: look it up before.
func (q Queue) Accept(m *Message) error {
	line, err := q.Line(txn.Person{Channel: m.Channel, Customer: m.Customer})
	if err != nil {
		return err
	}
	return q.AcceptInto(line, m)
}

// AcceptInto is Accept for a caller that has asked for the customer's line already.
func (q Queue) AcceptInto(line Line, m *Message) error { return q.tx.accept(line, m, false) }

// AcceptAndClaim is AcceptInto, and Claim at the instant of the acceptance: once the operation is
// durable, the upstream may be called. The line must be free, see Line; if it is not, the error is
// ErrState.
func (q Queue) AcceptAndClaim(line Line, m *Message) error { return q.tx.accept(line, m, true) }

func (tx *Tx) accept(line Line, m *Message, claim bool) error {
	if problem := m.problem(); problem != "" {
		return fmt.Errorf("%w: %s", ErrInvalid, problem)
	}
	if line.of != (txn.Person{Channel: m.Channel, Customer: m.Customer}) {
		return fmt.Errorf("%w: the line is another customer's", ErrInvalid)
	}
	if claim && !line.Free() {
		return fmt.Errorf("%w: other messages are before message %s", ErrState, m.ID)
	}
	envelope, err := tx.Keys.Seal(m.Envelope, "messages.envelope/"+m.ID)
	if err != nil {
		return err
	}
	content, err := tx.Keys.Seal(m.Content, "messages.content/"+m.ID)
	if err != nil {
		return err
	}
	m.State, m.ReadyAt, m.Parking = Queued, time.Time{}, InLine
	if err := tx.join(line, m, m.AcceptedAt); err != nil {
		return err
	}
	tx.enterLine(line.of, m.Lane)
	if claim {
		tx.claim(m, m.AcceptedAt)
	}
	if err := tx.reserveNew(m); err != nil {
		return err
	}
	if err := tx.insert(m, envelope, content); err != nil {
		return err
	}
	if err := tx.Deepen(books.Outbound, 1); err != nil {
		return err
	}
	return tx.Deepen(books.Unsettled, 1)
}

// reserveNew reserves what a new message can cost.
func (tx *Tx) reserveNew(m *Message) error {
	bound := m.Bound
	if bound == nil {
		bound = &pricing.Bound{Amount: m.Reserved, Uncovered: allowances.Exposure{Amount: m.Reserved.Amount}}
	}
	m.Bound = nil
	return tx.reserveFor(m, bound)
}

// insert writes a new message, whose sealed parts are given.
func (tx *Tx) insert(m *Message, envelope, content []byte) error {
	if err := tx.AddChannel(m.Channel); err != nil {
		return err
	}
	tx.KeepsNow(txn.Person{Channel: m.Channel, Customer: m.Customer})
	if m.IdempotencyKey != nil {
		tx.unused.Put(string(m.IdempotencyKey), false)
	}
	if err := tx.Exec(
		insertMessage, m.ID, m.Channel, m.Customer[:], int64(m.Lane), int64(m.State), txn.NullableTime(m.ReadyAt),
		int64(m.Attempts), txn.Millis(m.ExpiresAt), txn.Millis(m.AcceptedAt), m.Reserved.Amount.String(),
		string(m.Reserved.Currency), m.packTimes(),
		envelope, txn.Nullable(content), txn.Nullable(m.IdempotencyKey), txn.Nullable(m.Fingerprint), m.Lease, m.claims,
	); err != nil {
		return err
	}
	m.dirty = false
	if seq, known := tx.Writer.LastInserted(); known {
		m.seq = seq
		tx.know(m)
	}
	return nil
}

// AheadOfKeys asks which idempotency keys nobody has used.
func (tx *Tx) AheadOfKeys(keys [][]byte) engine.Question {
	q := engine.Question{Text: selectKey, Scan: func(of int, _ engine.Row) { tx.unused.Read(string(keys[of]), false) }}
	for _, key := range keys {
		tx.unused.Read(string(key), true)
		q.Lists = append(q.Lists, []any{key})
	}
	return q
}
