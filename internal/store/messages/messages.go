// Package messages is the outbound messages: their customers' lines, their way to the
// upstream, and how each of them ends in the ledger.
package messages

import (
	"errors"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/callbacks"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/intake"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Tx is a transaction with the messages that the current operation has read.
type Tx struct {
	*callbacks.Tx
	Recent *recent
	Known  []*Message // those that the operation has read, each once
	byID   map[string]*Message
	// byCustomer are the first messages, so many as are sorted, see give.
	byCustomer map[txn.Person][]*Message
	sorted     int
	readied    bool // whether the operation made a message ready that waited behind another
	// fronts are the fronts of lines, and unused the idempotency keys that nobody has used.
	fronts txn.Ahead[txn.Person, front]
	unused txn.Ahead[string, bool]
}

// New adds messages to a transaction. Shared says that others change them too.
func New(tx *callbacks.Tx, shared bool) *Tx {
	return &Tx{Tx: tx, Recent: newRecent(shared)}
}

// Reset begins a transaction.
func (tx *Tx) Reset() {
	tx.Tx.Reset()
	tx.forgetOperation()
	tx.forgetFronts()
}

// Undo takes back the operation's work.
func (tx *Tx) Undo() error {
	tx.fronts.Undo()
	tx.unused.Undo()
	return tx.Tx.Undo()
}

func (tx *Tx) forgetFronts() {
	tx.fronts.Clear()
	tx.unused.Clear()
}

// Begin starts the next operation of the transaction.
func (tx *Tx) Begin() {
	tx.Tx.Begin()
	tx.forgetOperation()
	tx.fronts.Begin()
	tx.unused.Begin()
}

// forgetOperation forgets what the operation before has read.
func (tx *Tx) forgetOperation() {
	clear(tx.Known)
	tx.Known = tx.Known[:0]
	clear(tx.byID)
	tx.forgetSorted()
	tx.readied = false
}

// Keep makes the operation's work a part of the transaction.
func (tx *Tx) Keep() error {
	tx.Recent.Keep(tx.Known)
	return tx.Tx.Keep()
}

// Forget remembers nothing of the transactions before.
func (tx *Tx) Forget() {
	tx.Tx.Forget()
	tx.Recent.forget()
	tx.forgetFronts()
}

// Committed remembers what the transaction has left, if nobody else can change it from now on.
func (tx *Tx) Committed() {
	if tx.Recent.shared {
		tx.Forget()
		return
	}
	tx.Recent.commit()
}

// Snapshot returns how to put what the operation has in memory back to what it is now.
func (tx *Tx) Snapshot() (undo func()) {
	messages, readied := append([]*Message{}, tx.Known...), tx.readied
	values := make([]Message, 0, len(messages))
	for _, m := range messages {
		values = append(values, *m)
	}
	cells := tx.BeginAttempt()
	return func() {
		cells()
		clear(tx.Known)
		clear(tx.byID)
		tx.forgetSorted()
		tx.Known, tx.readied = tx.Known[:0], readied
		for i, m := range messages {
			*m = values[i]
			tx.know(m)
		}
	}
}

// The subjects of an operation that are about messages.
type (
	// Queue is the messages that the upstream does not have yet, in each customer's line, and their
	// way to it.
	Queue struct{ tx *Tx }
	// Messages are all messages that are known.
	Messages struct{ tx *Tx }
	// Ledger is the ledger, and how a message ends in it.
	Ledger struct {
		books.Records
		tx *Tx
	}
)

// Queue is the messages that the upstream does not have yet.
func (tx *Tx) Queue() Queue { return Queue{tx} }

// Messages are all messages that are known.
func (tx *Tx) Messages() Messages { return Messages{tx} }

// Ledger is the ledger.
func (tx *Tx) Ledger() Ledger { return Ledger{tx.Records(), tx} }

// A customer's messages in the queue are found through these indexes.
const (
	WhereInLine     = `state <= 2 AND parked = 0`
	WhereBesideLine = `parked > 0`
)

// ErrInvalid says that a message cannot be stored as it is: a mistake of the caller.
var ErrInvalid = errors.New("the message cannot be stored")

// CurrentCustomer is whom a message is for, as far as is known by now: see unite.
const CurrentCustomer = `COALESCE((SELECT kept FROM united WHERE gone = messages.customer), messages.customer)`

const messageColumns = `seq, id, channel, ` + CurrentCustomer + `, lane, state, ready_at, attempts, upstream_id,
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
	updateMessage        = setMessage + ` WHERE seq = $16`
	updateAndDropContent = setMessage + `, content = NULL WHERE seq = $16`
	keepContentUntil     = `UPDATE messages SET content_until = $1 WHERE seq = $2`
	// SelectMessage asks for the row of the message with an id, as ReadMessage reads it.
	SelectMessage           = `SELECT ` + messageColumns + ` FROM messages WHERE id = $1`
	selectMessageByUpstream = `SELECT ` + messageColumns + ` FROM messages WHERE upstream_hash = $1`
	selectMessageByKey      = `SELECT ` + messageColumns + ` FROM messages WHERE idempotency_key = $1`
	selectKey               = `SELECT 1 FROM messages WHERE idempotency_key = $1`
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
		bound = &pricing.Bound{Amount: m.Reserved, Uncovered: pricing.Exposure{Amount: m.Reserved.Amount}}
	}
	m.Bound = nil
	return tx.reserveFor(m, bound)
}

// insert writes a new message, whose sealed parts are given.
func (tx *Tx) insert(m *Message, envelope, content []byte) error {
	if err := tx.NoteChannel(m.Channel); err != nil {
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

// Line is a customer's line of unsent messages, as an operation found it. It is valid within the
// operation until a message of the customer's changes.
type Line struct {
	of       txn.Person
	occupied bool
	lane     Lane // of its messages
}

// Free tells whether a new message would be the next one to send.
func (l Line) Free() bool { return !l.occupied }

// Line looks at a customer's line. Parked messages are beside it.
func (q Queue) Line(of txn.Person) (Line, error) {
	line := Line{of: of}
	if f, ahead := q.tx.fronts.Get(of); ahead {
		if first, occupied, known := f.first(); known {
			line.occupied, line.lane = occupied, first.lane
			return line, q.tx.Failure()
		}
	}
	if err := q.tx.FlushMessages(); err != nil {
		return line, err
	}
	var err error
	line.occupied, err = q.tx.First(selectHeadOfCustomer, []any{of.Channel, of.Customer[:]}, func(v engine.Row) {
		line.lane = Lane(v.Int(0))
	})
	return line, err
}

// join puts a message into its customer's line: ready at the given time if the line is free, or
// behind others, which then come along into its lane.
func (tx *Tx) join(line Line, m *Message, readyAt time.Time) error {
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
func (ms Messages) ByID(id string) (*Message, bool, error) {
	if known := ms.tx.byID[id]; known != nil {
		return known, true, nil
	}
	if !ms.tx.ReadOnly {
		if m := ms.tx.Recent.message(id); m != nil {
			ms.tx.know(m)
			return m, true, nil
		}
	}
	return ms.tx.firstMessage(SelectMessage, id) // no change that waits to be written is about it
}

// ByUpstreamID is the message with the upstream's id.
func (ms Messages) ByUpstreamID(id string) (*Message, bool, error) {
	return ms.tx.message(selectMessageByUpstream, intake.HashID(id))
}

// ByIdempotencyKey is the message that was accepted with the key. Its Fingerprint is filled
// in.
func (ms Messages) ByIdempotencyKey(key []byte) (*Message, bool, error) {
	if unused, ahead := ms.tx.unused.Get(string(key)); ahead && unused {
		return nil, false, ms.tx.Failure()
	}
	m, found, err := ms.tx.message(selectMessageByKey, key)
	if err != nil || !found {
		return nil, false, err
	}
	m.IdempotencyKey = key
	_, err = ms.tx.First(selectFingerprint, []any{m.ID}, func(v engine.Row) { m.Fingerprint = v.Bytes(0) })
	return m, err == nil, err
}

// ReadContent fills in the message's Content; it is nil if it has been deleted, or if it cannot be
// opened, see Condition.
func (ms Messages) ReadContent(m *Message) error {
	var sealed []byte
	if _, err := ms.tx.First(
		selectContent, []any{m.seq}, func(v engine.Row) { sealed = v.Bytes(0) },
	); err != nil || sealed == nil {
		return err
	}
	m.Content = ms.tx.OpenSealed(sealed, "messages.content/"+m.ID, &m.Condition)
	return nil
}

func (tx *Tx) message(query string, key any) (*Message, bool, error) {
	if err := tx.FlushMessages(); err != nil {
		return nil, false, err
	}
	return tx.firstMessage(query, key)
}

func (tx *Tx) firstMessage(query string, key any) (*Message, bool, error) {
	var row MessageRow
	found, err := tx.First(query, []any{key}, func(v engine.Row) { row = ReadMessage(v) })
	if err != nil || !found {
		return nil, false, err
	}
	return tx.Adopt(&row), true, nil
}

// messagesOf reads several messages.
func (tx *Tx) messagesOf(query string, args ...any) ([]*Message, error) {
	if err := tx.FlushMessages(); err != nil {
		return nil, err
	}
	var rows []MessageRow
	if err := tx.Each(query, args, func(v engine.Row) bool {
		rows = append(rows, ReadMessage(v))
		return true
	}); err != nil {
		return nil, err
	}
	return tx.adoptAll(rows), nil
}

func (tx *Tx) adoptAll(rows []MessageRow) []*Message {
	messages := make([]*Message, 0, len(rows))
	for i := range rows {
		messages = append(messages, tx.Adopt(&rows[i]))
	}
	return messages
}

// Adopt is the operation's own *Message of a row.
func (tx *Tx) Adopt(row *MessageRow) *Message {
	if known := tx.byID[row.message.ID]; known != nil {
		return known
	}
	m := row.message
	row.finish()
	if row.upstreamID != nil {
		// The condition is of the id alone: it is still found by its hash, and the next status
		// tells it again.
		var condition txn.Condition
		m.UpstreamID = string(tx.OpenSealed(row.upstreamID, "messages.upstream_id/"+m.ID, &condition))
		m.sealedUpstreamID = row.upstreamID
	}
	m.Envelope = tx.OpenSealed(row.envelope, "messages.envelope/"+m.ID, &m.Condition)
	if row.content != nil {
		m.Content = tx.OpenSealed(row.content, "messages.content/"+m.ID, &m.Condition)
	}
	tx.know(m)
	return m
}

// know makes a message the operation's own.
func (tx *Tx) know(m *Message) {
	tx.Known = append(tx.Known, m)
	if tx.byID == nil {
		tx.byID = map[string]*Message{}
	}
	tx.byID[m.ID] = m
}

// FlushMessages writes the messages that the operation has changed. Every statement that searches
// messages comes after it.
func (tx *Tx) FlushMessages() error {
	for _, m := range tx.Known {
		if !m.dirty {
			continue
		}
		statement := updateMessage
		if m.dropContent {
			statement = updateAndDropContent
		}
		var upstreamHash any
		if m.UpstreamID != "" {
			upstreamHash = intake.HashID(m.UpstreamID)
		}
		if err := tx.Exec(statement, int64(m.Lane), int64(m.State), txn.NullableTime(m.ReadyAt), int64(m.Attempts),
			upstreamHash, txn.Nullable(m.sealedUpstreamID), txn.Count(m.Settled), txn.Count(m.Unpriced),
			m.Reserved.Amount.String(), m.packTimes(), int64(m.ErrorCode), m.Lease, int64(m.Parking), m.claims,
			txn.Count(m.Opened), m.seq,
		); err != nil {
			return err
		}
		m.dirty = false
	}
	return nil
}

// retireContent deletes a settled message's content, or marks when it shall be.
func (tx *Tx) retireContent(m *Message, until time.Time) error {
	if !until.IsZero() {
		return tx.Exec(keepContentUntil, txn.Millis(until), m.seq)
	}
	m.Content, m.dropContent, m.dirty = nil, true, true
	return nil
}
