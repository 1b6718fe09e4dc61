package simulator

import "github.com/guichet-dev/guichet/internal/simulator/stage"

// What all networks of the simulator have in common.
type (
	// Duration is a time.Duration written as "1.5s".
	Duration = stage.Duration
	// Webhooks is how updates are posted.
	Webhooks = stage.Webhooks
	// Fault disturbs sends.
	Fault = stage.Fault
	// Effect is what a fault does to a send.
	Effect = stage.Effect
	// Knobs disturb webhooks and the pace of answers.
	Knobs = stage.Knobs
	// RecordMode is how much is kept of each message.
	RecordMode = stage.RecordMode
	// Sent is the record of an accepted message.
	Sent = stage.Sent
	// StatusStep is one status and when it happened.
	StatusStep = stage.StatusStep
	// Pricing is the pricing block of a status.
	Pricing = stage.Pricing
	// Counts are the totals since the last reset.
	Counts = stage.Counts
	// MessageFilter selects messages of the record.
	MessageFilter = stage.MessageFilter
)

// Effects of faults.
const (
	EffectError      = stage.EffectError
	EffectDropBefore = stage.EffectDropBefore
	EffectDropAfter  = stage.EffectDropAfter
	EffectHang       = stage.EffectHang
)

// Record modes.
const (
	RecordFull   = stage.RecordFull
	RecordHash   = stage.RecordHash
	RecordCounts = stage.RecordCounts
)

// AddFault lets a fault apply from now on.
func (s *Simulator) AddFault(fault Fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.AddFault(fault)
}

// ClearFaults ends every fault.
func (s *Simulator) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.ClearFaults()
}

// SetKnobs replaces the knobs.
func (s *Simulator) SetKnobs(knobs Knobs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.SetKnobs(knobs)
}

// Messages returns the record of accepted messages, oldest first.
func (s *Simulator) Messages(filter MessageFilter) []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Record.List(filter)
}

// Counts returns the totals.
func (s *Simulator) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Record.Totals()
}
