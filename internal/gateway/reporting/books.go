package reporting

import (
	"context"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

// BooksRecords is how many records of the ledger Books have at most.
const BooksRecords = 100

// Books are an account's figures as the business itself may read them: what it owes, and not what
// the upstream charges the platform.
type Books struct {
	// AsOf is the instant that the figures describe.
	AsOf        time.Time      `json:"as_of"`
	DisplayName string         `json:"display_name"`
	TimeZone    string         `json:"time_zone"`
	Plan        string         `json:"plan"`
	Currency    money.Currency `json:"currency"`
	Budget      *BooksBudget   `json:"budget,omitempty"`
	Period      BooksPeriod    `json:"period"`
	OpenWindows int64          `json:"open_windows"`
	// Sequence and Hash are the ledger's head; 0 and empty before the first record.
	Sequence int64         `json:"sequence"`
	Hash     string        `json:"hash,omitempty"`
	Records  []BooksRecord `json:"records"`
	// DryRuns tells a client that dry_run in a send is understood: a gateway that knew none would
	// send the message.
	DryRuns bool `json:"dry_runs"`
}

// BooksBudget is the most that may be spent in a period. Action is "Block" or "Warn".
type BooksBudget struct {
	Limit         money.Decimal `json:"limit"`
	Action        string        `json:"action"`
	WarnAtPercent []int32       `json:"warn_at_percent,omitempty"`
}

// BooksPeriod is the current month in the account's time zone. Amounts are in the account's
// currency.
type BooksPeriod struct {
	Name       string          `json:"name"`
	Messages   int64           `json:"messages"`
	Charged    int64           `json:"charged"`
	Billed     money.Decimal   `json:"billed"`
	Reserved   money.Decimal   `json:"reserved"`
	Categories []BooksCategory `json:"categories"`
}

// BooksCategory is a category's part of a period.
type BooksCategory struct {
	Name     string        `json:"name"`
	Messages int64         `json:"messages"`
	Charged  int64         `json:"charged"`
	Billed   money.Decimal `json:"billed"`
}

// BooksRecord is a record of the ledger, with its place in the chain. See ledger.Record.
type BooksRecord struct {
	Sequence      int64          `json:"sequence"`
	Kind          ledger.Kind    `json:"kind"`
	MessageID     string         `json:"message_id,omitempty"`
	SettledAt     time.Time      `json:"settled_at"`
	Period        string         `json:"period,omitempty"`
	Plan          string         `json:"plan,omitempty"`
	Revision      string         `json:"revision,omitempty"`
	MessageKind   string         `json:"message_kind,omitempty"`
	Market        string         `json:"market,omitempty"`
	Category      string         `json:"category,omitempty"`
	Currency      money.Currency `json:"currency,omitempty"`
	ListPrice     *money.Decimal `json:"list_price,omitempty"`
	Charge        money.Decimal  `json:"charge"`
	FreeReason    string         `json:"free_reason,omitempty"`
	Tier          int            `json:"tier,omitempty"`
	Allowance     string         `json:"allowance,omitempty"`
	AllowanceUsed int64          `json:"allowance_used,omitempty"`
	Corrects      int64          `json:"corrects,omitempty"`
	PreviousHash  string         `json:"previous_hash"`
	Hash          string         `json:"hash"`
}

// Books reads an account's figures at now, with the latest records of its ledger, newest first.
func (rep *Reporter) Books(ctx context.Context, t *served.Tenant, now time.Time, records int) (Books, error) {
	ctx, cancel := context.WithTimeout(ctx, figuresTimeout)
	defer cancel()
	books := Books{
		DryRuns: true,
		AsOf:    now.UTC(), DisplayName: t.Account.DisplayName, TimeZone: t.Account.TimeZone, Plan: t.PlanName,
		Currency: t.Book.Currency(), Budget: budgetOf(t.Budget), Records: []BooksRecord{},
	}
	err := rep.Store.View(ctx, func(tx *store.Tx) error {
		var r report.Report
		if err := reportPeriod(&r, tx, t, now); err != nil {
			return err
		}
		books.Period = periodOf(&r.Period)
		var err error
		if books.OpenWindows, err = tx.People().OpenWindows(now); err != nil {
			return err
		}
		return books.read(tx, min(records, BooksRecords))
	})
	return books, err
}

func budgetOf(b *config.Budget) *BooksBudget {
	if b == nil {
		return nil
	}
	return &BooksBudget{Limit: b.Limit.Amount, Action: b.Action, WarnAtPercent: b.WarnAtPercent}
}

func periodOf(p *report.Period) BooksPeriod {
	told := BooksPeriod{
		Name: p.Name, Messages: p.Messages, Charged: p.Charged, Billed: p.Billed.Amount, Reserved: p.Reserved.Amount,
		Categories: []BooksCategory{},
	}
	for _, c := range p.Categories {
		told.Categories = append(told.Categories, BooksCategory{
			Name: c.Name, Messages: c.Messages, Charged: c.Charged, Billed: c.Billed.Amount,
		})
	}
	return told
}

// read fills in the ledger's head and its latest records.
func (b *Books) read(tx *store.Tx, count int) error {
	head, err := tx.Ledger().Head()
	if err != nil || head.Sequence == 0 {
		return err
	}
	b.Sequence, b.Hash = head.Sequence, head.Hash.String()
	previous := tx.Ledger().Genesis()
	// One record more than asked for says which hash the first one follows.
	for entry, err := range tx.Ledger().Entries(max(0, head.Sequence-int64(count)-1)) {
		if err != nil {
			return err
		}
		record, err := ledger.ParseCanonical(entry.Canonical)
		if err != nil {
			return err
		}
		if entry.Sequence > head.Sequence-int64(count) {
			b.Records = append(b.Records, recordOf(record, previous, entry.Hash))
		}
		previous = entry.Hash
	}
	slices.Reverse(b.Records)
	return nil
}

func recordOf(r *ledger.Record, previous, own ledger.Hash) BooksRecord {
	told := BooksRecord{
		Sequence: r.Sequence, Kind: r.Kind, MessageID: r.MessageID, SettledAt: r.SettledAt.UTC(), Period: r.Period,
		Plan: r.Plan, Revision: r.Revision, MessageKind: r.MessageKind, Market: r.Market, Category: r.Category,
		Currency: r.Currency, Charge: r.Charge, FreeReason: r.FreeReason, Tier: r.Tier, Allowance: r.Allowance,
		AllowanceUsed: r.AllowanceUsed, Corrects: r.Corrects, PreviousHash: previous.String(), Hash: own.String(),
	}
	if r.Listed {
		told.ListPrice = &r.ListPrice
	}
	return told
}
