package controllers_test

import (
	"testing"

	"github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// addRate adds a rate to the plan's only revision.
func addRate(
	market v1alpha1.MarketName, category v1alpha1.MessageCategory, amount v1alpha1.DecimalAmount,
) func(*v1alpha1.PricingPlan) {
	return func(plan *v1alpha1.PricingPlan) {
		plan.Spec.Revisions[0].Rates = append(plan.Spec.Revisions[0].Rates, v1alpha1.MarketRates{
			Market: market, Prices: []v1alpha1.CategoryPrice{{Category: category, Amount: amount}},
		})
	}
}

// servedRate is a rate in the configuration of the account acme; empty if it is not there.
func (w *world) servedRate(market, category string) string {
	return rateIn(w.document().Plan, market, category)
}

// rateIn is a rate of a plan's only revision; empty if it is not there.
func rateIn(plan pricing.Plan, market, category string) string {
	for _, revision := range plan.Revisions {
		for _, rates := range revision.Rates {
			for _, price := range rates.Prices {
				if rates.Market == market && price.Category == category {
					return price.Amount
				}
			}
		}
	}
	return ""
}

// historyKept is the plan's condition of that name.
func (w *world) historyKept() string {
	plan := &v1alpha1.PricingPlan{}
	w.Expect(w.client.Get(w.t.Context(), types.NamespacedName{Name: w.planName()}, plan)).To(gomega.Succeed())
	return conditionText(plan.Status.Conditions, v1alpha1.PricingPlanHistoryKept)
}

// TestP6AMissingRateIsAddedToWhatHasPriced: a revision that has priced messages gets the rate that
// it lacks, keeps those that it has, and the record of it follows.
func TestP6AMissingRateIsAddedToWhatHasPriced(t *testing.T) {
	t.Parallel()
	w := pricedWorld(t)
	before := w.record().Frozen[0]
	w.updatePlan(addRate("Poland", "Service", "0.03"))
	w.Eventually(func() string { return w.servedRate("Poland", "Service") }).Should(gomega.Equal("0.03"))
	w.Eventually(w.planResolved).Should(gomega.HavePrefix("PlanResolved=True PlanResolved: "))
	w.Eventually(w.historyKept).Should(gomega.HavePrefix("HistoryKept=True HistoryUnchanged: "))
	extended := w.record().Frozen
	w.Expect(extended).To(gomega.HaveLen(1))
	w.Expect(extended[0].Digest).NotTo(gomega.Equal(before.Digest))
	w.Expect(extended[0].Digest).To(gomega.Equal(pricing.Digest(w.document().Plan.Revisions[0])))
	w.Expect(w.storedRevisions()).To(gomega.HaveLen(2), "the record that it supersedes is still there")
	rest := w.settle()
	w.Expect(w.settle()).To(gomega.Equal(rest), "at rest nothing is written")

	w.updatePlan(func(plan *v1alpha1.PricingPlan) {
		rates := plan.Spec.Revisions[0].Rates
		rates[len(rates)-1].Prices[0].Amount = "0.9"
	})
	w.Eventually(w.planResolved).Should(gomega.HavePrefix("PlanResolved=True HistoryChanged: "))
	w.Eventually(w.historyKept).Should(gomega.HavePrefix("HistoryKept=False HistoryChanged: "))
	w.settle()
	w.Expect(w.servedRate("Poland", "Service")).To(gomega.Equal("0.03"), "what was added is history, too")
	w.deleteSecret(tenant.ConfigSecretName("acme"))
	w.Eventually(func() string { return w.servedRate("Poland", "Service") }).Should(gomega.Equal("0.03"))
}

// TestP6AChangeBesideAnAdditionIsNotApplied: what is added arrives, what is changed does not, and
// neither does a rate that would replace the one which has priced a market.
func TestP6AChangeBesideAnAdditionIsNotApplied(t *testing.T) {
	t.Parallel()
	w := pricedWorld(t)
	w.updatePlan(func(plan *v1alpha1.PricingPlan) {
		setUtilityPrice("0.9")(plan)
		addRate("Poland", "Service", "0.03")(plan)
		addRate("France", "Marketing", "0.09")(plan)
	})
	w.Eventually(func() string { return w.servedRate("Poland", "Service") }).Should(gomega.Equal("0.03"))
	w.Expect(w.utilityPrice()).To(gomega.Equal("0.0068"))
	w.Expect(w.servedRate("France", "Marketing")).To(gomega.BeEmpty(), "Any has a rate for it")
	w.Eventually(w.planResolved).Should(gomega.And(
		gomega.HavePrefix("PlanResolved=True HistoryChanged: "),
		gomega.ContainSubstring(
			`"pmp-2025-07" has priced messages and must not be changed: it keeps pricing as it was`,
		),
	))
	w.Eventually(w.historyKept).Should(gomega.HavePrefix("HistoryKept=False HistoryChanged: "))
}

// TestP6AnAdditionToAChannelsOwnPlan: each plan has its record.
func TestP6AnAdditionToAChannelsOwnPlan(t *testing.T) {
	t.Parallel()
	w, own := twoPlansWorld(t)
	w.gateways.change(func(f *fakeGateways) {
		billed("0.5068", 2, w.clock.Now())(f)
		f.report.UsedRevisions = map[string][]string{f.plan: {"pmp-2025-07"}, own: {"pmp-2025-07"}}
	})
	w.Eventually(func() int { return len(w.record().Frozen) }).Should(gomega.Equal(2))
	w.updateOwnPlan(own, addRate("Poland", "Service", "0.03"))
	w.Eventually(func() string { return rateIn(w.document().Plans[0].Plan, "Poland", "Service") }).Should(
		gomega.Equal("0.03"),
	)
	w.Expect(w.servedRate("Poland", "Service")).To(gomega.BeEmpty(), "the account's plan is as it was")
	w.Expect(w.planResolved()).To(gomega.HavePrefix("PlanResolved=True PlanResolved: "))
}
