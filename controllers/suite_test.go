package controllers_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// apiServer is the kube-apiserver that the tests of this package share. Each test has a namespace and a manager of its own.
var apiServer *rest.Config

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	ctrl.SetLogger(logr.Discard())
	assets, err := assetsFolder()
	if err != nil {
		return 1, err
	}
	environment := &envtest.Environment{
		BinaryAssetsDirectory: assets,
		CRDDirectoryPaths:     []string{filepath.Join("..", "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
	}
	apiServer, err = environment.Start()
	if err != nil {
		return 1, fmt.Errorf("start kube-apiserver and etcd: %w", err)
	}
	code = m.Run()
	return code, environment.Stop()
}

// assetsFolder is where kube-apiserver and etcd are.
func assetsFolder() (string, error) {
	folder := os.Getenv("KUBEBUILDER_ASSETS")
	if folder == "" {
		folder = filepath.Join("..", "bin", "envtest")
	}
	for _, program := range []string{"kube-apiserver", "etcd"} {
		if _, err := os.Stat(filepath.Join(folder, program)); err != nil {
			return "", fmt.Errorf("these tests need kube-apiserver and etcd, and %s has no %s: run `make envtest-assets`, or set KUBEBUILDER_ASSETS", folder, program)
		}
	}
	return folder, nil
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	return scheme, errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme))
}
