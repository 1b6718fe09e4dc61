package controllers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// planView is the plan as the business reads it; empty if it is not there.
func (w *world) planView() string {
	configMap := &corev1.ConfigMap{}
	if w.get("acme-plan", configMap) != nil {
		return ""
	}
	return configMap.Data[tenant.PlanViewKey]
}

// A business reads in its own namespace what it pays: it may not read the plans of others.
func TestABusinessReadsItsPlan(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.Expect(w.planView()).To(gomega.And(
		gomega.ContainSubstring("- state: Current\n  name: pmp-2025-07\n"),
		gomega.ContainSubstring(`{market: Brazil, prices: [{category: Marketing, amount: "0.0625"}`),
		gomega.ContainSubstring("limit: {amount: \"100\", currency: USD}"),
	))
	before := w.settle()
	w.Expect(w.settle()).To(gomega.Equal(before), "it is written when it changes")

	w.updatePlan(func(plan *v1alpha1.PricingPlan) {
		revision := plan.Spec.Revisions[0].DeepCopy()
		revision.Name, revision.EffectiveDate = "dearer", "2026-12-01"
		revision.Markups = []v1alpha1.Markup{{Category: "Marketing", Percent: "20"}}
		plan.Spec.Revisions = append(plan.Spec.Revisions, *revision)
		plan.Spec.BudgetCaps = []v1alpha1.BudgetCap{{Name: "all", Limit: "5", Unlimited: v1alpha1.UnlimitedRefused}}
	})
	w.Eventually(w.planView).Should(gomega.And(
		gomega.ContainSubstring("- state: Future\n  name: dearer\n"),
		gomega.ContainSubstring(`{market: Brazil, prices: [{category: Marketing, amount: "0.075"}`),
		gomega.ContainSubstring("budgetCap:\n  name: all\n  limit: \"5\"\n"),
	))
}

// What a business reads of its plan follows the calendar of its own time zone.
func TestPlanViewTurnsWithTheRevision(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updatePlan(func(plan *v1alpha1.PricingPlan) {
		revision := plan.Spec.Revisions[0].DeepCopy()
		revision.Name, revision.EffectiveDate = "next", "2026-11-21"
		plan.Spec.Revisions = append(plan.Spec.Revisions, *revision)
	})
	w.Eventually(w.planView).Should(gomega.ContainSubstring("- state: Future\n  name: next\n"))
	w.settle()
	w.clock.SetTime(w.clock.Now().Add(14*time.Hour + 59*time.Minute + 59*time.Second)) // 23:59:59 in São Paulo
	w.settle()
	w.Expect(w.planView()).To(gomega.ContainSubstring("- state: Future\n  name: next\n"))
	w.clock.SetTime(w.clock.Now().Add(time.Second))
	w.Eventually(w.planView).Should(gomega.And(
		gomega.ContainSubstring("- state: Current\n  name: next\n"),
		gomega.Not(gomega.ContainSubstring("pmp-2025-07")),
	))
}

// The payer can write in its namespace: what it writes there is put back, and nothing believes it.
func TestP15TheReadablePlanIsPutBackAndNotBelieved(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	wanted, digest := w.planView(), w.digestServed()
	edit := func(change func(*corev1.ConfigMap)) {
		configMap := &corev1.ConfigMap{}
		w.Expect(w.get("acme-plan", configMap)).To(gomega.Succeed())
		change(configMap)
		w.Expect(w.client.Update(t.Context(), configMap)).To(gomega.Succeed())
	}
	edit(func(c *corev1.ConfigMap) {
		c.Data[tenant.PlanViewKey] = strings.ReplaceAll(wanted, "0.0625", "0")
		c.Data["record.json"] = `{"namespace":"` + w.namespace + `","name":"acme"}`
	})
	w.Eventually(w.planView).Should(gomega.Equal(wanted))
	edit(func(c *corev1.ConfigMap) { c.Labels, c.Data[tenant.PlanViewKey] = nil, "free" })
	w.Eventually(w.planView).Should(gomega.Equal(wanted))
	w.Expect(w.client.Delete(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "acme-plan"},
	})).To(gomega.Succeed())
	w.Eventually(w.planView).Should(gomega.Equal(wanted))
	w.settle()
	w.Expect(w.digestServed()).To(gomega.Equal(digest))
}

// A ConfigMap of the business's own with this name is not adopted, and the gateway does without.
func TestAForeignConfigMapIsNotAdopted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Expect(w.client.Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "acme-plan"},
		Data:       map[string]string{"mine": "yes"},
	})).To(gomega.Succeed())
	w.start()
	w.createPlan()
	w.createCredentials()
	w.createAccount()
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionPlanPublished, metav1.ConditionFalse, v1alpha1.ReasonForeignObject,
		`ConfigMap "acme-plan" exists and does not belong to this account: delete it, or give the account another name`)
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.settle()
	foreign := &corev1.ConfigMap{}
	w.Expect(w.get("acme-plan", foreign)).To(gomega.Succeed())
	w.Expect(foreign.Data).To(gomega.Equal(map[string]string{"mine": "yes"}))

	w.Expect(w.client.Delete(t.Context(), foreign)).To(gomega.Succeed())
	w.clock.SetTime(w.clock.Now().Add(10 * time.Minute))
	w.eventually("acme", v1alpha1.ConditionPlanPublished, metav1.ConditionTrue, v1alpha1.ReasonPlanPublished,
		`ConfigMap "acme-plan" shows what the account pays`)
	w.Expect(w.planView()).NotTo(gomega.BeEmpty())
}
