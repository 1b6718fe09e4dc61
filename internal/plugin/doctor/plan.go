package doctor

import (
	"fmt"
	"slices"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/plugin/advice"
)

// PlanNames are the plans that an account and its channels name, each once.
func PlanNames(account *v1alpha1.BusinessAccount) []string {
	names := []string{account.Spec.PlanName}
	for i := range account.Spec.Channels {
		if name := account.Spec.Channels[i].PlanName; name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// findPlan looks whether the plans are there, may be used, and have a revision in force.
func findPlan(o *Observation) (found []Finding) {
	for _, name := range PlanNames(o.Account) {
		plan := o.Plans[name]
		where := "PricingPlan " + name
		switch {
		case plan.Err != nil: // a business may not read plans; the operator says what it finds
			continue
		case plan.Absent():
			found = append(found, failure(where, "There is no such plan", advice.For(v1alpha1.ReasonPlanNotFound)))
		default:
			found = append(found, o.judgePlan(where, plan.Object)...)
		}
	}
	if failed(found) {
		return found
	}
	return append(found, o.ofConditions(v1alpha1.ConditionPlanResolved, v1alpha1.ConditionPlanPublished)...)
}

func (o *Observation) judgePlan(where string, plan *v1alpha1.PricingPlan) (found []Finding) {
	if label, closed := o.closedTo(plan); closed {
		found = append(found, failure(where, fmt.Sprintf(
			"The plan may not be used from namespace %q: its allowedNamespaces want %s", o.Account.Namespace, label,
		), "Ask the platform team to label the namespace, or name another plan"))
	}
	if budget := o.Account.Spec.Budget; budget != nil && budget.Limit.Currency != plan.Spec.Currency {
		found = append(found, failure(o.account(), fmt.Sprintf(
			"The budget is in %s, and PricingPlan %q in %s", budget.Limit.Currency, plan.Name, plan.Spec.Currency,
		), advice.For(v1alpha1.ReasonCurrencyMismatch)))
	}
	if apimeta.IsStatusConditionTrue(
		plan.Status.Conditions, v1alpha1.PricingPlanAccepted,
	) && plan.Status.CurrentRevision == "" {
		found = append(found, failure(where, "No revision of the plan is in force today: nothing can be priced",
			"Add a revision whose effectiveDate is not in the future"))
	}
	for _, condition := range plan.Status.Conditions {
		if condition.Status != metav1.ConditionFalse || condition.Type == v1alpha1.ConditionReady {
			continue
		}
		finding := ofCondition(where, &condition)
		if condition.Type != v1alpha1.PricingPlanAccepted {
			finding.Level = Warning // what is missing is held, and what was changed is kept as it was
		}
		found = append(found, finding)
	}
	return found
}

// closedTo says which labels a plan wants of the account's namespace, if it has not got them.
func (o *Observation) closedTo(plan *v1alpha1.PricingPlan) (wanted string, closed bool) {
	allowed := plan.Spec.AllowedNamespaces
	if allowed == nil || allowed.From != v1alpha1.NamespacesFromSelector || !o.Namespace.Found {
		return "", false
	}
	selector, err := metav1.LabelSelectorAsSelector(allowed.Selector)
	if err != nil {
		return "", false // the plan's own condition says so
	}
	return selector.String(), !selector.Matches(labels.Set(o.Namespace.Object.Labels))
}
