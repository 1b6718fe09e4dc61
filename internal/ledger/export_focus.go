package ledger

import (
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/money"
)

// FOCUSVersion is the version of the FinOps Open Cost and Usage Specification that WriteFOCUS
// implements: https://focus.finops.org/focus-specification/v1-2/
const FOCUSVersion = "1.2"

// FOCUS is what a FOCUS dataset must say and the ledger does not.
type FOCUS struct {
	AccountUID string
	// AccountName is the account's display name, which FOCUS requires if there is one.
	AccountName string
	// Provider is who sells the messages to the account and sends the invoice: the platform.
	Provider string
	// Zone is the account's time zone, at whose midnights billing periods begin and end.
	Zone *time.Location
}

// Values that are the same in every row. A business message is not a queue between programs, so it
// is not "Integration".
const (
	focusServiceCategory    = "Business Applications"
	focusServiceSubcategory = "Other (Business Applications)"
	focusServiceName        = "Business Messaging"
	focusPublisher          = "Meta"
	focusUnit               = "Messages"
	focusMeter              = "Delivered Messages"
	focusResourceType       = "Channel"
	focusChargeCategory     = "Usage"
	focusChargeFrequency    = "Usage-Based"
	focusPricingCategory    = "Standard"
	focusCorrection         = "Correction"
)

// focusTime is the date and time format of FOCUS: seconds, in UTC.
const focusTime = "2006-01-02T15:04:05Z"

// focusUndelivered is the free reason of a message that never arrived: nothing was used.
const focusUndelivered = "undelivered"

// focusColumn is a column and how to compute its value. An empty value is FOCUS's null.
type focusColumn struct {
	name  string
	value func(*focusRow) string
}

// focusRow is a record with the values that columns share.
type focusRow struct {
	*Record
	*FOCUS
	hash     Hash
	quantity int64
	ended    time.Time
	listCost money.Decimal
	period   civil.Month
}

// focusColumns returns the columns in order: those of the specification by name, then those of this
// program, which begin with "x_".
func focusColumns() []focusColumn {
	constant := func(text string) func(*focusRow) string { return func(*focusRow) string { return text } }
	charge := func(r *focusRow) string { return r.Charge.String() }
	return []focusColumn{
		{"BilledCost", charge},
		{"BillingAccountId", func(r *focusRow) string { return r.AccountUID }},
		{"BillingAccountName", func(r *focusRow) string { return r.AccountName }},
		{"BillingCurrency", func(r *focusRow) string { return string(r.Currency) }},
		{"BillingPeriodEnd", func(r *focusRow) string { return focusInstant((r.period + 1).First().Start(r.Zone)) }},
		{"BillingPeriodStart", func(r *focusRow) string { return focusInstant(r.period.First().Start(r.Zone)) }},
		{"ChargeCategory", constant(focusChargeCategory)},
		{"ChargeClass", (*focusRow).class},
		{"ChargeDescription", (*focusRow).description},
		{"ChargeFrequency", constant(focusChargeFrequency)},
		{"ChargePeriodEnd", func(r *focusRow) string { return focusInstant(r.ended.Add(time.Second)) }},
		{"ChargePeriodStart", func(r *focusRow) string { return focusInstant(r.ended) }},
		{"ConsumedQuantity", (*focusRow).quantityText},
		{"ConsumedUnit", constant(focusUnit)},
		{"ContractedCost", charge},
		{"EffectiveCost", charge},
		{"InvoiceIssuerName", func(r *focusRow) string { return r.Provider }},
		{"ListCost", func(r *focusRow) string { return r.listCost.String() }},
		{"ListUnitPrice", (*focusRow).listUnitPrice},
		{"PricingCategory", constant(focusPricingCategory)},
		{"PricingQuantity", (*focusRow).quantityText},
		{"PricingUnit", constant(focusUnit)},
		{"ProviderName", func(r *focusRow) string { return r.Provider }},
		{"PublisherName", constant(focusPublisher)},
		{"ResourceId", func(r *focusRow) string { return r.Channel }},
		{"ResourceType", (*focusRow).resourceType},
		{"ServiceCategory", constant(focusServiceCategory)},
		{"ServiceName", constant(focusServiceName)},
		{"ServiceSubcategory", constant(focusServiceSubcategory)},
		{"SkuId", (*focusRow).sku},
		{"SkuMeter", constant(focusMeter)},
		{"SkuPriceId", (*focusRow).skuPrice},
		{"x_FreeReason", func(r *focusRow) string { return r.FreeReason }},
		{"x_LedgerHash", func(r *focusRow) string { return r.hash.String() }},
		{"x_LedgerSequence", func(r *focusRow) string { return strconv.FormatInt(r.Sequence, 10) }},
		{"x_Market", func(r *focusRow) string { return r.Market }},
		{"x_MessageCategory", func(r *focusRow) string { return r.Category }},
		{"x_MessageId", func(r *focusRow) string { return r.MessageID }},
		{"x_Plan", func(r *focusRow) string { return r.Plan }},
		{"x_Revision", func(r *focusRow) string { return r.Revision }},
		{"x_UpstreamCost", func(r *focusRow) string { return r.Cost.String() }},
		{"x_UpstreamVerdict", func(r *focusRow) string { return r.UpstreamVerdict }},
	}
}

