// Package money has exact amounts of money: decimals that never round, each with its currency.
//
// Amounts are strings in documents and 128-bit integers in memory. There is no float, no conversion
// between currencies, and no silent rounding: an operation that cannot be exact is an error.
package money

import "fmt"

// Money is an amount in a currency.
type Money struct {
	Amount   Decimal  `json:"amount"`
	Currency Currency `json:"currency"`
}

// Add returns m + o. Amounts of two currencies have no sum: that is an error.
func (m Money) Add(o Money) (Money, error) {
	if m.Currency != o.Currency {
		return Money{}, fmt.Errorf("%s and %s cannot be added: amounts are never converted", m.Currency, o.Currency)
	}
	sum, err := m.Amount.Add(o.Amount)
	if err != nil {
		return Money{}, err
	}
	return Money{Amount: sum, Currency: m.Currency}, nil
}

// Sub returns m - o. Amounts of two currencies have no difference: that is an error.
func (m Money) Sub(o Money) (Money, error) {
	if m.Currency != o.Currency {
		return Money{}, fmt.Errorf("%s cannot be taken from %s: amounts are never converted", o.Currency, m.Currency)
	}
	difference, err := m.Amount.Sub(o.Amount)
	if err != nil {
		return Money{}, err
	}
	return Money{Amount: difference, Currency: m.Currency}, nil
}

// String returns the exact amount and its currency: "12.0859 USD".
func (m Money) String() string { return m.Amount.String() + " " + string(m.Currency) }
