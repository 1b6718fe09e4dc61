package controllers_test

import (
	"fmt"
	"testing"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

func exposed(host string) *v1alpha1.Exposure {
	return &v1alpha1.Exposure{Type: v1alpha1.ExposureIngress, Ingress: &v1alpha1.Ingress{Host: host}}
}

// TestP8WhoHasAHostKeepsIt: two accounts ask for one host. The second one has no Ingress, says so,
// and gets it when the first one lets it go.
func TestP8WhoHasAHostKeepsIt(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.createTwin(w.namespace)
	w.eventuallyServes("twin", secondNumber)
	expose := func(name, host string) {
		account := &v1alpha1.BusinessAccount{}
		w.Expect(w.get(name, account)).To(gomega.Succeed())
		before := account.DeepCopy()
		account.Spec.Gateway = &v1alpha1.Gateway{Exposure: exposed(host)}
		w.Expect(w.client.Patch(t.Context(), account, client.MergeFrom(before))).To(gomega.Succeed())
	}
	holds := func(name string) func() string {
		return func() string {
			account := &v1alpha1.BusinessAccount{}
			w.Expect(w.get(name, account)).To(gomega.Succeed())
			return account.Status.IngressHost
		}
	}
	// The younger one asks first: age takes nothing from who has it.
	expose("twin", "acme.example")
	w.Eventually(holds("twin")).Should(gomega.Equal("acme.example"))
	w.Eventually(func() error { return w.get("twin-gateway", &networkingv1.Ingress{}) }).Should(gomega.Succeed())
	expose("acme", "acme.example")
	sentence := fmt.Sprintf(
		`spec.gateway.exposure.ingress.host is that of BusinessAccount "%s/twin", which had it first: there is no Ingress here until that account lets it go`,
		w.namespace,
	)
	w.eventually("acme", v1alpha1.ConditionHostHeld, metav1.ConditionFalse, v1alpha1.ReasonHostTaken, sentence)
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonHostTaken, sentence)
	w.settle()
	w.Expect(apierrors.IsNotFound(w.get("acme-gateway", &networkingv1.Ingress{}))).To(gomega.BeTrue())
	w.Expect(w.account().Status.Gateway.WebhookURL).To(
		gomega.Equal("http://acme-gateway." + w.namespace + ".svc:8080/webhooks"),
	)

	expose("twin", "twin.example")
	w.eventually("acme", v1alpha1.ConditionHostHeld, metav1.ConditionTrue, v1alpha1.ReasonHostHeld, "")
	w.Eventually(func() error { return w.get("acme-gateway", &networkingv1.Ingress{}) }).Should(gomega.Succeed())
	w.Eventually(holds("acme")).Should(gomega.Equal("acme.example"))
}

// A gateway goes back to the image that it had when the spec names none any more, and runs none
// that is not allowed.
func TestImageIsTakenBackWithTheField(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	running := func() string {
		deployment := &appsv1.Deployment{}
		w.Expect(w.get("acme-gateway", deployment)).To(gomega.Succeed())
		return deployment.Spec.Template.Spec.Containers[0].Image
	}
	name := func(image string) {
		w.updateAccount(func(account *v1alpha1.BusinessAccount) {
			account.Spec.Gateway = &v1alpha1.Gateway{
				Image: image,
			}
		})
	}
	name("guichet.dev/gateway:bad")
	w.Eventually(running).Should(gomega.Equal("guichet.dev/gateway:bad"))
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Gateway = nil })
	w.Eventually(running).Should(gomega.Equal("guichet.dev/gateway:one"))

	name("elsewhere.example/gateway:mine")
	w.eventually("acme", v1alpha1.ConditionClaimsGranted, metav1.ConditionFalse, v1alpha1.ReasonNotGranted,
		`spec.gateway.image "elsewhere.example/gateway:mine" is not run, as the operator's --gateway-repositories does not allow it: ask the platform team, or remove it`)
	w.Expect(running()).To(gomega.Equal("guichet.dev/gateway:one"))
}
