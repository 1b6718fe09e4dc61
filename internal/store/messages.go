package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// ErrInvalid says that a message cannot be stored as it is: a mistake of the caller.
var ErrInvalid = errors.New("the message cannot be stored")

// currentCustomer is whom a message is for, as far as is known by now: see unite.
const currentCustomer = `COALESCE((SELECT kept FROM united WHERE gone = messages.customer), messages.customer)`

const messageColumns = `seq, id, channel, ` + currentCustomer + `, lane, state, ready_at, attempts, upstream_id,
	settled, unpriced, expires_at, accepted_at, reserved, currency, times, error_code, envelope, lease, parked, claims,
	opened`

const (
	insertMessage = `INSERT INTO messages (id, channel, customer, lane, state, ready_at, attempts, settled, unpriced,
		expires_at, accepted_at, reserved, currency, times, error_code, envelope, content, content_until,
		idempotency_key, fingerprint, lease, claims)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9, $10, $11, $12, 0, $13, $14, 0, $15, $16, $17, $18)`
	setMessage = `UPDATE messages SET lane = $1, state = $2, ready_at = $3, attempts = $4,
		upstream_hash = COALESCE($5, upstream_hash), upstream_id = COALESCE($6, upstream_id), settled = $7,
		unpriced = $8, reserved = $9, times = $10, error_code = $11, lease = $12, parked = $13, claims = $14,
		opened = $15`
	updateMessage           = setMessage + ` WHERE seq = $16`
	updateAndDropContent    = setMessage + `, content = NULL WHERE seq = $16`
	keepContentUntil        = `UPDATE messages SET content_until = $1 WHERE seq = $2`
	selectMessage           = `SELECT ` + messageColumns + ` FROM messages WHERE id = $1`
	selectMessageByUpstream = `SELECT ` + messageColumns + ` FROM messages WHERE upstream_hash = $1`
	selectMessageByKey      = `SELECT ` + messageColumns + ` FROM messages WHERE idempotency_key = $1`
	selectFingerprint       = `SELECT fingerprint FROM messages WHERE id = $1`
	selectContent           = `SELECT content FROM messages WHERE seq = $1`
	selectHeadOfCustomer    = `SELECT lane FROM messages WHERE channel = $1 AND customer = $2 AND state <= 2
		AND parked = 0 ORDER BY seq LIMIT 1`
	promoteLane = `UPDATE messages SET lane = $1 WHERE channel = $2 AND customer = $3 AND state <= 2
		AND parked = 0 AND lane > $4`
)

// Accept stores a new message with its reservation and puts it in its customer's queue. ID,
// Channel, Customer, Lane, AcceptedAt, ExpiresAt, Envelope and Content must be set, Reserved or
// Bound, IdempotencyKey and Fingerprint may be. An id or an idempotency key that is taken makes the
// operation fail: look it up before.
func (tx Queue) Accept(m *Message) error {
	line, err := tx.Line(Person{m.Channel, m.Customer})
	if err != nil {
		return err
	}
	return tx.AcceptInto(line, m)
}

// AcceptInto is Accept for a caller that has asked for the customer's line already.
func (tx Queue) AcceptInto(line Line, m *Message) error { return tx.accept(line, m, false) }

// AcceptAndClaim is AcceptInto, and Claim at the instant of the acceptance: once the operation is
// durable, the upstream may be called. The line must be free, see Line; if it is not, the error is
// ErrState.
func (tx Queue) AcceptAndClaim(line Line, m *Message) error { return tx.accept(line, m, true) }

