// Package apitest starts a real kube-apiserver with etcd and the project's kinds, for tests. There
// is no kubelet and no controller behind it.
package apitest

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// Start starts a kube-apiserver that knows the kinds of the repository whose top folder is root,
// and returns its connection settings and a function that stops it. The programs are in the folder
// that KUBEBUILDER_ASSETS names, or in bin/envtest.
func Start(root string) (cluster *rest.Config, stop func() error, err error) {
	assets, err := assetsFolder(root)
	if err != nil {
		return nil, nil, err
	}
	environment := &envtest.Environment{
		BinaryAssetsDirectory: assets,
		CRDDirectoryPaths:     []string{filepath.Join(root, "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
	}
	cluster, err = environment.Start()
	if err != nil {
		return nil, nil, fmt.Errorf("start kube-apiserver and etcd: %w", err)
	}
	return cluster, environment.Stop, nil
}

// assetsFolder returns where kube-apiserver and etcd are.
func assetsFolder(root string) (string, error) {
	folder := os.Getenv("KUBEBUILDER_ASSETS")
	if folder == "" {
		folder = filepath.Join(root, "bin", "envtest")
	}
	for _, program := range []string{"kube-apiserver", "etcd"} {
		if _, err := os.Stat(filepath.Join(folder, program)); err != nil {
			return "", fmt.Errorf(
				"these tests need kube-apiserver and etcd, and %s has no %s: run `make envtest-assets`, or set "+
					"KUBEBUILDER_ASSETS",
				folder, program,
			)
		}
	}
	return folder, nil
}
