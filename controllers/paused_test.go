package controllers_test

import (
	"testing"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

func (w *world) pause() {
	w.t.Helper()
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Operation = v1alpha1.OperationPaused })
	w.eventually("acme", v1alpha1.ConditionReconciled, metav1.ConditionTrue, v1alpha1.ReasonPaused,
		"The operator's last look at the account was complete; the operator leaves the gateway's objects alone until "+
			"spec.operation is 'Active', while prices, budgets, tokens, templates and a suspension reach the gateway")
}

// Whoever waits for the account, as Flux does, must not hang or fail while it is paused.
func TestPausedAccountIsReadyAsAlways(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.pause()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonPaused, "")
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Gateway.Replicas = new(int32(0)) })
	w.Eventually(w.current).Should(gomega.BeTrue())
	w.Expect(w.wantedReplicas()).To(gomega.Equal(int32(1)))

	w.setReadyReplicas(0)
	w.setPodReady("acme-gateway-1", corev1.ConditionFalse)
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonGatewayProgressing, "")
}

// Whoever may edit an account could otherwise hold off a higher price, a smaller budget or a
// revoked token by pausing it.
func TestP15APauseHoldsNoRestrictionOff(t *testing.T) {
	t.Parallel()
	w := wholeWorld(t)
	w.pause()

	w.updatePlan(func(plan *v1alpha1.PricingPlan) {
		plan.Spec.BudgetCaps = []v1alpha1.BudgetCap{{Name: "all", Limit: "5", Unlimited: v1alpha1.UnlimitedRefused}}
		revision := plan.Spec.Revisions[0].DeepCopy()
		revision.Name, revision.EffectiveDate = "dearer", "2027-01-01"
		plan.Spec.Revisions = append(plan.Spec.Revisions, *revision)
	})
	w.Eventually(func() string { return w.document().Budget.Limit.String() }).Should(gomega.Equal("5 USD"), "a cap")
	w.Expect(w.document().Plan.Revisions).To(gomega.HaveLen(2), "a new price")
	w.replaceSecret("clients", map[string]string{"desk": "canary-desk"})
	w.Eventually(func() int { return len(w.document().APITokens) }).Should(gomega.Equal(1), "a revoked token")
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Channels = account.Spec.Channels[1:] })
	w.Eventually(func() int { return len(w.document().Channels) }).Should(gomega.Equal(1), "a removed channel")
	w.eventually("acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionTrue, v1alpha1.ReasonUsageCurrent, "")
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNotGranted, "")
}

// A restore replaces the volume and the keys while the operator looks away.
func TestAPausedAccountsObjectsAreLeftAlone(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.pause()

	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Gateway.Replicas = new(int32(0)) })
	claim, keys := &corev1.PersistentVolumeClaim{}, &corev1.Secret{}
	w.Expect(w.get("acme-gateway-data", claim)).To(gomega.Succeed())
	claim.Finalizers = nil // the volume's protection is a controller's work, and there is none here
	w.Expect(w.client.Update(t.Context(), claim)).To(gomega.Succeed())
	w.Expect(w.client.Delete(t.Context(), claim)).To(gomega.Succeed())
	w.Expect(w.get("acme-gateway-keys", keys)).To(gomega.Succeed())
	w.Expect(w.client.Delete(t.Context(), keys)).To(gomega.Succeed())
	service := &corev1.Service{}
	w.Expect(w.get("acme-gateway", service)).To(gomega.Succeed())
	w.Expect(w.client.Delete(t.Context(), service)).To(gomega.Succeed())
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Budget.Limit.Amount = "7" })
	w.Eventually(func() string { return w.document().Budget.Limit.String() }).Should(gomega.Equal("7 USD"))

	deployment := &appsv1.Deployment{}
	w.Expect(w.get("acme-gateway", deployment)).To(gomega.Succeed())
	w.Expect(*deployment.Spec.Replicas).To(gomega.Equal(int32(1)))
	for name, object := range map[string]client.Object{
		"acme-gateway-data": claim, "acme-gateway-keys": keys, "acme-gateway": service,
	} {
		w.Expect(apierrors.IsNotFound(w.get(name, object))).To(gomega.BeTrue(), "%T", object)
	}

	claim.ResourceVersion, claim.UID, keys.ResourceVersion, keys.UID = "", "", "", ""
	w.Expect(w.client.Create(t.Context(), claim)).To(gomega.Succeed())
	w.Expect(w.client.Create(t.Context(), keys)).To(gomega.Succeed())
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.Operation, account.Spec.Gateway.Replicas = v1alpha1.OperationActive, new(int32(1))
	})
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.Eventually(func() error { return w.get("acme-gateway", service) }).Should(gomega.Succeed())
}

// A paused account costs as little as any other.
func TestP9NothingIsWrittenOfAPausedAccountAtRest(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.pause()
	before := w.settle()
	w.Expect(w.settle()).To(gomega.Equal(before))
}
