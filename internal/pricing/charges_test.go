package pricing_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/pricing"
)

// What an account pays is the list price with the mark-up of its category, and at least the
// minimum.
func TestChargesAreWhatIsPaid(t *testing.T) {
	revision := pricing.Revision{
		Name: "pmp-2026-10", EffectiveDate: "2026-10-01",
		Rates: []pricing.MarketRates{{Market: "Brazil", Prices: []pricing.Price{
			{Category: "Marketing", Amount: "0.0625"},
			{Category: "Utility", Amount: "0.0068"},
			{Category: "Authentication", Amount: "0.0068"},
			{Category: "Service", Amount: "0"},
		}}},
		RatedAs: []pricing.RatedAs{{Category: "MarketingLite", As: "Marketing"}},
		Tiers: []pricing.Tiers{{
			Market: "Brazil", Category: "Utility", Mode: "Marginal", Per: "Portfolio",
			Steps: []pricing.TierStep{{Above: 250000, Amount: "0.0065"}, {Above: 2000000}},
		}},
		Markups: []pricing.Markup{
			{Category: "Marketing", Percent: "12.5"}, {Category: "Utility", Percent: "20", Fixed: "0.001"}, {Category: "Service", Fixed: "0.002"},
		},
		MinimumCharge: "0.007",
	}
	want := pricing.Revision{
		Name: "pmp-2026-10", EffectiveDate: "2026-10-01",
		Rates: []pricing.MarketRates{{Market: "Brazil", Prices: []pricing.Price{
			{Category: "Marketing", Amount: "0.0703125"},
			{Category: "Utility", Amount: "0.00916"},
			{Category: "Authentication", Amount: "0.007"},
			{Category: "Service", Amount: "0.007"},
		}}},
		RatedAs: []pricing.RatedAs{{Category: "MarketingLite", As: "Marketing"}},
		Tiers: []pricing.Tiers{{
			Market: "Brazil", Category: "Utility", Mode: "Marginal", Per: "Portfolio",
			Steps: []pricing.TierStep{{Above: 250000, Amount: "0.0088"}, {Above: 2000000}},
		}},
	}
	got, err := pricing.Charges(revision)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if revision.Rates[0].Prices[0].Amount != "0.0625" || revision.Tiers[0].Steps[0].Amount != "0.0065" {
		t.Error("the plan's own prices were changed")
	}
}
