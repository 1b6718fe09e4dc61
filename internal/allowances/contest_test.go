package allowances

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/money"
)

func claimOf(set, amount string, months ...civil.Month) Claim {
	return Claim{Allowances: strings.Fields(set), Months: months, Amount: money.MustParse(amount)}
}

// Allowances that may pay for the same message count together, and a place that two kinds of
// messages may take counts once.
func TestP3ExposureOfAllowancesTogether(t *testing.T) {
	tests := map[string]struct {
		free   string // places left of each allowance
		claims string // "set amount", the set's allowances in the order in which they pay
		want   string
	}{
		"one is used up, the other one pays":       {"a=0 b=2", "a,b 0.03; a,b 0.05", "0"},
		"both together":                            {"a=1 b=1", "a,b 0.03; a,b 0.05", "0"},
		"one more than both have":                  {"a=1 b=1", "a,b 0.03; a,b 0.05; a,b 0.01", "0.05"},
		"others may take it first":                 {"a=1 b=0", "a,b 0.03; a 0.01", "0.03"},
		"others cannot take all":                   {"a=1 b=1", "a,b 0.03; a 0.01", "0.01"},
		"others take theirs first, and never this": {"a=1 b=1", "a,b 0.03; b 0.01", "0"},
		"others take this when theirs is used up":  {"a=1 b=1", "a,b 0.03; a,b 0.02; b 0.01", "0.03"},
		"many others that reach one place only": {
			"a=1 b=1 c=9", "a 0.05; b,c 0.01; b,c 0.01; b,c 0.01; b,a 0", "0.05",
		},
		"apart from each other":                      {"a=0 b=1", "a 0.03; b 0.05; b 0.01", "0.08"},
		"in a chain, each by its first":              {"a=1 b=1 c=1", "a,b 0.03; b,c 0.05; c 0.01", "0"},
		"in a chain that moves on":                   {"a=0 b=1 c=1", "a,b 0.03; b,c 0.05; c 0.01", "0.05"},
		"a place for everyone, through many of them": {"a=9 b=0 c=0", "a,b 0.03; a,c 0.05; a 0.07", "0"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var p Pool
			for free := range strings.FieldsSeq(tc.free) {
				var limit int64
				allowance, number, _ := strings.Cut(free, "=")
				if _, err := fmt.Sscan(number, &limit); err != nil {
					t.Fatal(err)
				}
				p = p.Offer(allowance, november, limit, 0)
			}
			for claim := range strings.SplitSeq(tc.claims, "; ") {
				set, amount, _ := strings.Cut(claim, " ")
				p = p.With(claimOf(strings.ReplaceAll(set, ",", " "), amount, november))
			}
			got, err := p.Exposure()
			if err != nil || got.Amount.String() != tc.want || got.Unpriced {
				t.Fatalf("got %+v, %v; want %s", got, err, tc.want)
			}
			again, err := ParsePool(p.String())
			if err != nil || again.String() != p.String() {
				t.Fatalf("%q came back as %q, %v", p, again, err)
			}
		})
	}
}

// settling is a month of claims that are settled in some order, by the rule of Rate: the first
// allowance that has a place left pays.
type settling struct {
	free   map[string]int64
	claims []Claim
}

// worst is the most that is charged in any order, and whichever messages are delivered.
func (s *settling) worst(delivered uint) (most money.Decimal) {
	for i := range s.claims {
		if delivered>>i&1 == 1 {
			continue
		}
		var charge money.Decimal
		at := slices.IndexFunc(s.claims[i].Allowances, func(name string) bool { return s.free[name] > 0 })
		if at < 0 {
			charge = s.claims[i].Amount
		} else {
			s.free[s.claims[i].Allowances[at]]--
		}
		rest := s.worst(delivered | 1<<i)
		if at >= 0 {
			s.free[s.claims[i].Allowances[at]]++
		}
		sum, err := rest.Add(charge)
		if err != nil {
			panic(err)
		}
		most = most.Max(sum)
	}
	return most
}

