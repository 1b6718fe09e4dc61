package messages

import (
	"time"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Lane is the order in which customers' queues are served.
type Lane int8

// The lanes. A reply inside a service window overtakes bulk templates of other customers; for one
// customer, order is kept.
const (
	LaneReply Lane = iota
	LaneBulk
)

// lanes is how many there are.
const lanes = 2

// State is how far a message has come. States only ever rise, but for Sending and InDoubt, which
// may return to Queued.
type State int8

// The states. Delivered follows Failed: the upstream may report a delivery after a failure, never
// the other way round.
const (
	// Queued messages wait for their turn.
	Queued State = iota
	// Sending was committed before the upstream was called: until the answer is recorded, a crash
	// leaves the outcome open.
	Sending
	// InDoubt messages may or may not have reached the upstream.
	InDoubt
	// Submitted messages were accepted by the upstream, which gave them its id.
	Submitted
	// Sent, Failed, Delivered and Read are the upstream's statuses.
	Sent
	Failed
	Delivered
	Read
)

var stateNames = [...]string{"queued", "sending", "inDoubt", "submitted", "sent", "failed", "delivered", "read"}

// String is the state in lower camel case.
func (s State) String() string { return stateNames[s] }

// Active tells whether the upstream does not have the message yet, as far as is known.
func (s State) Active() bool { return s <= InDoubt }

// Parking says whether a queued message stands in its customer's line. One that must wait for long
// is parked beside it, and those behind it go ahead; when its time has come it is back in line,
// behind the message whose turn it is.
type Parking int8

// The kinds of parking.
const (
	InLine Parking = iota
	// Parked messages wait until ReadyAt.
	Parked
	// Held messages wait until ReadyAt or Queue.Release, whichever comes first.
	Held
)

// Message is an outbound message. What a Tx returns is changed through the Tx's methods only, and
// is valid within the operation; within one operation, reading a message twice gives the same
// *Message.
type Message struct {
	// ID is ours: the id that the business knows. At most 128 bytes, unique.
	ID string
	// Channel is the id of the phone number or page.
	Channel  string
	Customer seal.CustomerHash
	Lane     Lane
	// AcceptedAt is when it was accepted, ExpiresAt when it is given up if nothing was heard of it.
	AcceptedAt time.Time
	ExpiresAt  time.Time
	// Reserved is the most that it can still cost: zero once it is settled, but see SettleReserved.
	Reserved money.Money
	// Bound is what a new message reserves where allowances may pay for it; Reserved is then its
	// amount. It is not filled in.
	Bound *pricing.Bound
	// Covered says that allowances surely paid for the message when it was accepted: it cost
	// nothing of a budget.
	Covered bool
	// IdempotencyKey is a hash of what the client gave to recognise a repeated request; nil if it
	// gave nothing. Fingerprint is a hash of the request.
	IdempotencyKey []byte
	Fingerprint    []byte

	// Envelope is what is needed as long as the message is known: the recipient, the client's own
	// callback data, the facts that price it. Sealed at rest.
	Envelope []byte
	// Condition says whether Envelope, and Content where it was asked for, could be opened; what
	// could not is nil. A message is Damaged too if its reservation, which is then zero here and
	// stays in the sum, or one of its times cannot be read: DoubtedAt is then set.
	Condition txn.Condition
	// Content is what is sent: sealed at rest, and deleted when the message is settled. It is
	// filled in only by Claim and ReadContent.
	Content []byte

	State State
	// ReadyAt is when a queued message may be sent; zero while another of the same customer is
	// before it.
	ReadyAt time.Time
	Parking Parking
	// Attempts counts the times that it was claimed. Lease is what the last of them was under, see
	// Store.HoldsLease.
	Attempts int
	Lease    int64
	// UpstreamID is the upstream's id; empty before Submitted. Sealed at rest: it holds the
	// recipient's number, in base64.
	UpstreamID string
	// The times of the states, by the upstream's clock but for ClaimedAt and SubmittedAt. ClaimedAt
	// is of the last attempt.
	ClaimedAt   time.Time
	SubmittedAt time.Time
	SentAt      time.Time
	DeliveredAt time.Time
	ReadAt      time.Time
	FailedAt    time.Time
	// DoubtedAt is the claim of the first attempt whose outcome nobody knows: the upstream may have
	// a copy of the message. Zero if there is no such attempt.
	DoubtedAt time.Time
	// ErrorCode is the upstream's code of the failure; 0 for none.
	ErrorCode int
	// Settled tells whether the ledger has its settlement. Unpriced marks a delivered message that
	// no rate could settle yet; Opened says that it has opened its billed conversation already.
	Settled  bool
	Unpriced bool
	Opened   bool

	claims           string // on allowances, as they are stored
	seq              int64
	sealedUpstreamID []byte
	dirty            bool
	dropContent      bool
}

// problem says what a new message lacks.
func (m *Message) problem() string {
	switch {
	case m.ID == "" || len(m.ID) > 128:
		return "its id must have 1 to 128 bytes"
	case m.Channel == "":
		return "its channel is missing"
	case m.AcceptedAt.IsZero() || m.ExpiresAt.IsZero():
		return "the times of its acceptance and expiry are missing"
	case m.Reserved.Amount.Sign() < 0:
		return "its reservation is negative"
	case m.Lane < 0 || m.Lane >= lanes:
		return "its lane is unknown"
	}
	return ""
}

// answered forgets the doubt of the last attempt, of which the outcome is known. One of an earlier
// attempt stays.
func (m *Message) answered() {
	if m.DoubtedAt.Equal(m.ClaimedAt) {
		m.DoubtedAt = time.Time{}
	}
}

// advance moves the message to a status of the upstream, if that is forward.
func (m *Message) advance(to State, at time.Time) bool {
	m.recordTime(to, at)
	if to < Sent || to <= m.State {
		return false
	}
	m.State, m.ReadyAt, m.Parking, m.dirty = to, time.Time{}, InLine, true
	return true
}

// recordTime keeps the first time that is told of each status, whatever order they come in.
func (m *Message) recordTime(status State, at time.Time) {
	var field *time.Time
	switch status {
	case Sent:
		field = &m.SentAt
	case Failed:
		field = &m.FailedAt
	case Delivered:
		field = &m.DeliveredAt
	case Read:
		field = &m.ReadAt
	default:
		return
	}
	if field.IsZero() {
		*field = at
		m.dirty = true
	}
}
