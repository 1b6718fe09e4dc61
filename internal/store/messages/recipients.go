package messages

import (
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
	upsertRecipient = `INSERT INTO recipients (recipient, message, at, state) VALUES ($1, $2, $3, $4)
		ON CONFLICT (recipient, message) DO UPDATE SET at = excluded.at`
	advanceRecipient = `UPDATE recipients SET state = $1 WHERE recipient = $2 AND at <= $3 AND state < $4
		RETURNING message`
	deleteRead = `DELETE FROM recipients WHERE recipient = $1 AND at <= $2 RETURNING message`
	// EraseRecipient forgets what went to a recipient.
	EraseRecipient = `DELETE FROM recipients WHERE recipient = $1`
	// PurgeRecipients forgets what nobody has read, of so many rows and before an instant.
	PurgeRecipients = `DELETE FROM recipients WHERE seq IN (SELECT seq FROM
		(SELECT seq, at FROM recipients ORDER BY seq LIMIT $1 + 0) AS oldest WHERE at < $2)`
)

// KeepRecipient keeps whom a message went to, and when the upstream took it, as far as is known:
// for Reached, and until it is read. Keeping it again corrects the instant.
func (ms Messages) KeepRecipient(m *Message, recipient seal.CustomerHash, at time.Time) error {
	return ms.tx.Exec(upsertRecipient, recipient[:], m.ID, txn.Millis(at), int64(m.State))
}

// Reached are the messages that went to a recipient up to an instant and that such an instant has
// not brought to the state before, which is Delivered or Read, in no order. They are not moved yet.
func (ms Messages) Reached(recipient seal.CustomerHash, upTo time.Time, state State) ([]*Message, error) {
	text, args := deleteRead, []any{recipient[:], txn.Millis(upTo)}
	if state != Read {
		text, args = advanceRecipient, []any{int64(state), recipient[:], txn.Millis(upTo), int64(state)}
	}
	var ids []string
	if err := ms.tx.EachChanged(text, args, func(v engine.Row) bool {
		ids = append(ids, v.Text(0))
		return true
	}); err != nil {
		return nil, err
	}
	messages := make([]*Message, 0, len(ids))
	for _, id := range ids {
		m, found, err := ms.ByID(id)
		if err != nil {
			return nil, err
		}
		if found {
			messages = append(messages, m)
		}
	}
	return messages, nil
}

// UnderWay is the message of a customer's line that is being sent or in doubt, and whether there is
// one.
func (q Queue) UnderWay(of txn.Person) (*Message, bool, error) {
	if err := q.tx.FlushMessages(); err != nil {
		return nil, false, err
	}
	found, err := q.tx.messagesOf(selectUnderWay, of.Channel, of.Customer[:])
	if err != nil || len(found) == 0 {
		return nil, false, err
	}
	m := found[0]
	return m, m.State == Sending || m.State == InDoubt, nil
}

const selectUnderWay = `SELECT ` + messageColumns + ` FROM messages WHERE channel = $1 AND customer = $2 AND state <= 2
	AND parked = 0 ORDER BY seq LIMIT 1`
