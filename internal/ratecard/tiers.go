package ratecard

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/guichet-dev/guichet/internal/pricing"
)

// The columns of one category in the file of volume tiers: From, To, Rate type (list or tier),
// Rate, and its difference from the list rate.
const (
	columnFrom = iota
	columnTo
	columnType
	columnRate
	columnDifference
	columnsPerCategory
)

// ReadTiers reads the file of volume tiers: notes, a row that names the categories, a heading row
// with From, To, Rate type, Rate for each, and a row for each market and step. Only a market's
// first row must name the market. "--" as To means without end, "n/a" not applicable. The published
// rates are used, never recomputed from the percentages. An error names the line.
//
// Messages are counted over the accounts of a portfolio and each is priced by its own step;
// authentication-international continues the count of authentication. Source: "Volume tiers" of
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing.
func ReadTiers(from io.Reader) (*Card, error) {
	rows := newRows(from)
	categories, err := rows.tierCategories()
	if err != nil {
		return nil, err
	}
	card := &Card{}
	t := tierReader{rows: rows, card: card, open: map[string]int64{}}
	for {
		row, err := rows.entry()
		if errors.Is(err, io.EOF) {
			return card, card.check(rows)
		}
		if err != nil {
			return nil, err
		}
		if err := t.read(row, categories); err != nil {
			return nil, err
		}
	}
}

// tierCategories skips the notes and reads the headings: the categories are in the row above the
// one with From and To.
func (r *rows) tierCategories() ([]string, error) {
	var named map[int]string
	_, err := r.heading(func(row []string) bool {
		found := map[int]string{}
		for i := 2; i < len(row); i++ {
			if name, ok := columns[key(row[i])]; ok {
				found[i] = name
			}
		}
		if len(found) > 0 {
			named = found
		}
		return len(row) > 2+columnRate && key(row[2]) == "from" && key(row[3]) == "to"
	})
	if err != nil {
		return nil, err
	}
	var categories []string
	for column := 2; column < len(r.row) && key(r.row[column]) == "from"; column += columnsPerCategory {
		if named[column] == "" {
			return nil, r.errorf(
				column, "there must be a row above that names the category of this column, for example \"Utility\"",
			)
		}
		if column+columnRate >= r.width {
			return nil, r.errorf(column, "there must be the headings From, To, Rate type and Rate for each category")
		}
		categories = append(categories, named[column])
	}
	return categories, nil
}

// tierReader collects the steps of each market and category.
type tierReader struct {
	rows   *rows
	card   *Card
	market string
	open   map[string]int64 // "market/category" → last To, or -1 once a step had no end
}

func (t *tierReader) read(row []string, categories []string) error {
	if key(row[0]) != "" {
		name, err := t.rows.market(row, t.card)
		if err != nil {
			return err
		}
		t.market = name
	} else if err := t.rows.currency(row, t.card); err != nil {
		return err
	}
	if t.market == "" {
		return t.rows.errorf(0, "the first row must name its market")
	}
	for i, category := range categories {
		if err := t.step(row, 2+i*columnsPerCategory, category); err != nil {
			return err
		}
	}
	return nil
}

// step reads the five columns of one category.
func (t *tierReader) step(row []string, column int, category string) error {
	if isAbsent(row[column+columnFrom]) {
		return nil
	}
	from, err := t.volume(row, column+columnFrom)
	if err != nil {
		return err
	}
	amount, known, err := t.rows.rate(row, column+columnRate)
	if err != nil {
		return err
	}
	if !known {
		return t.rows.errorf(column+columnRate, "there must be a rate")
	}
	if err := t.follows(row, column, category, from); err != nil {
		return err
	}
	switch kind := key(row[column+columnType]); {
	case from <= 1 && strings.HasPrefix(kind, "list"):
		t.addList(category, amount)
		return nil
	case from > 1 && strings.HasPrefix(kind, "tier"):
		t.addStep(category, pricing.TierStep{Above: from - 1, Amount: amount})
		return nil
	default:
		return t.rows.errorf(
			column+columnType,
			"rate type %.40q must be \"List rate\" in the first step and \"Tier rate\" in the others",
			row[column+columnType],
		)
	}
}

// follows checks that a step begins where the previous one ended, and records where it ends.
func (t *tierReader) follows(row []string, column int, category string, from int64) error {
	at := t.market + "/" + category
	last, begun := t.open[at]
	switch {
	case !begun && from > 1:
		return t.rows.errorf(column, "the first step of %s in %s must begin at 0 or 1", category, t.market)
	case begun && (last < 0 || from != last+1):
		return t.rows.errorf(column, "the step must begin where the one above it ends")
	}
	t.open[at] = -1
	if !isAbsent(row[column+columnTo]) {
		to, err := t.volume(row, column+columnTo)
		if err != nil {
			return err
		}
		if to <= from {
			return t.rows.errorf(column+columnTo, "%d must be above %d", to, from)
		}
		t.open[at] = to
	}
	return nil
}

func (t *tierReader) volume(row []string, column int) (int64, error) {
	text, ok := withoutThousands(row[column])
	volume, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || volume < 0 || volume > 1_000_000_000_000 {
		return 0, t.rows.errorf(column, "%.40q must be a number of messages", row[column])
	}
	return volume, nil
}

// addList records the list rate, which the file of base rates also has.
func (t *tierReader) addList(category, amount string) {
	last := len(t.card.Rates) - 1
	if last < 0 || t.card.Rates[last].Market != t.market {
		t.card.Rates = append(t.card.Rates, pricing.MarketRates{Market: t.market})
		last++
	}
	t.card.Rates[last].Prices = append(t.card.Rates[last].Prices, pricing.Price{Category: category, Amount: amount})
}

func (t *tierReader) addStep(category string, step pricing.TierStep) {
	for i := range t.card.Tiers {
		if tiers := &t.card.Tiers[i]; tiers.Market == t.market && tiers.Category == category {
			tiers.Steps = append(tiers.Steps, step)
			return
		}
	}
	tiers := pricing.Tiers{
		Market: t.market, Category: category, Mode: "Marginal", Per: "Portfolio", Steps: []pricing.TierStep{step},
	}
	if category == "AuthenticationInternational" {
		tiers.CountedAs = "Authentication"
	}
	t.card.Tiers = append(t.card.Tiers, tiers)
}
