package pricing

import (
	"slices"
	"testing"

	"github.com/guichet-dev/guichet/internal/conversation"
)

func TestP3BoundHasAPlaceInEachMonthThatAMessageReaches(t *testing.T) {
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
		for _, c := range bound.Places() {
			months = append(months, c.Key.Month.String())
			if c.Limit != 1000 || c.Amount.String() != "0.03" || c.Key.Scope != PerChannel || c.Key.ScopeID != "1066" {
				t.Errorf("%s: place %+v; want 0.03 for one of 1,000 places of the number", name, c)
			}
		}
		if !slices.Equal(months, tc.want) || !bound.Uncovered.Amount.IsZero() || bound.Uncovered.Unpriced {
			t.Errorf("%s: places in %v, uncovered %+v; want %v and nothing", name, months, bound.Uncovered, tc.want)
		}
	}
	template := d.message(french, 1, conversation.Templated, utility)
	if bound := d.book.MaxCharge(
		&d.account, &template, d.state("1066", french), d.seconds(2),
	); len(bound.Places()) > 0 || bound.Uncovered.Amount.String() != "0.03" {
		t.Errorf(
			"a template has places %+v and %s uncovered; want none and 0.03", bound.Places(), bound.Uncovered.Amount,
		)
	}
}

// Many allowances of which each may pay all have a place.
func TestP3BoundHasEveryAllowanceThatMayPay(t *testing.T) {
	plan := twoRates("2030-01-01", "Delivery")
	for i := range 5 {
		plan.Revisions[1].Allowances = append(plan.Revisions[1].Allowances, Allowance{
			Name: string(rune('a' + i)), Count: int64(i + 1), Of: []string{"Utility"}, Per: "Account", Period: "Month",
		})
	}
	d := newDesk(t, compiled(t, plan), "2026-10-05T00:00:00Z")
	m := d.message(french, 0, conversation.Templated, utility)
	bound := d.book.MaxCharge(&d.account, &m, d.state("1066", french), d.seconds(30*24))
	if n := len(bound.Places()); n != 10 {
		t.Fatalf("%d places, want 5 allowances in 2 months", n)
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
	if !bound.Amount.Amount.IsZero() || len(bound.Places()) != 1 || !bound.Places()[0].Amount.IsZero() {
		t.Fatalf("bound %+v; want nothing to pay and one place", bound)
	}
	d = newDesk(t, d.book, exemption.LastDate+"T22:00:00Z")
	d.account.Exemptions = []string{exemption.Name}
	text = d.message(french, 0, conversation.FreeForm, conversation.None)
	if bound := d.book.MaxCharge(
		&d.account, &text, d.state("1066", french), d.seconds(4),
	); bound.Amount.Amount.String() != "0.03" {
		t.Fatalf("bound %s over the exemption's last day, want 0.03", bound.Amount)
	}
}
