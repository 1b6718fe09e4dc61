// Package market finds the market of a price list that a recipient belongs to.
//
// A recipient's country follows from the beginning of the phone number, or from the country code in
// front of a business-scoped user id ("US.1349…"); the market follows from the country and the
// date, because markets are split again and again. The country is what is worth keeping of a
// recipient: it is not personal, and its market can be found for any date.
//
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing
package market

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/civil"
)

// Country is a country of ISO 3166-1. The zero value is an unknown one, written "ZZ".
type Country uint16

// Market is a market of the published price lists. The zero value is Any.
type Market uint8

// Markets that are not named by a country or a region.
const (
	// Any stands for every market that has no price of its own in a price list.
	Any Market = iota
	// Other holds every country that the published list does not name.
	Other
)

// ErrRecipient is the error for a recipient whose country cannot be found. It never quotes the
// recipient.
var ErrRecipient = errors.New(
	"the recipient must be a phone number with its country code (7 to 15 digits, with or without a plus) " +
		"or a business-scoped user id that begins with a country code and a point",
)

// CountryOf returns the country of a recipient: E.164 digits with or without a plus, by longest
// prefix, or a business-scoped user id. A well-formed number with an unassigned code yields the
// unknown country, whose market is Other.
func CountryOf(recipient string) (Country, error) {
	digits := strings.TrimPrefix(recipient, "+")
	if len(digits) > 3 && digits[2] == '.' {
		if country, ok := published().countryByCode[digits[:2]]; ok {
			return country, nil
		}
		return 0, ErrRecipient
	}
	if len(digits) < 7 || len(digits) > 15 {
		return 0, ErrRecipient
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, ErrRecipient
		}
	}
	return published().prefixes.longest(digits), nil
}

// CountryOfZone returns the country of a time zone by its IANA name, such as "America/Lima"; the
// unknown country for a zone that is of none, such as "UTC", and for a name that nobody knows.
func CountryOfZone(name string) Country { return published().countryByZone[name] }

// ParseCountry reads a code of ISO 3166-1 alpha-2 in capitals.
func ParseCountry(code string) (Country, error) {
	if country, ok := published().countryByCode[code]; ok {
		return country, nil
	}
	return 0, fmt.Errorf("country %.8q must be a code of ISO 3166-1 alpha-2, for example \"FR\"", code)
}

// String returns the code of ISO 3166-1 alpha-2.
func (c Country) String() string { return published().countries[c].code }

// Market returns the market of the country on that date.
func (c Country) Market(on civil.Date) Market {
	moves := published().countries[c].moves
	for _, move := range slices.Backward(moves) {
		if move.from <= on {
			return move.market
		}
	}
	return Other
}

// MarshalText returns the text of String.
func (c Country) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is ParseCountry; it accepts "ZZ" too.
func (c *Country) UnmarshalText(text []byte) error {
	country, err := ParseCountry(string(text))
	if err != nil {
		return err
	}
	*c = country
	return nil
}

// Parse reads the name of a market, for example "Rest of Africa", "Other" or "Any".
func Parse(name string) (Market, error) {
	if market, ok := published().marketByName[name]; ok {
		return market, nil
	}
	return 0, fmt.Errorf(
		"market %.40q must be one of the published markets, for example \"France\" or \"Rest of Africa\"", name,
	)
}

// String returns the name of the market.
func (m Market) String() string { return published().markets[m] }

// CountriesOf returns the codes of the countries in the market of that name on that date, in the
// order of the table; none for an unknown name.
func CountriesOf(name string, on civil.Date) []string {
	m, err := Parse(name)
	if err != nil {
		return nil
	}
	var codes []string
	for country := range Country(Countries()) {
		if country.Market(on) == m {
			codes = append(codes, country.String())
		}
	}
	return codes
}

// Listed returns the markets of the published list on that date, in the order of the list, Other
// last.
func Listed(on civil.Date) []Market {
	t := published()
	used := make([]bool, len(t.markets))
	for country := range t.countries {
		used[Country(country).Market(on)] = true
	}
	var listed []Market
	for m := Other + 1; int(m) < len(t.markets); m++ {
		if used[m] {
			listed = append(listed, m)
		}
	}
	return append(listed, Other)
}

// All returns every market that was ever in the published list, in its order, Other last.
func All() []Market {
	t := published()
	all := make([]Market, 0, len(t.markets))
	for m := Other + 1; int(m) < len(t.markets); m++ {
		all = append(all, m)
	}
	return append(all, Other)
}

// NextChange returns the first date after the given one on which the published list changed. It
// returns false if there is none.
func NextChange(after civil.Date) (civil.Date, bool) {
	for _, change := range published().changes {
		if change > after {
			return change, true
		}
	}
	return 0, false
}

// Countries returns the number of countries, the unknown one included: every Country is below it.
func Countries() int { return len(published().countries) }
