package controllers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/report"
)

// billed alters a fake gateway's report: messages were billed.
func billed(amount string, messages int64, at time.Time) func(*fakeGateways) {
	return func(f *fakeGateways) {
		sum := money.Money{Amount: money.MustParse(amount), Currency: "USD"}
		f.report.AsOf, f.report.Currency = at, "USD"
		f.report.Period.Billed, f.report.Period.Cost = sum, sum
		f.report.Period.Messages, f.report.Period.Charged = messages, messages
		f.report.Ledger = report.Ledger{Sequence: messages, Hash: "sha256:1f"}
		f.report.Period.Categories = []report.Category{
			{Name: "utility", Messages: messages, Charged: messages, Billed: sum},
		}
		f.report.UsedRevisions = map[string][]string{f.plan: {"pmp-2025-07"}}
	}
}

func TestUsageIsShown(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.gateways.change(billed("0.0204", 3, w.clock.Now().Add(time.Minute)))
	w.Eventually(func(g gomega.Gomega) {
		usage := w.account().Status.Usage
		g.Expect(usage).NotTo(gomega.BeNil())
		g.Expect(usage.Period).To(gomega.Equal("2026-11"))
		g.Expect(usage.Billed).To(gomega.Equal(&v1alpha1.Money{Amount: "0.0204", Currency: "USD"}))
		g.Expect(usage.BudgetLeft).To(gomega.Equal(&v1alpha1.Money{Amount: "99.9796", Currency: "USD"}))
		g.Expect(*usage.Messages).To(gomega.Equal(int64(3)))
		g.Expect(*usage.Ledger.Sequence).To(gomega.Equal(int64(3)))
		g.Expect(usage.Categories).To(gomega.HaveLen(1))
		g.Expect(usage.AsOfTime.UTC()).To(gomega.Equal(time.Date(2026, 11, 20, 12, 1, 0, 0, time.UTC)))
	}).Should(gomega.Succeed())
}

