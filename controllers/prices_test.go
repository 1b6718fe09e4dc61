package controllers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// utilityPrice is the price of Brazil's utility messages in the configuration of the account acme.
func (w *world) utilityPrice() string {
	for _, revision := range w.document().Plan.Revisions {
		return revision.Rates[0].Prices[1].Amount
	}
	return ""
}

func setUtilityPrice(amount v1alpha1.DecimalAmount) func(*v1alpha1.PricingPlan) {
	return func(plan *v1alpha1.PricingPlan) { plan.Spec.Revisions[0].Rates[0].Prices[1].Amount = amount }
}

// pricedWorld is a world whose plan has priced a message of the account acme.
func pricedWorld(t *testing.T) *world {
	t.Helper()
	w := readyWorld(t)
	w.gateways.change(billed("0.0068", 1, w.clock.Now()))
	w.Eventually(func() int { return len(w.record().Frozen) }).Should(gomega.Equal(1))
	w.settle()
	return w
}

// record is the price record of the account acme.
func (w *world) record() tenant.PriceRecord {
	stored := &corev1.ConfigMap{}
	key := types.NamespacedName{Namespace: w.options.OperatorNamespace, Name: tenant.RecordName(w.account())}
	if err := w.client.Get(w.t.Context(), key, stored); err != nil {
		return tenant.PriceRecord{}
	}
	record, err := kube.ReadRecord(stored)
	w.Expect(err).NotTo(gomega.HaveOccurred())
	return record
}

func (w *world) storedRevisions() []appsv1.ControllerRevision {
	list := &appsv1.ControllerRevisionList{}
	w.Expect(w.client.List(w.t.Context(), list, client.InNamespace(w.options.OperatorNamespace))).To(gomega.Succeed())
	return list.Items
}

// TestP15APriceInTheTenantsNamespaceIsNotBelieved writes other prices into the configuration
// Secret, and deletes it: the plan's history comes from nowhere in the tenant's namespace.
func TestP15APriceInTheTenantsNamespaceIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := pricedWorld(t)
	secret := &corev1.Secret{}
	w.Expect(w.get(tenant.ConfigSecretName("acme"), secret)).To(gomega.Succeed())
	forged := w.document()
	forged.Plan.Revisions[0].Rates[0].Prices[1].Amount = "0"
	encoded, err := json.Marshal(forged)
	w.Expect(err).NotTo(gomega.HaveOccurred())
	secret.Data[config.FileName] = encoded
	w.Expect(w.client.Update(t.Context(), secret)).To(gomega.Succeed())
	w.Eventually(w.utilityPrice).Should(gomega.Equal("0.0068"))
	w.eventually("acme", v1alpha1.ConditionPlanResolved, metav1.ConditionTrue, v1alpha1.ReasonPlanResolved, "")

	w.updatePlan(setUtilityPrice("0.9"))
	changed := fmt.Sprintf(
		`PricingPlan %q: revisions[0]: "pmp-2025-07" has priced messages and must not be changed: `+
			`it keeps pricing as it was; add a revision with a later effectiveDate`, w.planName(),
	)
	w.eventually("acme", v1alpha1.ConditionPlanResolved, metav1.ConditionTrue, v1alpha1.ReasonHistoryChanged, changed)
	w.deleteSecret(tenant.ConfigSecretName("acme"))
	w.Eventually(w.utilityPrice).Should(gomega.Equal("0.0068"), "what priced messages is known without the Secret")
}

// TestP6HistorySurvivesAnotherPlanAndBack switches to another plan, changes the first one
// meanwhile, and comes back.
func TestP6HistorySurvivesAnotherPlanAndBack(t *testing.T) {
	t.Parallel()
	w := pricedWorld(t)
	other := w.planName() + "-other"
	w.create(strings.ReplaceAll(fmt.Sprintf(planManifest, other), `"0.0068"`, `"0.5"`))
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.PlanName = other })
	w.Eventually(w.utilityPrice).Should(gomega.Equal("0.5"))
	w.updatePlan(setUtilityPrice("0.9"))
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.PlanName = w.planName() })
	w.Eventually(w.utilityPrice).Should(gomega.Equal("0.0068"))
	w.Eventually(func() string {
		return conditionText(
			w.account().Status.Conditions, v1alpha1.ConditionPlanResolved,
		)
	}).Should(gomega.HavePrefix("PlanResolved=True HistoryChanged: "))
}

// TestP15OldPricesCannotBeKept names a plan that is not there, and one that is not allowed: the
// plan before prices on, as the platform changes it, not as it was.
func TestP15OldPricesCannotBeKept(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.PlanName = "nowhere" })
	w.eventually("acme", v1alpha1.ConditionPlanResolved, metav1.ConditionFalse, v1alpha1.ReasonPlanNotFound,
		fmt.Sprintf(`PricingPlan "nowhere" is not there: create it, or name another in spec.planName. `+
			`Until then PricingPlan %q prices the account's messages`, w.planName()))
	w.updatePlan(setUtilityPrice("0.9"))
	w.Eventually(w.utilityPrice).Should(gomega.Equal("0.9"))
	w.Expect(w.account().Status.PlanName).To(gomega.Equal(w.planName()))
	w.updatePlan(func(plan *v1alpha1.PricingPlan) {
		plan.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{
			From:     v1alpha1.NamespacesFromSelector,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"no": "where"}},
		}
	})
	w.Eventually(func() string { return w.document().BillingStopped }).ShouldNot(gomega.BeEmpty())
}

