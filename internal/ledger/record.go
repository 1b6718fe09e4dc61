// Package ledger records what was billed: one record per settled message and per correction, in one
// sequence per ledger, each carrying the hash of the one before it. Every published figure can be
// recomputed from the records alone.
//
// The package is pure: it encodes, chains, verifies, sums and exports records. The store keeps
// them. docs/ledger.md describes the encoding for checks without this program.
package ledger

import (
	"time"

	"github.com/guichet-dev/guichet/internal/money"
)

// Kind says what a record is.
type Kind string

// The kinds of records.
const (
	// Settlement is the one final word on an outbound message: a charge, or free with its reason.
	Settlement Kind = "settlement"
	// Correction changes what an earlier record said. Its amounts are differences.
	Correction Kind = "correction"
	// Doubt is a note that a crash hid the outcome of a message, or of how that was resolved. It
	// has no amounts.
	Doubt Kind = "doubt"
	// Adoption says that the ledger goes on under another account: its owner changed. It is about
	// no message and has no amounts.
	Adoption Kind = "adoption"
)

// Customer is the keyed hash of a customer. A record says nothing else about who received the
// message.
type Customer [32]byte

// Record is one priced event. It never holds a phone number or a message body. Times are instants
// in milliseconds. The zero time means that something did not happen or is unknown.
type Record struct {
	// Sequence counts an account's records from 1 without gaps.
	Sequence int64
	Kind     Kind
	// MessageID is the message's id as the business knows it.
	MessageID string
	// SettledAt is when the record was made.
	SettledAt time.Time

	// The message's own times, by the upstream's clock except for AcceptedAt.
	AcceptedAt  time.Time
	SentAt      time.Time
	DeliveredAt time.Time
	FailedAt    time.Time

	// Period is the billing month in the account's time zone that the record counts in, such as
	// "2026-11".
	Period string
	// Plan and Revision name what priced the message; both are empty if nothing had to.
	Plan     string
	Revision string

	// Channel is the id of the phone number or page.
	Channel  string
	Customer Customer
	// MessageKind is the message's type: "text", "template", …
	MessageKind string
	Market      string
	Category    string

	Currency money.Currency
	// ListPrice is the plan's rate before free rules and mark-ups, valid only if Listed. Without
	// Listed, a missing rate of a free message would look like a rate of 0. Cost is what the
	// upstream charges, Charge what is owed.
	ListPrice money.Decimal
	Listed    bool
	Cost      money.Decimal
	Charge    money.Decimal
	// FreeReason says why nothing is owed: "serviceWindow", "freeEntryPoint", "allowance",
	// "exempt", "reaction", "undelivered", … A record without one is charged.
	FreeReason string
	// Tier is the index of the volume tier that priced the message, from 0.
	Tier int
	// Allowance names the allowance that the message used; AllowanceUsed is its count with this
	// message.
	Allowance     string
	AllowanceUsed int64

	// Corrects is the sequence of the record that a correction corrects, and CorrectedFreeReason
	// that record's free reason.
	Corrects            int64
	CorrectedFreeReason string
	// UpstreamVerdict is what the upstream said about the message if that differs from this record:
	// its error code, or its price in a few words. docs/ledger.md has the form.
	UpstreamVerdict string
	// Note is one of the Notes, or empty. Never a part of a message.
	Note string

	// Change is what an adoption says; nil of every other record.
	Change *OwnerChange
}

// Counts reports whether the record counts in totals: it is a settlement or a correction.
func (r *Record) Counts() bool { return r.Kind == Settlement || r.Kind == Correction }

// Charged reports whether something is owed for the message.
func (r *Record) Charged() bool { return r.Counts() && r.FreeReason == "" }
