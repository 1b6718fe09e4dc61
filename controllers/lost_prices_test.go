package controllers_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// recordObject is the object that holds the price record of the account acme.
func (w *world) recordObject() *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: w.options.OperatorNamespace, Name: tenant.RecordName(w.account()),
	}}
}

func (w *world) planResolved() string {
	return conditionText(w.account().Status.Conditions, v1alpha1.ConditionPlanResolved)
}

func forbidNamespace(plan *v1alpha1.PricingPlan) {
	plan.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{
		From:     v1alpha1.NamespacesFromSelector,
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"no": "where"}},
	}
}

// TestP15LostRecordIsSaid: the record is lost after the plan was changed. What has priced messages
// is not forgotten: the configuration that the operator wrote last has it, by the digest in the
// status.
func TestP15LostRecordIsSaid(t *testing.T) {
	t.Parallel()
	w := pricedWorld(t)
	w.updatePlan(setUtilityPrice("0.9"))
	w.Eventually(w.planResolved).Should(gomega.HavePrefix("PlanResolved=True HistoryChanged: "))
	w.settle()
	w.Expect(w.client.Delete(t.Context(), w.recordObject())).To(gomega.Succeed())
	lost := fmt.Sprintf(`PlanResolved=False HistoryLost: PricingPlan %q: the record of what has priced messages of `+
		`the account was lost, and the plan was changed: revision "pmp-2025-07" prices as in the gateway's `+
		`configuration: restore ConfigMap %q in namespace %q, put the plan back as it was, or add a revision with a `+
		`later effectiveDate`, w.planName(), tenant.RecordName(w.account()), w.options.OperatorNamespace)
	w.Eventually(w.planResolved).Should(gomega.Equal(lost))
	w.settle()
	w.Expect(w.planResolved()).To(gomega.Equal(lost), "it is said for as long as it is so")
	w.Expect(w.utilityPrice()).To(gomega.Equal("0.0068"))

	w.updatePlan(setUtilityPrice("0.0068"))
	w.Eventually(w.planResolved).Should(gomega.HavePrefix("PlanResolved=True PlanResolved: "))
}

// TestP15LostRecordAndForgedConfiguration: with the record lost, the tenant's own configuration is
// not taken for what has priced messages.
func TestP15LostRecordAndForgedConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.start()
	w.createPlan()
	w.createCredentials()
	w.createAccount()
	w.startPod()
	w.gateways.change(billed("0.0068", 1, w.clock.Now()))
	w.Eventually(func() int { return len(w.record().Frozen) }).Should(gomega.Equal(1))
	w.settle()
	stop()
	secret := &corev1.Secret{}
	w.Expect(w.get(tenant.ConfigSecretName("acme"), secret)).To(gomega.Succeed())
	forged := w.document()
	forged.Plan.Revisions[0].Rates[0].Prices[1].Amount = "0"
	encoded, err := json.Marshal(forged)
	w.Expect(err).NotTo(gomega.HaveOccurred())
	secret.Data[config.FileName] = encoded
	w.Expect(w.client.Update(t.Context(), secret)).To(gomega.Succeed())
	w.Expect(w.client.Delete(t.Context(), w.recordObject())).To(gomega.Succeed())
	w.updatePlan(setUtilityPrice("0.9"))
	w.start()
	w.Eventually(w.planResolved).Should(gomega.And(
		gomega.HavePrefix("PlanResolved=False HistoryLost: "),
		gomega.ContainSubstring(`revision "pmp-2025-07" prices as the plan had it when that was found`),
	))
	w.Eventually(w.utilityPrice).Should(gomega.Equal("0.9"))
	w.updatePlan(setUtilityPrice("1.5"))
	w.Eventually(w.planResolved).Should(gomega.HavePrefix("PlanResolved=False HistoryLost: "))
	w.settle()
	w.Expect(w.utilityPrice()).To(gomega.Equal("0.9"), "what prices from then on is history, too")

	w.updatePlan(func(plan *v1alpha1.PricingPlan) {
		next := plan.Spec.Revisions[0].DeepCopy()
		next.Name, next.EffectiveDate = "next", "2026-11-20"
		plan.Spec.Revisions = append(plan.Spec.Revisions, *next)
	})
	w.Eventually(w.planResolved).Should(gomega.HavePrefix("PlanResolved=True HistoryChanged: "))
}

