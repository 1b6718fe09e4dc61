// Package ratecard reads the rate cards that Meta publishes as CSV: the base rates and the volume
// tiers of one currency.
//
// Source of the files and of their layout:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing
package ratecard

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// maxRows bounds a file: many times the number of markets and steps.
const maxRows = 20_000

// Card is a rate card: the rates and tiers of a price plan's revision.
type Card struct {
	Currency money.Currency
	Rates    []pricing.MarketRates
	Tiers    []pricing.Tiers
	// Empty are the empty cells, such as "Utility in France": unknown rates. "n/a" means that there
	// is no rate.
	Empty []string
}

// columns are the headings of the categories, without white space and in lower case, and their
// names in a plan.
var columns = map[string]string{
	"marketing":                    "Marketing",
	"utility":                      "Utility",
	"authentication":               "Authentication",
	"authentication-international": "AuthenticationInternational",
	"service":                      "Service",
	"business-initiated":           "BusinessInitiated",
	"user-initiated":               "UserInitiated",
}

// ReadRates reads the file of base rates: some rows of notes, a heading row that begins with Market
// and Currency and continues with the categories, and a row for each market. A rate that is "n/a"
// or empty is absent, never 0. An error names the line.
func ReadRates(from io.Reader) (*Card, error) {
	rows := newRows(from)
	heading, err := rows.heading(func(row []string) bool {
		return len(row) > 2 && key(row[0]) == "market" && key(row[1]) == "currency"
	})
	if err != nil {
		return nil, err
	}
	categories, err := rows.categories(heading[2:])
	if err != nil {
		return nil, err
	}
	card := &Card{}
	seen := map[string]bool{}
	for {
		row, err := rows.entry()
		if errors.Is(err, io.EOF) {
			return card, card.check(rows)
		}
		if err != nil {
			return nil, err
		}
		if key(row[0]) == "" {
			return nil, rows.errorf(0, "the row must name its market")
		}
		name, err := rows.market(row, card)
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, rows.errorf(0, "market %q must have one row", name)
		}
		seen[name] = true
		rates := pricing.MarketRates{Market: name}
		for i, category := range categories {
			amount, known, err := rows.rate(row, i+2)
			if err != nil {
				return nil, err
			}
			switch {
			case category == "":
			case known:
				rates.Prices = append(rates.Prices, pricing.Price{Category: category, Amount: amount})
			case key(row[i+2]) == "":
				card.Empty = append(card.Empty, category+" in "+name)
			}
		}
		if len(rates.Prices) > 0 {
			card.Rates = append(card.Rates, rates)
		}
	}
}

// check refuses a card without rates.
func (c *Card) check(rows *rows) error {
	if len(c.Rates) == 0 && len(c.Tiers) == 0 {
		return rows.errorf(0, "there must be a row for each market below the heading")
	}
	return nil
}

// rows reads the rows of a file and knows their lines and columns.
type rows struct {
	csv   *csv.Reader
	row   []string
	read  int
	width int // of the heading row, up to its last heading
}

func newRows(from io.Reader) *rows {
	reader := csv.NewReader(from)
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = true
	return &rows{csv: reader}
}

func (r *rows) next() ([]string, error) {
	row, err := r.csv.Read()
	r.read++
	var malformed *csv.ParseError
	switch {
	case errors.As(err, &malformed):
		return nil, fmt.Errorf("line %d: must be comma-separated values: %w", malformed.Line, malformed.Err)
	case err != nil:
		return nil, err
	case r.read > maxRows:
		return nil, r.errorf(0, "the file must have at most %d rows", maxRows)
	}
	r.row = row
	if r.read == 1 {
		row[0] = strings.TrimPrefix(row[0], "\ufeff")
	}
	return row, nil
}

// entry returns the next row below the heading that is not empty. It must be as wide as the
// heading, so that a row that was cut short does not lack rates silently.
func (r *rows) entry() ([]string, error) {
	for {
		row, err := r.next()
		if err != nil {
			return nil, err
		}
		written := width(row)
		switch {
		case written == 0:
			continue
		case len(row) < r.width:
			return nil, r.errorf(0, "the row must have %d columns as the heading has, and has %d", r.width, len(row))
		case written > r.width:
			return nil, r.errorf(r.width, "%.40q must stand below a heading", row[written-1])
		}
		return row, nil
	}
}

