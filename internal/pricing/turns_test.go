package pricing

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

func TestP6RevisionTurnsAtLocalMidnight(t *testing.T) {
	book := compiled(t, samplePlan(t, "whatsapp"))
	tests := []struct {
		name    string
		zone    string
		instant string
		want    string
	}{
		{"the last second of September in Paris, summer time", "Europe/Paris", "2026-09-30T21:59:59Z", "pmp-2026-09"},
		{"midnight in Paris", "Europe/Paris", "2026-09-30T22:00:00Z", "pmp-2026-10"},
		{"14 hours ahead", "Pacific/Kiritimati", "2026-09-30T09:59:59Z", "pmp-2026-09"},
		{"14 hours ahead, midnight", "Pacific/Kiritimati", "2026-09-30T10:00:00Z", "pmp-2026-10"},
		{"11 hours behind", "Pacific/Pago_Pago", "2026-10-01T10:59:59Z", "pmp-2026-09"},
		{"11 hours behind, midnight", "Pacific/Pago_Pago", "2026-10-01T11:00:00Z", "pmp-2026-10"},
		{"before the first day of all", "UTC", "2018-07-31T23:59:59Z", ""},
		{"the first day of all", "UTC", "2018-08-01T00:00:00Z", "nbp-2018-08"},
		{"the last second of the first era", "UTC", "2022-01-31T23:59:59Z", "nbp-2018-08"},
		{"far in the future", "UTC", "2040-01-01T00:00:00Z", "pmp-2026-10"},
	}
	for _, tc := range tests {
		now := at(t, tc.instant)
		m := Message{
			Country: country(t, "FR"), Form: conversation.Templated, Category: marketing, SentAt: now, EndedAt: now,
			Delivered: true,
		}
		out := book.Rate(&Account{Zone: zone(t, tc.zone)}, &m, &conversation.State{}, counts{})
		expect(t, tc.name, out.Revision, tc.want)
	}
}

// twoRates returns a plan whose utility price in Any changes on a day.
func twoRates(day, rateAt string) Plan {
	revision := Revision{
		Name: "first", EffectiveDate: "2020-01-01", ClassifyBy: "Category", Unit: "Message",
		OutsideWindow: "TemplateOnly", RateAt: rateAt,
		ServiceWindow: ServiceWindow{Openings: []WindowOpening{{Events: []string{"Message"}, DurationSeconds: 86400}}},
		Rates:         []MarketRates{{Market: "Any", Prices: []Price{{"Utility", "0.01"}}}},
	}
	second := revision
	second.Name, second.EffectiveDate = "second", day
	second.Rates = []MarketRates{{Market: "Any", Prices: []Price{{"Utility", "0.02"}}}}
	return Plan{Currency: "USD", Revisions: []Revision{second, revision}}
}

