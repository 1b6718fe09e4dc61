package store_test

import (
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/store"
)

// model is what the store should hold, in plain memory: messages in order of acceptance and nothing
// derived.
type model struct {
	messages []*modelMessage
	seen     map[string]bool
}

type modelMessage struct {
	id       string
	customer int
	lane     store.Lane
	state    store.State
	readyAt  time.Time
	parking  store.Parking
	claimed  time.Time // the last time
	settled  bool
	attempts int
	doubted  time.Time // the claim of the first attempt whose outcome is not known
	reserved bool      // although it is settled
}

func (m *modelMessage) active() bool { return m.state <= store.InDoubt }

func (m *modelMessage) inLine() bool { return m.active() && m.parking == store.InLine }

// line are the customer's messages that are not parked, in order of acceptance.
func (m *model) line(customer int) (line []*modelMessage) {
	for _, message := range m.messages {
		if message.customer == customer && message.inLine() {
			line = append(line, message)
		}
	}
	return line
}

// turn is the message in a customer's line whose turn it is: it is under way, or may be at its
// time.
func (m *model) turn(customer int) *modelMessage {
	for _, message := range m.line(customer) {
		if message.state != store.Queued || !message.readyAt.IsZero() {
			return message
		}
	}
	return nil
}

// join puts a message that is in no line at the place of its age in its customer's.
func (m *model) join(message *modelMessage, readyAt time.Time) {
	line := m.line(message.customer)
	message.readyAt = time.Time{}
	if len(line) == 0 {
		message.readyAt = readyAt
	}
	for _, other := range line {
		message.lane = min(message.lane, other.lane)
	}
	for _, other := range line {
		other.lane = message.lane
	}
	message.parking = store.InLine
}

func (m *model) accept(message *modelMessage, now time.Time) {
	m.join(message, now)
	m.messages = append(m.messages, message)
}

// claim takes the messages that a claim must return, in order, and puts the parked ones back in
// line whose time has come.
func (m *model) claim(now time.Time, limit int) (claimed []*modelMessage) {
	for lane := range store.Lane(2) {
		for again := true; again; {
			again = false
			for _, message := range m.due(lane, now, limit-len(claimed)) {
				if message.parking != store.InLine {
					m.join(message, message.readyAt)
					if message.readyAt.IsZero() {
						again = true
						continue
					}
				}
				message.state, message.readyAt, message.claimed = store.Sending, time.Time{}, now
				message.attempts++
				claimed = append(claimed, message)
			}
		}
	}
	return claimed
}

// due are the messages of a lane whose time has come.
func (m *model) due(lane store.Lane, now time.Time, limit int) (due []*modelMessage) {
	for _, message := range m.messages {
		if message.state == store.Queued && message.lane == lane && !message.readyAt.IsZero() && !message.readyAt.After(
			now,
		) {
			due = append(due, message)
		}
	}
	slices.SortStableFunc(due, func(a, b *modelMessage) int { return a.readyAt.Compare(b.readyAt) })
	return due[:min(limit, len(due))]
}

// move changes a state; when the message whose turn it was is out of the way, the oldest in line is
// ready.
func (m *model) move(message *modelMessage, to store.State, parking store.Parking) {
	itsTurn, since := m.turn(message.customer) == message, message.claimed
	if since.IsZero() {
		since = message.readyAt
	}
	message.state, message.readyAt, message.parking = to, time.Time{}, parking
	if line := m.line(message.customer); itsTurn && len(line) > 0 && line[0] != message {
		line[0].readyAt = since
	}
}

func (m *model) count(is func(*modelMessage) bool) (n int64) {
	for _, message := range m.messages {
		if is(message) {
			n++
		}
	}
	return n
}
