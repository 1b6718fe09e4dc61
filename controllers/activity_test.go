package controllers_test

import (
	"testing"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
)

// current is what Flux, Argo CD and `kubectl wait` make of the account. Source:
// https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
func (w *world) current() bool {
	account := w.account()
	return account.Status.ObservedGeneration == account.Generation &&
		apimeta.IsStatusConditionTrue(account.Status.Conditions, v1alpha1.ConditionReady)
}

func (w *world) setActivity(activity v1alpha1.Activity) {
	w.t.Helper()
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Activity = activity })
}

// stopPod plays the Deployment's controller: it waits until no replica is wanted, and ends the pod.
func (w *world) stopPod() {
	w.t.Helper()
	w.Eventually(w.wantedReplicas).Should(gomega.Equal(int32(0)))
	pod := &corev1.Pod{}
	w.Expect(w.get("acme-gateway-1", pod)).To(gomega.Succeed())
	w.Expect(w.client.Delete(w.t.Context(), pod)).To(gomega.Succeed())
	w.setReadyReplicas(0)
}

func (w *world) wantedReplicas() int32 {
	deployment := &appsv1.Deployment{}
	if err := w.get("acme-gateway", deployment); err != nil || deployment.Spec.Replicas == nil {
		return -1
	}
	return *deployment.Spec.Replicas
}

func TestSuspensionReachesTheGatewayAndReadyStays(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.eventually("acme", v1alpha1.ConditionSendsAccepted, metav1.ConditionTrue, v1alpha1.ReasonSendsAccepted,
		"The account's clients may send")
	w.Expect(w.document().Format).To(gomega.BeNumerically("<", config.FormatSuspension))

	w.setActivity(v1alpha1.ActivitySuspended)
	const sentence = "This account sends nothing while its spec.activity is 'Suspended'. " +
		"Send again once it is 'Active'."
	w.eventually("acme", v1alpha1.ConditionSendsAccepted, metav1.ConditionFalse, v1alpha1.ReasonSuspended,
		"Every message is refused: "+sentence)
	w.Expect(w.document().SendingStopped).To(gomega.Equal(sentence))
	w.Expect(w.document().Format).To(gomega.Equal(config.FormatSuspension), "an older gateway must not go on sending")
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSuspended, "")
	w.Expect(w.wantedReplicas()).To(gomega.Equal(int32(1)))
	w.Eventually(w.current).Should(gomega.BeTrue())

	w.setActivity(v1alpha1.ActivityActive)
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.Expect(w.document().SendingStopped).To(gomega.BeEmpty())
}

// The business can edit its account; the platform's suspension is in the plan.
func TestP15PlatformsSuspensionIsNotTheBusinessesToEnd(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updatePlan(func(plan *v1alpha1.PricingPlan) {
		plan.Spec.Suspensions = []v1alpha1.AccountSuspension{
			{Name: "others", Accounts: &v1alpha1.AccountSelection{
				Names: []v1alpha1.PlanAccount{{Namespace: w.namespace, Name: "other"}},
			}},
			{Name: "unpaid-invoice", Message: "Pay invoice 7 first.", Accounts: &v1alpha1.AccountSelection{
				Names: []v1alpha1.PlanAccount{{Namespace: w.namespace, Name: "acme"}},
			}},
		}
	})
	const want = "Every message is refused: The platform has suspended this account (unpaid-invoice): " +
		"Pay invoice 7 first."
	suspended := func() {
		w.t.Helper()
		w.eventually("acme", v1alpha1.ConditionSendsAccepted, metav1.ConditionFalse, v1alpha1.ReasonSuspended, want)
	}
	suspended()
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.Activity, account.Spec.DisplayName = v1alpha1.ActivityActive, "Acme again"
	})
	w.Eventually(w.current).Should(gomega.BeTrue())
	suspended()
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.PlanName = "no-such-plan" })
	w.eventually("acme", v1alpha1.ConditionPlanResolved, metav1.ConditionFalse, v1alpha1.ReasonPlanNotFound, "")
	suspended()
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.PlanName, account.Spec.Operation = w.planName(), v1alpha1.OperationPaused
	})
	w.eventually("acme", v1alpha1.ConditionReconciled, metav1.ConditionTrue, v1alpha1.ReasonPaused, "")
	suspended()
	w.updatePlan(func(plan *v1alpha1.PricingPlan) { plan.Spec.Suspensions = nil })
	w.eventually("acme", v1alpha1.ConditionSendsAccepted, metav1.ConditionTrue, v1alpha1.ReasonSendsAccepted, "")
}

