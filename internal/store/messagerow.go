package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/money"
)

// messageRow is a row of messages on its way to a Message.
type messageRow struct {
	message                       *Message
	reserved, times               string
	envelope, upstreamID, content []byte // sealed; content is nil unless it was asked for
}

// readMessage reads messageColumns, and the content where it follows them.
func readMessage(v values) messageRow {
	m := &Message{
		seq: v.Int(0), ID: v.Text(1), Channel: v.Text(2), Lane: Lane(v.Int(4)), State: State(v.Int(5)), ReadyAt: instant(v.Int(6)),
		Attempts: int(v.Int(7)), Settled: v.Int(9) == 1, Unpriced: v.Int(10) == 1,
		Lease: v.Int(18), Parking: Parking(v.Int(19)),
		ExpiresAt: instant(v.Int(11)), AcceptedAt: instant(v.Int(12)), ErrorCode: int(v.Int(16)),
	}
	copy(m.Customer[:], v.Bytes(3))
	m.Reserved.Currency = money.Currency(v.Text(14))
	row := messageRow{message: m, reserved: v.Text(13), times: v.Text(15), envelope: v.Bytes(17), upstreamID: v.Bytes(8)}
	if v.Len() > 20 {
		row.content = v.Bytes(20)
	}
	return row
}

// finish reads what may be wrong.
func (r *messageRow) finish() error {
	m := r.message
	amount, err := money.Parse(r.reserved)
	if err != nil {
		return fmt.Errorf("the reservation of message %s cannot be read: %w", m.ID, err)
	}
	m.Reserved.Amount = amount
	if err := m.unpackTimes(r.times); err != nil {
		return fmt.Errorf("the times of message %s cannot be read: %w", m.ID, err)
	}
	return nil
}

// milestones are the times that are only ever read with the message; they share a column. A new one comes last: rows that were written before it lack it.
func (m *Message) milestones() [7]*time.Time {
	return [...]*time.Time{&m.ClaimedAt, &m.SubmittedAt, &m.SentAt, &m.DeliveredAt, &m.ReadAt, &m.FailedAt, &m.DoubtedAt}
}

// packTimes writes the milestones as Unix milliseconds, separated by commas; a time that is not known is empty.
func (m *Message) packTimes() string {
	var b [7 * 14]byte
	text := b[:0]
	for i, t := range m.milestones() {
		if i > 0 {
			text = append(text, ',')
		}
		if !t.IsZero() {
			text = strconv.AppendInt(text, t.UnixMilli(), 10)
		}
	}
	return string(text)
}

func (m *Message) unpackTimes(text string) error {
	if text == "" {
		return nil
	}
	for _, t := range m.milestones() {
		var field string
		field, text, _ = strings.Cut(text, ",")
		if field == "" {
			continue
		}
		ms, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return err
		}
		*t = instant(ms)
	}
	return nil
}
