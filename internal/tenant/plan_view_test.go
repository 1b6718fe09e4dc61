package tenant_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// shippedPlan is the plan of config/samples.
func shippedPlan(t *testing.T) pricing.Plan {
	t.Helper()
	content, err := os.ReadFile("../../config/samples/pricingplan_whatsapp.yaml")
	if err != nil {
		t.Fatal(err)
	}
	object := &v1alpha1.PricingPlan{}
	if err := yaml.UnmarshalStrict(content, object); err != nil {
		t.Fatal(err)
	}
	plan, err := tenant.Plan(&object.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// markedUp is the plan of the golden files with a mark-up, a past revision and one to come.
func markedUp() pricing.Plan {
	p := plan()
	past, future := p.Revisions[0], p.Revisions[0]
	past.Name, past.EffectiveDate = "pmp-2025-01", "2025-01-01"
	future.Name, future.EffectiveDate = "pmp-2027-01", "2027-01-01"
	future.Markups = []pricing.Markup{{Category: "Utility", Percent: "20"}}
	future.Allowances = []pricing.Allowance{{
		Name: "free", Count: 1000, Of: []string{"Service"}, Per: "Channel", Period: "Month",
	}}
	p.Revisions = append(p.Revisions, future, past)
	return p
}

func today() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func TestPlanViewIsReadable(t *testing.T) {
	account := load[v1alpha1.BusinessAccount](t, "full_account.yaml")
	granted := tenant.Entitlement{
		Plan: "whatsapp", Exemptions: account.Spec.Exemptions,
		Cap: &v1alpha1.BudgetCap{Name: "everybody", Limit: "500", Unlimited: v1alpha1.UnlimitedRefused},
	}
	text, err := tenant.PlanView{
		Account: account, PlanName: "whatsapp", Plan: markedUp(), Granted: granted,
		Claims: tenant.ClaimsOf(&account.Spec, granted, "USD"), Now: today(), Zone: time.UTC,
	}.Render()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "full_plan.yaml", text)
}

// The shipped plan has nineteen revisions; a business reads those that matter to it.
func TestPlanViewOfTheShippedPlanIsSmall(t *testing.T) {
	account := load[v1alpha1.BusinessAccount](t, "small_account.yaml")
	view := tenant.PlanView{Account: account, PlanName: "whatsapp", Plan: shippedPlan(t), Now: today(), Zone: time.UTC}
	text, err := view.Render()
	if err != nil {
		t.Fatal(err)
	}
	if len(text) < 4_000 || len(text) > 60_000 {
		t.Errorf("the view has %d bytes, want some ten thousand", len(text))
	}
	for _, want := range []string{"name: pmp-2026-10\n", "market: Brazil", "name: free-service"} {
		if !strings.Contains(text, want) {
			t.Errorf("the view lacks %q", want)
		}
	}
	if strings.Contains(text, "pmp-2026-09") {
		t.Error("the view has a revision that is over")
	}
}

func TestP8PlanViewNamesNoOtherAccount(t *testing.T) {
	account := load[v1alpha1.BusinessAccount](t, "small_account.yaml")
	object := &v1alpha1.PricingPlan{}
	object.Name = "whatsapp"
	stranger := &v1alpha1.AccountSelection{Names: []v1alpha1.PlanAccount{{Namespace: "globex", Name: "globex"}}}
	all := &v1alpha1.AccountSelection{Names: []v1alpha1.PlanAccount{
		{Namespace: account.Namespace, Name: account.Name}, {Namespace: "globex", Name: "globex"},
	}}
	object.Spec.Grants = []v1alpha1.PricingGrant{
		{Name: "secret-deal", Accounts: stranger, Exemptions: []string{"charity"}},
	}
	object.Spec.BudgetCaps = []v1alpha1.BudgetCap{
		{Name: "big-spender", Accounts: stranger, Limit: "99999"}, {Name: "everybody", Accounts: all, Limit: "500"},
	}
	granted := tenant.EntitlementOf(object, account, nil)
	text, err := tenant.PlanView{
		Account: account, PlanName: "whatsapp", Plan: plan(), Granted: granted,
		Claims: tenant.ClaimsOf(&account.Spec, granted, "USD"), Now: today(), Zone: time.UTC,
	}.Render()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"globex", "secret-deal", "big-spender", "99999", "charity"} {
		if strings.Contains(text, secret) {
			t.Errorf("the view has %q, which is of another account:\n%s", secret, text)
		}
	}
	if !strings.Contains(text, "limit: \"500\"") {
		t.Errorf("the view lacks the account's own cap:\n%s", text)
	}
}

// A ConfigMap takes 1 MiB: the last revisions to come are left out of a larger plan, and named.
func TestPlanViewIsBounded(t *testing.T) {
	account := load[v1alpha1.BusinessAccount](t, "small_account.yaml")
	large := pricing.Plan{Currency: "USD"}
	for i := range 40 {
		revision := plan().Revisions[0]
		revision.Name = fmt.Sprintf("r-%02d", i)
		revision.EffectiveDate = fmt.Sprintf("2026-12-%02d", i%30+1)
		if i == 0 {
			revision.EffectiveDate = "2026-01-01"
		}
		for range 300 {
			revision.Rates = append(revision.Rates, plan().Revisions[0].Rates...)
		}
		large.Revisions = append(large.Revisions, revision)
	}
	view := tenant.PlanView{Account: account, PlanName: "whatsapp", Plan: large, Now: today(), Zone: time.UTC}
	text, err := view.Render()
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > tenant.MaxPlanViewBytes || len(text) < tenant.MaxPlanViewBytes/2 {
		t.Errorf("the view has %d bytes", len(text))
	}
	if !strings.Contains(text, "name: r-00\n") || !strings.Contains(text, "# Too large to be shown here: r-") {
		t.Error("the revision in force is missing, or what is left out is not named")
	}
}

func TestPlanViewSaysWhatIsStopped(t *testing.T) {
	account := load[v1alpha1.BusinessAccount](t, "small_account.yaml")
	text, err := tenant.PlanView{
		Account: account, PlanName: "whatsapp", Plan: plan(), Now: today(), Zone: time.UTC,
		BillingStopped: "Ask the platform team.",
		Claims:         tenant.Claims{Budget: &config.Budget{Limit: money.Money{Currency: "USD"}, Action: "Block"}},
	}.Render()
	if err != nil || !strings.Contains(text, "billingStopped: Ask the platform team.\n") {
		t.Errorf("got %v and\n%s", err, text)
	}
}

func TestNextRevisionIsTheFirstToCome(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{
		"2025-01-01T02:59:59Z": "2025-01-01T03:00:00Z", // it is still 2024 there
		"2025-01-01T03:00:00Z": "2025-07-01T03:00:00Z",
		"2026-11-20T12:00:00Z": "2027-01-01T03:00:00Z",
		"2027-01-01T03:00:00Z": "0001-01-01T00:00:00Z",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := tenant.NextRevision(markedUp(), zone, at).UTC().Format(time.RFC3339); got != want {
			t.Errorf("at %s the next one comes at %s, want %s", now, got, want)
		}
	}
}
