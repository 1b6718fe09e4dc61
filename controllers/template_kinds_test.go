package controllers_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// everyKind are the templates of config/samples/messagetemplates_of_every_kind.yaml.
func everyKind(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "config", "samples", "messagetemplates_of_every_kind.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*unstructured.Unstructured{}
	for document := range bytes.SplitSeq(content, []byte("\n---\n")) {
		object := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict(document, &object.Object); err != nil {
			t.Fatal(err)
		}
		all[object.GetName()] = object
	}
	return all
}

// The schema takes templates of every kind and keeps all that they say, the members that it does
// not know included; and the lint has nothing against them.
func TestTemplatesOfEveryKindAreAccepted(t *testing.T) {
	c, namespace := directClient(t), newNamespace(t)
	samples := everyKind(t)
	if len(samples) != 9 {
		t.Fatalf("got %d samples, want 9", len(samples))
	}
	for name, object := range samples {
		t.Run(name, func(t *testing.T) {
			object.SetNamespace(namespace)
			want := object.DeepCopy().Object["spec"]
			if err := c.Create(t.Context(), object, client.DryRunAll); err != nil {
				t.Fatal(err)
			}
			got, _ := object.Object["spec"].(map[string]any)
			for _, defaulted := range []string{"parameterFormat", "deletionPolicy"} {
				delete(got, defaulted)
			}
			if diff := cmp.Diff(asJSON(t, want), asJSON(t, got)); diff != "" {
				t.Error(diff)
			}
			var typed v1alpha1.MessageTemplate
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &typed); err != nil {
				t.Fatal(err)
			}
			for _, finding := range tenant.Findings(&typed.Spec) {
				if finding.Severity == "Error" {
					t.Errorf("the lint refuses it: %+v", finding)
				}
			}
		})
	}
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
