package controllers_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// TestEveryFailedCallIsMadeGood makes an account again and again, each time with another one of the
// operator's calls to the API server failing, and wants the same state each time.
func TestEveryFailedCallIsMadeGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.options.ReportInterval = 30 * time.Millisecond
	w.start()
	w.createPlan()
	w.createCredentials()
	for k := 1; ; k++ {
		w.calls.failNext(k)
		w.createAccount()
		w.startPod()
		w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
		w.settle()
		met := w.calls.failed()
		for name, object := range map[string]client.Object{
			"acme-gateway-config": &corev1.Secret{}, "acme-gateway-keys": &corev1.Secret{}, "acme-api-tokens": &corev1.Secret{},
			"acme-gateway-data": &corev1.PersistentVolumeClaim{}, "acme-gateway": &networkingv1.NetworkPolicy{},
		} {
			w.Expect(w.get(name, object)).To(gomega.Succeed(), "after call %d failed", k)
		}
		w.Expect(w.account().Status.ObservedGeneration).To(gomega.Equal(int64(1)), "after call %d failed", k)
		if !met {
			if k < 12 {
				t.Fatalf("only %d calls were there to fail: an account takes more", k-1)
			}
			t.Logf("%d calls failed in turn", k-1)
			return
		}
		w.calls.failNext(0)
		w.deleteAccount()
	}
}

// deleteAccount deletes the account acme and plays the garbage collector until nothing of it is
// left: an operator whose cache is behind may still make something for it.
func (w *world) deleteAccount() {
	w.t.Helper()
	w.Expect(w.client.Delete(w.t.Context(), w.account())).To(gomega.Succeed())
	w.Eventually(func(g gomega.Gomega) {
		left := 0
		for _, list := range []client.ObjectList{
			&appsv1.DeploymentList{}, &corev1.PodList{}, &corev1.ServiceList{}, &corev1.ServiceAccountList{},
			&corev1.ConfigMapList{}, &corev1.SecretList{}, &corev1.PersistentVolumeClaimList{},
			&networkingv1.NetworkPolicyList{},
		} {
			g.Expect(w.client.List(
				w.t.Context(), list, client.InNamespace(w.namespace),
				client.MatchingLabels{tenant.LabelAccount: "acme"},
			)).To(gomega.Succeed())
			g.Expect(apimeta.EachListItem(list, func(item runtime.Object) error {
				left++
				object, _ := item.(client.Object)
				object.SetFinalizers(nil) // the volume's protection is a controller's work, and there is none here
				return errors.Join(
					client.IgnoreNotFound(w.client.Update(w.t.Context(), object)),
					client.IgnoreNotFound(w.client.Delete(w.t.Context(), object, client.GracePeriodSeconds(0))),
				)
			})).To(gomega.Succeed())
		}
		g.Expect(left).To(gomega.BeZero())
	}).MustPassRepeatedly(5).Should(gomega.Succeed())
}

// TestATemplateIsSubmittedOnceWhateverFails makes a template again and again, each time with
// another one of the operator's calls to the API server failing: even if the upstream has it and
// the operator could not write that down, it is not submitted twice.
func TestATemplateIsSubmittedOnceWhateverFails(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.eventually("acme", v1alpha1.ConditionCredentialsValid, metav1.ConditionTrue, v1alpha1.ReasonCredentialsValid, "")
	// the finalizer, the credentials, the status, and what the account's own passes make of it
	for k := 1; k <= 8; k++ {
		name := fmt.Sprintf("order-%d", k)
		w.calls.failNext(k)
		patch := fmt.Sprintf("{metadata: {name: %s}, spec: {name: order_%d, deletionPolicy: Delete}}", name, k)
		w.Expect(w.client.Create(t.Context(), manifestOf(t, templateManifest, patch, w.namespace))).To(gomega.Succeed())
		w.eventuallyTemplate(name, "Approved", "Approved=Unknown InReview: The upstream reviews the template")
		w.Eventually(w.calls.failed).Should(gomega.BeTrue(), "call %d was never made", k)
		w.Expect(w.upstream.requests()).To(gomega.HaveLen(k), "after call %d failed", k)
	}
}
