package tenant

import (
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// PriceRange is the lowest and the highest list price of a category, such as "Utility", over the
// markets of the plan's revision that is in force at an instant in a time zone, as "0.0008–0.055
// USD"; false if the revision has none.
func PriceRange(plan pricing.Plan, category string, at time.Time, zone *time.Location) (text string, known bool) {
	current, found := inForce(plan, at.In(zone).Format(time.DateOnly))
	if !found {
		return "", false
	}
	var lowest, highest money.Decimal
	for _, rates := range current.Rates {
		for _, price := range rates.Prices {
			amount, err := money.Parse(price.Amount)
			if err != nil || price.Category != category {
				continue
			}
			if !known || amount.Cmp(lowest) < 0 {
				lowest = amount
			}
			if !known || amount.Cmp(highest) > 0 {
				highest = amount
			}
			known = true
		}
	}
	if lowest == highest {
		return fmt.Sprintf("%s %s", lowest, plan.Currency), known
	}
	return fmt.Sprintf("%s–%s %s", lowest, highest, plan.Currency), known
}

// inForce is the revision of the latest effective date that is not after date, "2026-11-20".
func inForce(plan pricing.Plan, date string) (current pricing.Revision, found bool) {
	for _, r := range plan.Revisions {
		if r.EffectiveDate <= date && (!found || r.EffectiveDate > current.EffectiveDate) {
			current, found = r, true
		}
	}
	return current, found
}