// On 29 March 2026 clocks in Paris went from 02:00 to 03:00, on 25 October from 03:00 to 02:00; on
// 6 September Santiago skipped midnight.
func TestP6RevisionTurnsOnDaysThatClocksChange(t *testing.T) {
	tests := []struct {
		name, day, zone, last, first string
	}{
		{"the day of 23 hours", "2026-03-29", "Europe/Paris", "2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z"},
		{"the day after it", "2026-03-30", "Europe/Paris", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"},
		{"the day of 25 hours", "2026-10-25", "Europe/Paris", "2026-10-24T21:59:59Z", "2026-10-24T22:00:00Z"},
		{"the day after it", "2026-10-26", "Europe/Paris", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"},
		{"a day without midnight", "2026-09-06", "America/Santiago", "2026-09-06T03:59:59Z", "2026-09-06T04:00:00Z"},
	}
	for _, tc := range tests {
		d := newDesk(t, compiled(t, twoRates(tc.day, "Delivery")), tc.last)
		d.account.Zone = zone(t, tc.zone)
		expect(t, tc.name+", last second before", d.template(french, 0, utility), "utility 0.01")
		d.start = at(t, tc.first)
		expect(t, tc.name+", first second", d.template(french, 0, utility), "utility 0.02")
	}
}

func TestP6PriceListOfTheDeliveryOrOfTheSendIsPlanData(t *testing.T) {
	for rateAt, want := range map[string]string{"Delivery": "utility 0.02", "Send": "utility 0.01"} {
		d := newDesk(t, compiled(t, twoRates("2026-10-01", rateAt)), "2026-09-30T23:00:00Z")
		m := d.message(french, 0, conversation.Templated, utility)
		m.EndedAt = d.seconds(2)
		expect(t, "sent in September, delivered in October, rateAt "+rateAt, told(d.settle(french, m)), want)
	}
}

func TestCategoryOfTheSendOrOfTheDeliveryIsPlanData(t *testing.T) {
	for categoryAt, want := range map[string]string{
		"": "utility 0.01", "Send": "utility 0.01", "Delivery": "marketing 0.07",
	} {
		plan := twoRates("2026-10-01", "Delivery")
		first := &plan.Revisions[1]
		first.CategoryAt = categoryAt
		first.Rates = []MarketRates{{Market: "Any", Prices: []Price{{"Utility", "0.01"}, {"Marketing", "0.07"}}}}
		d := newDesk(t, compiled(t, plan), "2026-03-01T00:00:00Z")
		m := d.message(french, 0, conversation.Templated, utility)
		m.CategoryAtDelivery = marketing
		expect(t, "re-classed on its way, categoryAt "+categoryAt, told(d.settle(french, m)), want)
	}
}

// A message that was sent by the notification model just before it ended keeps it; one that was
// sent by the conversation model does not.
func TestP6MessagesThatSpanTheTurnOfAnEra(t *testing.T) {
	book := compiled(t, samplePlan(t, "whatsapp"))
	d := newDesk(t, book, "2022-01-31T23:00:00Z")
	m := d.message(french, 0, conversation.Templated, conversation.None)
	m.EndedAt = d.seconds(2)
	out := d.settle(french, m)
	expect(t, "sent in January 2022", out.Revision, "nbp-2018-08")

	d = newDesk(t, book, "2026-09-30T23:00:00Z")
	d.writes(french, 0, message)
	m = d.message(french, 0, conversation.Templated, utility)
	m.EndedAt = d.seconds(2)
	expect(
		t, "utility in the window, sent in September, delivered in October 2026", told(d.settle(french, m)),
		"utility 0.03",
	)
	m = d.message(french, 0, conversation.FreeForm, conversation.None)
	m.EndedAt = d.seconds(2)
	expect(t, "text, the same", told(d.settle(french, m)), "service free: allowance")
}

// A utility conversation that was opened before 1 July 2025 goes on to its end; utility templates
// sent into it are free. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing
func TestConversationThatSpansTheTurnOfJuly2025(t *testing.T) {
	plan := samplePlan(t, "whatsapp")
	for i := range plan.Revisions {
		if r := &plan.Revisions[i]; r.Name == "pmp-2025-07" || r.Name == "cbp-2025-02" {
			r.Rates = []MarketRates{{Market: "Any", Prices: []Price{{"Utility", "0.03"}, {"Marketing", "0.08"}}}}
		}
	}
	d := newDesk(t, compiled(t, plan), "2025-06-30T20:00:00Z")
	expect(t, "30 June, 20:00", d.template(french, 0, utility), "utility 0.03")
	expect(t, "1 July, 10:00, into the conversation", d.template(french, 14, utility), "utility free: conversation")
	expect(t, "1 July, marketing", d.template(french, 14, marketing), "marketing 0.08")
	expect(t, "1 July, 19:59:59", d.template(french, 24-1.0/3600, utility), "utility free: conversation")
	expect(t, "1 July, 20:00", d.template(french, 24, utility), "utility 0.03")
	expect(t, "1 July, 21:00: no conversation opens any more", d.template(french, 25, utility), "utility 0.03")
}

func TestAllowanceTurnsWithTheLocalMonth(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-31T12:59:59Z")
	d.account.Zone = zone(t, "Pacific/Auckland") // UTC+13 in summer: midnight is 11:00 UTC
	d.counts[serviceCount("1066", 2026, 11)] = 1000
	d.writes(french, 0, message)
	expect(t, "1 November in Auckland", d.text(french, 0), "service 0.03")
	d.start = at(t, "2026-10-31T10:59:59Z")
	d.writes(french, 0, message)
	expect(t, "31 October in Auckland", d.text(french, 0), "service free: allowance")
}

// tiered returns a plan with the utility steps of Rest of Central & Eastern Europe whose figures
// are known, and two made ones between.
func tiered(mode string) Plan {
	plan := twoRates("2027-01-01", "Delivery")
	plan.Revisions[1].Rates = []MarketRates{
		{Market: "Rest of Central & Eastern Europe", Prices: []Price{{"Utility", "0.0212"}}},
	}
	plan.Revisions[1].Tiers = []Tiers{{
		Market: "Rest of Central & Eastern Europe", Category: "Utility", Mode: mode, Per: "Portfolio",
		Steps: []TierStep{{100_000, "0.0201"}, {500_000, "0.0191"}, {80_000_000, "0.0159"}},
	}}
	return plan
}

const greek = "306912345678"

func TestTiersAreMarginal(t *testing.T) {
	d := newDesk(t, compiled(t, tiered("Marginal")), "2026-03-10T00:00:00Z")
	key := CounterKey{
		Scope: PerPortfolio, ScopeID: "p1", Market: "Rest of Central & Eastern Europe", Category: utility,
		Month: 2026*12 + 2,
	}
	tests := []struct {
		counted int64
		charge  string
		tier    int
	}{
		{0, "0.0212", 0},
		{99_999, "0.0212", 0},
		{100_000, "0.0201", 1},
		{499_999, "0.0201", 1},
		{500_000, "0.0191", 2},
		{79_999_999, "0.0191", 2},
		{80_000_000, "0.0159", 3},
	}
	for _, tc := range tests {
		d.counts[key] = tc.counted
		out := d.settle(greek, d.message(greek, 0, conversation.Templated, utility))
		if out.Charge != money.MustParse(tc.charge) || out.Tier != tc.tier ||
			out.ListPrice != money.MustParse("0.0212") {
			t.Errorf(
				"message %d: charge %s in tier %d, list %s; want %s in tier %d, list 0.0212", tc.counted+1, out.Charge,
				out.Tier, out.ListPrice, tc.charge, tc.tier,
			)
		}
		if d.counts[key] != tc.counted+1 {
			t.Errorf("message %d: the count is %d", tc.counted+1, d.counts[key])
		}
	}
}

// The accounts of a portfolio may be in two months at once: each counts in the month of its own
// zone. One that is late may still push the old month over a volume, and only its messages get the
// lower rate.
func TestAPortfolioAccumulatesInTwoMonthsAtOnce(t *testing.T) {
	// 02:00 of 1 April in Kiritimati, 01:00 of 31 March in Pago Pago
	d := newDesk(t, compiled(t, tiered("Marginal")), "2026-03-31T12:00:00Z")
	march := CounterKey{
		Scope: PerPortfolio, ScopeID: "p1", Market: "Rest of Central & Eastern Europe", Category: utility,
		Month: 2026*12 + 2,
	}
	april := march
	april.Month++
	d.counts[march] = 99_999
	early, late := zone(t, "Pacific/Kiritimati"), zone(t, "Pacific/Pago_Pago")
	tests := []struct {
		zone         *time.Location
		portfolio    string
		want         string
		march, april int64
	}{
		{early, "p1", "utility 0.0212", 99_999, 1},
		{late, "p1", "utility 0.0212", 100_000, 1},
		{late, "p1", "utility 0.0201", 100_001, 1},
		{early, "p1", "utility 0.0212", 100_001, 2},
		{late, "p2", "utility 0.0212", 100_001, 2}, // another portfolio has its own count
	}
	for i, tc := range tests {
		d.account = Account{Zone: tc.zone, Portfolio: tc.portfolio}
		expect(t, fmt.Sprint("message ", i+1), d.template(greek, 0, utility), tc.want)
		if d.counts[march] != tc.march || d.counts[april] != tc.april {
			t.Errorf(
				"message %d: counts %d and %d, want %d and %d", i+1, d.counts[march], d.counts[april], tc.march,
				tc.april,
			)
		}
	}
}

func TestTiersCountChargedMessagesOnly(t *testing.T) {
	plan := tiered("Marginal")
	plan.Revisions[1].Free = []FreeRule{
		{Name: "window", Reason: "ServiceWindow", When: "InServiceWindow", At: "Delivery"},
	}
	d := newDesk(t, compiled(t, plan), "2026-03-10T00:00:00Z")
	d.writes(greek, 0, message)
	expect(t, "in the window", d.template(greek, 1, utility), "utility free: serviceWindow")
	if len(d.counts) != 0 {
		t.Errorf("a free message must not be counted: %v", d.counts)
	}
}

func TestTiersOfSeveralUnits(t *testing.T) {
	key := CounterKey{
		Scope: PerPortfolio, ScopeID: "p1", Market: "Rest of Central & Eastern Europe", Category: utility,
		Month: 2026*12 + 2,
	}
	tests := map[string]string{
		"Marginal": "utility 0.614", // units 99,991 to 100,000 at 0.0212 and units 100,001 to 100,020 at 0.0201
		"Whole":    "utility 0.603", // 30 × 0.0201
	}
	for mode, want := range tests {
		d := newDesk(t, compiled(t, tiered(mode)), "2026-03-10T00:00:00Z")
		d.counts[key] = 99_990
		m := d.message(greek, 0, conversation.Templated, utility)
		m.Units = 30
		expect(t, mode, told(d.settle(greek, m)), want)
		if d.counts[key] != 100_020 {
			t.Errorf("%s: the count is %d, want 100020", mode, d.counts[key])
		}
	}
}

func TestTierWithoutAPriceIsUnpriced(t *testing.T) {
	plan := samplePlan(t, "whatsapp")
	tiers := plan.Revisions[len(plan.Revisions)-1].Tiers
	brazil := slices.IndexFunc(
		tiers, func(tiers Tiers) bool { return tiers.Market == "Brazil" && tiers.Category == "Utility" },
	)
	tiers[brazil].Steps[0].Amount = ""
	d := newDesk(t, compiled(t, plan), "2026-10-10T00:00:00Z")
	key := CounterKey{Scope: PerPortfolio, ScopeID: "p1", Market: "Brazil", Category: utility, Month: 2026*12 + 9}
	d.counts[key] = 249_999
	expect(t, "message 250,000 to Brazil", d.template("5511999990000", 0, utility), "utility 0.0068")
	expect(t, "message 250,001 to Brazil", d.template("5511999990000", 0, utility), "utility unpriced")
}

// Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing/authentication-international-rates
func TestInternationalAuthentication(t *testing.T) {
	const start = "2026-10-10T00:00:00Z"
	tests := []struct {
		name     string
		facts    International
		hour     float64
		customer string
		want     string
	}{
		{"not eligible", International{}, 0, indian, "authentication 0.0014"},
		{"a second before the start time", International{PrimaryLocation: country(t, "FR"), StartTime: at(t, start)}, -1.0 / 3600, indian, "authentication 0.0014"},
		{"at the start time", International{PrimaryLocation: country(t, "FR"), StartTime: at(t, start)}, 0, indian, "authentication_international 0.0304"},
		{"at home", International{PrimaryLocation: country(t, "IN"), StartTime: at(t, start)}, 0, indian, "authentication 0.0014"},
		{"location not verified", International{StartTime: at(t, start)}, 0, indian, "authentication_international 0.0304"},
		{"a country without such a rate", International{StartTime: at(t, start)}, 0, french, "authentication 0.03"},
		{"a country with a later start", International{
			StartTime: at(t, start), Exceptions: map[market.Country]int64{country(t, "IN"): at(t, start) + 3600},
		}, 0.5, indian, "authentication 0.0014"},
		{"the same, an hour later", International{
			StartTime: at(t, start), Exceptions: map[market.Country]int64{country(t, "IN"): at(t, start) + 3600},
		}, 1, indian, "authentication_international 0.0304"},
	}
	book := compiled(t, samplePlan(t, "whatsapp"))
	for _, tc := range tests {
		d := newDesk(t, book, start)
		d.account.International = tc.facts
		expect(t, tc.name, d.template(tc.customer, tc.hour, authentication), tc.want)
	}
}

// When international authentication begins within a month, the count of authentication goes on and
// its tier is used on the other price.
func TestInternationalAuthenticationGoesOnWithTheCount(t *testing.T) {
	plan := samplePlan(t, "whatsapp")
	last := &plan.Revisions[len(plan.Revisions)-1]
	last.Tiers = []Tiers{
		{Market: "India", Category: "Authentication", Mode: "Marginal", Per: "Portfolio", Steps: []TierStep{{2, "0.0013"}}},
		{Market: "India", Category: "AuthenticationInternational", CountedAs: "Authentication", Mode: "Marginal", Per: "Portfolio", Steps: []TierStep{{2, "0.0289"}}},
	}
	d := newDesk(t, compiled(t, plan), "2026-10-10T00:00:00Z")
	d.account.International = International{StartTime: d.seconds(2)}
	expect(t, "first", d.template(indian, 0, authentication), "authentication 0.0014")
	expect(t, "second", d.template(indian, 1, authentication), "authentication 0.0014")
	expect(t, "third, international", d.template(indian, 2, authentication), "authentication_international 0.0289")
}
