package money

import (
	"errors"
	"math/bits"
)

// Scale is the number of decimals that every Decimal has.
const Scale = 12

// unit is 10^Scale: the integer that stands for 1.
const unit = 1_000_000_000_000

// Errors of the arithmetic. Nothing is ever rounded or wrapped silently.
var (
	ErrOverflow = errors.New(
		"the amount is too large: it must stay below 170141183460469231731687303 in absolute value",
	)
	ErrInexact = errors.New("the amount cannot be exact: it would need more than 12 decimals")
)

// Decimal is an exact number with 12 decimals: a 128-bit two's complement integer that counts
// 10^-12ths.
//
// A rate has at most 6 decimals and so has a factor, so their product is exact. Decimals are
// compared with == and are keys of maps. The zero value is 0.
type Decimal struct {
	hi int64
	lo uint64
}

// FromInt returns the whole number n.
func FromInt(n int64) Decimal {
	product := wide{absolute(n)}.times(unit) // below 2^63 × 2^40: always fits.
	d, _ := product.signed(n < 0)
	return d
}

// Sign returns -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.hi < 0:
		return -1
	case d.hi == 0 && d.lo == 0:
		return 0
	default:
		return 1
	}
}

// IsZero reports whether d is 0.
func (d Decimal) IsZero() bool { return d == Decimal{} }

// Cmp returns -1 where d < o, 0 where they are equal, 1 where d > o.
func (d Decimal) Cmp(o Decimal) int {
	switch {
	case d == o:
		return 0
	case d.hi < o.hi || d.hi == o.hi && d.lo < o.lo:
		return -1
	default:
		return 1
	}
}

// Max returns the larger of d and o.
func (d Decimal) Max(o Decimal) Decimal {
	if d.Cmp(o) < 0 {
		return o
	}
	return d
}

// Add returns d + o, or ErrOverflow.
func (d Decimal) Add(o Decimal) (Decimal, error) {
	lo, carry := bits.Add64(d.lo, o.lo, 0)
	hi, _ := bits.Add64(uint64(d.hi), uint64(o.hi), carry)
	sum := Decimal{hi: int64(hi), lo: lo}
	if (d.hi < 0) == (o.hi < 0) && (sum.hi < 0) != (d.hi < 0) {
		return Decimal{}, ErrOverflow
	}
	return sum, nil
}

// Sub returns d - o, or ErrOverflow.
func (d Decimal) Sub(o Decimal) (Decimal, error) {
	lo, borrow := bits.Sub64(d.lo, o.lo, 0)
	hi, _ := bits.Sub64(uint64(d.hi), uint64(o.hi), borrow)
	difference := Decimal{hi: int64(hi), lo: lo}
	if (d.hi < 0) != (o.hi < 0) && (difference.hi < 0) != (d.hi < 0) {
		return Decimal{}, ErrOverflow
	}
	return difference, nil
}

// MulInt returns d × n, or ErrOverflow.
func (d Decimal) MulInt(n int64) (Decimal, error) {
	return d.magnitude().times(absolute(n)).signed((d.hi < 0) != (n < 0))
}

// Mul returns d × o, ErrInexact where the product needs more than 12 decimals, or ErrOverflow.
func (d Decimal) Mul(o Decimal) (Decimal, error) {
	product, remainder := d.magnitude().product(o.magnitude()).dividedBy(unit)
	if remainder != 0 {
		return Decimal{}, ErrInexact
	}
	return product.signed((d.hi < 0) != (o.hi < 0))
}

// Percent returns a hundredth of d, or ErrInexact: the factor that stands for d per cent.
func (d Decimal) Percent() (Decimal, error) {
	quotient, remainder := d.magnitude().dividedBy(100)
	if remainder != 0 {
		return Decimal{}, ErrInexact
	}
	return quotient.signed(d.hi < 0)
}
