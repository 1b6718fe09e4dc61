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
	w.Eventually(func() string {
		w.Expect(w.get("acme-gateway-data", claim)).To(gomega.Succeed())
		return claim.Spec.Resources.Requests.Storage().String()
	}).Should(gomega.Equal("2Gi"))
}
