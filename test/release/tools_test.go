//go:build release

package release

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// root is the repository.
const root = "../.."

// output runs a command in the repository and returns what it prints.
func output(t *testing.T, name string, arguments ...string) []byte {
	t.Helper()
	out, complaint, err := try(t, name, arguments...)
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, arguments, err, complaint)
	}
	return out
}

func try(t *testing.T, name string, arguments ...string) (out, complaint []byte, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = root
	// Helm keeps caches and settings in the home folder.
	command.Env = append(os.Environ(), "HELM_CONFIG_HOME="+t.TempDir(), "HELM_CACHE_HOME="+t.TempDir())
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err = command.Run()
	return stdout.Bytes(), stderr.Bytes(), err
}

// tool is the path of one of the release's tools.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "bin", "release", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// kustomize renders a folder.
func kustomize(t *testing.T, folder string) []byte {
	t.Helper()
	return output(t, tool(t, "kustomize"), "build", folder)
}

// template renders the chart as it would be installed in the operator's usual namespace.
func template(t *testing.T, settings ...string) []byte {
	t.Helper()
	arguments := []string{"template", "guichet", "charts/guichet", "--namespace", "guichet-system", "--skip-tests"}
	for _, setting := range settings {
		arguments = append(arguments, "--set", setting)
	}
	return output(t, tool(t, "helm"), arguments...)
}

// objects reads manifests into objects by kind, namespace and name.
func objects(t *testing.T, manifests []byte) map[string]map[string]any {
	t.Helper()
	found := map[string]map[string]any{}
	decoder := yaml.NewYAMLToJSONDecoder(bytes.NewReader(manifests))
	for {
		var object unstructured.Unstructured
		if err := decoder.Decode(&object.Object); err != nil {
			if len(found) == 0 {
				t.Fatalf("no object was read: %v", err)
			}
			return found
		}
		if len(object.Object) == 0 {
			continue
		}
		key := object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
		if _, twice := found[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		found[key] = object.Object
	}
}
