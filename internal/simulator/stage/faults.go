package stage

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/guichet-dev/guichet/internal/graph"
)

// Effect is what a fault does to a send.
type Effect string

// Effects.
const (
	// EffectError answers with the fault's code, or reports it by webhook.
	EffectError Effect = "error"
	// EffectDropBefore closes the connection without accepting.
	EffectDropBefore Effect = "dropBefore"
	// EffectDropAfter accepts, then closes the connection without an answer.
	EffectDropAfter Effect = "dropAfter"
	// EffectHang accepts, then answers only after the delay.
	EffectHang Effect = "hang"
)

// Fault disturbs sends. It applies to the next Next sends, or to a share Rate of
// all, until it is cleared.
type Fault struct {
	Effect Effect `json:"effect,omitempty"`
	// Code is the error's code, for the effect error.
	Code int `json:"code,omitempty"`
	// Subcode is the error's subcode, for errors of pages.
	Subcode int `json:"subcode,omitempty"`
	// Async accepts the message and reports the code by a failed status.
	Async bool `json:"async,omitempty"`
	Next  int  `json:"next,omitempty"`
	// Rate is from 0 to 1.
	Rate float64 `json:"rate,omitempty"`
	// PhoneNumberID, which may be the id of a page, and To restrict the fault.
	PhoneNumberID string `json:"phoneNumberID,omitempty"`
	To            string `json:"to,omitempty"`
	// Delay is how long a hang lasts.
	Delay Duration `json:"delay,omitempty"`
}

func (f *Fault) validate() error {
	f.Effect = cmp.Or(f.Effect, EffectError)
	switch f.Effect {
	case EffectError:
		if _, known := graph.LookupCode(f.Code); !known {
			return errors.New("code: give a code of the error catalogue, for example 131016")
		}
	case EffectDropBefore, EffectDropAfter:
	case EffectHang:
		if f.Delay == 0 {
			return errors.New(`delay: give how long to hang, for example "30s"`)
		}
	default:
		return fmt.Errorf("effect: use %s, %s, %s or %s", EffectError, EffectDropBefore, EffectDropAfter, EffectHang)
	}
	if f.Next <= 0 && (f.Rate <= 0 || f.Rate > 1) {
		return errors.New("give next (a count) or rate (above 0, at most 1)")
	}
	return nil
}

// Knobs disturb webhooks and the pace of answers.
type Knobs struct {
	// DuplicateRate is the share of updates that are posted twice.
	DuplicateRate float64 `json:"duplicateRate,omitempty"`
	// ReorderRate is the share of updates that are held back for up to ReorderWithin.
	ReorderRate   float64  `json:"reorderRate,omitempty"`
	ReorderWithin Duration `json:"reorderWithin,omitempty"`
	// WebhookDelay holds back every update.
	WebhookDelay Duration `json:"webhookDelay,omitempty"`
	// SendDelay holds back the answer to every send.
	SendDelay Duration `json:"sendDelay,omitempty"`
	// AsyncRefusals answers 200 and reports 131047 by a failed status.
	AsyncRefusals bool `json:"asyncRefusals,omitempty"`
	// NoMessageIDs leaves the ids out of pages' deliveries: only the watermark tells.
	NoMessageIDs bool `json:"noMessageIDs,omitempty"`
	// NoEchoes leaves the echoes of pages' messages out.
	NoEchoes bool `json:"noEchoes,omitempty"`
}

func (k Knobs) validate() error {
	if k.DuplicateRate < 0 || k.DuplicateRate > 1 || k.ReorderRate < 0 || k.ReorderRate > 1 {
		return errors.New("a rate is from 0 to 1")
	}
	return nil
}

// AddFault lets a fault apply from now on.
func (s *Scene) AddFault(fault Fault) error {
	if err := fault.validate(); err != nil {
		return err
	}
	s.faults = append(s.faults, &fault)
	return nil
}

// ClearFaults ends every fault.
func (s *Scene) ClearFaults() { s.faults = nil }

// SetKnobs replaces the knobs.
func (s *Scene) SetKnobs(knobs Knobs) error {
	if err := knobs.validate(); err != nil {
		return err
	}
	s.Knobs = knobs
	return nil
}

// Fault returns the first fault that applies to a message of a channel to a recipient, or nil.
func (s *Scene) Fault(channel, to string) *Fault {
	for i, f := range s.faults {
		if f.PhoneNumberID != "" && f.PhoneNumberID != channel || f.To != "" && f.To != to {
			continue
		}
		if f.Next > 0 {
			applied := *f
			if f.Next--; f.Next == 0 && f.Rate == 0 {
				s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			}
			return &applied
		}
		if s.Random.Float64() < f.Rate {
			return f
		}
	}
	return nil
}
