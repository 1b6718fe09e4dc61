package tenant

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// Plan is a PricingPlan's spec as the gateway reads it. The two have the same JSON; a field that
// only one of them knows is an error, never dropped.
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
