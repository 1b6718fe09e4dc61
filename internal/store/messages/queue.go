package messages

import (
	"errors"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// ErrState says that a message is not in the state that a step starts from: another step has
// overtaken it. Nothing was changed.
var ErrState = errors.New("the message is not in the state that this step starts from")

const (
	selectNextOf = `SELECT seq FROM messages WHERE channel = $1 AND customer = $2 AND state <= 2 AND parked = 0
		ORDER BY seq LIMIT 1`
	makeReady     = `UPDATE messages SET ready_at = $1 WHERE seq = $2`
	selectExpired = `SELECT ` + messageColumns + ` FROM messages WHERE settled = 0 AND unpriced = 0
		AND expires_at <= $1 ORDER BY expires_at LIMIT $2 + 0`
	selectOutlived = `SELECT ` + messageColumns + ` FROM messages WHERE state = 0 AND expires_at <= $1
		ORDER BY expires_at LIMIT $2 + 0`
	selectActive = `SELECT ` + messageColumns + ` FROM messages WHERE state = $1 AND state <= 2 AND seq > $2
		ORDER BY seq LIMIT $3 + 0`
	selectCutOff = `SELECT ` + messageColumns + ` FROM messages WHERE state = 1 AND state <= 2 AND seq > $1
		AND lease NOT IN (SELECT id FROM leases WHERE taken = 0) ORDER BY seq LIMIT $2 + 0`
	// selectOldestInLine does not look through all that is parked, which can be the whole queue.
	selectOldestInLine = `SELECT accepted_at FROM (SELECT seq, accepted_at, parked FROM messages WHERE state = 0
		AND state <= 2 ORDER BY seq LIMIT 1000) AS oldest
		WHERE parked = 0 ORDER BY seq LIMIT 1`
	releaseHeld    = `UPDATE messages SET ready_at = $1 WHERE channel = $2 AND parked = 2 AND ready_at > $3`
	selectUnpriced = `SELECT ` + messageColumns + ` FROM messages WHERE unpriced = 1 AND seq > $1
		ORDER BY seq LIMIT $2 + 0`
)

// Submit records that the upstream accepted the message under an id of its own. The customer's next
// message becomes ready. A message that a status has moved on in the meantime keeps its state and
// gets the id.
func (q Queue) Submit(m *Message, upstreamID string, at time.Time) error {
	sealed, err := q.tx.Keys.Seal([]byte(upstreamID), "messages.upstream_id/"+m.ID)
	if err != nil {
		return err
	}
	m.UpstreamID, m.sealedUpstreamID, m.SubmittedAt, m.dirty = upstreamID, sealed, at, true
	m.answered()
	if m.State >= Submitted {
		return nil
	}
	if err := q.tx.Submitted(m.Channel, at); err != nil {
		return err
	}
	return q.tx.move(m, Submitted)
}

// Retry puts a message that the upstream did not take back into its place, to be claimed again at
// readyAt. It starts from Sending or InDoubt.
func (q Queue) Retry(m *Message, readyAt time.Time) error {
	if m.State != Sending && m.State != InDoubt {
		return q.tx.wrongState(m)
	}
	if err := q.tx.move(m, Queued); err != nil {
		return err
	}
	m.ReadyAt = readyAt
	return nil
}

// Park puts a message that the upstream did not take beside its customer's line until readyAt. The
// customer's next message becomes ready. It starts from Sending.
func (q Queue) Park(m *Message, readyAt time.Time) error { return q.tx.park(m, Parked, readyAt) }

// Hold is Park until readyAt or Release.
func (q Queue) Hold(m *Message, readyAt time.Time) error { return q.tx.park(m, Held, readyAt) }

func (tx *Tx) park(m *Message, parking Parking, readyAt time.Time) error {
	if m.State != Sending {
		return tx.wrongState(m)
	}
	before := *m
	m.State, m.ReadyAt, m.Parking, m.dirty = Queued, readyAt, parking, true
	if before.Parking != InLine {
		return nil // it was under way beside the line, see UniteMessages
	}
	tx.leaveLine(m)
	return tx.nextOf(&before, m)
}

// Release lets the channel's held messages back in line now.
func (q Queue) Release(channel string, now time.Time) error {
	if err := q.tx.FlushMessages(); err != nil {
		return err
	}
	for _, known := range q.tx.Known {
		if known.Channel == channel && known.Parking == Held && known.ReadyAt.After(now) {
			known.ReadyAt = now
		}
	}
	return q.tx.Exec(releaseHeld, txn.Millis(now), channel, txn.Millis(now))
}

// Doubt records that nobody knows whether the upstream took the message. Until that is resolved, by
// a status, Submit, Retry or Fail, the customer's next messages wait. It starts from Sending.
func (q Queue) Doubt(m *Message) error {
	if m.State != Sending {
		return q.tx.wrongState(m)
	}
	if m.DoubtedAt.IsZero() {
		m.DoubtedAt = m.ClaimedAt
	}
	return q.tx.move(m, InDoubt)
}

// Undoubt takes a doubt back, because the answer to the send has come after all: the message is
// Sending until its outcome is recorded, in the same operation. It starts from InDoubt.
func (q Queue) Undoubt(m *Message) error {
	if m.State != InDoubt {
		return q.tx.wrongState(m)
	}
	m.answered()
	return q.tx.move(m, Sending)
}

// Advance applies a status of the upstream (Sent, Failed, Delivered or Read) with the time that it
// tells. It is false, and no error, if the message had come as far already: statuses may repeat and
// come in any order. A message that was still under way leaves the queue.
func (q Queue) Advance(m *Message, to State, at time.Time) (bool, error) {
	before := *m
	if !m.advance(to, at) {
		return false, nil
	}
	return true, q.tx.left(&before, m)
}

// Fail ends a message that shall not be sent (again), with the upstream's error code or ours. It is
// Advance to Failed.
func (q Queue) Fail(m *Message, code int, at time.Time) (bool, error) {
	if m.State < Failed {
		m.ErrorCode = code
	}
	return q.Advance(m, Failed, at)
}

// CutOff are messages that are Sending although whoever claimed them is gone, in order of
// acceptance, after a message of which nil is none: a process that has ended, or on a shared store
// a replica that has not renewed its lease. Nobody knows what became of them; see Doubt.
func (q Queue) CutOff(after *Message, limit int) ([]*Message, error) {
	if q.tx.ReadOnly {
		return nil, txn.ErrReadOnly
	}
	if err := q.tx.Travel(true); err != nil {
		return nil, err
	}
	over, err := q.tx.Writer.HasExpiredLeases()
	if err := q.tx.Fail(err); err != nil {
		return nil, err
	}
	if over {
		if err := q.tx.Write(); err != nil {
			return nil, err
		}
		if err := q.tx.Fail(q.tx.Writer.TakeExpiredLeases()); err != nil {
			return nil, err
		}
	}
	return q.tx.messagesOf(selectCutOff, after.sequence(), limit)
}

// InState are messages that are Queued, Sending or InDoubt, in order of acceptance, after a message
// of which nil is none.
func (q Queue) InState(state State, after *Message, limit int) ([]*Message, error) {
	return q.tx.messagesOf(selectActive, state, after.sequence(), limit)
}

// OldestInLine is when the message was accepted that waits in line the longest, parked ones
// excepted; the zero time if there is none, or a thousand older ones are parked.
func (q Queue) OldestInLine() (time.Time, error) {
	if err := q.tx.FlushMessages(); err != nil {
		return time.Time{}, err
	}
	var at int64
	_, err := q.tx.First(selectOldestInLine, nil, func(v engine.Row) { at = v.Int(0) })
	return txn.Instant(at), err
}

// Expired are unsettled messages whose time is over at now, those that are unpriced excepted.
func (ms Messages) Expired(now time.Time, limit int) ([]*Message, error) {
	return ms.tx.messagesOf(selectExpired, txn.Millis(now), limit)
}

// Outlived are queued messages whose ExpiresAt is at or before an instant, the oldest first.
func (q Queue) Outlived(expires time.Time, limit int) ([]*Message, error) {
	return q.tx.messagesOf(selectOutlived, txn.Millis(expires), limit)
}

// Unpriced are delivered messages that no rate could settle, after a message of which nil is none.
func (ms Messages) Unpriced(after *Message, limit int) ([]*Message, error) {
	return ms.tx.messagesOf(selectUnpriced, after.sequence(), limit)
}

func (m *Message) sequence() int64 {
	if m == nil {
		return 0
	}
	return m.seq
}

// move changes the state of an active message. One that is under way beside its line, see
// UniteMessages, stays there as long as it is active.
func (tx *Tx) move(m *Message, to State) error {
	before := *m
	m.State, m.ReadyAt, m.dirty = to, time.Time{}, true
	if !to.Active() {
		m.Parking = InLine
	}
	return tx.left(&before, m)
}

// left keeps the depths right after a message has changed its state, and makes the customer's next
// message ready if it was this one's turn and it is out of the way.
func (tx *Tx) left(before, m *Message) error {
	if err := tx.Deepen(books.Doubts, txn.Count(m.State == InDoubt)-txn.Count(before.State == InDoubt)); err != nil {
		return err
	}
	if !before.State.Active() || m.State.Active() {
		return nil
	}
	if err := tx.Deepen(books.Outbound, -1); err != nil {
		return err
	}
	if before.Parking == InLine {
		tx.leaveLine(m)
	}
	if turn := before.Parking == InLine && (before.State != Queued || !before.ReadyAt.IsZero()); !turn {
		return nil
	}
	return tx.nextOf(before, m)
}

// nextOf makes the customer's next message ready: the oldest in line, now that this one has left
// it.
func (tx *Tx) nextOf(before, m *Message) error {
	next, found, err := tx.nextInLine(txn.Person{Channel: m.Channel, Customer: m.Customer})
	if err != nil || !found {
		return err
	}
	// The next one's turn counts from this one's last claim: a time of our own clock, and not the
	// status's, which may be anything.
	since := before.ClaimedAt
	if since.IsZero() {
		since = before.ReadyAt
	}
	for _, known := range tx.Known {
		if known.seq == next {
			known.ReadyAt = since
		}
	}
	tx.readied = true
	return tx.Exec(makeReady, txn.Millis(since), next)
}

// nextInLine is the first message of a line.
func (tx *Tx) nextInLine(of txn.Person) (seq int64, found bool, err error) {
	if f, ahead := tx.fronts.Get(of); ahead {
		if first, occupied, known := f.first(); known && (!occupied || first.seq != 0) {
			return first.seq, occupied, tx.Failure()
		}
	}
	if err := tx.FlushMessages(); err != nil {
		return 0, false, err
	}
	found, err = tx.First(selectNextOf, []any{of.Channel, of.Customer[:]}, func(v engine.Row) { seq = v.Int(0) })
	return seq, found, err
}

// Readied tells whether the operation has made a message ready that waited behind another of its
// customer.
func (q Queue) Readied() bool { return q.tx.readied }

func (tx *Tx) wrongState(m *Message) error {
	return fmt.Errorf("%w: message %s is %s", ErrState, m.ID, m.State)
}
