package controllers

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// candidate is a PricingPlan that may price an account.
type candidate struct {
	name string
	// object is nil if there is no plan of the name; allowed says whether it may be used from the
	// account's namespace.
	object  *v1alpha1.PricingPlan
	allowed bool
}

// candidate reads a plan.
func (r *BusinessAccountReconciler) candidate(
	ctx context.Context, scope *accountScope, name string,
) (candidate, error) {
	plan := &v1alpha1.PricingPlan{}
	err := r.Client.Get(ctx, types.NamespacedName{Name: name}, plan)
	if apierrors.IsNotFound(err) {
		return candidate{name: name}, nil
	}
	if err != nil {
		return candidate{}, reading(err, "PricingPlan %q", name)
	}
	return candidate{name: name, object: plan, allowed: planAllows(plan, scope.namespaceLabels)}, nil
}

// notAllowed names what the account's namespace lacks to use the plan.
func (c candidate) notAllowed(scope *accountScope) *tenant.Problem {
	namespace := scope.account.Namespace
	if lacks := missingLabels(c.object.Spec.AllowedNamespaces.Selector, scope.namespaceLabels); lacks != "" {
		return problem(v1alpha1.ReasonPlanNotAllowed,
			"PricingPlan %q may not be used from namespace %q, which lacks %s", c.name, namespace, lacks)
	}
	return problem(v1alpha1.ReasonPlanNotAllowed,
		"PricingPlan %q may not be used from namespace %q: its spec.allowedNamespaces must include it",
		c.name, namespace)
}

// usable is a plan as the gateway will read it, or why the account cannot be priced by it.
func (c candidate) usable(scope *accountScope) (pricing.Plan, *tenant.Problem) {
	if c.object != nil && !c.allowed {
		return pricing.Plan{}, c.notAllowed(scope)
	}
	return c.read(scope)
}

// read is usable for whoever may use the plan.
func (c candidate) read(scope *accountScope) (pricing.Plan, *tenant.Problem) {
	name := c.name
	if c.object == nil {
		return pricing.Plan{}, problem(v1alpha1.ReasonPlanNotFound,
			"PricingPlan %q is not there: create it, or name another in spec.planName", name)
	}
	plan, err := tenant.Plan(&c.object.Spec)
	if err == nil {
		_, err = pricing.Compile(plan)
	}
	if err == nil {
		err = tenant.CheckSelectors(&c.object.Spec)
	}
	if err != nil {
		return pricing.Plan{}, problem(v1alpha1.ReasonPlanInvalid, "PricingPlan %q: %s", name, oneLine(err))
	}
	if billed := scope.billedCurrency(); billed != "" && billed != string(plan.Currency) {
		return pricing.Plan{}, problem(v1alpha1.ReasonCurrencyMismatch,
			"PricingPlan %q is in %s and the account is already billed in %s: name a plan in %s",
			name, plan.Currency, billed, billed)
	}
	return plan, nil
}
