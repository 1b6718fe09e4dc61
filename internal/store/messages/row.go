package messages

import (
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// CurrentCustomer is whom a message is for, as far as is known by now: see unite.
const CurrentCustomer = `COALESCE((SELECT kept FROM united WHERE gone = messages.customer), messages.customer)`

const messageColumns = `seq, id, channel, ` + CurrentCustomer + `, lane, state, ready_at, attempts, upstream_id,
	settled, unpriced, expires_at, accepted_at, reserved, currency, times, error_code, envelope, lease, parked, claims,
	opened`

// MessageRow is a row of messages on its way to a Message.
type MessageRow struct {
	message                       *Message
	reserved, times               string
	envelope, upstreamID, content []byte // sealed; content is nil unless it was asked for
}

// ReadMessage reads messageColumns, and the content where it follows them.
func ReadMessage(v engine.Row) MessageRow {
	m := &Message{
		seq: v.Int(0), ID: v.Text(1), Channel: v.Text(2),
		Lane: Lane(v.Int(4)), State: State(v.Int(5)), ReadyAt: txn.Instant(v.Int(6)),
		Attempts: int(v.Int(7)), Settled: v.Int(9) == 1, Unpriced: v.Int(10) == 1,
		Lease: v.Int(18), Parking: Parking(v.Int(19)), claims: v.Text(20), Opened: v.Int(21) == 1,
		ExpiresAt: txn.Instant(v.Int(11)), AcceptedAt: txn.Instant(v.Int(12)), ErrorCode: int(v.Int(16)),
	}
	copy(m.Customer[:], v.Bytes(3))
	m.Reserved.Currency = money.Currency(v.Text(14))
	row := MessageRow{
		message: m, reserved: v.Text(13), times: v.Text(15), envelope: v.Bytes(17), upstreamID: v.Bytes(8),
	}
	if v.Len() > 22 {
		row.content = v.Bytes(22)
	}
	return row
}

// finish reads what may be wrong. What is makes the message Damaged, and errs on the side of the
// budget: a reservation that cannot be read, or its claims, is never given back, so that the sum
// stays as it was; and where a time is missing, it may be that of a doubt, so the message counts as
// one that the upstream may have a copy of.
func (r *MessageRow) finish() {
	m := r.message
	held, err := books.ParseHeldClaims(m.claims)
	if amount, ok := ParseReserved(r.reserved); ok && err == nil {
		m.Reserved.Amount, m.Covered = amount, held.Covered
	} else {
		m.Condition, m.claims = txn.Damaged, ""
	}
	if !m.unpackTimes(r.times) {
		m.Condition = txn.Damaged
		if m.DoubtedAt.IsZero() {
			m.DoubtedAt = m.AcceptedAt
		}
	}
}

// ParseReserved reads a reservation, which is never negative.
func ParseReserved(text string) (money.Decimal, bool) {
	amount, err := money.Parse(text)
	if err != nil || amount.Sign() < 0 {
		return money.Decimal{}, false
	}
	return amount, true
}

// milestones are the times that are only ever read with the message; they share a column. A new one
// comes last: rows that were written before it lack it.
func (m *Message) milestones() [7]*time.Time {
	return [...]*time.Time{
		&m.ClaimedAt, &m.SubmittedAt, &m.SentAt, &m.DeliveredAt, &m.ReadAt, &m.FailedAt, &m.DoubtedAt,
	}
}

// packTimes writes the milestones as Unix milliseconds, separated by commas; a time that is not
// known is empty.
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

// unpackTimes reads the milestones, and tells whether all of them could be read.
func (m *Message) unpackTimes(text string) (whole bool) {
	whole = true
	for _, t := range m.milestones() {
		var field string
		field, text, _ = strings.Cut(text, ",")
		if field == "" {
			continue
		}
		ms, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			whole = false
			continue
		}
		*t = txn.Instant(ms)
	}
	return whole
}
