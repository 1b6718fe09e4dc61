package pricing

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/conversation"
)

// most returns the bound of a message that is sent at an hour and may be delivered until another.
func (d *desk) most(
	customer string, hour, until float64, form conversation.Form, category conversation.Category,
) string {
	d.t.Helper()
	m := d.message(customer, hour, form, category)
	bound := d.book.MaxCharge(&d.account, &m, d.state("1066", customer), d.seconds(until))
	if bound.Unpriced {
		return bound.Amount.String() + " or unpriced"
	}
	return bound.Amount.String()
}

func TestP3BoundCoversTheRevisionsUntilTheMessageEnds(t *testing.T) {
	const second = 1.0 / 3600
	for rateAt, want := range map[string][3]string{
		"Delivery": {"0.01 USD", "0.02 USD", "0.02 USD"},
		"Send":     {"0.01 USD", "0.01 USD", "0.01 USD"},
	} {
		d := newDesk(t, compiled(t, twoRates("2026-10-01", rateAt)), "2026-09-30T23:00:00Z")
		for i, until := range []float64{1 - second, 1, 720} {
			expect(t, "rateAt "+rateAt, d.most(french, 0, until, conversation.Templated, utility), want[i])
		}
	}
}

func TestP3BoundCoversTheSplitOfAMarket(t *testing.T) {
	plan := twoRates("2030-01-01", "Delivery")
	plan.Revisions[1].Rates = []MarketRates{
		{Market: "Other", Prices: []Price{{"Utility", "0.01"}}}, {Market: "Kazakhstan", Prices: []Price{{"Utility", "0.02"}}},
	}
	d := newDesk(t, compiled(t, plan), "2026-09-30T23:00:00Z")
	const kazakh = "77012345678"
	expect(t, "until the day before", d.most(kazakh, 0, 0.9, conversation.Templated, utility), "0.01 USD")
	expect(t, "until the first second of its market", d.most(kazakh, 0, 1, conversation.Templated, utility), "0.02 USD")
	expect(t, "a market without a rate", d.most(french, 0, 1, conversation.Templated, utility), "0 USD or unpriced")
}

func TestP3BoundCoversInternationalAuthentication(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-10T00:00:00Z")
	expect(t, "not eligible", d.most(indian, 0, 10, conversation.Templated, authentication), "0.0014 USD")
	d.account.International.StartTime = d.seconds(5)
	expect(t, "starts after the end", d.most(indian, 0, 4.9, conversation.Templated, authentication), "0.0014 USD")
	expect(t, "starts before the end", d.most(indian, 0, 5, conversation.Templated, authentication), "0.0304 USD")
	expect(t, "utility has no such rate", d.most(indian, 0, 5, conversation.Templated, utility), "0.0014 USD")
}

func TestP3BoundCoversATemplateThatIsReclassified(t *testing.T) {
	plan := twoRates("2030-01-01", "Delivery")
	plan.Revisions[1].CategoryAt = "Delivery"
	plan.Revisions[1].Rates[0].Prices = []Price{{"Utility", "0.01"}, {"Marketing", "0.07"}, {"Authentication", "0.02"}}
	d := newDesk(t, compiled(t, plan), "2026-10-10T00:00:00Z")
	expect(t, "by the category at delivery", d.most(french, 0, 1, conversation.Templated, utility), "0.07 USD")
	plan.Revisions[1].CategoryAt = "Send"
	d = newDesk(t, compiled(t, plan), "2026-10-10T00:00:00Z")
	expect(t, "by the category at send", d.most(french, 0, 1, conversation.Templated, utility), "0.01 USD")
}

func TestP3BoundCoversBothInitiators(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2022-05-10T00:00:00Z")
	expect(t, "outside the window", d.most(french, 0, 1, conversation.Templated, utility), "0.1432 USD")
	d.writes(french, 0, message)
	expect(t, "inside the window", d.most(french, 1, 2, conversation.FreeForm, conversation.None), "0.0859 USD")
}

func TestP3BoundOfWhatIsSurelyFreeIsZero(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-03-10T00:00:00Z")
	d.writes(french, 0, message)
	expect(t, "text, always free in 2026-03", d.most(french, 1, 700, conversation.FreeForm, conversation.None), "0 USD")
	expect(
		t, "utility, free only if delivered in the window", d.most(french, 1, 2, conversation.Templated, utility),
		"0.03 USD",
	)

	d = newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-05T00:00:00Z")
	expect(t, "reaction since October 2026", d.most(french, 1, 2, conversation.Reaction, conversation.None), "0 USD")
	expect(
		t, "text since October 2026, though the allowance may pay for it",
		d.most(french, 1, 2, conversation.FreeForm, conversation.None), "0.03 USD",
	)

	d = newDesk(t, compiled(t, samplePlan(t, "announcement")), "2026-10-05T00:00:00Z")
	d.writes(french, 0, message)
	expect(
		t, "announcement, in the window at send", d.most(french, 23, 100, conversation.FreeForm, conversation.None),
		"0 USD",
	)
	expect(
		t, "announcement, outside the window", d.most(french, 24, 100, conversation.FreeForm, conversation.None),
		"0.05 USD",
	)
}

// A message lives 30 days, and its delivery is told up to 8 days later: that it answered in the
// window must be known until then, whatever the customer writes meanwhile.
func TestP3BoundOfAnAnswerHoldsUntilItsDeliveryIsTold(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "announcement")), "2026-10-05T00:00:00Z")
	d.writes(french, 0, message)
	expect(t, "bound", d.most(french, 1, 38*24, conversation.FreeForm, conversation.None), "0 USD")
	m := d.message(french, 1, conversation.FreeForm, conversation.None)
	m.EndedAt = d.seconds(30 * 24)
	d.writes(french, 37.5*24, message)
	expect(t, "delivery of day 30, told on day 38", told(d.settle(french, m)), "service free: serviceWindow")
}

func TestP3BoundIsTheDearestStepTimesTheUnitsWithTheMarkup(t *testing.T) {
	plan := tiered("Marginal")
	first := &plan.Revisions[1]
	first.Tiers[0].Steps = append(
		first.Tiers[0].Steps, TierStep{Above: 90_000_000, Amount: "0.03"}, TierStep{Above: 99_000_000},
	)
	first.Markups = []Markup{{Category: "Utility", Percent: "10", Fixed: "0.001"}}
	d := newDesk(t, compiled(t, plan), "2026-03-10T00:00:00Z")
	expect(t, "one unit: 0.03 × 1.1 + 0.001", d.most(greek, 0, 1, conversation.Templated, utility), "0.034 USD")
	m := d.message(greek, 0, conversation.Templated, utility)
	m.Units = 10
	bound := d.book.MaxCharge(&d.account, &m, d.state("1066", greek), m.SentAt)
	expect(t, "ten units: 0.3 × 1.1 + 0.001", bound.Amount.String(), "0.331 USD")
}

func TestP3BoundSaysWhatIsUnknown(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2025-06-30T23:00:00Z")
	expect(t, "no rate yet", d.most(french, 0, 0.5, conversation.Templated, authentication), "0 USD or unpriced")
	expect(
		t, "no rate yet, one tomorrow", d.most(french, 0, 2, conversation.Templated, authentication),
		"0.03 USD or unpriced",
	)
	before := newDesk(t, d.book, "2018-01-01T00:00:00Z")
	expect(
		t, "before the first revision", before.most(french, 0, 2, conversation.Templated, utility), "0 USD or unpriced",
	)
}
