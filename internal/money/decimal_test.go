package money

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"
)

func TestParseAndString(t *testing.T) {
	tests := map[string]string{
		"0": "0", "-0": "0", "0.0859": "0.0859", "0.08590": "0.0859", "12": "12", "12.000": "12", "-0.5": "-0.5", "007.5": "7.5",
		"0.000000000001":                            "0.000000000001",
		"170141183460469231731687303":               "170141183460469231731687303",
		"170141183460469231731687303.715884105727":  "170141183460469231731687303.715884105727",
		"-170141183460469231731687303.715884105727": "-170141183460469231731687303.715884105727",
	}
	for text, want := range tests {
		d, err := Parse(text)
		if err != nil || d.String() != want {
			t.Errorf("Parse(%q) = %v, %v; want %s", text, d, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []string{
		"", "-", ".", "1.", ".5", "+1", "1e3", "1,000", " 1", "1 ", "0x1", "1.2.3", "--1", "NaN", "Infinity", "٣", "1_000",
		"0.0000000000001", "170141183460469231731687303.715884105728", "99999999999999999999999999999999999999999999999999999999999999999",
		strings.Repeat("0", 65),
	}
	for _, text := range tests {
		if d, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", text, d)
		}
	}
}

func TestArithmetic(t *testing.T) {
	must := func(d Decimal, err error) string {
		if err != nil {
			return err.Error()
		}
		return d.String()
	}
	tests := []struct{ name, got, want string }{
		{"0.1 + 0.2", must(MustParse("0.1").Add(MustParse("0.2"))), "0.3"},
		{"0.1 - 0.2", must(MustParse("0.1").Sub(MustParse("0.2"))), "-0.1"},
		{"rate × factor", must(MustParse("0.123456").Mul(MustParse("1.123457"))), "0.138697507392"},
		{"negative × positive", must(MustParse("-0.5").Mul(MustParse("3"))), "-1.5"},
		{"needs 13 decimals", must(MustParse("0.0000001").Mul(MustParse("0.000001"))), ErrInexact.Error()},
		{"too large", must(MustParse("100000000000000").Mul(MustParse("100000000000000"))), ErrOverflow.Error()},
		{"a rate a million times", must(MustParse("0.0859").MulInt(1_000_000)), "85900"},
		{"times the least integer", must(MustParse("0.000001").MulInt(-1 << 63)), "-9223372036854.775808"},
		{"too large by an integer", must(MustParse("100000000000000000000").MulInt(1 << 62)), ErrOverflow.Error()},
		{"12.5 per cent", must(MustParse("12.5").Percent()), "0.125"},
		{"a per cent of the least amount", must(MustParse("0.000000000001").Percent()), ErrInexact.Error()},
	}
	for _, tc := range tests {
		if tc.got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, tc.got, tc.want)
		}
	}
	largest := MustParse("170141183460469231731687303.715884105727")
	least := MustParse("0.000000000001")
	if _, err := largest.Add(least); !errors.Is(err, ErrOverflow) {
		t.Errorf("the largest amount and a bit: got %v, want ErrOverflow", err)
	}
	negative, _ := Decimal{}.Sub(largest)
	if _, err := negative.Sub(MustParse("1")); !errors.Is(err, ErrOverflow) {
		t.Errorf("the lowest amount less one: got %v, want ErrOverflow", err)
	}
}

