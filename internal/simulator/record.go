package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"time"

	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// Sent is the simulator's record of an accepted message.
type Sent struct {
	ID            string    `json:"id"`
	PhoneNumberID string    `json:"phoneNumberID"`
	To            string    `json:"to"`
	Type          string    `json:"type"`
	Template      string    `json:"template,omitempty"`
	Language      string    `json:"language,omitempty"`
	Category      string    `json:"category"`
	CallbackData  string    `json:"callbackData,omitempty"`
	AcceptedAt    time.Time `json:"acceptedAt"`
	// Body is the request as it came, in full mode.
	Body json.RawMessage `json:"body,omitempty"`
	// BodyHash is the hex SHA-256 of the request, in full and hash mode.
	BodyHash string `json:"bodyHash,omitempty"`
	// Preview is the rendered body of a template, in full mode.
	Preview  string       `json:"preview,omitempty"`
	Statuses []StatusStep `json:"statuses"`
	// Pricing is that of the delivery.
	Pricing *Pricing `json:"pricing,omitempty"`

	// clientData tells an empty CallbackData from an absent one.
	clientData bool
	// group says that To is a group's id.
	group bool
}

// StatusStep is one status and when it happened.
type StatusStep struct {
	Status string    `json:"status"`
	At     time.Time `json:"at"`
	// Code and Details say why a message has failed.
	Code    int    `json:"code,omitempty"`
	Details string `json:"details,omitempty"`
}

// Pricing is the pricing block of a status.
type Pricing struct {
	Billable bool   `json:"billable"`
	Model    string `json:"pricing_model"`
	Type     string `json:"type"`
	Category string `json:"category"`
}

// Counts are the totals since the last reset.
type Counts struct {
	Accepted int `json:"accepted"`
	// Refused counts the answers by error code.
	Refused   map[int]int `json:"refused"`
	Dropped   int         `json:"droppedConnections"`
	Inbound   int         `json:"inbound"`
	Sent      int         `json:"sent"`
	Delivered int         `json:"delivered"`
	Read      int         `json:"read"`
	Failed    int         `json:"failed"`
	Billable  int         `json:"billable"`
	// Updates and Requests count what was posted with success; Retries the
	// requests that failed, Duplicates the updates posted twice on purpose, and
	// Lost the updates that had no callback or found the queue full.
	Updates    int `json:"webhookUpdates"`
	Requests   int `json:"webhookRequests"`
	Retries    int `json:"webhookRetries"`
	Duplicates int `json:"webhookDuplicates"`
	Lost       int `json:"webhookLost"`
}

// record is the truth of a test: what was accepted and what became of it.
type record struct {
	mode   RecordMode
	counts Counts
	sent   []*Sent
}

func newRecord(mode RecordMode) *record {
	return &record{mode: mode, counts: Counts{Refused: map[int]int{}}}
}

// accept notes a message. In counts mode nothing keeps it but its own course.
func (r *record) accept(send *whatsapp.Send, m *Sent, preview string) {
	r.counts.Accepted++
	if r.mode == RecordCounts {
		return
	}
	sum := sha256.Sum256(send.Raw)
	m.BodyHash = hex.EncodeToString(sum[:])
	if r.mode == RecordFull {
		m.Body, m.Preview = send.Raw, preview
	}
	r.sent = append(r.sent, m)
}

// status notes a step of a message.
func (r *record) status(m *Sent, step StatusStep) {
	switch step.Status {
	case whatsapp.StatusSent:
		r.counts.Sent++
	case whatsapp.StatusDelivered:
		r.counts.Delivered++
	case whatsapp.StatusRead:
		r.counts.Read++
	case whatsapp.StatusFailed:
		r.counts.Failed++
	}
	if r.mode != RecordCounts {
		m.Statuses = append(m.Statuses, step)
	}
}

// list returns copies of the messages that match, from index after on.
func (r *record) list(filter MessageFilter) []Sent {
	found := []Sent{}
	for _, m := range r.sent[min(max(filter.After, 0), len(r.sent)):] {
		if filter.matches(m) {
			clone := *m
			clone.Statuses = append([]StatusStep{}, m.Statuses...)
			found = append(found, clone)
		}
		if filter.Limit > 0 && len(found) == filter.Limit {
			break
		}
	}
	return found
}

// MessageFilter selects messages of the record; empty fields select all.
type MessageFilter struct {
	PhoneNumberID, To, CallbackData string
	// After skips that many messages from the oldest on.
	After int
	Limit int
}

func (f MessageFilter) matches(m *Sent) bool {
	return (f.PhoneNumberID == "" || f.PhoneNumberID == m.PhoneNumberID) &&
		(f.To == "" || f.To == m.To) &&
		(f.CallbackData == "" || f.CallbackData == m.CallbackData)
}

// Messages returns the record of accepted messages, oldest first.
func (s *Simulator) Messages(filter MessageFilter) []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.record.list(filter)
}

// Counts returns the totals.
func (s *Simulator) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := s.state.record.counts
	counts.Refused = maps.Clone(counts.Refused)
	return counts
}
