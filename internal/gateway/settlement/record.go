package settlement

import (
	"time"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// DoubtRecord is the ledger's note of a doubt, or of its end (P12).
func DoubtRecord(m *store.Message, note string, now time.Time) *ledger.Record {
	return &ledger.Record{
		Kind: ledger.Doubt, MessageID: m.ID, SettledAt: now, AcceptedAt: m.AcceptedAt,
		Channel: m.Channel, Customer: ledger.Customer(m.Customer), Note: note,
	}
}

// customer is who received the message, or a member's share of it.
func (e *Envelope) customer(m *store.Message) ledger.Customer {
	if e.Member != nil && e.Member.Customer != (seal.CustomerHash{}) {
		return ledger.Customer(e.Member.Customer)
	}
	return ledger.Customer(m.Customer)
}

// PeriodAt is the billing period of an instant: the calendar month in the account's zone, such as
// "2026-11".
func PeriodAt(at time.Time, zone *time.Location) string {
	return civil.DateAt(at.Unix(), zone).Month().String()
}

// newRecord is the ledger's word on an ended message.
func newRecord(t *served.Tenant, e *Ending, facts pricing.Message, outcome pricing.Outcome) *ledger.Record {
	m := e.Message
	ended := time.Unix(facts.EndedAt, 0)
	record := &ledger.Record{
		MessageID: m.ID, SettledAt: e.Now, AcceptedAt: m.AcceptedAt, SentAt: m.SentAt,
		Period: PeriodAt(ended, t.Zone), Plan: t.PricesOf(m.Channel).PlanName, Revision: outcome.Revision,
		Channel: m.Channel, Customer: e.About.customer(m), MessageKind: e.About.Type,
		Market: outcome.Market, Category: outcome.Category.String(), Currency: t.Book.Currency(),
		Tier: outcome.Tier, Allowance: outcome.Allowance,
	}
	if outcome.Listed {
		record.ListPrice, record.Listed = outcome.ListPrice, true
	}
	if e.Delivered {
		record.DeliveredAt = ended
	} else {
		record.FailedAt = ended
	}
	if outcome.Result == pricing.Charged {
		record.Cost, record.Charge = outcome.Cost, outcome.Charge
	} else {
		record.FreeReason = outcome.FreeReason.String()
	}
	return record
}
