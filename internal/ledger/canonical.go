package ledger

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/money"
)

// timeLayout is RFC 3339 in UTC with three decimals, always.
const timeLayout = "2006-01-02T15:04:05.000Z"

// AppendCanonical appends the record's canonical encoding: one JSON object in the JSON
// Canonicalization Scheme (RFC 8785, https://www.rfc-editor.org/rfc/rfc8785), without members that
// have nothing to say. Charge and cost are always there.
func (r *Record) AppendCanonical(b []byte) []byte {
	o := object{b: append(b, '{')}
	o.time("acceptedAt", r.AcceptedAt)
	o.text("allowance", r.Allowance)
	o.integer("allowanceUsed", r.AllowanceUsed)
	o.text("category", r.Category)
	o.text("channel", r.Channel)
	o.amount("charge", r.Charge)
	o.text("correctedFreeReason", r.CorrectedFreeReason)
	o.integer("corrects", r.Corrects)
	o.amount("cost", r.Cost)
	o.text("currency", string(r.Currency))
	o.customer("customer", r.Customer)
	o.time("deliveredAt", r.DeliveredAt)
	o.time("failedAt", r.FailedAt)
	if r.Change != nil {
		o.text("formerOwner", r.Change.FormerOwner)
	}
	o.text("freeReason", r.FreeReason)
	if r.Change != nil {
		o.text("head", r.Change.From.Hash.String())
		o.integer("headSequence", r.Change.From.Sequence)
	}
	o.text("kind", string(r.Kind))
	if r.Listed {
		o.amount("listPrice", r.ListPrice)
	}
	o.text("market", r.Market)
	o.text("messageID", r.MessageID)
	o.text("messageKind", r.MessageKind)
	o.text("note", r.Note)
	if r.Change != nil {
		o.text("owner", r.Change.Owner)
		o.text("ownerName", r.Change.OwnerName)
	}
	o.text("period", r.Period)
	o.text("plan", r.Plan)
	o.text("revision", r.Revision)
	o.time("sentAt", r.SentAt)
	o.integer("sequence", r.Sequence)
	o.time("settledAt", r.SettledAt)
	o.integer("tier", int64(r.Tier))
	o.text("upstreamVerdict", r.UpstreamVerdict)
	return append(o.b, '}')
}

// object writes the members of a JSON object. The caller keeps them in order; empty ones are left
// out.
type object struct {
	b    []byte
	more bool
}

func (o *object) name(name string) {
	if o.more {
		o.b = append(o.b, ',')
	}
	o.more = true
	o.b = append(o.b, '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
}

func (o *object) text(name, value string) {
	if value == "" {
		return
	}
	o.name(name)
	o.b = AppendString(o.b, value)
}

func (o *object) integer(name string, value int64) {
	if value == 0 {
		return
	}
	o.name(name)
	o.b = strconv.AppendInt(o.b, value, 10)
}

func (o *object) amount(name string, value money.Decimal) {
	o.name(name)
	o.b = append(o.b, '"')
	o.b = value.AppendString(o.b)
	o.b = append(o.b, '"')
}

func (o *object) time(name string, value time.Time) {
	if value.IsZero() {
		return
	}
	o.name(name)
	o.b = append(o.b, '"')
	o.b = value.UTC().AppendFormat(o.b, timeLayout)
	o.b = append(o.b, '"')
}

func (o *object) customer(name string, value Customer) {
	if value == (Customer{}) {
		return
	}
	o.name(name)
	o.b = append(o.b, '"')
	o.b = hex.AppendEncode(o.b, value[:])
	o.b = append(o.b, '"')
}

// AppendString appends a JSON string with the escapes of RFC 8785, section 3.2.2.2. Bytes that are
// not UTF-8 become U+FFFD.
func AppendString(b []byte, value string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for _, c := range value {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c >= ' ':
			b = utf8.AppendRune(b, c)
		case c == '\b':
			b = append(b, '\\', 'b')
		case c == '\t':
			b = append(b, '\\', 't')
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\f':
			b = append(b, '\\', 'f')
		case c == '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return append(b, '"')
}

// document is the form that canonical bytes are read into.
type document struct {
	AcceptedAt          time.Time      `json:"acceptedAt"`
	Allowance           string         `json:"allowance"`
	AllowanceUsed       int64          `json:"allowanceUsed"`
	Category            string         `json:"category"`
	Channel             string         `json:"channel"`
	Charge              money.Decimal  `json:"charge"`
	CorrectedFreeReason string         `json:"correctedFreeReason"`
	Corrects            int64          `json:"corrects"`
	Cost                money.Decimal  `json:"cost"`
	Currency            money.Currency `json:"currency"`
	Customer            string         `json:"customer"`
	DeliveredAt         time.Time      `json:"deliveredAt"`
	FailedAt            time.Time      `json:"failedAt"`
	FormerOwner         string         `json:"formerOwner"`
	FreeReason          string         `json:"freeReason"`
	Head                string         `json:"head"`
	HeadSequence        int64          `json:"headSequence"`
	Kind                Kind           `json:"kind"`
	ListPrice           *money.Decimal `json:"listPrice"`
	Market              string         `json:"market"`
	MessageID           string         `json:"messageID"`
	MessageKind         string         `json:"messageKind"`
	Note                string         `json:"note"`
	Owner               string         `json:"owner"`
	OwnerName           string         `json:"ownerName"`
	Period              string         `json:"period"`
	Plan                string         `json:"plan"`
	Revision            string         `json:"revision"`
	SentAt              time.Time      `json:"sentAt"`
	Sequence            int64          `json:"sequence"`
	SettledAt           time.Time      `json:"settledAt"`
	Tier                int            `json:"tier"`
	UpstreamVerdict     string         `json:"upstreamVerdict"`
}

// ParseCanonical reads canonical bytes. It is an error if AppendCanonical would write the same
// record in other bytes.
func ParseCanonical(canonical []byte) (*Record, error) {
	var d document
	decoder := json.NewDecoder(bytes.NewReader(canonical))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return nil, fmt.Errorf("it is no record in JSON: %w", err)
	}
	r := &Record{
		Sequence: d.Sequence, Kind: d.Kind, MessageID: d.MessageID, SettledAt: d.SettledAt,
		AcceptedAt: d.AcceptedAt, SentAt: d.SentAt, DeliveredAt: d.DeliveredAt, FailedAt: d.FailedAt,
		Period: d.Period, Plan: d.Plan, Revision: d.Revision,
		Channel: d.Channel, MessageKind: d.MessageKind, Market: d.Market, Category: d.Category,
		Currency: d.Currency, Cost: d.Cost, Charge: d.Charge,
		FreeReason: d.FreeReason, Tier: d.Tier, Allowance: d.Allowance, AllowanceUsed: d.AllowanceUsed,
		Corrects: d.Corrects, CorrectedFreeReason: d.CorrectedFreeReason, Note: d.Note,
		UpstreamVerdict: d.UpstreamVerdict,
	}
	var err error
	if r.Change, err = d.ownerChange(); err != nil {
		return nil, err
	}
	if d.ListPrice != nil {
		r.ListPrice, r.Listed = *d.ListPrice, true
	}
	if d.Customer != "" {
		n, err := hex.Decode(r.Customer[:], []byte(d.Customer[:min(len(d.Customer), 64)]))
		if err != nil || n != len(r.Customer) {
			return nil, errors.New("its customer must be 64 hex digits")
		}
	}
	if !bytes.Equal(r.AppendCanonical(nil), canonical) {
		return nil, errors.New("it is not in the canonical encoding")
	}
	return r, nil
}