// A hibernated account does what it was asked to: whoever waits for Ready does not hang. What is
// not known meanwhile is Unknown (P11).
func TestP11HibernatedAccountIsReadyAndKeepsItsFigures(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	usage := w.account().Status.Usage
	w.Expect(usage).NotTo(gomega.BeNil())

	w.setActivity(v1alpha1.ActivityHibernated)
	w.Eventually(w.wantedReplicas).Should(gomega.Equal(int32(0)))
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonGatewayProgressing,
		"The gateway is being stopped")
	w.stopPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonHibernated, "")
	w.eventually("acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionFalse, v1alpha1.ReasonHibernated,
		"No gateway runs, as spec.activity is 'Hibernated': nothing is sent, and webhooks are not taken. Meta "+
			"repeats a webhook for 36 hours, or up to 7 days; what it then has given up is lost, with the windows "+
			"that it opens and the deliveries that are billed by it")
	w.eventually("acme", v1alpha1.ConditionSendsAccepted, metav1.ConditionFalse, v1alpha1.ReasonHibernated, "")
	for _, unknown := range []string{
		v1alpha1.ConditionUsageCurrent, v1alpha1.ConditionConfigSynced, v1alpha1.ConditionStoreWritable,
		v1alpha1.ConditionUpstreamAccepts, v1alpha1.ConditionWebhooksArrive,
	} {
		w.eventually("acme", unknown, metav1.ConditionUnknown, v1alpha1.ReasonHibernated,
			"No gateway runs that could tell")
	}
	w.Expect(w.current()).To(gomega.BeTrue())
	w.Expect(w.account().Status.Usage.Ledger).To(gomega.Equal(usage.Ledger))
	w.Expect(w.get("acme-gateway-data", &corev1.PersistentVolumeClaim{})).To(gomega.Succeed())
	calls := w.settleQuietly()
	w.Expect(w.settleQuietly()).To(gomega.Equal(calls), "nothing is written at rest (P9)")

	w.setActivity(v1alpha1.ActivityActive)
	w.Eventually(w.wantedReplicas).Should(gomega.Equal(int32(1)))
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
}

// A mistake elsewhere still shows while no gateway runs.
func TestHibernatedAccountIsNotReadyWithoutItsPlan(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Gateway.Replicas = new(int32(0)) })
	w.stopPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonHibernated, "")
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.PlanName = "no-such-plan" })
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonPlanNotFound, "")
}

// An autoscaler leaves a Deployment of no replicas alone: without the operator, one that was
// stopped would never come back.
func TestHibernatedAccountOfAnAutoscalerComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.createSharedTenant()
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.Expect(w.get("acme-gateway", &autoscalingv2.HorizontalPodAutoscaler{})).To(gomega.Succeed())

	w.setActivity(v1alpha1.ActivityHibernated)
	w.stopPod()
	w.eventuallyGone("acme-gateway", &autoscalingv2.HorizontalPodAutoscaler{})
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonHibernated, "")

	w.setActivity(v1alpha1.ActivityActive)
	w.Eventually(w.wantedReplicas).Should(gomega.Equal(int32(2)), "minReplicas")
	w.Eventually(func() error {
		return w.get("acme-gateway", &autoscalingv2.HorizontalPodAutoscaler{})
	}).Should(gomega.Succeed())
}
