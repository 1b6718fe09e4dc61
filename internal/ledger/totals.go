package ledger

import "github.com/guichet-dev/guichet/internal/money"

// TotalKey identifies a total. The Category "" is the whole of the period.
type TotalKey struct {
	Period   string
	Currency money.Currency
	Category string
}

// Total is a sum of records. It is derived: adding up the records again gives the same.
type Total struct {
	// Messages counts settlements. Charged counts those that are charged, after corrections.
	Messages int64
	Charged  int64
	// Billed is the sum of charges, Cost of the upstream's own prices.
	Billed money.Decimal
	Cost   money.Decimal
}

// Add counts a record, or returns money.ErrOverflow and changes nothing.
func (t *Total) Add(r *Record) error {
	if !r.Counts() {
		return nil
	}
	billed, err := t.Billed.Add(r.Charge)
	if err != nil {
		return err
	}
	cost, err := t.Cost.Add(r.Cost)
	if err != nil {
		return err
	}
	t.Billed, t.Cost = billed, cost
	if r.Charged() {
		t.Charged++
	}
	switch {
	case r.Kind == Settlement:
		t.Messages++
	case r.CorrectedFreeReason == "": // the corrected record was charged, and was counted as such
		t.Charged--
	}
	return nil
}

// Totals are the totals of a ledger.
type Totals map[TotalKey]Total

// Add counts a record in its period and in its category of the period.
func (t Totals) Add(r *Record) error {
	if !r.Counts() {
		return nil
	}
	for _, key := range r.TotalKeys() {
		total := t[key]
		if err := total.Add(r); err != nil {
			return err
		}
		t[key] = total
	}
	return nil
}

// TotalKeys returns the totals that the record counts in: the whole period, and its category of the
// period.
func (r *Record) TotalKeys() [2]TotalKey {
	whole := TotalKey{Period: r.Period, Currency: r.Currency}
	part := whole
	part.Category = r.Category
	if part.Category == "" {
		part.Category = Uncategorised
	}
	return [2]TotalKey{whole, part}
}

// Uncategorised is the category for the sums of records without one, such as messages that failed
// before anything priced them.
const Uncategorised = "none"
