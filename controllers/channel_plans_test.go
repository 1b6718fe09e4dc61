package controllers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// twoPlansWorld is a world whose second channel has a plan of its own, in which Brazil's utility
// messages cost 0.5.
func twoPlansWorld(t *testing.T) (w *world, own string) {
	t.Helper()
	w = wholeWorld(t)
	own = w.planName() + "-own"
	w.create(strings.ReplaceAll(fmt.Sprintf(planManifest, own), `"0.0068"`, `"0.5"`))
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Channels[1].PlanName = own })
	w.Eventually(func() string { return w.ownPrice() }).Should(gomega.Equal("0.5"))
	return w, own
}

// ownPrice is the price of Brazil's utility messages in the second channel's own plan; empty if it
// has none.
func (w *world) ownPrice() string {
	for _, plan := range w.document().Plans {
		return plan.Plan.Revisions[0].Rates[0].Prices[1].Amount
	}
	return ""
}

func (w *world) updateOwnPlan(name string, change func(*v1alpha1.PricingPlan)) {
	w.t.Helper()
	plan := &v1alpha1.PricingPlan{}
	w.Expect(w.client.Get(w.t.Context(), types.NamespacedName{Name: name}, plan)).To(gomega.Succeed())
	before := plan.DeepCopy()
	change(plan)
	w.Expect(w.client.Patch(w.t.Context(), plan, client.MergeFrom(before))).To(gomega.Succeed())
}

// secondChannel is the second channel as the gateway is given it.
func (w *world) secondChannel() config.Channel {
	for _, channel := range w.document().Channels {
		if channel.ID == secondNumber {
			return channel
		}
	}
	return config.Channel{}
}

// A channel may have a plan of its own. It reaches the gateway, follows its changes, can be read by
// the business, and counts the account among its users.
func TestAChannelHasAPlanOfItsOwn(t *testing.T) {
	t.Parallel()
	w, own := twoPlansWorld(t)
	document := w.document()
	w.Expect(document.Format).To(gomega.Equal(config.FormatLedger), "the newest of what it says")
	w.Expect(document.PlanName).To(gomega.Equal(w.planName()))
	w.Expect(w.secondChannel().PlanName).To(gomega.Equal(own))
	w.Expect(w.utilityPrice()).To(gomega.Equal("0.0068"), "the account's plan is as it was")
	view := func() map[string]string {
		configMap := &corev1.ConfigMap{}
		w.Expect(w.get("acme-plan", configMap)).To(gomega.Succeed())
		return configMap.Data
	}
	w.Expect(view()).To(gomega.And(gomega.HaveLen(2), gomega.HaveKey(tenant.PlanViewKey),
		gomega.HaveKeyWithValue(tenant.ChannelPlanViewKey(own), gomega.And(
			gomega.ContainSubstring("channels:\n  - second\n"), gomega.ContainSubstring(
				`{category: Utility, amount: "0.5"}`,
			),
		))))
	w.Eventually(func() *int32 {
		plan := &v1alpha1.PricingPlan{}
		w.Expect(w.client.Get(t.Context(), types.NamespacedName{Name: own}, plan)).To(gomega.Succeed())
		return plan.Status.AccountCount
	}).Should(gomega.HaveValue(gomega.BeEquivalentTo(1)))
	w.eventually("acme", v1alpha1.ConditionPlanResolved, "True", v1alpha1.ReasonPlanResolved, "")

	w.updateOwnPlan(own, setUtilityPrice("0.75"))
	w.Eventually(w.ownPrice).Should(gomega.Equal("0.75"))
	before := w.settle()
	w.Expect(w.settle()).To(gomega.Equal(before), "at rest nothing is written")

	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Channels[1].PlanName = "" })
	w.Eventually(func() []config.ChannelPlan { return w.document().Plans }).Should(gomega.BeEmpty())
	w.Eventually(view).Should(gomega.HaveLen(1))
}

