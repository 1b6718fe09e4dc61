package allowances

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/money"
)

func TestP3ExposureOfAnAllowance(t *testing.T) {
	tests := map[string]struct {
		limit, used int64
		claims      string // amounts, "?" for one that the plan does not say
		want        string
		unpriced    bool
	}{
		"nobody claims":                           {3, 0, "", "0", false},
		"as many as there are places":             {3, 0, "0.03 0.0859 0.03", "0", false},
		"one more: the dearest":                   {3, 0, "0.03 0.0859 0.03 0.01", "0.0859", false},
		"two more":                                {3, 1, "0.03 0.0859 0.03 0.01", "0.1159", false},
		"none left":                               {3, 3, "0.03 0.01", "0.04", false},
		"fewer places than used, after a change":  {3, 9, "0.03 0.01", "0.04", false},
		"of an exempt account":                    {1, 0, "0 0", "0", false},
		"one that an exempt account may displace": {1, 0, "0.03 0", "0.03", false},
		"unknown, with a place":                   {2, 0, "0.03 ?", "0", false},
		"unknown, without one":                    {1, 0, "0.03 ?", "0", true},
		"unknown, and none left":                  {1, 1, "0.03 ?", "0.03", true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var p Pool
			for _, amount := range amountsOf(tc.claims) {
				p = p.Offer("a", november, tc.limit, tc.used).With(Claim{
					Allowances: []string{"a"}, Months: []civil.Month{november},
					Amount: amount.Amount, Unpriced: amount.Unpriced,
				})
			}
			got, err := p.Exposure()
			if err != nil || got.Amount.String() != tc.want || got.Unpriced != tc.unpriced {
				t.Fatalf("got %+v, %v; want %s, unpriced: %v", got, err, tc.want, tc.unpriced)
			}
			again, err := ParsePool(p.String())
			if err != nil || again.String() != p.String() {
				t.Fatalf("%q came back as %q, %v", p, again, err)
			}
		})
	}
}

const november = civil.Month(2026*12 + 10)

// Each message may be delivered in one of its months only: it is not counted in both.
func TestP3ExposureOverTheTurnOfAMonth(t *testing.T) {
	both := []civil.Month{november, november + 1}
	tests := map[string]struct {
		used     []int64 // of three places, in November and December
		messages int
		want     string
	}{
		"places in both":                    {[]int64{0, 0}, 3, "0"},
		"one more than there are in either": {[]int64{0, 0}, 4, "0.03"},
		"two more":                          {[]int64{0, 0}, 5, "0.06"},
		"none left in November":             {[]int64{3, 0}, 3, "0.09"},
		"none left in either":               {[]int64{3, 3}, 3, "0.09"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var p Pool
			for range tc.messages {
				for i, month := range both {
					p = p.Offer("a", month, 3, tc.used[i])
				}
				p = p.With(Claim{Allowances: []string{"a"}, Months: both, Amount: money.MustParse("0.03")})
			}
			if got, err := p.Exposure(); err != nil || got.Amount.String() != tc.want {
				t.Errorf("got %s, %v; want %s", got.Amount, err, tc.want)
			}
		})
	}
	// What is left of November does not weigh on December's messages: their places are all there.
	one := func(month civil.Month) Claim {
		return Claim{Allowances: []string{"a"}, Months: []civil.Month{month}, Amount: money.MustParse("0.03")}
	}
	p := Pool{}.Offer("a", november, 3, 3).With(one(november))
	for range 3 {
		p = p.Offer("a", november+1, 3, 0).With(one(november + 1))
	}
	if got, err := p.Exposure(); err != nil || got.Amount.String() != "0.03" {
		t.Errorf("got %s, %v; want 0.03 for the message of November", got.Amount, err)
	}
}

func amountsOf(text string) (amounts []Exposure) {
	for len(text) > 0 {
		field := text
		if end := slices.Index([]byte(text), ' '); end >= 0 {
			field, text = text[:end], text[end+1:]
		} else {
			text = ""
		}
		if field == "?" {
			amounts = append(amounts, Exposure{Unpriced: true})
		} else {
			amounts = append(amounts, Exposure{Amount: money.MustParse(field)})
		}
	}
	return amounts
}

// waiting is a message that claims a place of one allowance.
type waiting struct {
	amount money.Decimal
	months []civil.Month
}

func (m waiting) claim() Claim {
	return Claim{Allowances: []string{"a"}, Months: m.months, Amount: m.amount}
}

// Messages are accepted and end in any order. Whatever becomes of one, a place, a charge or a
// failure, what is left to be charged falls by at least what it was charged: a budget that covers
// the exposure at every acceptance is never passed (P3). With every message gone nothing is
// claimed.
func TestP3ExposureFallsByAtLeastWhatIsCharged(t *testing.T) {
	prices := []string{"0", "0.0014", "0.03", "0.0550", "0.0859"}
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(0, 4).Draw(t, "limit")
		used := map[civil.Month]int64{}
		var places Pool
		var messages []waiting
		exposure := func() money.Decimal {
			most, err := places.Exposure()
			if err != nil {
				t.Fatal(err)
			}
			return most.Amount
		}
		t.Repeat(map[string]func(*rapid.T){
			"accept": func(t *rapid.T) {
				m := waiting{amount: money.MustParse(rapid.SampledFrom(prices).Draw(t, "amount"))}
				first := november + civil.Month(rapid.IntRange(0, 1).Draw(t, "month"))
				for month := first; month <= first+civil.Month(rapid.IntRange(0, 2).Draw(t, "more months")); month++ {
					m.months = append(m.months, month)
					places = places.Offer("a", month, limit, used[month])
				}
				messages, places = append(messages, m), places.With(m.claim())
			},
			"end": func(t *rapid.T) {
				if len(messages) == 0 {
					return
				}
				i := rapid.IntRange(0, len(messages)-1).Draw(t, "which")
				m, before := messages[i], exposure()
				messages = slices.Delete(messages, i, i+1)
				var charge money.Decimal
				month := rapid.SampledFrom(m.months).Draw(t, "month")
				places = places.Without(m.claim())
				switch delivered := rapid.Bool().Draw(t, "delivered"); {
				case delivered && used[month] < limit:
					used[month]++
					places = places.Use("a", month, 1)
				case delivered:
					charge = m.amount
				}
				after, err := exposure().Add(charge)
				if err != nil {
					t.Fatal(err)
				}
				if after.Cmp(before) > 0 {
					t.Fatalf(
						"%s was exposed, %s was charged and %s is exposed still: %s", before, charge, exposure(),
						places,
					)
				}
			},
			"": func(t *rapid.T) {
				if len(messages) == 0 && places.String() != "" {
					t.Fatalf("nothing waits, and %s", places)
				}
				again, err := ParsePool(places.String())
				if err != nil || again.String() != places.String() {
					t.Fatalf("%q came back as %q, %v", places, again, err)
				}
			},
		})
	})
}
