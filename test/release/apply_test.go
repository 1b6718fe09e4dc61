//go:build release

package release

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// A real API server takes every object, knows every field, and has nothing to change the second
// time: what a GitOps tool applies again and again stays in sync.
func TestAPIServerTakesEveryManifestAndASecondApplyIsNoChange(t *testing.T) {
	environment := &envtest.Environment{}
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	})
	plain, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	strict := client.WithFieldValidation(plain, metav1.FieldValidationStrict)
	for _, name := range []string{"guichet-system", "acme"} {
		if err := strict.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	for name, manifests := range map[string][]byte{
		"kustomize": kustomize(t, "config/default"),
		"chart":     template(t, "metaOnly=true", "watchNamespaces={acme}"),
	} {
		t.Run(name, func(t *testing.T) {
			all := objects(t, manifests)
			first := apply(t, strict, all)
			if diff := cmp.Diff(first, apply(t, strict, all)); diff != "" {
				t.Errorf("the second apply changed something:\n%s", diff)
			}
		})
	}
}

// apply applies all objects, definitions first, and returns what became of them, but for what the
// API server itself keeps up to date of a definition.
func apply(t *testing.T, c client.Client, all map[string]map[string]any) map[string]map[string]any {
	t.Helper()
	keys := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		isDefinition := func(key string) int {
			if strings.HasPrefix(key, "CustomResourceDefinition ") {
				return 0
			}
			return 1
		}
		return isDefinition(a) - isDefinition(b)
	})
	applied := map[string]map[string]any{}
	for _, key := range keys {
		object := (&unstructured.Unstructured{Object: all[key]}).DeepCopy()
		configuration := client.ApplyConfigurationFromUnstructured(object)
		if err := c.Apply(
			t.Context(), configuration, client.FieldOwner("release-test"), client.ForceOwnership,
		); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		if object.GetResourceVersion() == "" {
			t.Fatalf("%s came back without a version", key)
		}
		object.SetResourceVersion("")
		object.SetManagedFields(nil)
		delete(object.Object, "status")
		applied[key] = object.Object
	}
	return applied
}
