package messages

import (
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/intake"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
	// SelectMessage asks for the row of the message with an id, as ReadMessage reads it.
	SelectMessage           = `SELECT ` + messageColumns + ` FROM messages WHERE id = $1`
	selectMessageByUpstream = `SELECT ` + messageColumns + ` FROM messages WHERE upstream_hash = $1`
	selectMessageByKey      = `SELECT ` + messageColumns + ` FROM messages WHERE idempotency_key = $1`
	selectFingerprint       = `SELECT fingerprint FROM messages WHERE id = $1`
	selectContent           = `SELECT content FROM messages WHERE seq = $1`
)

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
