package controllers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// prices are what an account's messages are priced by.
type prices struct {
	planName    string
	plan        pricing.Plan
	entitlement tenant.Entitlement
	// stopped is the sentence with which the gateway refuses whatever may cost something; empty if
	// it refuses nothing.
	stopped string
}

// billingStopped is what a client is told whose namespace may not use its plan any more.
const billingStopped = "This business may not use its price plan any more, so that only messages which are surely " +
	"free are accepted. Ask the platform team."

// candidate is a PricingPlan that may price an account.
type candidate struct {
	name string
	// object is nil if there is no plan of the name; allowed says whether it may be used from the
	// account's namespace.
	object  *v1alpha1.PricingPlan
	allowed bool
}

// resolvePrices finds what the account is priced by: its plan, or while that cannot be used the one
// before, as it is now or at least as it was. Nothing of it comes from the account's namespace.
// known is false while there is nothing. What is wrong stands in the decision. The record that
// comes with the prices must be stored before a gateway has them.
func (s *accountScope) resolvePrices(
	operatorNamespace string,
) (found prices, record tenant.PriceRecord, known bool) {
	if s.decision.plan = zoneProblem(s.account.Spec.TimeZone); s.decision.plan != nil {
		return prices{}, s.inputs.record, false
	}
	record = s.inputs.record.Freeze(s.pricedRevisions(), s.now)
	wanted := candidate{name: s.account.Spec.PlanName, object: s.plan, allowed: s.planAllowed}
	plan, unusable := wanted.usable(s)
	if unusable == nil {
		found = s.withHistory(wanted, plan, record, operatorNamespace)
		s.decision.plan = firstProblem(s.decision.plan, exemptionProblem(s.account, wanted.name, found.plan))
	} else {
		s.decision.plan = unusable
		found = s.pricesBefore(wanted, record, operatorNamespace)
	}
	if found.planName == "" {
		return prices{}, record, false
	}
	record.Plan, record.Currency, record.Entitlement = found.planName, found.plan.Currency, found.entitlement
	record.Revisions = tenant.Refs(found.planName, found.plan.Revisions)
	return found, record, true
}

// zoneProblem says that a time zone is none, or nil.
func zoneProblem(zone string) *tenant.Problem {
	if _, err := time.LoadLocation(zone); err != nil {
		return problem(v1alpha1.ReasonTimeZoneUnknown,
			"spec.timeZone %q is not in the IANA time zone database: make the account anew with one that is", zone)
	}
	return nil
}

func firstProblem(first, second *tenant.Problem) *tenant.Problem {
	if first != nil {
		return first
	}
	return second
}

// pricesBefore are what the account was priced by before it named a plan that cannot be used. Of
// another plan than the wanted one it is that plan as it is now: who pays must not keep old prices
// by naming a plan that is not there.
func (s *accountScope) pricesBefore(wanted candidate, record tenant.PriceRecord, operatorNamespace string) prices {
	if record.Plan == "" {
		return prices{}
	}
	unusable := s.decision.plan
	if record.Plan != wanted.name {
		standing := s.inputs.standing
		var plan pricing.Plan
		if plan, unusable = standing.usable(s); unusable == nil {
			found := s.withHistory(standing, plan, record, operatorNamespace)
			s.decision.plan.Message += fmt.Sprintf(
				". Until then PricingPlan %q prices the account's messages", standing.name)
			return found
		}
	}
	revisions, missing := s.inputs.stored(record.Revisions)
	if len(missing) > 0 {
		s.decision.plan.Message += ". What the plan was before is lost (" + strings.Join(missing, "; ") +
			"), and the gateway keeps the configuration that it has"
		return prices{}
	}
	found := prices{
		planName:    record.Plan,
		plan:        pricing.Plan{Currency: record.Currency, Revisions: revisions},
		entitlement: record.Entitlement,
	}
	if unusable.Reason == v1alpha1.ReasonPlanNotAllowed {
		found.stopped = billingStopped
		s.decision.plan.Message += ". Until then the gateway accepts nothing that may cost something, and " +
			"settles what is under way"
	} else {
		s.decision.plan.Message += fmt.Sprintf(
			". Until then PricingPlan %q prices the account's messages as it was", record.Plan)
	}
	return found
}

// withHistory is a plan in which every revision that has priced messages of the account is as it
// was then.
func (s *accountScope) withHistory(
	from candidate, plan pricing.Plan, record tenant.PriceRecord, operatorNamespace string,
) prices {
	frozen, missing := s.inputs.stored(record.FrozenOf(from.name))
	if len(missing) > 0 {
		s.decision.plan = problem(v1alpha1.ReasonHistoryLost,
			"PricingPlan %q: what has priced messages of the account is not stored as it was, and the plan prices "+
				"as it is now: %s: restore the ControllerRevisions in namespace %q",
			from.name, strings.Join(missing, "; "), operatorNamespace)
	}
	plan, s.decision.history = pricing.KeepHistory(plan, frozen)
	granted := tenant.EntitlementOf(from.object, s.account, s.namespaceLabels)
	return prices{planName: from.name, plan: plan, entitlement: granted}
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
	name := c.name
	if c.object == nil {
		return pricing.Plan{}, problem(v1alpha1.ReasonPlanNotFound,
			"PricingPlan %q is not there: create it, or name another in spec.planName", name)
	}
	if !c.allowed {
		return pricing.Plan{}, c.notAllowed(scope)
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

// exemptionProblem names the account's exemptions that no revision of the plan has: they would free
// nothing, and nobody would know.
func exemptionProblem(account *v1alpha1.BusinessAccount, planName string, plan pricing.Plan) *tenant.Problem {
	known := map[string]bool{}
	for _, revision := range plan.Revisions {
		for _, exemption := range revision.Exemptions {
			known[exemption.Name] = true
		}
	}
	var missing []string
	for _, name := range slices.Sorted(slices.Values(account.Spec.Exemptions)) {
		if !known[name] {
			missing = append(missing, strconv.Quote(name))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return problem(v1alpha1.ReasonExemptionUnknown,
		"spec.exemptions names %s, which no revision of PricingPlan %q has: remove it, or add it to the plan",
		strings.Join(missing, ", "), planName)
}
