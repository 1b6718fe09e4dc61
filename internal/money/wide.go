package money

import "math/bits"

// wide is an unsigned 256-bit integer, least significant limb first: wide enough for the product of
// two Decimals.
type wide [4]uint64

// magnitude returns the absolute value of d.
func (d Decimal) magnitude() wide {
	if d.hi >= 0 {
		return wide{d.lo, uint64(d.hi)}
	}
	lo, borrow := bits.Sub64(0, d.lo, 0)
	hi, _ := bits.Sub64(0, uint64(d.hi), borrow)
	return wide{lo, hi}
}

// signed returns the Decimal of that magnitude and sign, or ErrOverflow where it needs more than
// 127 bits.
func (w wide) signed(negative bool) (Decimal, error) {
	if w[3] != 0 || w[2] != 0 || w[1]>>63 != 0 {
		return Decimal{}, ErrOverflow
	}
	if !negative {
		return Decimal{hi: int64(w[1]), lo: w[0]}, nil
	}
	lo, borrow := bits.Sub64(0, w[0], 0)
	hi, _ := bits.Sub64(0, w[1], borrow)
	return Decimal{hi: int64(hi), lo: lo}, nil
}

// times returns w × n. The product of a 128-bit w and n never wraps.
func (w wide) times(n uint64) wide {
	var product wide
	var carry uint64
	for i, limb := range w {
		hi, lo := bits.Mul64(limb, n)
		var c uint64
		product[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
	return product
}

// product returns w × o, of which only the lower two limbs may be set.
func (w wide) product(o wide) wide {
	lower, upper := w.times(o[0]), w.times(o[1])
	var sum wide
	var carry uint64
	sum[0] = lower[0]
	sum[1], carry = bits.Add64(lower[1], upper[0], 0)
	sum[2], carry = bits.Add64(lower[2], upper[1], carry)
	sum[3], _ = bits.Add64(lower[3], upper[2], carry)
	return sum
}

// dividedBy returns the quotient and the remainder of w ÷ n.
func (w wide) dividedBy(n uint64) (quotient wide, remainder uint64) {
	for i := len(w) - 1; i >= 0; i-- {
		quotient[i], remainder = bits.Div64(remainder, w[i], n)
	}
	return quotient, remainder
}

// plus returns w + n.
func (w wide) plus(n uint64) wide {
	for i := range w {
		w[i], n = bits.Add64(w[i], n, 0)
	}
	return w
}

// isZero reports whether w is 0.
func (w wide) isZero() bool { return w == wide{} }

// absolute returns |n|, also of the least int64.
func absolute(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
