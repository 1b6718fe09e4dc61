package messages

import (
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Waiting is a message that the upstream does not have, with what tells why.
type Waiting struct {
	Channel    string
	Customer   seal.CustomerHash
	State      State
	Parking    Parking
	Attempts   int
	ReadyAt    time.Time // zero behind another message of the same customer, or while it is being sent
	AcceptedAt time.Time
}

const selectUnsent = `SELECT channel, customer, state, parked, attempts, ready_at, accepted_at
		FROM messages WHERE state = $1 AND state <= 2 ORDER BY seq LIMIT $2 + 0`

// Waiting calls scan for the messages that the upstream does not have, limit at most: those in
// doubt, those that are being sent, then the queued ones, each in order of acceptance.
func (q Queue) Waiting(limit int, scan func(Waiting)) error {
	if err := q.tx.FlushMessages(); err != nil {
		return err
	}
	for _, state := range []State{InDoubt, Sending, Queued} {
		err := q.tx.Each(selectUnsent, []any{int64(state), int64(limit)}, func(v engine.Row) bool {
			w := Waiting{
				Channel: v.Text(0), State: State(v.Int(2)), Parking: Parking(v.Int(3)), Attempts: int(v.Int(4)),
				ReadyAt: txn.Instant(v.Int(5)), AcceptedAt: txn.Instant(v.Int(6)),
			}
			copy(w.Customer[:], v.Bytes(1))
			limit--
			scan(w)
			return limit > 0
		})
		if err != nil || limit <= 0 {
			return err
		}
	}
	return nil
}
