package tenant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
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

// FrozenChanges names the revisions of wanted, among those that have priced something, that are not what they are in served: changed or removed.
// What has priced a message is history, and a gateway is never told another history. The names are sorted.
func FrozenChanges(served, wanted pricing.Plan, used []string) []string {
	var changed []string
	for _, name := range used {
		before, known := revision(served, name)
		if !known {
			continue
		}
		after, kept := revision(wanted, name)
		if !kept || !reflect.DeepEqual(before, after) {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	return slices.Compact(changed)
}

func revision(plan pricing.Plan, name string) (pricing.Revision, bool) {
	for _, r := range plan.Revisions {
		if r.Name == name {
			return r, true
		}
	}
	return pricing.Revision{}, false
}
