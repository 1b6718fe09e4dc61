package controllers_test

import (
	"testing"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// The volume grows with the account's size, where its storage class lets it.
func TestVolumeGrowsWithTheAccountsSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	class := &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			Name: w.planName(),
		}, Provisioner: "guichet.dev/of-the-test", AllowVolumeExpansion: new(true),
	}
	w.Expect(w.client.Create(t.Context(), class)).To(gomega.Succeed())
	w.createPlan()
	w.createCredentials()
	w.createAccount()
	size := func(quantity string) {
		w.updateAccount(func(account *v1alpha1.BusinessAccount) {
			wanted := resource.MustParse(quantity)
			account.Spec.Gateway = &v1alpha1.Gateway{Storage: &v1alpha1.Storage{
				Type: v1alpha1.StorageEmbedded, Embedded: &v1alpha1.EmbeddedStorage{
					Size: &wanted, StorageClassName: class.Name,
				},
			}}
		})
	}
	size("1Gi")
	w.start()
	w.startPod()
	claim := &corev1.PersistentVolumeClaim{}
	w.Expect(w.get("acme-gateway-data", claim)).To(gomega.Succeed())
	before := claim.DeepCopy()
	claim.Status.Phase = corev1.ClaimBound
	claim.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	w.Expect(w.client.Status().Patch(t.Context(), claim, client.MergeFrom(before))).To(gomega.Succeed())

	size("2Gi")
	requested := func() string {
		w.Expect(w.get("acme-gateway-data", claim)).To(gomega.Succeed())
		return claim.Spec.Resources.Requests.Storage().String()
	}
	w.Eventually(requested).Should(gomega.Equal("2Gi"))

	// Somebody enlarges the claim by hand, and then the account asks for less: it stays as it is.
	before = claim.DeepCopy()
	claim.Spec.Resources.Requests[corev1.ResourceStorage] = resource.MustParse("5Gi")
	w.Expect(w.client.Patch(t.Context(), claim, client.MergeFrom(before))).To(gomega.Succeed())
	before = claim.DeepCopy()
	claim.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("5Gi")}
	w.Expect(w.client.Status().Patch(t.Context(), claim, client.MergeFrom(before))).To(gomega.Succeed())
	kept := func(size string) {
		w.Eventually(func() string {
			return conditionText(w.account().Status.Conditions, v1alpha1.ConditionStorageSufficient)
		}).Should(gomega.HaveSuffix(`. PersistentVolumeClaim "acme-gateway-data" keeps its 5Gi although ` +
			`spec.gateway.storage.embedded.size is ` + size + `: a volume cannot shrink`))
		w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
		w.Expect(requested()).To(gomega.Equal("5Gi"))
	}
	kept("2Gi")
	size("1Gi")
	kept("1Gi")
	for _, warning := range w.warnings("acme") {
		w.Expect(warning).NotTo(gomega.ContainSubstring(v1alpha1.ReasonApplyRefused))
	}

	size("6Gi")
	w.Eventually(requested).Should(gomega.Equal("6Gi"))
}

// A claim that has no volume yet takes no other size: it grows once it has one.
func TestAClaimWithoutAVolumeIsNotGrown(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		wanted := resource.MustParse("3Gi")
		account.Spec.Gateway.Storage.Embedded = &v1alpha1.EmbeddedStorage{Size: &wanted}
	})
	w.Eventually(func() int64 { return w.account().Status.ObservedGeneration }).Should(gomega.Equal(int64(2)))
	w.eventually("acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionTrue, v1alpha1.ReasonGatewayAvailable, "")
	claim := &corev1.PersistentVolumeClaim{}
	w.Expect(w.get("acme-gateway-data", claim)).To(gomega.Succeed())
	w.Expect(claim.Spec.Resources.Requests.Storage().String()).To(gomega.Equal("1Gi"))
}