// TestP6UpgradeWithoutARecordTakesTheHistoryOver: an account that is older than price records, or
// whose record was lost, and whose plan has not changed.
func TestP6UpgradeWithoutARecordTakesTheHistoryOver(t *testing.T) {
	t.Parallel()
	w := pricedWorld(t)
	w.Expect(w.client.Delete(t.Context(), w.recordObject())).To(gomega.Succeed())
	w.Eventually(func() int { return len(w.record().Frozen) }).Should(gomega.Equal(1))
	w.Eventually(w.planResolved).Should(gomega.HavePrefix("PlanResolved=True PlanResolved: "))
	w.updatePlan(setUtilityPrice("0.9"))
	w.Eventually(w.planResolved).Should(gomega.HavePrefix("PlanResolved=True HistoryChanged: "))
	w.Expect(w.utilityPrice()).To(gomega.Equal("0.0068"))
}

// An unreadable record is a lost one.
func TestP15UnreadableRecordIsReplaced(t *testing.T) {
	t.Parallel()
	w := pricedWorld(t)
	object := w.recordObject()
	object.Data = map[string]string{"record.json": "{"}
	w.Expect(w.client.Update(t.Context(), object)).To(gomega.Succeed())
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Budget.Limit.Amount = "7" })
	w.Eventually(func() string { return w.document().Budget.Limit.String() }).Should(gomega.Equal("7 USD"))
	w.Expect(w.record().Frozen).To(gomega.HaveLen(1))
}

// TestP15WhatRestrictsArrivesWithoutAPriceRecord: the record is lost while the plan cannot be used.
func TestP15WhatRestrictsArrivesWithoutAPriceRecord(t *testing.T) {
	t.Parallel()
	faults := map[string]func(*world){
		"not allowed": func(w *world) { w.updatePlan(forbidNamespace) },
		"invalid": func(w *world) {
			w.updatePlan(func(plan *v1alpha1.PricingPlan) {
				none := &metav1.LabelSelector{
					MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Like"}},
				}
				plan.Spec.BudgetCaps = []v1alpha1.BudgetCap{
					{Name: "all", Limit: "5", Accounts: &v1alpha1.AccountSelection{NamespaceSelector: none}},
				}
			})
		},
		"gone": func(w *world) {
			w.Expect(w.client.Delete(
				w.t.Context(), &v1alpha1.PricingPlan{ObjectMeta: metav1.ObjectMeta{Name: w.planName()}},
			)).To(gomega.Succeed())
		},
		"another plan that is not there": func(w *world) {
			w.updatePlan(forbidNamespace)
			w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.PlanName = "nowhere" })
		},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			stop := w.start()
			w.createPlan()
			w.createCredentials()
			w.createSecret("clients", map[string]string{"shop": "canary-shop", "desk": "canary-desk"})
			w.createAccount()
			w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.APITokensSecretName = "clients" })
			w.startPod()
			w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
			w.settle()
			stop()
			w.Expect(w.client.Delete(t.Context(), w.recordObject())).To(gomega.Succeed())
			fault(w)
			w.start()
			w.replaceSecret("clients", map[string]string{"desk": "canary-desk"})
			w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Budget.Limit.Amount = "7" })
			w.Eventually(w.document).Should(gomega.And(
				gomega.HaveField("APITokens", gomega.HaveLen(1)),
				gomega.HaveField("BillingStopped", gomega.Not(gomega.BeEmpty())),
				gomega.HaveField("Budget.Limit.Amount.IsZero()", true),
			), "a revoked token, and nothing that costs")
			w.Expect(w.utilityPrice()).To(gomega.Equal("0.0068"), "what is under way is settled")
			w.replaceSecret("clients", map[string]string{})
			w.Eventually(func() int { return len(w.document().APITokens) }).Should(gomega.Equal(0), "the last token")
			w.Expect(w.planResolved()).To(gomega.And(
				gomega.HavePrefix("PlanResolved=False Plan"),
				gomega.ContainSubstring("Until then the gateway accepts nothing that may cost something"),
			))
		})
	}
}
