package pricing

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/conversation"
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
			p := Places{Used: tc.used}.With(Claim{Limit: tc.limit})
			p = p.Without(money.Decimal{}, false)
			for _, amount := range amountsOf(tc.claims) {
				p = p.With(Claim{Limit: tc.limit, Amount: amount.Amount, Unpriced: amount.Unpriced})
			}
			got, err := p.Exposure()
			if err != nil || got.Amount.String() != tc.want || got.Unpriced != tc.unpriced {
				t.Fatalf("got %+v, %v; want %s, unpriced: %v", got, err, tc.want, tc.unpriced)
			}
			again, err := ParsePlaces(p.String())
			if err != nil || again.String() != p.String() {
				t.Fatalf("%q came back as %q, %v", p, again, err)
			}
		})
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

// Messages are accepted and end in any order. Whatever becomes of one, a place, a charge or a failure, what is left to be charged falls by at least what it was charged: a budget that
// covers the exposure at every acceptance is never passed (P3). With every message gone nothing is claimed.
func TestP3ExposureFallsByAtLeastWhatIsCharged(t *testing.T) {
	prices := []string{"0", "0.0014", "0.03", "0.0550", "0.0859"}
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(0, 4).Draw(t, "limit")
		places := Places{Limit: limit}
		var waiting []money.Decimal
		exposure := func() money.Decimal {
			most, err := places.Exposure()
			if err != nil {
				t.Fatal(err)
			}
			return most.Amount
		}
		t.Repeat(map[string]func(*rapid.T){
			"accept": func(t *rapid.T) {
				amount := money.MustParse(rapid.SampledFrom(prices).Draw(t, "amount"))
				waiting = append(waiting, amount)
				places = places.With(Claim{Limit: limit, Amount: amount})
			},
			"end": func(t *rapid.T) {
				if len(waiting) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(waiting)-1).Draw(t, "which")
				amount := waiting[i]
				waiting = slices.Delete(waiting, i, i+1)
				before := exposure()
				var charge money.Decimal
				places = places.Without(amount, false)
				switch delivered := rapid.Bool().Draw(t, "delivered"); {
				case delivered && places.Used < limit:
					places.Used++
				case delivered:
					charge = amount
				}
				after, err := exposure().Add(charge)
				if err != nil {
					t.Fatal(err)
				}
				if after.Cmp(before) > 0 {
					t.Fatalf("%s was exposed, %s was charged and %s is exposed still: %s", before, charge, exposure(), places)
				}
			},
			"": func(t *rapid.T) {
				if len(waiting) <= int(limit-places.Used) && !exposure().IsZero() {
					t.Fatalf("%d wait for %d places, and %s is exposed", len(waiting), limit-places.Used, exposure())
				}
				if len(waiting) == 0 && len(places.claims) > 0 {
					t.Fatalf("nothing waits, and %s", places)
				}
			},
		})
	})
}

func TestP3BoundClaimsAPlaceInEachMonthThatAMessageReaches(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-05T00:00:00Z")
	d.writes(french, 0, message)
	text := d.message(french, 1, conversation.FreeForm, conversation.None)
	tests := map[string]struct {
		until float64
		want  []string
	}{
		"within the month": {2, []string{"2026-10"}},
		"over its end":     {30 * 24, []string{"2026-10", "2026-11"}},
		"over two ends":    {58 * 24, []string{"2026-10", "2026-11", "2026-12"}},
	}
	for name, tc := range tests {
		bound := d.book.MaxCharge(&d.account, &text, d.state("1066", french), d.seconds(tc.until))
		var months []string
		for _, c := range bound.Claims() {
			months = append(months, c.Key.Month.String())
			if c.Limit != 1000 || c.Amount.String() != "0.03" || c.Key.Scope != PerChannel || c.Key.ScopeID != "1066" {
				t.Errorf("%s: claim %+v; want 0.03 for one of 1,000 places of the number", name, c)
			}
		}
		if !slices.Equal(months, tc.want) || !bound.Uncovered.Amount.IsZero() || bound.Uncovered.Unpriced {
			t.Errorf("%s: claims in %v, uncovered %+v; want %v and nothing", name, months, bound.Uncovered, tc.want)
		}
	}
	template := d.message(french, 1, conversation.Templated, utility)
	if bound := d.book.MaxCharge(&d.account, &template, d.state("1066", french), d.seconds(2)); len(bound.Claims()) > 0 || bound.Uncovered.Amount.String() != "0.03" {
		t.Errorf("a template has claims %+v and %s uncovered; want none and 0.03", bound.Claims(), bound.Uncovered.Amount)
	}
}

// Many allowances of which each may pay are all claimed.
func TestP3BoundClaimsEveryAllowanceThatMayPay(t *testing.T) {
	plan := twoRates("2030-01-01", "Delivery")
	for i := range 5 {
		plan.Revisions[1].Allowances = append(plan.Revisions[1].Allowances,
			Allowance{Name: string(rune('a' + i)), Count: int64(i + 1), Of: []string{"Utility"}, Per: "Account", Period: "Month"})
	}
	d := newDesk(t, compiled(t, plan), "2026-10-05T00:00:00Z")
	m := d.message(french, 0, conversation.Templated, utility)
	bound := d.book.MaxCharge(&d.account, &m, d.state("1066", french), d.seconds(30*24))
	if n := len(bound.Claims()); n != 10 {
		t.Fatalf("%d claims, want 5 allowances in 2 months", n)
	}
}

// An exempt message costs nothing, but takes a place as long as there is one.
func TestP3BoundOfAnExemptMessageIsAPlace(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-05T00:00:00Z")
	revision := samplePlan(t, "whatsapp").Revisions
	exemption := revision[len(revision)-1].Exemptions[0]
	d.account.Exemptions = []string{exemption.Name}
	text := d.message(french, 1, conversation.FreeForm, conversation.None)
	bound := d.book.MaxCharge(&d.account, &text, d.state("1066", french), d.seconds(2))
	if !bound.Amount.Amount.IsZero() || len(bound.Claims()) != 1 || !bound.Claims()[0].Amount.IsZero() {
		t.Fatalf("bound %+v; want nothing to pay and one place", bound)
	}
	d = newDesk(t, d.book, exemption.LastDate+"T22:00:00Z")
	d.account.Exemptions = []string{exemption.Name}
	text = d.message(french, 0, conversation.FreeForm, conversation.None)
	if bound := d.book.MaxCharge(&d.account, &text, d.state("1066", french), d.seconds(4)); bound.Amount.Amount.String() != "0.03" {
		t.Fatalf("bound %s over the exemption's last day, want 0.03", bound.Amount)
	}
}
