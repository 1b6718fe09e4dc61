package messages

import (
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/store/books"
)

const updateEnvelope = `UPDATE messages SET envelope = $1 WHERE seq = $2`

// AcceptShare stores one recipient's share of a message to a group, with its reservation. It is
// Submitted from the beginning: only the message itself is sent. It is otherwise as for Accept; a
// share has no Content.
func (q Queue) AcceptShare(m *Message) error {
	if problem := m.problem(); problem != "" {
		return fmt.Errorf("%w: %s", ErrInvalid, problem)
	}
	envelope, err := q.tx.Keys.Seal(m.Envelope, "messages.envelope/"+m.ID)
	if err != nil {
		return err
	}
	m.State, m.ReadyAt, m.Parking = Submitted, time.Time{}, InLine
	if err := q.tx.reserveNew(m); err != nil {
		return err
	}
	if err := q.tx.insert(m, envelope, nil); err != nil {
		return err
	}
	return q.tx.Deepen(books.Unsettled, 1)
}

// Rewrite replaces what is known of a message, see Message.Envelope.
func (ms Messages) Rewrite(m *Message, envelope []byte) error {
	if err := ms.tx.FlushMessages(); err != nil {
		return err
	}
	sealed, err := ms.tx.Keys.Seal(envelope, "messages.envelope/"+m.ID)
	if err != nil {
		return err
	}
	m.Envelope = envelope
	return ms.tx.Exec(updateEnvelope, sealed, m.seq)
}

// Waive ends a share that nobody took: it gives back the reservation, and the ledger knows nothing
// of it. A message that is settled already stays as it is.
func (l Ledger) Waive(m *Message) error {
	if m.Settled {
		return nil
	}
	if err := l.tx.Deepen(books.Unsettled, -1); err != nil {
		return err
	}
	m.Settled, m.dirty = true, true
	return l.Unreserve(m)
}
