// Package statement makes a month's bill of a ledger's records: its totals, the root of a tree over
// its records, a signature, and receipts that anybody can check. It is pure.
//
// Each settlement and correction is in one statement: that of its own month if it was made before
// that one was closed; else, as an adjustment, the one that was open then.
package statement

import (
	"time"

	"github.com/guichet-dev/guichet/internal/money"
)

// Content is what a statement says of its records; the spec of a UsageStatement has the same fields
// beside its own. Amounts are exact. Lists are sorted.
type Content struct {
	Period string `json:"period"`
	// Ledger says which records the statement covers.
	Ledger Range `json:"ledger"`
	// Totals are the sums of all records, by currency: most often one.
	Totals []Total `json:"totals,omitempty"`
	// Channels are the same sums by phone number or page.
	Channels []Channel `json:"channels,omitempty"`
	// Lines are the period's messages by what they cost, and Adjustments those of earlier periods.
	Lines       []Line `json:"lines,omitempty"`
	Adjustments []Line `json:"adjustments,omitempty"`
	// Days are the period's messages by day and category.
	Days []Day `json:"days,omitempty"`
	// Doubted counts sends of the month whose outcome was not known for a time. Unpriced and
	// InDoubt count the account's messages that waited for a rate, and for their outcome, at the
	// head.
	Doubted  int64 `json:"doubted"`
	Unpriced int64 `json:"unpriced"`
	InDoubt  int64 `json:"inDoubt"`
}

// Document is the spec of a UsageStatement.
type Document struct {
	AccountName string     `json:"accountName"`
	DisplayName string     `json:"displayName"`
	TimeZone    string     `json:"timeZone"`
	State       string     `json:"state"`
	AsOfTime    time.Time  `json:"asOfTime"`
	ClosedTime  *time.Time `json:"closedTime"`
	Content
	Signature *Signature `json:"signature"`
}

// Range says which records of a ledger a statement covers, up to Sequence: the settlements and
// corrections of its month, and those of earlier months behind LateAfter.
type Range struct {
	// ID is the ledger's. A gateway leaves it out.
	ID string `json:"id,omitempty"`
	// From is a record before which there are none of the month or a later one; 0 for the first.
	From int64 `json:"from"`
	// LateAfter is the last record that the statement before could cover; nil while that is open.
	LateAfter *int64 `json:"lateAfter,omitempty"`
	// Sequence and Head are number and hash, "sha256:…", of the ledger's last record then.
	Sequence int64  `json:"sequence"`
	Head     string `json:"head"`
	// Records counts those covered, and Root, "sha256:…", is the root of the tree over them.
	Records int64  `json:"records"`
	Root    string `json:"root"`
	// Next is From of the statement after.
	Next int64 `json:"next"`
}

// Total is a sum of records in one currency.
type Total struct {
	Currency string `json:"currency"`
	// Messages counts those that were settled: Charged, Free and Failed are its parts.
	Messages int64 `json:"messages"`
	Charged  int64 `json:"charged"`
	Free     int64 `json:"free"`
	Failed   int64 `json:"failed"`
	// Billed is what is owed for the period, Adjusted for earlier ones, and Due both.
	Billed   money.Decimal `json:"billed"`
	Adjusted money.Decimal `json:"adjusted"`
	Due      money.Decimal `json:"due"`
	// Cost is what the upstream charges for the same messages.
	Cost money.Decimal `json:"cost"`
}

// Channel is a channel's part of the totals.
type Channel struct {
	Channel  string        `json:"channel"`
	Network  string        `json:"network,omitempty"`
	Currency string        `json:"currency"`
	Messages int64         `json:"messages"`
	Due      money.Decimal `json:"due"`
}

// Line is the sum of messages that are alike. Messages can be negative: a correction takes a
// message from one line and adds it to another.
type Line struct {
	// Period is the month of an adjustment; empty for the statement's own.
	Period   string `json:"period,omitempty"`
	Currency string `json:"currency"`
	Market   string `json:"market,omitempty"`
	Category string `json:"category,omitempty"`
	// FreeReason says why nothing is owed; empty for charged messages.
	FreeReason string        `json:"freeReason,omitempty"`
	Messages   int64         `json:"messages"`
	Billed     money.Decimal `json:"billed"`
	Cost       money.Decimal `json:"cost"`
}

// Day is a category's part of a day.
type Day struct {
	Date     string        `json:"date"`
	Category string        `json:"category"`
	Currency string        `json:"currency"`
	Messages int64         `json:"messages"`
	Billed   money.Decimal `json:"billed"`
}

// Bounds of the lists; the schema has the same.
const (
	MaxLines    = 1000
	MaxChannels = 200
	MaxDays     = 640
)

// OtherMarkets stands for the least used markets of a statement with more lines than MaxLines.
const OtherMarkets = "Other"