func (tx *transaction) accept(line Line, m *Message, claim bool) error {
	if problem := m.problem(); problem != "" {
		return fmt.Errorf("%w: %s", ErrInvalid, problem)
	}
	if line.of != (Person{m.Channel, m.Customer}) {
		return fmt.Errorf("%w: the line is another customer's", ErrInvalid)
	}
	if claim && !line.Free() {
		return fmt.Errorf("%w: other messages are before message %s", ErrState, m.ID)
	}
	envelope, err := tx.store.options.Keys.Seal(m.Envelope, "messages.envelope/"+m.ID)
	if err != nil {
		return err
	}
	content, err := tx.store.options.Keys.Seal(m.Content, "messages.content/"+m.ID)
	if err != nil {
		return err
	}
	m.State, m.ReadyAt, m.Parking = Queued, time.Time{}, InLine
	if err := tx.join(line, m, m.AcceptedAt); err != nil {
		return err
	}
	if claim {
		tx.claim(m, m.AcceptedAt)
	}
	if err := tx.reserveNew(m); err != nil {
		return err
	}
	if err := tx.insert(m, envelope, content); err != nil {
		return err
	}
	if err := tx.deepen(Outbound, 1); err != nil {
		return err
	}
	return tx.deepen(Unsettled, 1)
}

// reserveNew reserves what a new message can cost.
func (tx *transaction) reserveNew(m *Message) error {
	bound := m.Bound
	if bound == nil {
		bound = &pricing.Bound{Amount: m.Reserved, Uncovered: pricing.Exposure{Amount: m.Reserved.Amount}}
	}
	m.Bound = nil
	return tx.reserveFor(m, bound)
}

// insert writes a new message, whose sealed parts are given.
func (tx *transaction) insert(m *Message, envelope, content []byte) error {
	if err := tx.noteChannel(m.Channel); err != nil {
		return err
	}
	tx.keepsNow(Person{m.Channel, m.Customer})
	if err := tx.exec(
		insertMessage, m.ID, m.Channel, m.Customer[:], int64(m.Lane), int64(m.State), nullableTime(m.ReadyAt),
		int64(m.Attempts), millis(m.ExpiresAt), millis(m.AcceptedAt), m.Reserved.Amount.String(),
		string(m.Reserved.Currency), m.packTimes(),
		envelope, nullable(content), nullable(m.IdempotencyKey), nullable(m.Fingerprint), m.Lease, m.claims,
	); err != nil {
		return err
	}
	m.dirty = false
	if seq, known := tx.store.writer.LastInserted(); known {
		m.seq = seq
		tx.know(m)
	}
	return nil
}

// Line is a customer's line of unsent messages, as an operation found it. It is valid within the
// operation until a message of the customer's changes.
type Line struct {
	of       Person
	occupied bool
	lane     Lane // of its messages
}

// Free tells whether a new message would be the next one to send.
func (l Line) Free() bool { return !l.occupied }

// Line looks at a customer's line. Parked messages are beside it.
func (tx Queue) Line(of Person) (Line, error) {
	line := Line{of: of}
	if err := tx.flushMessages(); err != nil {
		return line, err
	}
	var err error
	line.occupied, err = tx.first(selectHeadOfCustomer, []any{of.Channel, of.Customer[:]}, func(v engine.Row) {
		line.lane = Lane(v.Int(0))
	})
	return line, err
}

// join puts a message into its customer's line: ready at the given time if the line is free, or
// behind others, which then come along into its lane.
func (tx *transaction) join(line Line, m *Message, readyAt time.Time) error {
	switch {
	case line.Free():
		m.ReadyAt = readyAt
	case line.lane > m.Lane:
		return tx.promote(line.of, m.Lane)
	default:
		m.Lane = line.lane
	}
	return nil
}

// ByID is the message with our id, and whether there is one.
func (tx Messages) ByID(id string) (*Message, bool, error) {
	if known := tx.byID[id]; known != nil {
		return known, true, nil
	}
	if !tx.readOnly {
		if m := tx.store.recent.message(id); m != nil {
			tx.know(m)
			return m, true, nil
		}
	}
	return tx.firstMessage(selectMessage, id) // no change that waits to be written is about it
}

// ByUpstreamID is the message with the upstream's id.
func (tx Messages) ByUpstreamID(id string) (*Message, bool, error) {
	return tx.message(selectMessageByUpstream, hashID(id))
}

// ByIdempotencyKey is the message that was accepted with the key. Its Fingerprint is filled
// in.
func (tx Messages) ByIdempotencyKey(key []byte) (*Message, bool, error) {
	m, found, err := tx.message(selectMessageByKey, key)
	if err != nil || !found {
		return nil, false, err
	}
	m.IdempotencyKey = key
	_, err = tx.first(selectFingerprint, []any{m.ID}, func(v engine.Row) { m.Fingerprint = v.Bytes(0) })
	return m, err == nil, err
}