func TestP11StaleUsageSaysSoWithItsTime(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.gateways.change(billed("0.0204", 3, w.clock.Now()))
	w.Eventually(func() *v1alpha1.Money { return w.account().Status.Usage.Billed }).Should(
		gomega.Equal(&v1alpha1.Money{Amount: "0.0204", Currency: "USD"}),
	)

	w.clock.SetTime(w.clock.Now().Add(10 * time.Second))
	w.settle() // the figures hold: they are confirmed, and nothing is written
	w.gateways.change(func(f *fakeGateways) { f.down = true })
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	w.eventually("acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionFalse, v1alpha1.ReasonReportUnavailable,
		"status.usage is what it was at its asOfTime: the operator cannot reach port 8443 of the gateway's pod: see the NetworkPolicies of both namespaces")
	usage := w.account().Status.Usage
	w.Expect(usage.Billed).To(
		gomega.Equal(&v1alpha1.Money{Amount: "0.0204", Currency: "USD"}), "what is not known must not be shown as zero",
	)
	w.Expect(usage.AsOfTime.UTC()).To(
		gomega.Equal(time.Date(2026, 11, 20, 12, 0, 10, 0, time.UTC)),
		"the figures held until they were last confirmed",
	)

	w.clock.SetTime(w.clock.Now().Add(time.Hour))
	w.settle()
	w.Expect(w.account().Status.Usage.AsOfTime.UTC()).To(gomega.Equal(time.Date(2026, 11, 20, 12, 0, 10, 0, time.UTC)))

	w.gateways.change(func(f *fakeGateways) { f.down = false })
	w.eventually("acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionTrue, v1alpha1.ReasonUsageCurrent, "")
}

// A store that was lost or restored from before must not pass for the one whose figures were
// published.
func TestP5ALedgerThatWentBackIsNoticed(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	published := &v1alpha1.Money{Amount: "0.0204", Currency: "USD"}
	shown := func() *v1alpha1.Money { return w.account().Status.Usage.Billed }
	w.gateways.change(billed("0.0204", 3, w.clock.Now()))
	w.Eventually(shown).Should(gomega.Equal(published))
	const sentence = "The gateway's ledger lacks record 3, which status.usage has published: its store was lost, " +
		"or restored from before. " +
		"status.usage stays as it was: restore the store, or remove status.usage to go on with what the store has"
	for _, lost := range []report.Ledger{{Sequence: 1, Hash: "sha256:aa"}, {Sequence: 3, Hash: "sha256:bb"}} {
		w.gateways.change(func(f *fakeGateways) {
			billed("0.0068", 1, w.clock.Now())(f)
			f.report.Ledger = lost
		})
		w.eventually(
			"acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionFalse, v1alpha1.ReasonLedgerRegressed, sentence,
		)
		w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonLedgerRegressed, sentence)
		w.settle()
		w.Expect(shown()).To(gomega.Equal(published))
		w.gateways.change(billed("0.0204", 3, w.clock.Now())) // it is restored
		w.eventually("acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionTrue, v1alpha1.ReasonUsageCurrent, "")
	}
	w.gateways.change(billed("0.0068", 1, w.clock.Now()))
	w.eventually(
		"acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionFalse, v1alpha1.ReasonLedgerRegressed, sentence,
	)
	remove := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"remove","path":"/status/usage"}]`))
	w.Expect(w.client.Status().Patch(t.Context(), w.account(), remove)).To(gomega.Succeed())
	w.eventually("acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionTrue, v1alpha1.ReasonUsageCurrent, "")
	w.Expect(shown()).To(gomega.Equal(&v1alpha1.Money{Amount: "0.0068", Currency: "USD"}))
}

// A ledger that was rolled back and has grown past what was published is another one all the same.
func TestP5ALedgerThatWasRolledBackAndHasGrownIsNoticed(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	grown := func(sequence int64, billed string, records map[int64]string) func(*fakeGateways) {
		return func(f *fakeGateways) {
			f.records = records
			f.report.Period.Messages, f.report.Period.Billed.Amount = sequence, money.MustParse(billed)
			f.report.Ledger = report.Ledger{Sequence: sequence, Hash: records[sequence]}
		}
	}
	billedNow := func() string { return w.account().Status.Usage.Billed.Amount }
	w.gateways.change(grown(3, "0.0204", map[int64]string{3: "sha256:3a"}))
	w.Eventually(billedNow).Should(gomega.Equal("0.0204"))
	w.gateways.change(grown(5, "0.034", map[int64]string{3: "sha256:3a", 5: "sha256:5a"}))
	w.Eventually(billedNow).Should(gomega.Equal("0.034"))

	w.gateways.change(grown(7, "0.0476", map[int64]string{3: "sha256:3a", 5: "sha256:5b", 7: "sha256:7b"}))
	w.eventually("acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionFalse, v1alpha1.ReasonLedgerRegressed,
		"The gateway's ledger lacks record 5, which status.usage has published: its store was lost, or restored from before. "+
			"status.usage stays as it was: restore the store, or remove status.usage to go on with what the store has")
	w.settle()
	if got := billedNow(); got != "0.034" {
		t.Errorf("status.usage shows %s billed; want what was published, 0.034", got)
	}
	w.gateways.change(grown(8, "0.0544", map[int64]string{3: "sha256:3a", 5: "sha256:5a", 8: "sha256:8a"}))
	w.eventually("acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionTrue, v1alpha1.ReasonUsageCurrent, "")
	w.Eventually(billedNow).Should(gomega.Equal("0.0544"))
}

// A gateway that has just been restarted reports before its store is open, and its pod may still
// count as ready.
func TestP11AReportWithoutFiguresTakesNothingBack(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.gateways.change(billed("100", 3, w.clock.Now()))
	w.eventually("acme", v1alpha1.ConditionWithinBudget, metav1.ConditionFalse, v1alpha1.ReasonBudgetExhausted,
		"The budget of 100 USD is spent in period 2026-11: raise spec.budget.limit, or wait for the next period")
	calls, status := w.settle(), w.account().Status
	w.gateways.change(func(f *fakeGateways) {
		f.report = report.Report{
			AsOf: w.clock.Now(), Channels: f.report.Channels,
		}
	})
	w.settle()
	w.Expect(w.account().Status).To(gomega.Equal(status))
	w.Expect(w.calls.since(calls)).To(gomega.BeEmpty())
}

// One missed reading is no news, and neither is that of a configuration which the gateway served a
// moment ago.
func TestOneMissedReadingIsNoNews(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	calls, status := w.settle(), w.account().Status
	w.gateways.change(func(f *fakeGateways) { f.down = true })
	w.settle()
	w.Expect(w.account().Status).To(gomega.Equal(status))
	w.Expect(w.calls.since(calls)).To(gomega.BeEmpty())
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	w.eventually("acme", v1alpha1.ConditionConfigSynced, metav1.ConditionUnknown, v1alpha1.ReasonConfigUnknown,
		"No replica of the gateway has reported which configuration it serves")
}

// A replica of which nobody knows what it serves may serve an older configuration.
func TestConfigSyncedSpeaksForEveryReadyReplica(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.gateways.change(func(f *fakeGateways) { f.silent = "acme-gateway-2" })
	first := &corev1.Pod{}
	w.Expect(w.get("acme-gateway-1", first)).To(gomega.Succeed())
	second := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "acme-gateway-2", Labels: first.Labels},
		Spec:       first.Spec,
	}
	w.Expect(w.client.Create(t.Context(), second)).To(gomega.Succeed())
	w.setPodReady("acme-gateway-2", corev1.ConditionTrue)
	w.eventually("acme", v1alpha1.ConditionConfigSynced, metav1.ConditionUnknown, v1alpha1.ReasonConfigUnknown,
		"Not every ready replica of the gateway has reported which configuration it serves")
	w.gateways.change(func(f *fakeGateways) { f.silent = "" })
	w.eventually("acme", v1alpha1.ConditionConfigSynced, metav1.ConditionTrue, v1alpha1.ReasonConfigSynced, "")
}

// A revision that has priced messages is history also when nobody uses the plan any more.
func TestP6WhoHasLeftAPlanKeepsItsHistory(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.create(fmt.Sprintf(planManifest, w.planName()+"-next"))
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.PlanName += "-next" })
	plan := &v1alpha1.PricingPlan{}
	w.Eventually(func(g gomega.Gomega) {
		g.Expect(w.client.Get(t.Context(), types.NamespacedName{Name: w.planName()}, plan)).To(gomega.Succeed())
		g.Expect(plan.Status.AccountCount).To(gomega.HaveValue(gomega.BeZero()))
	}).Should(gomega.Succeed())
	w.gateways.change(billed("0.0068", 1, w.clock.Now())) // what it priced before it was left is reported after
	w.Eventually(func(g gomega.Gomega) {
		g.Expect(w.client.Get(t.Context(), types.NamespacedName{Name: w.planName()}, plan)).To(gomega.Succeed())
		g.Expect(plan.Status.Revisions).To(gomega.HaveLen(1))
		g.Expect(plan.Status.Revisions[0].FirstPricedTime).NotTo(gomega.BeNil())
	}).Should(gomega.Succeed())
	w.Expect(plan.Status.AccountCount).To(gomega.HaveValue(gomega.BeZero()))
}

func TestP11UsageIsUnknownUntilTheFirstReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateways.change(func(f *fakeGateways) { f.down = true })
	w.start()
	w.createPlan()
	w.createCredentials()
	w.createAccount()
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionTrue, v1alpha1.ReasonGatewayAvailable, "")
	w.eventually(
		"acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionUnknown, v1alpha1.ReasonReportUnavailable,
		"The gateway has not reported yet",
	)
	w.eventually(
		"acme", v1alpha1.ConditionWithinBudget, metav1.ConditionUnknown, v1alpha1.ReasonReportUnavailable,
		"The gateway has not reported what was spent",
	)
	w.Expect(w.account().Status.Usage).To(gomega.BeNil())
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	w.eventually("acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionFalse, v1alpha1.ReasonReportUnavailable,
		"status.usage is what it was at its asOfTime: the operator cannot reach port 8443 of the gateway's pod: "+
			"see the NetworkPolicies of both namespaces")
}

func TestBudgetConditions(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.eventually("acme", v1alpha1.ConditionWithinBudget, metav1.ConditionTrue, v1alpha1.ReasonWithinBudget, "")
	for _, tc := range []struct {
		billed, status, reason, message string
	}{
		{"49.999999", "True", v1alpha1.ReasonWithinBudget, ""},
		{"50", "True", v1alpha1.ReasonBudgetWarning, "50 % of the budget of 100 USD is spent in period 2026-11"},
		{"80.5", "True", v1alpha1.ReasonBudgetWarning, "80 % of the budget of 100 USD is spent in period 2026-11"},
		{"100", "False", v1alpha1.ReasonBudgetExhausted, "The budget of 100 USD is spent in period 2026-11: raise spec.budget.limit, or wait for the next period"},
	} {
		w.gateways.change(billed(tc.billed, 10, w.clock.Now()))
		w.eventually("acme", v1alpha1.ConditionWithinBudget, metav1.ConditionStatus(tc.status), tc.reason, tc.message)
	}
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
}

func TestRaisedBudgetEndsItsWarning(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.gateways.change(billed("80.5", 10, w.clock.Now()))
	w.gateways.change(func(f *fakeGateways) { f.report.Period.BudgetWarned = 80 })
	w.eventually(
		"acme", v1alpha1.ConditionWithinBudget, metav1.ConditionTrue, v1alpha1.ReasonBudgetWarning,
		"80 % of the budget of 100 USD is spent in period 2026-11",
	)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Budget.Limit.Amount = "750" })
	w.eventually("acme", v1alpha1.ConditionWithinBudget, metav1.ConditionTrue, v1alpha1.ReasonWithinBudget, "")
}

func TestCurrencyMismatchIsNamed(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Budget.Limit.Currency = "EUR" })
	w.eventually("acme", v1alpha1.ConditionClaimsGranted, metav1.ConditionFalse, v1alpha1.ReasonNotGranted,
		"spec.budget.limit is in EUR and the plan is in USD, so that nothing which costs money is accepted: give the limit in USD")
}

func TestUnknownExemptionIsNamedAndHeals(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updatePlan(func(plan *v1alpha1.PricingPlan) {
		plan.Spec.Revisions[0].Exemptions = []v1alpha1.Exemption{
			{Name: "charity", Of: []v1alpha1.MessageCategory{"Utility"}},
		}
		plan.Spec.Grants = []v1alpha1.PricingGrant{{Name: "all", Exemptions: []string{"charity", "nope", "neither"}}}
	})
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.Exemptions = []string{"nope", "charity", "neither"}
	})
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonExemptionUnknown,
		fmt.Sprintf(`spec.exemptions names "neither", "nope", which no revision of PricingPlan %q has: remove it, `+
			`or add it to the plan`, w.planName()))
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Exemptions = []string{"charity"} })
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
}

func TestP6HistoryIsKeptFromTheGatewayAndSaidSo(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.gateways.change(billed("0.0068", 1, w.clock.Now()))
	plan := func() *v1alpha1.PricingPlan {
		plan := &v1alpha1.PricingPlan{}
		w.Expect(w.client.Get(t.Context(), types.NamespacedName{Name: w.planName()}, plan)).To(gomega.Succeed())
		return plan
	}
	w.Eventually(func(g gomega.Gomega) {
		revisions := plan().Status.Revisions
		g.Expect(revisions).To(gomega.HaveLen(1))
		g.Expect(revisions[0].FirstPricedTime).NotTo(gomega.BeNil())
		g.Expect(revisions[0].InForce).To(gomega.Equal(v1alpha1.RevisionCurrent))
	}).Should(gomega.Succeed())
	w.settle()
	digest := w.digestServed()

	w.updatePlan(func(plan *v1alpha1.PricingPlan) { plan.Spec.Revisions[0].Rates[0].Prices[1].Amount = "0.9" })
	w.Eventually(func() string {
		return conditionText(
			plan().Status.Conditions, v1alpha1.ConditionReady,
		)
	}).Should(gomega.Equal(
		`Ready=False HistoryChanged: The gateways keep what has priced messages: revision "pmp-2025-07" has priced messages and was changed: restore it, and add a revision with a later effectiveDate`))
	changed := fmt.Sprintf(
		`PricingPlan %q: revisions[0]: "pmp-2025-07" has priced messages and must not be changed: `+
			`it keeps pricing as it was; add a revision with a later effectiveDate`, w.planName(),
	)
	w.eventually("acme", v1alpha1.ConditionPlanResolved, metav1.ConditionTrue, v1alpha1.ReasonHistoryChanged, changed)
	w.settle()
	w.Expect(w.digestServed()).To(gomega.Equal(digest), "the gateway must keep the revision as it priced")

	w.updatePlan(func(plan *v1alpha1.PricingPlan) { plan.Spec.Revisions[0].Rates[0].Prices[1].Amount = "0.0068" })
	w.Eventually(func() string { return conditionText(plan().Status.Conditions, v1alpha1.ConditionReady) }).Should(
		gomega.Equal("Ready=True Ready: Everything is in order"),
	)
	w.eventually("acme", v1alpha1.ConditionPlanResolved, metav1.ConditionTrue, v1alpha1.ReasonPlanResolved, "")
}

func TestPlanTellsWhoUsesIt(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.Eventually(func(g gomega.Gomega) {
		plan := &v1alpha1.PricingPlan{}
		g.Expect(w.client.Get(t.Context(), types.NamespacedName{Name: w.planName()}, plan)).To(gomega.Succeed())
		g.Expect(plan.Status.Accounts).To(gomega.Equal([]v1alpha1.PlanAccount{{Namespace: w.namespace, Name: "acme"}}))
		g.Expect(*plan.Status.AccountCount).To(gomega.Equal(int32(1)))
		g.Expect(plan.Status.CurrentRevision).To(gomega.Equal("pmp-2025-07"))
		g.Expect(conditionText(plan.Status.Conditions, v1alpha1.PricingPlanComplete)).To(
			gomega.Equal("Complete=True RatesComplete: The plan has a rate for every market"),
		)
	}).Should(gomega.Succeed())
}

func TestPlanOfOtherNamespacesIsRefused(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updatePlan(func(plan *v1alpha1.PricingPlan) {
		plan.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{
			From: v1alpha1.NamespacesFromSelector, Selector: &metav1.LabelSelector{
				MatchLabels: map[string]string{"messaging": "allowed"},
			},
		}
	})
	w.eventually("acme", v1alpha1.ConditionPlanResolved, metav1.ConditionFalse, v1alpha1.ReasonPlanNotAllowed,
		fmt.Sprintf("PricingPlan %q may not be used from namespace %q, which lacks the label messaging=allowed. "+
			"Until then the gateway accepts nothing that may cost something, and settles what is under way", w.planName(), w.namespace))
	w.Eventually(func() string { return w.document().BillingStopped }).ShouldNot(gomega.BeEmpty())
	w.Expect(w.document().Budget.Limit.Amount.IsZero()).To(gomega.BeTrue())
	w.Expect(w.document().Channels).To(gomega.HaveLen(1), "what is under way is settled, and webhooks are taken")
	w.Eventually(func() []string { return w.warnings("acme") }).Should(
		gomega.ContainElement(gomega.HavePrefix("PlanNotAllowed PlanResolved: ")),
	)
	namespace := &corev1.Namespace{}
	w.Expect(w.client.Get(t.Context(), types.NamespacedName{Name: w.namespace}, namespace)).To(gomega.Succeed())
	namespace.Labels["messaging"] = "allowed"
	w.Expect(w.client.Update(t.Context(), namespace)).To(gomega.Succeed())
	w.eventually("acme", v1alpha1.ConditionPlanResolved, metav1.ConditionTrue, v1alpha1.ReasonPlanResolved, "")
	w.Eventually(func() string { return w.document().BillingStopped }).Should(gomega.BeEmpty())
}

// What was delivered and cannot be priced shows with market and category, and is gone when it is
// priced.
func TestUnpricedDeliveriesShowUntilTheyArePriced(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.gateways.change(func(f *fakeGateways) {
		f.report.Period.Unpriced = 3
		f.report.Unpriced = []report.Unpriced{{Market: "Poland", Category: "Utility", Messages: 3}}
	})
	w.eventually(
		"acme", v1alpha1.ConditionDeliveriesPriced, metav1.ConditionFalse, v1alpha1.ReasonRateMissing,
		fmt.Sprintf("Delivered messages (3) are not billed, because PricingPlan %q has no rate for them: "+
			"Utility in Poland; add what is missing ('guichet plan check' lists it)", w.account().Spec.PlanName),
	)
	w.Eventually(func() []string { return w.warningsOf(v1alpha1.ReasonRateMissing) }).Should(gomega.HaveLen(1))
	w.gateways.change(func(f *fakeGateways) { f.report.Period.Unpriced, f.report.Unpriced = 0, nil })
	w.eventually(
		"acme", v1alpha1.ConditionDeliveriesPriced, metav1.ConditionTrue, v1alpha1.ReasonDeliveriesPriced, "",
	)
}
