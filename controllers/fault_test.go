package controllers_test

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// TestEveryFailedCallIsMadeGood makes an account again and again, each time with another one of the operator's calls to the API server failing, and wants the
// same state each time.
func TestEveryFailedCallIsMadeGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
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
			w.Expect(w.get(name, object)).To(Succeed(), "after call %d failed", k)
		}
		w.Expect(w.account().Status.ObservedGeneration).To(Equal(int64(1)), "after call %d failed", k)
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

// deleteAccount deletes the account acme and plays the garbage collector.
func (w *world) deleteAccount() {
	w.t.Helper()
	w.Expect(w.client.Delete(w.t.Context(), w.account())).To(Succeed())
	for name, object := range map[string]client.Object{
		"acme-gateway-1": &corev1.Pod{}, "acme-gateway-config": &corev1.Secret{}, "acme-gateway-keys": &corev1.Secret{}, "acme-api-tokens": &corev1.Secret{},
	} {
		object.SetName(name)
		object.SetNamespace(w.namespace)
		w.Expect(w.client.Delete(w.t.Context(), object, client.GracePeriodSeconds(0))).To(Succeed())
	}
	for _, object := range []client.Object{&appsv1.Deployment{}, &corev1.Service{}, &corev1.ServiceAccount{}, &networkingv1.NetworkPolicy{}} {
		object.SetName("acme-gateway")
		object.SetNamespace(w.namespace)
		w.Expect(w.client.Delete(w.t.Context(), object)).To(Succeed())
	}
	claim := &corev1.PersistentVolumeClaim{}
	w.Expect(w.get("acme-gateway-data", claim)).To(Succeed())
	claim.Finalizers = nil // the volume's protection is a controller's work, and there is none here
	w.Expect(w.client.Update(w.t.Context(), claim)).To(Succeed())
	w.Expect(w.client.Delete(w.t.Context(), claim)).To(Succeed())
}