// The exposure is what the worst order charges, neither less nor more: less would pass the budget,
// and more would refuse what allowances pay for.
func TestP3ExposureIsThatOfTheWorstOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "c"}
		s := settling{free: map[string]int64{}}
		var p Pool
		for _, name := range names {
			s.free[name] = rapid.Int64Range(0, 2).Draw(t, "free "+name)
			p = p.Offer(name, november, s.free[name], 0)
		}
		for range rapid.IntRange(1, 5).Draw(t, "messages") {
			set := rapid.Permutation(names).Draw(t, "order")[:rapid.IntRange(1, 3).Draw(t, "size")]
			amount := rapid.SampledFrom([]string{"0", "0.01", "0.03", "0.1"}).Draw(t, "amount")
			claim := claimOf(strings.Join(set, " "), amount, november)
			s.claims, p = append(s.claims, claim), p.With(claim)
		}
		got, err := p.Exposure()
		if err != nil {
			t.Fatal(err)
		}
		if want := s.worst(0); got.Amount.Cmp(want) != 0 {
			t.Fatalf("exposed to %s, and the worst order charges %s: %v of\n%s", got.Amount, want, s.free, p)
		}
	})
}

// Messages of many sets are accepted and end in any order and month. Whatever becomes of one, the
// exposure falls by at least what it is charged (P3), also where there are too many allowances for
// the worst case to be looked for.
func TestP3ExposureOfSetsFallsByAtLeastWhatIsCharged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var names []string
		for i := range rapid.SampledFrom([]int{2, 4, maxContested + 2}).Draw(t, "allowances") {
			names = append(names, Name("USD", uint8(min(i, 2)), "1", fmt.Sprint(i)))
			if i > 2 {
				names[i] = Name("USD", OneChannel, fmt.Sprint(i), "own")
			}
		}
		limit := rapid.Int64Range(0, 3).Draw(t, "limit")
		type slot struct {
			name  string
			month civil.Month
		}
		used := map[slot]int64{}
		var pool Pool
		var messages []Claim
		exposure := func() money.Decimal {
			most, err := pool.Exposure()
			if err != nil {
				t.Fatal(err)
			}
			return most.Amount
		}
		t.Repeat(map[string]func(*rapid.T){
			"accept": func(t *rapid.T) {
				set := rapid.Permutation(names).Draw(t, "order")[:rapid.IntRange(1, min(4, len(names))).Draw(t, "size")]
				amount := rapid.SampledFrom([]string{"0.01", "0.03"}).Draw(t, "amount")
				c := Claim{Allowances: set, Amount: money.MustParse(amount)}
				for month := range civil.Month(rapid.IntRange(1, 2).Draw(t, "months")) {
					c.Months = append(c.Months, november+month)
					for _, name := range set {
						pool = pool.Offer(name, november+month, limit, used[slot{name, november + month}])
					}
				}
				messages, pool = append(messages, c), pool.With(c)
			},
			"end": func(t *rapid.T) {
				if len(messages) == 0 {
					return
				}
				i := rapid.IntRange(0, len(messages)-1).Draw(t, "which")
				m, before := messages[i], exposure()
				messages = slices.Delete(messages, i, i+1)
				pool = pool.Without(m)
				var charge money.Decimal
				month := rapid.SampledFrom(m.Months).Draw(t, "month")
				if rapid.Bool().Draw(t, "delivered") {
					at := slices.IndexFunc(m.Allowances, func(name string) bool {
						return used[slot{name, month}] < limit
					})
					if at >= 0 {
						used[slot{m.Allowances[at], month}]++
						pool = pool.Use(m.Allowances[at], month, 1)
					} else {
						charge = m.Amount
					}
				}
				after, err := exposure().Add(charge)
				if err != nil {
					t.Fatal(err)
				}
				if after.Cmp(before) > 0 {
					t.Fatalf("%s was exposed, %s was charged and %s is left:\n%s", before, charge, exposure(), pool)
				}
			},
			"": func(t *rapid.T) {
				again, err := ParsePool(pool.String())
				if err != nil || again.String() != pool.String() || len(messages) == 0 && pool.String() != "" {
					t.Fatalf("%q came back as %q, %v", pool, again, err)
				}
			},
		})
	})
}
