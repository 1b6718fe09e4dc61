package controllers_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// installPolicy installs a policy of the folder config for the namespaces of a test.
func (w *world) installPolicy(path ...string) {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(append([]string{"..", "config"}, path...)...))
	w.Expect(err).NotTo(gomega.HaveOccurred())
	parts := bytes.Split(content, []byte("\n---\n"))
	w.Expect(parts).To(gomega.HaveLen(2))
	policy, binding := &admissionv1.ValidatingAdmissionPolicy{}, &admissionv1.ValidatingAdmissionPolicyBinding{}
	w.Expect(yaml.UnmarshalStrict(parts[0], policy)).To(gomega.Succeed())
	w.Expect(yaml.UnmarshalStrict(parts[1], binding)).To(gomega.Succeed())
	binding.Spec.MatchResources = &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{{
			Key: "kubernetes.io/metadata.name", Operator: metav1.LabelSelectorOpIn,
			Values: append([]string{w.namespace}, w.others...),
		}},
	}}
	w.t.Cleanup(func() {
		for _, object := range []client.Object{binding, policy} {
			w.Expect(client.IgnoreNotFound(w.client.Delete(context.Background(), object))).To(gomega.Succeed())
		}
	})
	w.Expect(w.client.Create(w.t.Context(), policy)).To(gomega.Succeed())
	w.Expect(w.client.Create(w.t.Context(), binding)).To(gomega.Succeed())
}

func TestP14AnUnexportedLedgerIsNotDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ending := newNamespace(t)
	w.others = []string{ending}
	w.installPolicy("admission", "ledger_deletion.yaml")
	w.createPlan()
	billed := func(namespace, policy string, sequence int64) *v1alpha1.BusinessAccount {
		w.t.Helper()
		object := manifestOf(t, validAccount, "{spec: {deletionPolicy: "+policy+"}}", namespace)
		w.Expect(w.client.Create(t.Context(), object)).To(gomega.Succeed())
		account := &v1alpha1.BusinessAccount{}
		w.Expect(w.client.Get(t.Context(), client.ObjectKeyFromObject(object), account)).To(gomega.Succeed())
		account.Status.Usage = &v1alpha1.Usage{
			Ledger: &v1alpha1.LedgerHead{Sequence: &sequence, RootHash: "sha256:3a"},
		}
		w.Expect(w.client.Status().Update(t.Context(), account)).To(gomega.Succeed())
		return account
	}
	deletes := func(account *v1alpha1.BusinessAccount) error {
		return w.client.Delete(t.Context(), account, client.DryRunAll)
	}
	annotated := func(account *v1alpha1.BusinessAccount, name, value string) *v1alpha1.BusinessAccount {
		account.Annotations = map[string]string{name: value}
		w.Expect(w.client.Update(t.Context(), account)).To(gomega.Succeed())
		return account
	}
	refused := gomega.MatchError(gomega.ContainSubstring(
		"the ledger has records that were not exported: export it and annotate the account with " +
			"guichet.dev/exported-ledger=sha256:3a, or with guichet.dev/delete-unexported=true; or set " +
			"spec.deletionPolicy to Retain",
	))
	account := billed(w.namespace, "Delete", 3)
	w.Eventually(func() error { return deletes(account) }).Should(refused)
	w.Expect(deletes(annotated(account, v1alpha1.AnnotationExportedLedger, "sha256:2a"))).To(refused)
	w.Expect(deletes(annotated(account, v1alpha1.AnnotationExportedLedger, "sha256:3a"))).To(gomega.Succeed())
	w.Expect(deletes(annotated(account, v1alpha1.AnnotationDeleteUnexported, "yes"))).To(refused)
	w.Expect(deletes(annotated(account, v1alpha1.AnnotationDeleteUnexported, "true"))).To(gomega.Succeed())
	w.Expect(w.client.Delete(t.Context(), account)).To(gomega.Succeed())

	w.Expect(deletes(billed(w.namespace, "Retain", 3))).To(gomega.Succeed(), "the ledger stays")

	held := billed(ending, "Delete", 3)
	w.Expect(deletes(held)).To(refused)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ending}}
	w.Expect(w.client.Delete(t.Context(), namespace)).To(gomega.Succeed())
	w.Eventually(func() error { return deletes(held) }).Should(
		gomega.Succeed(), "a policy must not hold a namespace for ever",
	)
}