// WriteFOCUS writes the ledger as a FOCUS 1.2 cost and usage dataset in CSV (RFC 4180): a header
// and one row for each settlement and correction, so that BilledCost sums to what was billed. A
// doubt has no amount and no row. docs/ledger.md has the mapping. An error of entries ends it.
func WriteFOCUS(w io.Writer, focus FOCUS, entries iter.Seq2[Entry, error]) error {
	out := csv.NewWriter(w)
	columns := focusColumns()
	cells := make([]string, len(columns))
	for i, column := range columns {
		cells[i] = column.name
	}
	if err := out.Write(cells); err != nil {
		return err
	}
	for entry, err := range entries {
		if err != nil {
			out.Flush()
			return errors.Join(err, out.Error())
		}
		row, err := newFOCUSRow(&focus, entry)
		if err != nil {
			out.Flush()
			return errors.Join(&VerifyError{Sequence: entry.Sequence, Problem: err.Error()}, out.Error())
		}
		if !row.Counts() {
			continue
		}
		for i, column := range columns {
			cells[i] = column.value(row)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func newFOCUSRow(focus *FOCUS, entry Entry) (*focusRow, error) {
	r, err := ParseCanonical(entry.Canonical)
	if err != nil {
		return nil, err
	}
	row := &focusRow{Record: r, FOCUS: focus, hash: entry.Hash, ended: r.endedAt(), quantity: r.used()}
	if !r.Counts() {
		return row, nil
	}
	if row.period, err = civil.ParseMonth(r.Period); err != nil {
		return nil, err
	}
	row.listCost = r.Charge // FOCUS asks for this if there is no list price
	if r.Listed {
		row.listCost, err = r.ListPrice.MulInt(row.quantity)
	}
	return row, err
}

// endedAt returns the instant that put the record into its period.
func (r *Record) endedAt() time.Time {
	switch {
	case !r.DeliveredAt.IsZero():
		return r.DeliveredAt
	case !r.FailedAt.IsZero():
		return r.FailedAt
	}
	return r.SettledAt
}

// used returns how many delivered messages the record adds. A correction adds one if it says that a
// message arrived after all.
func (r *Record) used() int64 {
	quantity := int64(1)
	if r.FreeReason == focusUndelivered {
		quantity = 0
	}
	if r.Kind == Correction && r.CorrectedFreeReason != focusUndelivered {
		quantity--
	}
	return quantity
}

// class returns "Correction" if the record changes a billing period that was over when the record
// was made.
func (r *focusRow) class() string {
	if r.Kind == Correction && civil.DateAt(r.SettledAt.Unix(), r.Zone).Month() > r.period {
		return focusCorrection
	}
	return ""
}

func (r *focusRow) description() string {
	words := strings.Join(strings.Fields(r.Category+" "+r.MessageKind), " ")
	if words == "" {
		words = "message"
	}
	if r.Market != "" {
		words += " to " + r.Market
	}
	if r.FreeReason != "" {
		words += ", free: " + r.FreeReason
	}
	if r.Note != "" {
		words += ", " + r.Note
	}
	return words
}

func (r *focusRow) quantityText() string { return strconv.FormatInt(r.quantity, 10) }

func (r *focusRow) listUnitPrice() string {
	if !r.Listed {
		return ""
	}
	return r.ListPrice.String()
}

func (r *focusRow) resourceType() string {
	if r.Channel == "" {
		return ""
	}
	return focusResourceType
}

// sku returns the item of a price list: a category in a market.
func (r *focusRow) sku() string {
	if r.Category == "" || r.Market == "" {
		return ""
	}
	return r.Category + "/" + r.Market
}

// skuPrice returns one price of a SKU: that of a volume tier, 0 being the list rate. It is the same
// in every revision, as FOCUS requires.
func (r *focusRow) skuPrice() string {
	sku := r.sku()
	if sku == "" {
		return ""
	}
	return sku + "/" + strconv.Itoa(r.Tier)
}

func focusInstant(t time.Time) string { return t.UTC().Truncate(time.Second).Format(focusTime) }
