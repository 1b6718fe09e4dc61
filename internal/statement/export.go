package statement

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// WriteCSV writes a header and a row for each line and adjustment (RFC 4180). The rows add up to
// what is due.
func (d *Document) WriteCSV(w io.Writer) error {
	rows := [][]string{{
		"account", "statement", "state", "period", "currency", "market", "category", "freeReason", "messages",
		"billed", "cost",
	}}
	for _, line := range d.all() {
		rows = append(rows, []string{
			d.AccountName, d.Period, d.State, line.Period, line.Currency, line.Market, line.Category, line.FreeReason,
			strconv.FormatInt(line.Messages, 10), line.Billed.String(), line.Cost.String(),
		})
	}
	return csv.NewWriter(w).WriteAll(rows)
}

// all are the lines and the adjustments, each with its month.
func (d *Document) all() []Line {
	lines := slices.Clone(d.Lines)
	for i := range lines {
		lines[i].Period = d.Period
	}
	return append(lines, d.Adjustments...)
}

// focusTime is the date and time format of FOCUS: seconds, in UTC.
const focusTime = "2006-01-02T15:04:05Z"

// WriteFOCUS writes the lines as a FOCUS 1.2 cost and usage dataset in CSV, see docs/ledger.md: a
// row for each line of the month and of earlier ones, whose BilledCost adds up to what is due.
// provider is who sends the invoice.
func (d *Document) WriteFOCUS(w io.Writer, provider string) error {
	zone, err := time.LoadLocation(d.TimeZone)
	if err != nil {
		return fmt.Errorf("its timeZone: %w", err)
	}
	billingStart, billingEnd, err := monthIn(d.Period, zone)
	if err != nil {
		return err
	}
	rows := [][]string{{
		"BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
		"BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency",
		"ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit", "ContractedCost", "EffectiveCost",
		"InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory", "PricingQuantity", "PricingUnit",
		"ProviderName", "PublisherName", "ServiceCategory", "ServiceName", "ServiceSubcategory", "SkuId",
		"x_FreeReason", "x_Market", "x_MessageCategory", "x_UpstreamCost",
	}}
	for _, line := range d.all() {
		start, end, err := monthIn(line.Period, zone)
		if err != nil {
			return err
		}
		class, quantity, billed := "", strconv.FormatInt(line.Messages, 10), line.Billed.String()
		if line.Period < d.Period {
			class = "Correction"
		}
		if line.FreeReason == pricing.Undelivered.String() {
			quantity = "0"
		}
		rows = append(rows, []string{
			billed, d.Ledger.ID, d.DisplayName, line.Currency, billingEnd, billingStart, "Usage", class,
			line.description(), "Usage-Based", end, start, quantity, "Messages", billed, billed, provider, billed, "",
			"Standard", quantity, "Messages", provider, "Meta", "Business Applications", "Business Messaging",
			"Other (Business Applications)", line.sku(), line.FreeReason, line.Market, line.Category,
			line.Cost.String(),
		})
	}
	return csv.NewWriter(w).WriteAll(rows)
}

// monthIn are the first instant of a month in a zone, and that of the next month.
func monthIn(period string, zone *time.Location) (start, end string, err error) {
	month, err := civil.ParseMonth(period)
	if err != nil {
		return "", "", err
	}
	start = month.First().Start(zone).UTC().Format(focusTime)
	return start, (month + 1).First().Start(zone).UTC().Format(focusTime), nil
}

func (l *Line) description() string {
	words := l.Category + " messages"
	if l.Market != "" {
		words += " to " + l.Market
	}
	if l.FreeReason != "" {
		words += ", free: " + l.FreeReason
	}
	return words
}

func (l *Line) sku() string {
	if l.Category == "" || l.Market == "" {
		return ""
	}
	return l.Category + "/" + l.Market
}
