package store

import (
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

const (
	upsertRecipient = `INSERT INTO recipients (recipient, message, at, state) VALUES ($1, $2, $3, $4)
		ON CONFLICT (recipient, message) DO UPDATE SET at = excluded.at`
	advanceRecipient = `UPDATE recipients SET state = $1 WHERE recipient = $2 AND at <= $3 AND state < $4
		RETURNING message`
	deleteRead      = `DELETE FROM recipients WHERE recipient = $1 AND at <= $2 RETURNING message`
	eraseRecipient  = `DELETE FROM recipients WHERE recipient = $1`
	purgeRecipients = `DELETE FROM recipients WHERE seq IN (SELECT seq FROM
		(SELECT seq, at FROM recipients ORDER BY seq LIMIT $1 + 0) AS oldest WHERE at < $2)`
)

// KeepRecipient keeps whom a message went to, and when the upstream took it, as far as is known:
// for Reached, and until it is read. Keeping it again corrects the instant.
func (tx Messages) KeepRecipient(m *Message, recipient seal.CustomerHash, at time.Time) error {
	return tx.exec(upsertRecipient, recipient[:], m.ID, millis(at), int64(m.State))
}

// Reached are the messages that went to a recipient up to an instant and that such an instant has
// not brought to the state before, which is Delivered or Read, in no order. They are not moved yet.
func (tx Messages) Reached(recipient seal.CustomerHash, upTo time.Time, state State) ([]*Message, error) {
	if err := tx.write(); err != nil {
		return nil, err
	}
	text, args := deleteRead, []any{recipient[:], millis(upTo)}
	if state != Read {
		text, args = advanceRecipient, []any{int64(state), recipient[:], millis(upTo), int64(state)}
	}
	var ids []string
	if err := tx.each(text, args, func(v engine.Row) bool {
		ids = append(ids, v.Text(0))
		return true
	}); err != nil {
		return nil, err
	}
	messages := make([]*Message, 0, len(ids))
	for _, id := range ids {
		m, found, err := tx.ByID(id)
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
func (tx Queue) UnderWay(of Person) (*Message, bool, error) {
	if err := tx.flushMessages(); err != nil {
		return nil, false, err
	}
	found, err := tx.messagesOf(selectUnderWay, of.Channel, of.Customer[:])
	if err != nil || len(found) == 0 {
		return nil, false, err
	}
	m := found[0]
	return m, m.State == Sending || m.State == InDoubt, nil
}

const selectUnderWay = `SELECT ` + messageColumns + ` FROM messages WHERE channel = $1 AND customer = $2 AND state <= 2
	AND parked = 0 ORDER BY seq LIMIT 1`

// Enforcement is what the upstream does to a channel that breaks its policies, as it has told last.
type Enforcement struct {
	Channel string
	// Action is the upstream's word, Reason its sentence for people.
	Action, Reason string
	// Stopped says that the channel sends nothing, Lifted that it may again.
	Stopped, Lifted bool
	At              time.Time
}

const (
	upsertEnforcement = `INSERT INTO enforcements (channel, action, reason, stopped, lifted, at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (channel) DO UPDATE SET action = excluded.action, reason = excluded.reason,
		stopped = excluded.stopped, lifted = excluded.lifted, at = excluded.at WHERE excluded.at >= enforcements.at`
	selectEnforcements = `SELECT channel, action, reason, stopped, lifted, at FROM enforcements ORDER BY channel`
)

// PutEnforcement keeps what the upstream does to a channel, unless a later word is known.
func (tx Intake) PutEnforcement(e Enforcement) error {
	return tx.exec(upsertEnforcement, e.Channel, e.Action, e.Reason, count(e.Stopped), count(e.Lifted), millis(e.At))
}

// Enforcements are the upstream's latest words, by channel.
func (tx Intake) Enforcements() (list []Enforcement, err error) {
	err = tx.each(selectEnforcements, nil, func(v engine.Row) bool {
		list = append(list, Enforcement{
			Channel: v.Text(0), Action: v.Text(1), Reason: v.Text(2), Stopped: v.Int(3) == 1,
			Lifted: v.Int(4) == 1, At: instant(v.Int(5)),
		})
		return true
	})
	return list, err
}
