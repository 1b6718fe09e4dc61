package pricing

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/conversation"
)

// The shipped plan has a price for every market on the first day of October 2026, in each category.
func TestOctober2026PricesEveryMarketFromItsFirstDay(t *testing.T) {
	tests := []struct {
		customer string
		category conversation.Category
		want     string
	}{
		{polish, marketing, "marketing 0.0366"},
		{polish, utility, "utility 0.0122"},
		{polish, authentication, "authentication 0.0122"},
		{moroccan, marketing, "marketing 0.0414"},
		{malaysian, utility, "utility 0.014"},
		{"77012345678", utility, "utility 0.018"},       // Kazakhstan
		{"97412345678", marketing, "marketing 0.0341"},  // Qatar
		{"40712345678", marketing, "marketing 0.086"},   // Romania
		{"243812345678", marketing, "marketing 0.0604"}, // Congo (Kinshasa), which is in Other
	}
	for _, tc := range tests {
		d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-01T00:00:00Z")
		expect(t, tc.customer, d.template(tc.customer, 0, tc.category), tc.want)
	}
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-01T00:00:00Z")
	d.counts[serviceCount("1066", 2026, 10)] = 1000
	d.writes(polish, 0, message)
	expect(t, "message 1,001 without a template, to Poland", d.text(polish, 1), "service 0.0122")
}

// The same message on the days around a new list.
func TestTheShippedPlanTurnsWithItsLists(t *testing.T) {
	tests := []struct {
		day      string
		customer string
		category conversation.Category
		want     string
	}{
		{"2024-06-30", indian, authentication, "authentication unpriced"},
		{"2024-07-01", indian, authentication, "authentication 0.0014"},
		{"2024-11-30", indian, authentication, "authentication 0.0014"},
		{"2025-03-31", indian, marketing, "marketing 0.0107"},
		{"2025-04-01", indian, marketing, "marketing 0.0107"},
		{"2025-04-01", french, authentication, "authentication unpriced"},
		{"2025-06-30", "2348031234567", utility, "utility 0.0067"},
		{"2025-07-01", french, utility, "utility 0.03"},
		{"2025-09-30", "573001234567", utility, "utility 0.0002"}, // Colombia
		{"2025-10-01", "573001234567", utility, "utility 0.0008"},
		{"2025-09-30", "263712345678", marketing, "marketing 0.0604"}, // Zimbabwe, in Other
		{"2025-10-01", "263712345678", marketing, "marketing 0.0225"}, // and in Rest of Africa
		{"2024-10-31", "254712345678", utility, "utility 0.0061"},     // Kenya, in Rest of Africa
		{"2024-11-01", "254712345678", utility, "utility unpriced"},
		{"2025-07-01", "254712345678", utility, "utility 0.004"},
		{"2026-06-30", polish, utility, "utility 0.0212"}, // in Rest of Central & Eastern Europe
		{"2026-07-01", polish, utility, "utility 0.0122"},
		{"2026-10-01", polish, utility, "utility 0.0122"},
	}
	book := compiled(t, samplePlan(t, "whatsapp"))
	for _, tc := range tests {
		d := newDesk(t, book, tc.day+"T12:00:00Z")
		expect(t, tc.day+" "+tc.customer, d.template(tc.customer, 0, tc.category), tc.want)
	}
}

// Volume tiers of October 2026: each message costs what its own place in the month's count says.
func TestOctober2026VolumeTiers(t *testing.T) {
	tests := []struct {
		customer, market string
		category         conversation.Category
		counted          int64
		want             string
	}{
		{"5511999990000", "Brazil", utility, 249_999, "utility 0.0068"},
		{"5511999990000", "Brazil", utility, 250_000, "utility 0.0065"},
		{"5511999990000", "Brazil", utility, 70_000_000, "utility 0.0051"},
		{polish, "Poland", utility, 100_000, "utility 0.0116"},
		{polish, "Poland", authentication, 300_000, "authentication 0.0116"},
		{indian, "India", utility, 25_000_000, "utility 0.0013"},
		{indian, "India", utility, 300_000_000, "utility 0.001"},
		{"573001234567", "Colombia", utility, 100_000, "utility 0.0008"}, // 0.00076, as the card prints it
	}
	book := compiled(t, samplePlan(t, "whatsapp"))
	for _, tc := range tests {
		d := newDesk(t, book, "2026-10-10T00:00:00Z")
		d.counts[CounterKey{
			Scope: PerPortfolio, ScopeID: "p1", Market: tc.market, Category: tc.category, Month: 2026*12 + 9,
		}] = tc.counted
		expect(t, tc.market, d.template(tc.customer, 0, tc.category), tc.want)
	}
}

// The plans in euros and pesos have prices of their own lists, and none where that list was not
// found.
func TestPlansInOtherCurrencies(t *testing.T) {
	tests := []struct{ plan, day, want string }{
		{"whatsapp_eur", "2026-07-01", "marketing 0.0712"},
		{"whatsapp_eur", "2026-09-28", "marketing 0.0712"},
		{"whatsapp_eur", "2026-10-01", "marketing unpriced"},
		{"whatsapp_cop", "2026-07-01", "marketing 316.2678"},
		{"whatsapp_cop", "2026-10-01", "marketing 316.2678"},
	}
	for _, tc := range tests {
		d := newDesk(t, compiled(t, samplePlan(t, tc.plan)), tc.day+"T12:00:00Z")
		expect(t, tc.plan+" "+tc.day, d.template(french, 0, marketing), tc.want)
	}
}