// ReadContent fills in the message's Content; it is nil if it has been deleted, or if it cannot be
// opened, see Condition.
func (tx Messages) ReadContent(m *Message) error {
	var sealed []byte
	if _, err := tx.first(
		selectContent, []any{m.seq}, func(v engine.Row) { sealed = v.Bytes(0) },
	); err != nil || sealed == nil {
		return err
	}
	m.Content = tx.openSealed(sealed, "messages.content/"+m.ID, &m.Condition)
	return nil
}

func (tx *transaction) message(query string, key any) (*Message, bool, error) {
	if err := tx.flushMessages(); err != nil {
		return nil, false, err
	}
	return tx.firstMessage(query, key)
}

func (tx *transaction) firstMessage(query string, key any) (*Message, bool, error) {
	var row messageRow
	found, err := tx.first(query, []any{key}, func(v engine.Row) { row = readMessage(v) })
	if err != nil || !found {
		return nil, false, err
	}
	return tx.adopt(&row), true, nil
}

// messagesOf reads several messages.
func (tx *transaction) messagesOf(query string, args ...any) ([]*Message, error) {
	if err := tx.flushMessages(); err != nil {
		return nil, err
	}
	var rows []messageRow
	if err := tx.each(query, args, func(v engine.Row) bool {
		rows = append(rows, readMessage(v))
		return true
	}); err != nil {
		return nil, err
	}
	return tx.adoptAll(rows), nil
}

func (tx *transaction) adoptAll(rows []messageRow) []*Message {
	messages := make([]*Message, 0, len(rows))
	for i := range rows {
		messages = append(messages, tx.adopt(&rows[i]))
	}
	return messages
}

// adopt is the operation's own *Message of a row.
func (tx *transaction) adopt(row *messageRow) *Message {
	if known := tx.byID[row.message.ID]; known != nil {
		return known
	}
	m := row.message
	row.finish()
	if row.upstreamID != nil {
		var condition Condition // of the id alone: it is still found by its hash, and the next status tells it again
		m.UpstreamID = string(tx.openSealed(row.upstreamID, "messages.upstream_id/"+m.ID, &condition))
		m.sealedUpstreamID = row.upstreamID
	}
	m.Envelope = tx.openSealed(row.envelope, "messages.envelope/"+m.ID, &m.Condition)
	if row.content != nil {
		m.Content = tx.openSealed(row.content, "messages.content/"+m.ID, &m.Condition)
	}
	tx.know(m)
	return m
}

// know makes a message the operation's own.
func (tx *transaction) know(m *Message) {
	tx.known = append(tx.known, m)
	if tx.byID == nil {
		tx.byID = map[string]*Message{}
	}
	tx.byID[m.ID] = m
}

// flushMessages writes the messages that the operation has changed. Every statement that searches
// messages comes after it.
func (tx *transaction) flushMessages() error {
	for _, m := range tx.known {
		if !m.dirty {
			continue
		}
		statement := updateMessage
		if m.dropContent {
			statement = updateAndDropContent
		}
		var upstreamHash any
		if m.UpstreamID != "" {
			upstreamHash = hashID(m.UpstreamID)
		}
		if err := tx.exec(statement, int64(m.Lane), int64(m.State), nullableTime(m.ReadyAt), int64(m.Attempts),
			upstreamHash, nullable(m.sealedUpstreamID), count(m.Settled), count(m.Unpriced),
			m.Reserved.Amount.String(), m.packTimes(), int64(m.ErrorCode), m.Lease, int64(m.Parking), m.claims,
			count(m.Opened), m.seq,
		); err != nil {
			return err
		}
		m.dirty = false
	}
	return nil
}

// retireContent deletes a settled message's content, or marks when it shall be.
func (tx *transaction) retireContent(m *Message, until time.Time) error {
	if !until.IsZero() {
		return tx.exec(keepContentUntil, millis(until), m.seq)
	}
	m.Content, m.dropContent, m.dirty = nil, true, true
	return nil
}

func nullable(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

func nullableTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}
