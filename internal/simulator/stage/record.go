package stage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"time"
)

// RecordMode is how much is kept of each message.
type RecordMode string

// Record modes.
const (
	RecordFull   RecordMode = "full"
	RecordHash   RecordMode = "hash"
	RecordCounts RecordMode = "counts"
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

	// ClientData tells an empty CallbackData from an absent one.
	ClientData bool `json:"-"`
	// Group says that To is a group's id.
	Group bool `json:"-"`
}

// What a message goes through, as statuses of WhatsApp are named.
const (
	StepSent      = "sent"
	StepDelivered = "delivered"
	StepRead      = "read"
	StepFailed    = "failed"
)

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

// Record is the truth of a test: what was accepted and what became of it.
type Record struct {
	Counts Counts
	// Sent are the accepted messages, oldest first.
	Sent []*Sent

	mode RecordMode
}

func newRecord(mode RecordMode) *Record {
	return &Record{mode: mode, Counts: Counts{Refused: map[int]int{}}}
}

// Accept notes a message, with the request as it came and the rendered body of a template. In
// counts mode nothing keeps it but its own course.
func (r *Record) Accept(m *Sent, request []byte, preview string) {
	r.Counts.Accepted++
	if r.mode == RecordCounts {
		return
	}
	sum := sha256.Sum256(request)
	m.BodyHash = hex.EncodeToString(sum[:])
	if r.mode == RecordFull {
		m.Body, m.Preview = request, preview
	}
	r.Sent = append(r.Sent, m)
}

// Status notes a step of a message.
func (r *Record) Status(m *Sent, step StatusStep) {
	switch step.Status {
	case StepSent:
		r.Counts.Sent++
	case StepDelivered:
		r.Counts.Delivered++
	case StepRead:
		r.Counts.Read++
	case StepFailed:
		r.Counts.Failed++
	}
	if r.mode != RecordCounts {
		m.Statuses = append(m.Statuses, step)
	}
}

// List returns copies of the messages that match, from index after on.
func (r *Record) List(filter MessageFilter) []Sent {
	found := []Sent{}
	for _, m := range r.Sent[min(max(filter.After, 0), len(r.Sent)):] {
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

// Totals returns a copy of the totals.
func (r *Record) Totals() Counts {
	counts := r.Counts
	counts.Refused = maps.Clone(counts.Refused)
	return counts
}
