package reconcile

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// Message is what the ledger says of a delivered message, after its correction if it has one.
type Message struct {
	ID            string
	DeliveredAt   time.Time
	Market        string
	Category      conversation.Category
	FreeReason    pricing.FreeReason
	Tier          int
	AllowanceUsed int64
	Cost          money.Decimal
	// Verdict is what the upstream's status said of it where that differs; the zero verdict says
	// nothing.
	Verdict Verdict
}

// Verdict is the upstream's pricing of one message as its status told it.
type Verdict struct {
	Said     bool
	Kind     network.Billing
	Category conversation.Category // None if it named no other
}

// kind is how the upstream should count the message.
func (m *Message) kind() network.Billing {
	switch m.FreeReason {
	case pricing.InServiceWindow, pricing.InAllowance, pricing.IsExempt:
		return network.FreeService
	case pricing.InFreeEntryPoint:
		return network.FreeEntryPoint
	default:
		return network.Regular
	}
}

// comparable reports whether the upstream counts such messages one by one.
func (m *Message) comparable() bool {
	switch m.FreeReason {
	case pricing.InConversation:
		return false
	default:
	}
	return m.Category != conversation.BusinessInitiated && m.Category != conversation.UserInitiated
}

// Reader folds the records of a ledger to its delivered messages.
type Reader struct {
	channels map[string]bool
	at       map[string]int
	all      []Message
}

// NewReader returns a reader of the records of some channels; none means all.
func NewReader(channels []string) *Reader {
	r := &Reader{channels: map[string]bool{}, at: map[string]int{}}
	for _, id := range channels {
		r.channels[id] = true
	}
	return r
}

// Records passes entries on, and reads them as they pass.
func (r *Reader) Records(entries iter.Seq2[ledger.Entry, error]) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		for entry, err := range entries {
			if err == nil {
				err = r.read(entry)
			}
			if !yield(entry, err) {
				return
			}
		}
	}
}

// Messages are those that were read and delivered. Reactions are left out, which the upstream does
// not count.
func (r *Reader) Messages() []Message {
	return slices.DeleteFunc(slices.Clone(r.all), func(m Message) bool {
		return m.DeliveredAt.IsZero() || m.FreeReason == pricing.Undelivered || m.FreeReason == pricing.IsReaction
	})
}

func (r *Reader) read(entry ledger.Entry) error {
	record, err := ledger.ParseCanonical(entry.Canonical)
	if err != nil {
		return &ledger.VerifyError{Sequence: entry.Sequence, Problem: err.Error()}
	}
	if !record.Counts() || len(r.channels) > 0 && !r.channels[record.Channel] {
		return nil
	}
	i, known := r.at[record.MessageID]
	if !known {
		i = len(r.all)
		r.at[record.MessageID] = i
		r.all = append(r.all, Message{ID: record.MessageID})
	}
	if err := r.all[i].take(record); err != nil {
		return &ledger.VerifyError{Sequence: entry.Sequence, Problem: err.Error()}
	}
	return nil
}

// take takes over what a record says. A correction's amounts are differences.
func (m *Message) take(r *ledger.Record) error {
	reason, ok := pricing.ParseFreeReason(r.FreeReason)
	if !ok {
		return fmt.Errorf("its freeReason %.40q is not known", r.FreeReason)
	}
	var category conversation.Category
	if err := category.UnmarshalText([]byte(r.Category)); err != nil {
		return err
	}
	cost, err := m.Cost.Add(r.Cost)
	if err != nil {
		return err
	}
	m.DeliveredAt, m.Market, m.Category, m.FreeReason, m.Cost = r.DeliveredAt, r.Market, category, reason, cost
	m.Tier, m.AllowanceUsed = r.Tier, r.AllowanceUsed
	m.Verdict = parseVerdict(r.UpstreamVerdict)
	return nil
}

// parseVerdict reads the words of docs/ledger.md: "billable" or "free", the type, the category.
func parseVerdict(words string) Verdict {
	fields := strings.Fields(words)
	if len(fields) == 0 || fields[0] != "billable" && fields[0] != "free" {
		return Verdict{}
	}
	v := Verdict{Said: true, Kind: network.Regular}
	if fields[0] == "free" {
		v.Kind = network.FreeService
	}
	for _, field := range fields[1:] {
		if field == "free_entry_point" {
			v.Kind = network.FreeEntryPoint
		}
		if category, err := conversation.ParseCategory(field); err == nil {
			v.Category = category
		}
	}
	return v
}

func dateOf(at time.Time) civil.Date { return civil.DateAt(at.Unix(), time.UTC) }
