package reporting

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/store"
)

// booksRecords is how many records of the ledger the books show.
const booksRecords = 50

// Books are what an account sees of its money: the figures of the current month, its budget, and
// the end of its ledger. Each figure is the sum of records, as `guichet ledger totals` has it.
type Books struct {
	// Now is the instant that the figures describe.
	Now         time.Time    `json:"now"`
	Account     BooksAccount `json:"account"`
	Period      BooksPeriod  `json:"period"`
	Budget      *BooksBudget `json:"budget"` // null if there is none
	OpenWindows int64        `json:"openWindows"`
	// Categories are sorted by name.
	Categories []BooksCategory `json:"categories"`
	Head       BooksHead       `json:"head"`
	// Records are the last ones, newest first, 50 at most.
	Records []BooksRecord `json:"records"`
}

// BooksAccount is whose books they are.
type BooksAccount struct {
	UID         string         `json:"uid"`
	DisplayName string         `json:"displayName"`
	TimeZone    string         `json:"timeZone"`
	Plan        string         `json:"plan"`
	Currency    money.Currency `json:"currency"`
}

// BooksPeriod is a calendar month in the account's time zone, such as "2026-11".
type BooksPeriod struct {
	Name     string        `json:"name"`
	Messages int64         `json:"messages"`
	Charged  int64         `json:"charged"`
	Billed   money.Decimal `json:"billed"`
	// Reserved is the most that accepted messages can still cost.
	Reserved money.Decimal `json:"reserved"`
}

// BooksBudget is the account's budget for a month.
type BooksBudget struct {
	Limit         money.Decimal `json:"limit"`
	Action        string        `json:"action"`
	WarnAtPercent []int32       `json:"warnAtPercent"`
}

// BooksCategory is a category's part of the month.
type BooksCategory struct {
	Category string        `json:"category"`
	Messages int64         `json:"messages"`
	Free     int64         `json:"free"`
	Charge   money.Decimal `json:"charge"`
}

// BooksHead is the end of the ledger.
type BooksHead struct {
	Sequence int64  `json:"sequence"`
	Hash     string `json:"hash"`
}

// BooksRecord is a record of the ledger with its place in the chain.
type BooksRecord struct {
	Sequence      int64          `json:"sequence"`
	Kind          ledger.Kind    `json:"kind"`
	MessageID     string         `json:"messageId"`
	SettledAt     time.Time      `json:"settledAt"`
	MessageKind   string         `json:"messageKind,omitempty"`
	Market        string         `json:"market,omitempty"`
	Category      string         `json:"category,omitempty"`
	Currency      money.Currency `json:"currency,omitempty"`
	Charge        money.Decimal  `json:"charge"`
	FreeReason    string         `json:"freeReason,omitempty"`
	Tier          int            `json:"tier,omitempty"`
	Allowance     string         `json:"allowance,omitempty"`
	AllowanceUsed int64          `json:"allowanceUsed,omitempty"`
	Plan          string         `json:"plan,omitempty"`
	Revision      string         `json:"revision,omitempty"`
	PreviousHash  string         `json:"previousHash"`
	Hash          string         `json:"hash"`
}

// Books reads the account's books in one snapshot of the store.
func (rep *Reporter) Books(ctx context.Context, t *served.Tenant) (Books, error) {
	now := rep.Store.Now()
	books := Books{
		Now: now.UTC(),
		Account: BooksAccount{
			UID: t.Account.UID, DisplayName: t.Account.DisplayName, TimeZone: t.Zone.String(), Plan: t.PlanName,
			Currency: t.Book.Currency(),
		},
		Period:     BooksPeriod{Name: civil.DateAt(now.Unix(), t.Zone).Month().String()},
		Categories: []BooksCategory{},
		Records:    []BooksRecord{},
	}
	if t.Budget != nil {
		books.Budget = &BooksBudget{
			Limit: t.Budget.Limit.Amount, Action: t.Budget.Action, WarnAtPercent: slices.Clone(t.Budget.WarnAtPercent),
		}
	}
	err := rep.Store.View(ctx, func(tx *store.Tx) (err error) {
		if books.OpenWindows, err = tx.People().OpenWindows(now); err != nil {
			return err
		}
		if err := books.addFigures(tx); err != nil {
			return err
		}
		return books.addRecords(tx, t.Account.UID)
	})
	return books, err
}

func (b *Books) addFigures(tx *store.Tx) (err error) {
	currency := b.Account.Currency
	if b.Period.Reserved, err = tx.Figures().Reserved(currency); err != nil {
		return err
	}
	totals, err := tx.Figures().PeriodTotals(b.Period.Name)
	if err != nil {
		return err
	}
	for key, total := range totals {
		switch {
		case key.Currency != currency:
		case key.Category == "":
			b.Period.Messages, b.Period.Charged, b.Period.Billed = total.Messages, total.Charged, total.Billed
		default:
			b.Categories = append(b.Categories, BooksCategory{
				Category: key.Category, Messages: total.Messages, Free: total.Messages - total.Charged,
				Charge: total.Billed,
			})
		}
	}
	slices.SortFunc(b.Categories, func(a, c BooksCategory) int { return strings.Compare(a.Category, c.Category) })
	return nil
}

func (b *Books) addRecords(tx *store.Tx, account string) error {
	head, err := tx.Ledger().Head()
	if err != nil {
		return err
	}
	b.Head = BooksHead{Sequence: head.Sequence, Hash: head.Hash.String()}
	after := max(0, head.Sequence-booksRecords)
	previous := ledger.Genesis(account)
	if after > 0 {
		if previous, _, err = tx.Ledger().RecordHash(after); err != nil {
			return err
		}
	}
	for entry, err := range tx.Ledger().Entries(after) {
		if err != nil {
			return err
		}
		record, err := ledger.ParseCanonical(entry.Canonical)
		if err != nil {
			return err
		}
		b.Records = append(b.Records, BooksRecord{
			Sequence: entry.Sequence, Kind: record.Kind, MessageID: record.MessageID, SettledAt: record.SettledAt,
			MessageKind: record.MessageKind, Market: record.Market, Category: record.Category,
			Currency: record.Currency, Charge: record.Charge, FreeReason: record.FreeReason, Tier: record.Tier,
			Allowance: record.Allowance, AllowanceUsed: record.AllowanceUsed, Plan: record.Plan,
			Revision: record.Revision, PreviousHash: previous.String(), Hash: entry.Hash.String(),
		})
		previous = entry.Hash
	}
	slices.Reverse(b.Records)
	return nil
}
