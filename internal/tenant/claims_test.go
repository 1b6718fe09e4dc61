package tenant_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// TestP15BudgetIsWithinItsCap: what an account's budget and the plan's cap come to.
func TestP15BudgetIsWithinItsCap(t *testing.T) {
	budget := func(amount, currency string, action v1alpha1.BudgetAction) *v1alpha1.Budget {
		return &v1alpha1.Budget{Limit: v1alpha1.Money{Amount: amount, Currency: currency}, Action: action}
	}
	capOf := func(limit v1alpha1.DecimalAmount, unlimited v1alpha1.UnlimitedSpending) *v1alpha1.BudgetCap {
		return &v1alpha1.BudgetCap{Name: "trial", Limit: limit, Unlimited: unlimited}
	}
	tests := map[string]struct {
		asked   *v1alpha1.Budget
		cap     *v1alpha1.BudgetCap
		want    string
		refused []string
	}{
		"neither":                      {nil, nil, "none", nil},
		"no cap":                       {budget("5", "USD", "Block"), nil, "Block 5 USD", nil},
		"no cap, warns":                {budget("5", "USD", "Warn"), nil, "Warn 5 USD", nil},
		"within":                       {budget("5", "USD", "Block"), capOf("7", ""), "Block 5 USD", nil},
		"equal":                        {budget("7", "USD", ""), capOf("7", ""), "Block 7 USD", nil},
		"without a budget, cap":        {nil, capOf("7", "Refused"), "Block 7 USD", nil},
		"unlimited":                    {nil, capOf("", "Allowed"), "none", nil},
		"unlimited, warns":             {budget("5", "USD", "Warn"), capOf("", "Allowed"), "Warn 5 USD", nil},
		"any size that blocks":         {budget("5000", "USD", "Block"), capOf("", "Refused"), "Block 5000 USD", nil},
		"cap of nothing":               {budget("5", "USD", "Block"), capOf("0", ""), "Block 0 USD", []string{`spec.budget.limit is 5 USD, and spec.budgetCaps "trial" of PricingPlan "whatsapp" grants 0 USD: that is applied; ask the platform team for more`}},
		"above":                        {budget("7.000001", "USD", "Block"), capOf("7", ""), "Block 7 USD", []string{`spec.budget.limit is 7.000001 USD, and spec.budgetCaps "trial" of PricingPlan "whatsapp" grants 7 USD: that is applied; ask the platform team for more`}},
		"warns within the cap":         {budget("5", "USD", "Warn"), capOf("7", ""), "Block 5 USD", []string{`spec.budget.action is "Warn", and spec.budgetCaps "trial" of PricingPlan "whatsapp" grants no budget that does not block: it blocks`}},
		"required and missing":         {nil, capOf("", "Refused"), "Block 0 USD", []string{`spec.budget is missing, and spec.budgetCaps "trial" of PricingPlan "whatsapp" grants no account to be without one: nothing that costs money is accepted until there is one`}},
		"another currency":             {budget("5", "EUR", "Block"), nil, "Block 0 USD", []string{`spec.budget.limit is in EUR and the plan is in USD, so that nothing which costs money is accepted: give the limit in USD`}},
		"another currency, with a cap": {budget("5", "EUR", "Warn"), capOf("7", ""), "Block 0 USD", []string{`spec.budget.limit is in EUR and the plan is in USD, so that nothing which costs money is accepted: give the limit in USD`}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			claims := tenant.ClaimsOf(
				&v1alpha1.BusinessAccountSpec{Budget: tc.asked}, tenant.Entitlement{Plan: "whatsapp", Cap: tc.cap},
				"USD",
			)
			got := "none"
			if claims.Budget != nil {
				got = claims.Budget.Action + " " + claims.Budget.Limit.String()
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if diff := cmp.Diff(tc.refused, claims.Refused); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestP15NoBudgetExceedsItsCap: whatever an account asks for, a cap holds.
func TestP15NoBudgetExceedsItsCap(t *testing.T) {
	amounts := rapid.SampledFrom([]string{"0", "0.000001", "6.999999", "7", "7.000001", "100000000", "-1", "x"})
	rapid.Check(t, func(t *rapid.T) {
		spec := &v1alpha1.BusinessAccountSpec{}
		if rapid.Bool().Draw(t, "budget") {
			spec.Budget = &v1alpha1.Budget{
				Limit: v1alpha1.Money{
					Amount:   amounts.Draw(t, "amount"),
					Currency: rapid.SampledFrom([]string{"USD", "EUR", "", "dollars"}).Draw(t, "currency"),
				},
				Action: rapid.SampledFrom([]v1alpha1.BudgetAction{"", "Block", "Warn"}).Draw(t, "action"),
			}
		}
		granted := tenant.Entitlement{Cap: &v1alpha1.BudgetCap{
			Limit: "7", Unlimited: rapid.SampledFrom([]v1alpha1.UnlimitedSpending{"", "Refused"}).Draw(t, "unlimited"),
		}}
		budget := tenant.ClaimsOf(spec, granted, "USD").Budget
		if budget == nil || budget.Action != "Block" || budget.Limit.Currency != "USD" || budget.Limit.Amount.Cmp(
			money.MustParse("7"),
		) > 0 {
			t.Fatalf("got %+v, want at most 7 USD, and it blocks", budget)
		}
	})
}

// TestP15OnlyWhatIsGrantedIsApplied: exemptions and the international rate.
func TestP15OnlyWhatIsGrantedIsApplied(t *testing.T) {
	status := func(country string) *v1alpha1.InternationalAuthenticationStatus {
		return &v1alpha1.InternationalAuthenticationStatus{BusinessCountry: country}
	}
	byPlan := &v1alpha1.InternationalAuthenticationGrant{StatedBy: "Plan", Status: status("FR")}
	byAccount := &v1alpha1.InternationalAuthenticationGrant{StatedBy: "Account"}
	tests := map[string]struct {
		asked      v1alpha1.BusinessAccountSpec
		granted    tenant.Entitlement
		exemptions []string
		country    string
		refused    []string
	}{
		"nothing asked, nothing granted": {},
		"exemption":                      {asked: v1alpha1.BusinessAccountSpec{Exemptions: []string{"charity"}}, granted: tenant.Entitlement{Exemptions: []string{"charity", "press"}}, exemptions: []string{"charity"}},
		"two exemptions, one granted": {
			asked: v1alpha1.BusinessAccountSpec{Exemptions: []string{"press", "charity"}}, granted: tenant.Entitlement{
				Plan: "whatsapp", Exemptions: []string{"charity"},
			}, exemptions: []string{"charity"},
			refused: []string{
				`spec.exemptions: "press" is not applied, as no spec.grants of PricingPlan "whatsapp" grants it: ask the platform team, or remove it`,
			},
		},
		"the account states, not granted": {
			asked: v1alpha1.BusinessAccountSpec{
				InternationalAuthentication: status("DE"),
			}, granted: tenant.Entitlement{Plan: "whatsapp"},
			refused: []string{
				`spec.internationalAuthentication is not applied, as no spec.grants of PricingPlan "whatsapp" grants it: ask the platform team, or remove it`,
			},
		},
		"the account states, granted":     {asked: v1alpha1.BusinessAccountSpec{InternationalAuthentication: status("DE")}, granted: tenant.Entitlement{International: byAccount}, country: "DE"},
		"the account may state, does not": {granted: tenant.Entitlement{International: byAccount}},
		"the plan states":                 {granted: tenant.Entitlement{International: byPlan}, country: "FR"},
		"both state, the plan counts":     {asked: v1alpha1.BusinessAccountSpec{InternationalAuthentication: status("DE")}, granted: tenant.Entitlement{International: byPlan}, country: "FR"},
		"no country": {
			asked: v1alpha1.BusinessAccountSpec{
				InternationalAuthentication: status("XX"),
			}, granted: tenant.Entitlement{International: byAccount},
			refused: []string{
				`internationalAuthentication is not applied, as "XX" is no country of ISO 3166-1: correct it`,
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			claims := tenant.ClaimsOf(&tc.asked, tc.granted, "USD")
			country := ""
			if claims.InternationalAuthentication != nil {
				country = claims.InternationalAuthentication.BusinessCountry
			}
			if diff := cmp.Diff(tc.exemptions, claims.Exemptions); diff != "" || country != tc.country {
				t.Errorf("got the country %q, want %q; the exemptions: %s", country, tc.country, diff)
			}
			if diff := cmp.Diff(tc.refused, claims.Refused); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestP15GrantsGoByNamespaceAndName: the labels of an account, which its editor writes, choose
// nothing.
func TestP15GrantsGoByNamespaceAndName(t *testing.T) {
	account := &v1alpha1.BusinessAccount{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "acme", Labels: map[string]string{"tier": "gold"}},
	}
	bySelector := &v1alpha1.AccountSelection{
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "gold"}},
	}
	byName := func(namespace, name string) *v1alpha1.AccountSelection {
		return &v1alpha1.AccountSelection{
			Names: []v1alpha1.PlanAccount{{Namespace: "other", Name: "acme"}, {Namespace: namespace, Name: name}},
		}
	}
	tests := map[string]struct {
		accounts  *v1alpha1.AccountSelection
		namespace labels.Set
		want      bool
	}{
		"everybody":                  {nil, nil, true},
		"label of the namespace":     {bySelector, labels.Set{"tier": "gold"}, true},
		"label of the account alone": {bySelector, nil, false},
		"by name":                    {byName("shops", "acme"), nil, true},
		"another name":               {byName("shops", "globex"), nil, false},
		"another namespace":          {byName("elsewhere", "acme"), nil, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			plan := &v1alpha1.PricingPlan{ObjectMeta: metav1.ObjectMeta{Name: "whatsapp"}}
			plan.Spec.Grants = []v1alpha1.PricingGrant{
				{Name: "g", Accounts: tc.accounts, Exemptions: []string{"charity"}},
				{Name: "all", Exemptions: []string{"press"}},
			}
			plan.Spec.BudgetCaps = []v1alpha1.BudgetCap{
				{Name: "c", Accounts: tc.accounts, Limit: "7"}, {Name: "rest", Limit: "3"},
			}
			plan.Spec.Suspensions = []v1alpha1.AccountSuspension{{Name: "s", Accounts: tc.accounts, Message: "Pay."}}
			granted := tenant.EntitlementOf(plan, account, tc.namespace)
			suspended := granted.Suspension != nil && granted.Suspension.Message == "Pay."
			if suspended != tc.want {
				t.Errorf("the account is suspended: %t, want %t", suspended, tc.want)
			}
			exemptions, limit := []string{"press"}, v1alpha1.DecimalAmount("3")
			if tc.want {
				exemptions, limit = []string{"charity", "press"}, "7"
			}
			if diff := cmp.Diff(exemptions, granted.Exemptions); diff != "" || granted.Cap.Limit != limit {
				t.Errorf("got the cap %s, want %s; the exemptions: %s", granted.Cap.Limit, limit, diff)
			}
		})
	}
}
