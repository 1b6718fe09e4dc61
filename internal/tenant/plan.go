package tenant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// Plan is a PricingPlan's spec as the gateway reads it. The two have the same JSON; a field that only one of them knows is an error, never dropped.
func Plan(spec *v1alpha1.PricingPlanSpec) (pricing.Plan, error) {
	encoded, err := json.Marshal(spec)
	if err != nil {
		return pricing.Plan{}, fmt.Errorf("encode the plan: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	var plan pricing.Plan
	if err := decoder.Decode(&plan); err != nil {
		return pricing.Plan{}, fmt.Errorf("read the plan as the gateway does: %w", err)
	}
	return plan, nil
}

// Kept are the revisions of the plan that a gateway has, among those that have priced something. They are history: see pricing.KeepHistory.
func Kept(served pricing.Plan, used []string) []pricing.Revision {
	var kept []pricing.Revision
	for _, r := range served.Revisions {
		if slices.Contains(used, r.Name) {
			kept = append(kept, r)
		}
	}
	return kept
}
