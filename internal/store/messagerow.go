package store

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/money"
)

// messageRow is a row of messages on its way to a Message.
type messageRow struct {
	message                       Message
	customer, envelope            []byte
	readyAt                       sql.NullInt64
	upstreamID                    sql.NullString
	expiresAt, acceptedAt         int64
	reserved, currency, milestone string
}

// targets are where messageColumns are scanned to.
func (r *messageRow) targets() []any {
	m := &r.message
	return []any{&m.seq, &m.ID, &m.Channel, &r.customer, &m.Lane, &m.State, &r.readyAt, &m.Attempts, &r.upstreamID, &m.Settled, &m.Unpriced,
		&r.expiresAt, &r.acceptedAt, &r.reserved, &r.currency, &r.milestone, &m.ErrorCode, &r.envelope}
}

// finish turns what was scanned into the message.
func (r *messageRow) finish() error {
	m := &r.message
	copy(m.Customer[:], r.customer)
	m.ReadyAt = instant(r.readyAt.Int64)
	m.UpstreamID = r.upstreamID.String
	m.ExpiresAt, m.AcceptedAt = instant(r.expiresAt), instant(r.acceptedAt)
	amount, err := money.Parse(r.reserved)
	if err != nil {
		return fmt.Errorf("the reservation of message %s cannot be read: %w", m.ID, err)
	}
	m.Reserved = money.Money{Amount: amount, Currency: money.Currency(r.currency)}
	if err := m.unpackTimes(r.milestone); err != nil {
		return fmt.Errorf("the times of message %s cannot be read: %w", m.ID, err)
	}
	return nil
}

// milestones are the times that are only ever read with the message; they share a column.
func (m *Message) milestones() [6]*time.Time {
	return [...]*time.Time{&m.ClaimedAt, &m.SubmittedAt, &m.SentAt, &m.DeliveredAt, &m.ReadAt, &m.FailedAt}
}

// packTimes writes the milestones as Unix milliseconds, separated by commas; a time that is not known is empty.
func (m *Message) packTimes() string {
	var b [6 * 14]byte
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
