package messages

import (
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
	selectReady = `SELECT ` + messageColumns + `, content FROM messages WHERE channel = $1 AND lane = $2
		AND ready_at <= $3
		ORDER BY ready_at, seq LIMIT $4 + 0`
	selectNextReady = `SELECT ready_at FROM messages WHERE channel = $1 AND lane = $2 AND ready_at IS NOT NULL
		ORDER BY ready_at LIMIT 1`
)

// Claim takes the messages of a channel whose turn it is, limit at most, and marks them Sending:
// once the operation is durable, the upstream may be called. Of a customer's line only one message
// is ever ready, so that one is under way at a time. Replies come before bulk; within a lane,
// whoever has waited longest comes first, counted for a customer with many messages from the claim
// of the one before, so that customers take turns. A parked message whose time has come is put back
// in line, and taken if nobody is before it. Content is filled in; once there are maxClaimed bytes
// of it, fewer messages than the limit are taken.
func (q Queue) Claim(channel string, now time.Time, limit int) ([]*Message, error) {
	var claimed []*Message
	room := maxClaimed
	for lane := Lane(0); lane < lanes && len(claimed) < limit && room > 0; {
		messages, err := q.tx.readyOf(channel, lane, now, limit-len(claimed), &room)
		if err != nil {
			return nil, err
		}
		rejoined := false
		for _, m := range messages {
			if m.Parking != InLine {
				if err := q.tx.rejoin(m); err != nil {
					return nil, err
				}
				if m.ReadyAt.IsZero() {
					rejoined = true
					continue
				}
			}
			if m.Content == nil && m.Condition == txn.Whole { // the operation knew the message already
				if err := q.tx.Messages().ReadContent(m); err != nil {
					return nil, err
				}
			}
			q.tx.claim(m, now)
			claimed = append(claimed, m)
		}
		if !rejoined { // those that only came back in line have left room for others
			lane++
		}
	}
	return claimed, nil
}

// maxClaimed bounds the content, in bytes as it is sealed, that one claim brings into memory.
const maxClaimed = 4 << 20

// readyOf are the ready messages of a lane, with their content as long as there is room for it.
func (tx *Tx) readyOf(channel string, lane Lane, now time.Time, limit int, room *int) ([]*Message, error) {
	if err := tx.FlushMessages(); err != nil {
		return nil, err
	}
	var rows []MessageRow
	if err := tx.Each(selectReady, []any{channel, int64(lane), txn.Millis(now), int64(limit)}, func(v engine.Row) bool {
		row := ReadMessage(v)
		rows = append(rows, row)
		*room -= len(row.content)
		return *room > 0
	}); err != nil {
		return nil, err
	}
	return tx.adoptAll(rows), nil
}

// rejoin puts a parked message back in its customer's line.
func (tx *Tx) rejoin(m *Message) error {
	due := m.ReadyAt
	m.ReadyAt = time.Time{}
	// While it is parked, it is not before itself.
	line, err := tx.Queue().Line(txn.Person{Channel: m.Channel, Customer: m.Customer})
	if err != nil {
		return err
	}
	if err := tx.join(line, m, due); err != nil {
		return err
	}
	m.Parking, m.dirty = InLine, true
	tx.fronts.Drop(txn.Person{Channel: m.Channel, Customer: m.Customer})
	return nil
}

// claim marks a message as being sent from now on.
func (tx *Tx) claim(m *Message, now time.Time) {
	m.State, m.ReadyAt, m.ClaimedAt, m.Lease, m.dirty = Sending, time.Time{}, now, tx.Writer.Lease(), true
	m.Attempts++
}

// CancelAttempt says that a message that this operation has claimed is not tried after all: the
// claim does not count. Retry or Hold puts it back.
func (q Queue) CancelAttempt(m *Message) {
	m.Attempts--
	m.dirty = true
}

// Claimed is the message with our id if the given claim of it, by its number of attempts, is its
// last one. On a shared store, a replica that was silent for long may come back to a message that
// another has claimed since: what became of the earlier attempt is then no longer its state.
func (q Queue) Claimed(id string, attempt int) (*Message, bool, error) {
	m, found, err := q.tx.Messages().ByID(id)
	if err != nil || !found || m.Attempts != attempt {
		return nil, false, err
	}
	return m, true, nil
}

// NextReady is when the channel's next message becomes ready; the zero time if none waits for a
// time.
func (q Queue) NextReady(channel string) (time.Time, error) {
	if err := q.tx.FlushMessages(); err != nil {
		return time.Time{}, err
	}
	var earliest int64
	for lane := range Lane(lanes) {
		var at int64
		found, err := q.tx.First(selectNextReady, []any{channel, int64(lane)}, func(v engine.Row) { at = v.Int(0) })
		if err != nil {
			return time.Time{}, err
		}
		if found && (earliest == 0 || at < earliest) {
			earliest = at
		}
	}
	return txn.Instant(earliest), nil
}