func TestJSONIsAString(t *testing.T) {
	text, err := json.Marshal(Money{Amount: MustParse("12.0859"), Currency: "USD"})
	if err != nil || string(text) != `{"amount":"12.0859","currency":"USD"}` {
		t.Errorf("got %s, %v", text, err)
	}
	var back Money
	if err := json.Unmarshal(text, &back); err != nil || back.String() != "12.0859 USD" {
		t.Errorf("back: got %s, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"amount":12.0859}`), &back); err == nil {
		t.Error("a JSON number must be refused: it may have gone through a float")
	}
}

func TestMoneyIsNeverConverted(t *testing.T) {
	dollars, euros := Money{MustParse("1"), "USD"}, Money{MustParse("1"), "EUR"}
	if sum, err := dollars.Add(euros); err == nil {
		t.Errorf("USD and EUR: got %s, want an error", sum)
	}
	if difference, err := dollars.Sub(euros); err == nil {
		t.Errorf("USD less EUR: got %s, want an error", difference)
	}
	if sum, err := dollars.Add(dollars); err != nil || sum.String() != "2 USD" {
		t.Errorf("USD and USD: got %s, %v", sum, err)
	}
}

func TestCurrency(t *testing.T) {
	for _, code := range []string{"AED", "USD", "EUR", "JPY", "KWD", "ZWG"} {
		if c, err := ParseCurrency(code); err != nil || string(c) != code {
			t.Errorf("%s: got %q, %v", code, c, err)
		}
	}
	for _, code := range []string{"", "US", "usd", "EURO", "XXX", "XTS", "D A", "ABC", "SDU", "EDA"} {
		if _, err := ParseCurrency(code); err == nil {
			t.Errorf("%q must be refused", code)
		}
	}
}

// amounts draws decimals of all sizes, those at the edges included.
func amounts() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,12})?`),
		rapid.StringMatching(`-?0\.[0-9]{1,6}`),
		rapid.SampledFrom(
			[]string{"0", "170141183460469231731687303.715884105727", "-170141183460469231731687303.715884105727"},
		),
	)
}

// The oracle is a decimal library with enough digits for every result.
func TestDecimalAgreesWithTheOracle(t *testing.T) {
	oracle := apd.BaseContext.WithPrecision(120)
	rapid.Check(t, func(t *rapid.T) {
		x, y := amounts().Draw(t, "x"), amounts().Draw(t, "y")
		a, b := MustParse(x), MustParse(y)
		p, q := oracleOf(t, x), oracleOf(t, y)
		var sum, difference, product apd.Decimal
		for _, do := range []func() (apd.Condition, error){
			func() (apd.Condition, error) { return oracle.Add(&sum, p, q) },
			func() (apd.Condition, error) { return oracle.Sub(&difference, p, q) },
			func() (apd.Condition, error) { return oracle.Mul(&product, p, q) },
		} {
			if _, err := do(); err != nil {
				t.Fatal(err)
			}
		}
		agree(t, "sum", &sum)(a.Add(b))
		agree(t, "difference", &difference)(a.Sub(b))
		agree(t, "product", &product)(a.Mul(b))
		n := rapid.Int64().Draw(t, "n")
		var multiple apd.Decimal
		if _, err := oracle.Mul(&multiple, p, apd.New(n, 0)); err != nil {
			t.Fatal(err)
		}
		agree(t, "multiple", &multiple)(a.MulInt(n))
		if got, want := a.Cmp(b), p.Cmp(q); got != want {
			t.Fatalf("Cmp(%s, %s) = %d, want %d", x, y, got, want)
		}
		if back := MustParse(a.String()); back != a {
			t.Fatalf("%s came back as %s", a, back)
		}
	})
}

func oracleOf(t *rapid.T, text string) *apd.Decimal {
	d, _, err := apd.NewFromString(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// agree holds a result against the oracle's: the same number, or the error that says why there is
// none.
func agree(t *rapid.T, what string, want *apd.Decimal) func(Decimal, error) {
	return func(got Decimal, err error) {
		t.Helper()
		var reduced apd.Decimal
		reduced.Reduce(want)
		limit := oracleOf(t, "170141183460469231731687303.715884105727")
		var absolute apd.Decimal
		absolute.Abs(&reduced)
		switch {
		case reduced.Exponent < -Scale:
			if !errors.Is(err, ErrInexact) {
				t.Fatalf("%s: got %s, %v; want ErrInexact for %s", what, got, err, &reduced)
			}
		case absolute.Cmp(limit) > 0:
			if !errors.Is(err, ErrOverflow) {
				t.Fatalf("%s: got %s, %v; want ErrOverflow for %s", what, got, err, &reduced)
			}
		default:
			if err != nil || oracleOf(t, got.String()).Cmp(&reduced) != 0 {
				t.Fatalf("%s: got %s, %v; want %s", what, got, err, &reduced)
			}
		}
	}
}

func TestArithmeticDoesNotAllocate(t *testing.T) {
	a, b := MustParse("0.0859"), MustParse("1.125")
	var buffer [64]byte
	if n := testing.AllocsPerRun(100, func() {
		sum, _ := a.Add(b)
		product, _ := sum.Mul(b)
		product.AppendString(buffer[:0])
	}); n != 0 {
		t.Errorf("allocates %v times, want never", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0", "-1.5", "0.0859", "1e9", ".", "170141183460469231731687303.715884105728"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		if back, err := Parse(d.String()); err != nil || back != d {
			t.Errorf("%q became %s and came back as %s, %v", text, d, back, err)
		}
	})
}