// width returns the number of cells up to the last one that is not empty.
func width(row []string) int {
	for i, cell := range slices.Backward(row) {
		if key(cell) != "" {
			return i + 1
		}
	}
	return 0
}

// errorf returns an error about a column of the row that was read last.
func (r *rows) errorf(column int, format string, args ...any) error {
	line := 1
	if column < len(r.row) {
		line, _ = r.csv.FieldPos(column)
	}
	return fmt.Errorf("line %d: %w", line, fmt.Errorf(format, args...))
}

// heading skips the notes above the heading row.
func (r *rows) heading(is func([]string) bool) ([]string, error) {
	for {
		row, err := r.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New(
				"there must be a heading row that begins with Market and Currency: is this one of Meta's rate cards?",
			)
		case err != nil:
			return nil, err
		case is(row):
			r.width = width(row)
			return row, nil
		}
	}
}

// categories returns the plan's names of the headings; an empty heading has none.
func (r *rows) categories(headings []string) ([]string, error) {
	names := make([]string, len(headings))
	for i, heading := range headings {
		name, ok := columns[key(heading)]
		if !ok && key(heading) != "" {
			return nil, r.errorf(
				i+2, "heading %.40q must be a category of Meta's rate cards, such as Marketing or Service", heading,
			)
		}
		for _, other := range names[:i] {
			if name != "" && other == name {
				return nil, r.errorf(i+2, "heading %.40q must stand once", heading)
			}
		}
		names[i] = name
	}
	return names, nil
}

// market returns the name of the row's market. All rows must be of one currency.
func (r *rows) market(row []string, card *Card) (string, error) {
	name := strings.Join(strings.Fields(row[0]), " ")
	if m, err := market.Parse(name); err != nil || m == market.Any {
		return "", r.errorf(0, "%.40q must be a market of the published list", name)
	}
	return name, r.currency(row, card)
}

// currency records the currency of the first row and compares the others with it.
func (r *rows) currency(row []string, card *Card) error {
	code, err := money.ParseCurrency(isoCode(strings.TrimSpace(row[1])))
	if err != nil {
		return r.errorf(1, "%w", err)
	}
	if card.Currency != "" && card.Currency != code {
		return r.errorf(1, "%s must be %s as in the rows above: a card has one currency", code, card.Currency)
	}
	card.Currency = code
	return nil
}

// isoCode returns the ISO 4217 code of currencies that the cards write differently.
func isoCode(written string) string {
	switch written {
	case "$US", "US$":
		return "USD"
	case "A$":
		return "AUD"
	case "£":
		return "GBP"
	case "€":
		return "EUR"
	case "₹":
		return "INR"
	default:
		return strings.ToUpper(written)
	}
}

// rate returns the amount in a column, and false if the card says that there is none.
func (r *rows) rate(row []string, column int) (amount string, known bool, err error) {
	if column >= len(row) || isAbsent(row[column]) {
		return "", false, nil
	}
	text, ok := withoutThousands(row[column])
	if !ok {
		return "", false, r.errorf(
			column, "%.40q must have a point before its decimals: a comma only sets off thousands", row[column],
		)
	}
	decimal, err := money.Parse(text)
	if err == nil {
		_, err = pricing.ParseRate(decimal.String())
	}
	if err != nil {
		return "", false, r.errorf(column, "%w", err)
	}
	return decimal.String(), true, nil
}

// withoutThousands returns a number without the commas between its thousands, and false if a comma
// is elsewhere: "0,0859" has a decimal comma, and must not become 859.
func withoutThousands(cell string) (string, bool) {
	text := strings.TrimSpace(cell)
	whole, fraction, _ := strings.Cut(text, ".")
	groups := strings.Split(whole, ",")
	if len(groups) == 1 {
		return text, !strings.Contains(fraction, ",")
	}
	if len(groups[0]) < 1 || len(groups[0]) > 3 || groups[0][0] == '0' || strings.Contains(fraction, ",") {
		return "", false
	}
	for _, group := range groups[1:] {
		if len(group) != 3 {
			return "", false
		}
	}
	return strings.ReplaceAll(text, ",", ""), true
}

func isAbsent(cell string) bool {
	switch key(cell) {
	case "", "n/a", "na", "--", "-":
		return true
	}
	return false
}

// key returns a text in lower case and without white space: headings are broken over lines in
// several ways.
func key(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), "")) }