// What has priced messages is kept as it was for each plan.
func TestP6EachPlanKeepsItsHistory(t *testing.T) {
	t.Parallel()
	w, own := twoPlansWorld(t)
	w.gateways.change(func(f *fakeGateways) {
		billed("0.5068", 2, w.clock.Now())(f)
		f.report.UsedRevisions = map[string][]string{f.plan: {"pmp-2025-07"}, own: {"pmp-2025-07"}}
	})
	w.Eventually(func() int { return len(w.record().Frozen) }).Should(gomega.Equal(2))
	w.updateOwnPlan(own, setUtilityPrice("0.9"))
	w.Eventually(w.planResolved).Should(gomega.HavePrefix(
		fmt.Sprintf(`PlanResolved=True HistoryChanged: PricingPlan %q: revisions[0]: "pmp-2025-07" has priced`, own),
	))
	w.Expect(w.ownPrice()).To(gomega.Equal("0.5"))
	w.Expect(w.utilityPrice()).To(gomega.Equal("0.0068"))
}

// TestP15AChannelWithoutAUsablePlanIsHeld: it accepts nothing that may cost something, it is not
// billed by another plan unnoticed, and the account's other channel goes on.
func TestP15AChannelWithoutAUsablePlanIsHeld(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		make   func(w *world, own string)
		reason string
		price  string // of the plan that settles what is under way
	}{
		"not there": {func(w *world, _ string) {
			w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Channels[1].PlanName = "nowhere" })
		}, "PlanNotFound", "0.5"},
		"not allowed": {func(w *world, own string) { w.updateOwnPlan(own, forbidNamespace) }, "PlanNotAllowed", "0.5"},
		"another currency": {func(w *world, own string) {
			euro := own + "-euro"
			w.create(strings.ReplaceAll(fmt.Sprintf(planManifest, euro), "USD", "EUR"))
			w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Channels[1].PlanName = euro })
		}, "CurrencyMismatch", "0.5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, own := twoPlansWorld(t)
			fault.make(w, own)
			w.Eventually(w.planResolved).Should(gomega.And(
				gomega.HavePrefix("PlanResolved=False "+fault.reason+`: spec.channels[1] ("second"): PricingPlan `),
				gomega.HaveSuffix("Until then the channel accepts nothing that may cost something"),
			))
			w.Eventually(func() string { return w.secondChannel().BillingStopped }).ShouldNot(gomega.BeEmpty())
			w.Expect(w.document().BillingStopped).To(gomega.BeEmpty())
			w.Expect(w.ownPrice()).To(gomega.Equal(fault.price))
			w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Channels[1].PlanName = "" })
			w.Eventually(w.secondChannel).Should(gomega.And(
				gomega.HaveField("PlanName", ""), gomega.HaveField("BillingStopped", ""),
			))
		})
	}
}

// A plan that settles what is under way in a channel goes on being followed, although the channel
// names another one.
func TestP6PlanBeforeOfAChannelIsFollowed(t *testing.T) {
	t.Parallel()
	w, own := twoPlansWorld(t)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Channels[1].PlanName = "nowhere" })
	w.Eventually(func() string { return w.secondChannel().BillingStopped }).ShouldNot(gomega.BeEmpty())
	w.settle()
	w.updateOwnPlan(own, setUtilityPrice("0.75"))
	w.Eventually(w.ownPrice).Should(gomega.Equal("0.75"))
}

// Two plans exchange their places: each goes on with what it has counted, and so it is after one
// of them was away.
func TestP15AMovedPlanGoesOnWithItsCounts(t *testing.T) {
	t.Parallel()
	w, own := twoPlansWorld(t)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.PlanName = own
		account.Spec.Channels[0].PlanName, account.Spec.Channels[1].PlanName = w.planName(), ""
	})
	w.Eventually(func() string { return w.document().PlanName }).Should(gomega.Equal(own))
	w.Expect(w.document().CountedBy).To(gomega.Equal(own))
	w.Expect(w.document().Format).To(gomega.Equal(config.FormatCounts))
	w.Expect(w.document().Plans).To(gomega.HaveLen(1))
	w.Expect(w.document().Plans[0].CountedBy).To(gomega.HaveValue(gomega.BeEmpty()))

	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Channels[0].PlanName = "" })
	w.Eventually(func() []config.ChannelPlan { return w.document().Plans }).Should(gomega.BeEmpty())
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Channels[0].PlanName = w.planName() })
	w.Eventually(func() []config.ChannelPlan { return w.document().Plans }).Should(gomega.HaveLen(1))
	w.Expect(w.document().Plans[0].CountedBy).To(gomega.HaveValue(gomega.BeEmpty()))
	w.Expect(w.record().Counts).To(gomega.Equal(map[string]string{w.planName(): "", own: own}))
}
