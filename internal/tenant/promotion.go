package tenant

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/template"
)

// PromotionRefusedBy names who refuses promotion to an account at an instant: a revision in force
// of one of the plans, or the account itself; empty if none does. A template is for all of the
// account's channels, so the strictest of their plans counts.
func PromotionRefusedBy(account *v1alpha1.BusinessAccount, at time.Time, plans []*v1alpha1.PricingPlan) string {
	for _, plan := range plans {
		if refuses, revision := planRefusesPromotion(&plan.Spec, account.Spec.TimeZone, at); refuses {
			return fmt.Sprintf("PricingPlan %q (%s)", plan.Name, revision)
		}
	}
	if account.Spec.Promotion == v1alpha1.PromotionRefused {
		return fmt.Sprintf("BusinessAccount %q", account.Name)
	}
	return ""
}

func planRefusesPromotion(spec *v1alpha1.PricingPlanSpec, timeZone string, at time.Time) (bool, string) {
	zone, err := time.LoadLocation(timeZone)
	if err != nil {
		zone = time.UTC
	}
	date := at.In(zone).Format(time.DateOnly)
	var current *v1alpha1.PricingRevision
	for i := range spec.Revisions {
		r := &spec.Revisions[i]
		from := string(r.EffectiveDate)
		if from <= date && (current == nil || from > string(current.EffectiveDate)) {
			current = r
		}
	}
	if current == nil {
		return false, ""
	}
	return current.Promotion == v1alpha1.PromotionRefused, current.Name
}

// maxSigns is how many signs of promotion a sentence names.
const maxSigns = 4

// PromotionIn says by what a template reads as promotion, in the words of its spec; empty if it
// does not.
func PromotionIn(spec *v1alpha1.MessageTemplateSpec) string {
	definition := Definition(spec)
	var signs []string
	for _, finding := range template.Promotion(definition) {
		sign := fmt.Sprintf("%s (%s)", finding.Message, specPath(definition, finding))
		if !slices.Contains(signs, sign) {
			signs = append(signs, sign)
		}
	}
	if more := len(signs) - maxSigns; more > 0 {
		signs = append(signs[:maxSigns], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(signs, ", ")
}
