package tenant

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// Entitlement is what a plan grants to one account. Its JSON is kept in the account's price record.
type Entitlement struct {
	Plan       string   `json:"plan"`
	Exemptions []string `json:"exemptions,omitempty"`
	// International is nil if nothing is granted.
	International *v1alpha1.InternationalAuthenticationGrant `json:"international,omitempty"`
	// Cap is nil if none is for the account.
	Cap *v1alpha1.BudgetCap `json:"cap,omitempty"`
	// Suspension is nil if the account may send.
	Suspension *v1alpha1.AccountSuspension `json:"suspension,omitempty"`
}

// EntitlementOf is what a plan grants to an account in a namespace with labels. The plan must have
// passed CheckSelectors.
func EntitlementOf(plan *v1alpha1.PricingPlan, account *v1alpha1.BusinessAccount, namespace labels.Set) Entitlement {
	granted := Entitlement{Plan: plan.Name}
	for i := range plan.Spec.Grants {
		grant := &plan.Spec.Grants[i]
		if !selects(grant.Accounts, account, namespace) {
			continue
		}
		granted.Exemptions = append(granted.Exemptions, grant.Exemptions...)
		if granted.International == nil {
			granted.International = grant.InternationalAuthentication
		}
	}
	slices.Sort(granted.Exemptions)
	granted.Exemptions = slices.Compact(granted.Exemptions)
	for i := range plan.Spec.BudgetCaps {
		if budget := &plan.Spec.BudgetCaps[i]; selects(budget.Accounts, account, namespace) {
			chosen := *budget
			chosen.Accounts = nil // who else it is for is nothing to this account's record
			granted.Cap = &chosen
			break
		}
	}
	for i := range plan.Spec.Suspensions {
		if suspension := &plan.Spec.Suspensions[i]; selects(suspension.Accounts, account, namespace) {
			chosen := *suspension
			chosen.Accounts = nil
			granted.Suspension = &chosen
			break
		}
	}
	return granted
}

func selects(chosen *v1alpha1.AccountSelection, account *v1alpha1.BusinessAccount, namespace labels.Set) bool {
	if chosen == nil {
		return true
	}
	if slices.Contains(chosen.Names, v1alpha1.PlanAccount{Namespace: account.Namespace, Name: account.Name}) {
		return true
	}
	if chosen.NamespaceSelector == nil {
		return false
	}
	selector, err := metav1.LabelSelectorAsSelector(chosen.NamespaceSelector)
	return err == nil && selector.Matches(namespace)
}

// CheckSelectors says which selector of a plan is none, or nil. A cap whose selector matched
// nothing would bound nobody.
func CheckSelectors(spec *v1alpha1.PricingPlanSpec) error {
	check := func(path string, selector *metav1.LabelSelector) error {
		if _, err := metav1.LabelSelectorAsSelector(selector); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	}
	if allowed := spec.AllowedNamespaces; allowed != nil {
		if err := check("allowedNamespaces.selector", allowed.Selector); err != nil {
			return err
		}
	}
	for _, part := range selections(spec) {
		if part.accounts == nil {
			continue
		}
		if err := check(part.path+".accounts.namespaceSelector", part.accounts.NamespaceSelector); err != nil {
			return err
		}
	}
	return nil
}

// selection is whom a part of a plan is for.
type selection struct {
	path     string
	accounts *v1alpha1.AccountSelection
}

func selections(spec *v1alpha1.PricingPlanSpec) []selection {
	var found []selection
	for i := range spec.Grants {
		found = append(found, selection{fmt.Sprintf("grants[%d]", i), spec.Grants[i].Accounts})
	}
	for i := range spec.BudgetCaps {
		found = append(found, selection{fmt.Sprintf("budgetCaps[%d]", i), spec.BudgetCaps[i].Accounts})
	}
	for i := range spec.Suspensions {
		found = append(found, selection{fmt.Sprintf("suspensions[%d]", i), spec.Suspensions[i].Accounts})
	}
	return found
}
