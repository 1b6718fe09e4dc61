package controllers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// refuseDeployments makes the API server refuse every Deployment of the test's namespace, and waits
// until it does: a policy takes effect a while after it was made.
func (w *world) refuseDeployments() {
	w.t.Helper()
	name := metav1.ObjectMeta{Name: "refuse-" + w.namespace}
	policy := &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: name, Spec: admissionv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
			RuleWithOperations: admissionv1.RuleWithOperations{
				Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
				Rule: admissionv1.Rule{
					APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"deployments"},
				},
			},
		}}},
		Validations: []admissionv1.Validation{{Expression: "false", Message: "no more Deployments here"}},
	}}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: name}
	binding.Spec = admissionv1.ValidatingAdmissionPolicyBindingSpec{
		PolicyName: name.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		MatchResources: &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{
			MatchLabels: map[string]string{"kubernetes.io/metadata.name": w.namespace},
		}},
	}
	for _, object := range []client.Object{policy, binding} {
		w.Expect(w.client.Create(w.t.Context(), object)).To(gomega.Succeed())
		w.t.Cleanup(func() { _ = w.client.Delete(context.Background(), object) })
	}
	labels := map[string]string{"app": "tried"}
	w.Eventually(func() error {
		return w.client.Create(w.t.Context(), &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "tried"},
			Spec: appsv1.DeploymentSpec{
				Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{Labels: labels},
					Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "tried", Image: "tried"}}},
				},
			},
		}, client.DryRunAll)
	}).Should(gomega.MatchError(gomega.ContainSubstring("no more Deployments here")))
}

// Accounts that the API server refuses are looked at in memory: nothing is asked of the API server
// until an input changes or the pause is over.
func TestRefusedAccountsAskTheAPIServerNothing(t *testing.T) {
	t.Parallel()
	const accounts = 10
	w := newWorld(t)
	w.refuseDeployments()
	w.createPlan()
	w.createCredentials()
	w.createAccount()
	w.start()
	w.eventually("acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionFalse, v1alpha1.ReasonApplyRefused, "")
	manifest := fmt.Sprintf(accountManifest, w.planName())
	for i := range accounts - 1 {
		another := strings.Replace(manifest, "name: acme}", fmt.Sprintf("name: acme-%d}", i), 1)
		another = strings.Replace(another, acmeNumber, fmt.Sprint(5000+i), 1)
		w.Expect(w.client.Create(t.Context(), manifestOf(t, another, "{}", w.namespace))).To(gomega.Succeed())
	}
	w.eventually(fmt.Sprintf("acme-%d", accounts-2), v1alpha1.ConditionGatewayAvailable, metav1.ConditionFalse,
		v1alpha1.ReasonApplyRefused, "")
	w.settleQuietly()
	for _, pause := range []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute} {
		calls := w.settleQuietly()
		w.clock.SetTime(w.clock.Now().Add(pause - time.Second))
		w.Expect(w.settleQuietly()).To(gomega.Equal(calls), "within a pause of %s", pause)
		w.clock.SetTime(w.clock.Now().Add(time.Second))
		w.Eventually(w.calls.total).Should(gomega.BeNumerically(">", calls), "a pause of %s is over", pause)
		w.settleQuietly()
		tried := 0
		for _, call := range w.calls.since(calls) {
			if strings.HasPrefix(call, "apply Deployment") {
				tried++
			}
		}
		w.Expect(tried).To(gomega.Equal(accounts), "each is tried once after a pause of %s", pause)
		w.Expect(w.calls.total()-calls).To(gomega.BeNumerically("<=", 6*accounts), "six requests each")
	}
}
