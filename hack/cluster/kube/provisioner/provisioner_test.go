package provisioner

import (
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

func TestAVolumeIsAFolderOfTheNode(t *testing.T) {
	p := &provisioner{root: t.TempDir(), node: "guichet"}
	reclaim := corev1.PersistentVolumeReclaimDelete
	volume, state, err := p.Provision(t.Context(), controller.ProvisionOptions{
		PVName:       "pvc-1",
		StorageClass: &storagev1.StorageClass{ReclaimPolicy: &reclaim},
		PVC: &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "ledger"},
			Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources: corev1.VolumeResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
				},
			},
		},
	})
	if err != nil || state != controller.ProvisioningFinished {
		t.Fatalf("Provision = %s, %v", state, err)
	}
	folder := filepath.Join(p.root, "pvc-1")
	if volume.Spec.Local.Path != folder {
		t.Errorf("path = %s, want %s", volume.Spec.Local.Path, folder)
	}
	if got := volume.Spec.Capacity.Storage().String(); got != "1Gi" {
		t.Errorf("capacity = %s, want 1Gi", got)
	}
	if got := volume.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions[0].Values[0]; got != "guichet" {
		t.Errorf("node = %s, want guichet", got)
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		t.Fatalf("the folder was not made: %v", err)
	}

	if err := os.WriteFile(filepath.Join(folder, "data"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Delete(t.Context(), volume); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}
