package controllers_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// TestMetaOnlyPolicyKeepsChannelsWithMeta installs the policy of config/components/meta-only for
// one namespace.
func TestMetaOnlyPolicyKeepsChannelsWithMeta(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content, err := os.ReadFile(filepath.Join("..", "config", "components", "meta-only", "policy.yaml"))
	w.Expect(err).NotTo(gomega.HaveOccurred())
	parts := bytes.Split(content, []byte("\n---\n"))
	w.Expect(parts).To(gomega.HaveLen(2))
	policy, binding := &admissionv1.ValidatingAdmissionPolicy{}, &admissionv1.ValidatingAdmissionPolicyBinding{}
	w.Expect(yaml.UnmarshalStrict(parts[0], policy)).To(gomega.Succeed())
	w.Expect(yaml.UnmarshalStrict(parts[1], binding)).To(gomega.Succeed())
	binding.Spec.MatchResources = &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{
		MatchLabels: map[string]string{"kubernetes.io/metadata.name": w.namespace},
	}}
	t.Cleanup(func() {
		for _, object := range []client.Object{binding, policy} {
			w.Expect(client.IgnoreNotFound(w.client.Delete(context.Background(), object))).To(gomega.Succeed())
		}
	})
	w.Expect(w.client.Create(t.Context(), policy)).To(gomega.Succeed())

	// An account from before the policy can be left by whoever holds it, as the garbage collector
	// does when it deletes in the foreground.
	earlier := manifestOf(
		t, validAccount,
		`{metadata: {name: earlier, finalizers: [example.com/held]}, spec: {channels: [{name: a, phoneNumberID: "2", baseURL: "http://192.0.2.9", credentialsSecretName: s}]}}`,
		w.namespace,
	)
	w.Expect(w.client.Create(t.Context(), earlier)).To(gomega.Succeed())
	w.Expect(w.client.Create(t.Context(), binding)).To(gomega.Succeed())

	elsewhere := `{spec: {channels: [{name: a, phoneNumberID: "1", baseURL: "http://169.254.169.254", credentialsSecretName: s}]}}`
	w.Eventually(func() error {
		return w.client.Create(t.Context(), manifestOf(t, validAccount, elsewhere, w.namespace), client.DryRunAll)
	}).Should(gomega.MatchError(gomega.ContainSubstring("baseURL must be 'https://graph.facebook.com': this cluster lets channels talk to Meta's Graph API only")))
	w.Expect(
		w.client.Create(t.Context(), manifestOf(t, validAccount, "{}", w.namespace), client.DryRunAll),
	).To(gomega.Succeed(), "Meta's own address is the default")

	w.Expect(w.client.Patch(
		t.Context(), earlier, client.RawPatch(types.MergePatchType, []byte(`{"spec": {"displayName": "Another"}}`)),
	)).To(
		gomega.MatchError(gomega.ContainSubstring("baseURL must be")), "what it asks for is changed only together "+
			"with its address")
	w.Expect(w.client.Delete(t.Context(), earlier)).To(gomega.Succeed())
	w.Expect(w.client.Patch(
		t.Context(), earlier, client.RawPatch(types.MergePatchType, []byte(`{"metadata": {"finalizers": null}}`)),
	)).To(gomega.Succeed())
}