// TestP15AStoredRevisionWithAnotherContentIsNotServed replaces the stored revision by one with the
// same name and other prices, and then takes it away.
func TestP15AStoredRevisionWithAnotherContentIsNotServed(t *testing.T) {
	t.Parallel()
	w := pricedWorld(t)
	stored := w.storedRevisions()
	w.Expect(stored).To(gomega.HaveLen(1))
	immutable := stored[0].DeepCopy()
	immutable.Data.Raw = []byte(strings.ReplaceAll(string(immutable.Data.Raw), "0.0068", "0"))
	w.Expect(w.client.Update(t.Context(), immutable)).NotTo(gomega.Succeed(), "the API server keeps its data")

	w.updatePlan(setUtilityPrice("0.9"))
	w.Eventually(func() string {
		return conditionText(
			w.account().Status.Conditions, v1alpha1.ConditionPlanResolved,
		)
	}).Should(gomega.HavePrefix("PlanResolved=True HistoryChanged: "))
	w.Expect(w.utilityPrice()).To(gomega.Equal("0.0068"))

	forged := stored[0].DeepCopy()
	forged.ResourceVersion, forged.UID = "", ""
	forged.Data.Raw = immutable.Data.Raw
	w.Expect(w.client.Delete(t.Context(), &stored[0])).To(gomega.Succeed())
	w.Eventually(func() string {
		return conditionText(
			w.account().Status.Conditions, v1alpha1.ConditionPlanResolved,
		)
	}).Should(gomega.HavePrefix("PlanResolved=False HistoryLost: "))
	w.Expect(client.IgnoreAlreadyExists(w.client.Create(t.Context(), forged))).To(gomega.Succeed())
	w.settle()
	w.Expect(w.utilityPrice()).To(gomega.Equal("0.9"), "what is not as it was stored is not served: the plan is")
}

func TestStoredPricesEnd(t *testing.T) {
	t.Parallel()
	w := pricedWorld(t)
	w.Expect(w.storedRevisions()).To(gomega.HaveLen(1))
	w.Expect(w.client.Delete(t.Context(), w.account())).To(gomega.Succeed())
	records := func() int {
		list := &corev1.ConfigMapList{}
		w.Expect(w.client.List(
			t.Context(), list, client.InNamespace(w.options.OperatorNamespace), client.HasLabels{tenant.LabelRecordOf},
		)).To(gomega.Succeed())
		return len(list.Items)
	}
	w.settleQuietly()
	w.Expect(records()).To(gomega.Equal(1), "an account that is made again goes on with the ledger and the prices")
	_, ledger, err := w.ledgerRecord()
	w.Expect(err).NotTo(gomega.HaveOccurred())
	w.Expect(w.client.Delete(t.Context(), ledger)).To(gomega.Succeed())
	w.Eventually(records).Should(gomega.Equal(0), "the record ends with the ledger's")
	w.Expect(
		w.client.Delete(t.Context(), &v1alpha1.PricingPlan{ObjectMeta: metav1.ObjectMeta{Name: w.planName()}}),
	).To(gomega.Succeed())
	w.Eventually(w.storedRevisions).Should(gomega.BeEmpty(), "and the revisions with their plan")
}

// TestP15ClaimsNeedAGrant: what the account's editor writes is applied as far as the plan grants
// it, and said so.
func TestP15ClaimsNeedAGrant(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updatePlan(func(plan *v1alpha1.PricingPlan) {
		plan.Spec.Revisions[0].Exemptions = []v1alpha1.Exemption{
			{Name: "charity", Of: []v1alpha1.MessageCategory{"Utility"}},
		}
		plan.Spec.BudgetCaps = []v1alpha1.BudgetCap{{Name: "everybody", Limit: "50"}}
	})
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Exemptions = []string{"charity"} })
	w.eventually("acme", v1alpha1.ConditionClaimsGranted, metav1.ConditionFalse, v1alpha1.ReasonNotGranted, fmt.Sprintf(
		`spec.exemptions: "charity" is not applied, as no spec.grants of PricingPlan %[1]q grants it: ask the platform team, or remove it; `+
			`spec.budget.limit is 100 USD, and spec.budgetCaps "everybody" of PricingPlan %[1]q grants 50 USD: that is applied; ask the platform team for more`, w.planName()))
	w.Eventually(func() string { return w.document().Budget.Limit.String() }).Should(gomega.Equal("50 USD"))
	w.Expect(w.document().Account.Exemptions).To(gomega.BeEmpty())
	w.Eventually(func() *v1alpha1.Money { return w.account().Status.Usage.BudgetLeft }).Should(
		gomega.Equal(&v1alpha1.Money{Amount: "50", Currency: "USD"}),
	)

	w.updatePlan(func(plan *v1alpha1.PricingPlan) {
		plan.Spec.Grants = []v1alpha1.PricingGrant{{
			Name: "charities", Exemptions: []string{"charity"},
			Accounts: &v1alpha1.AccountSelection{NamespaceSelector: &metav1.LabelSelector{
				MatchLabels: map[string]string{"kubernetes.io/metadata.name": w.namespace},
			}},
		}}
		plan.Spec.BudgetCaps[0].Limit = "100"
	})
	w.eventually("acme", v1alpha1.ConditionClaimsGranted, metav1.ConditionTrue, v1alpha1.ReasonClaimsGranted, "")
	w.Eventually(func() []string { return w.document().Account.Exemptions }).Should(gomega.Equal([]string{"charity"}))
}
