package money

import (
	"fmt"
	"strings"
)

// maxText bounds what Parse reads: a sign, 27 digits, a point and 12 decimals, with room for zeros.
const maxText = 64

// Parse reads a decimal number: an optional minus, digits, and optionally a point with at most 12
// decimals.
func Parse(text string) (Decimal, error) {
	if len(text) > maxText {
		return Decimal{}, fmt.Errorf("amount of %d characters must have at most %d", len(text), maxText)
	}
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if whole == "" || point && fraction == "" {
		return Decimal{}, fmt.Errorf("amount %q must be digits, and after a point more digits, like 0.0859", text)
	}
	if len(fraction) > Scale {
		return Decimal{}, fmt.Errorf("amount %q must have at most %d decimals", text, Scale)
	}
	var value wide
	for _, part := range [...]string{whole, fraction, zeros[:Scale-len(fraction)]} {
		for i := range len(part) {
			digit := part[i] - '0'
			if digit > 9 {
				return Decimal{}, fmt.Errorf(
					"amount %q must be digits, and after a point more digits, like 0.0859", text,
				)
			}
			value = value.times(10).plus(uint64(digit))
		}
	}
	d, err := value.signed(negative)
	if err != nil {
		return Decimal{}, fmt.Errorf("amount %q: %w", text, err)
	}
	return d, nil
}

// MustParse is Parse for literals of the program and its tests; it panics where Parse returns an
// error.
func MustParse(text string) Decimal {
	d, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return d
}

const zeros = "000000000000"

// String returns the shortest exact text: "0.0859", "12", "-0.5", "0".
func (d Decimal) String() string { return string(d.AppendString(nil)) }

// AppendString appends the text of String to b.
func (d Decimal) AppendString(b []byte) []byte {
	if d.hi < 0 {
		b = append(b, '-')
	}
	whole, fraction := d.magnitude().dividedBy(unit)
	b = appendInteger(b, whole)
	var text [Scale]byte
	for i := Scale - 1; i >= 0; i-- {
		text[i] = byte('0' + fraction%10)
		fraction /= 10
	}
	shown := Scale
	for shown > 0 && text[shown-1] == '0' {
		shown--
	}
	if shown == 0 {
		return b
	}
	return append(append(b, '.'), text[:shown]...)
}

func appendInteger(b []byte, value wide) []byte {
	var text [40]byte
	start := len(text)
	for {
		var digit uint64
		value, digit = value.dividedBy(10)
		start--
		text[start] = byte('0' + digit)
		if value.isZero() {
			return append(b, text[start:]...)
		}
	}
}

// MarshalText returns the text of String. JSON shows a Decimal as a string.
func (d Decimal) MarshalText() ([]byte, error) { return d.AppendString(nil), nil }

// UnmarshalText is Parse.
func (d *Decimal) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
