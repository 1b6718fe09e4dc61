//go:build release

package release

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChartPassesItsLint(t *testing.T) {
	output(t, tool(t, "helm"), "lint", "--strict", "charts/guichet")
}

// The chart installs what kustomize installs, in every mode: a rule is written once.
func TestChartInstallsWhatKustomizeInstalls(t *testing.T) {
	// What a chart leaves to helm, or has in addition, is switched off.
	alike := []string{"replicas=1", "crds.keep=false"}
	for name, tc := range map[string]struct {
		component string
		settings  []string
		// differs are objects that one of the two has alone, or that are meant to differ.
		differs []string
	}{
		"by itself": {},
		"Meta only": {component: "components/meta-only", settings: []string{"metaOnly=true"}},
		"some namespaces": {
			component: "components/namespaced", settings: []string{"watchNamespaces={acme}"},
			// Kustomize leaves these to whoever names the namespaces.
			differs: []string{"Deployment guichet-system/guichet-operator", "RoleBinding acme/guichet-operator"},
		},
		"Prometheus": {component: "monitoring", settings: []string{"prometheus.enabled=true"}},
	} {
		t.Run(name, func(t *testing.T) {
			want := objects(t, kustomize(t, overlay(t, tc.component)))
			got := objects(t, template(t, append(alike, tc.settings...)...))
			delete(want, "Namespace /guichet-system") // helm install --create-namespace makes it
			for _, key := range tc.differs {
				delete(want, key)
				delete(got, key)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("kustomize (-) and the chart (+) differ:\n%s", diff)
			}
		})
	}
}

// overlay is the folder of the default manifests with a component; without one, the default itself.
func overlay(t *testing.T, component string) string {
	t.Helper()
	if component == "" {
		return "config/default"
	}
	// A kustomization refers to what is beside it by relative paths only.
	config := t.TempDir()
	if err := os.CopyFS(config, os.DirFS(filepath.Join(root, "config"))); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(config, "overlay")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("resources: [../default]\ncomponents: [../%s]\n", component)
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestChartTakesItsValues(t *testing.T) {
	const deployment = "Deployment guichet-system/guichet-operator"
	for setting, want := range map[string]string{
		"image.registry=registry.test/team":                    "image:registry.test/team/operator:dev",
		"image.tag=v9":                                         "--gateway-image=guichet.dev/gateway:v9",
		"gateway.image=registry.test/gateway:v8":               "--gateway-image=registry.test/gateway:v8",
		"gateway.repositories={registry.test/a}":               "--gateway-repositories=registry.test/a",
		"gateway.otlpEndpoint=http://collector.test:4318":      "--gateway-otlp-endpoint=http://collector.test:4318",
		"watchNamespaces={acme,globex}":                        "--watch-namespaces=acme,globex",
		"allowEgress={10.96.0.0/12,private}":                   "--allow-egress=10.96.0.0/12,private",
		"extraArgs={--verbose}":                                "--verbose",
		"image.pullSecrets={pull}":                             "imagePullSecrets:[map[name:pull]]",
		"priorityClassName=system-cluster-critical":            "priorityClassName:system-cluster-critical",
		"nodeSelector.pool=infra":                              "nodeSelector:map[pool:infra]",
		"tolerations[0].key=infra":                             "tolerations:[map[key:infra]]",
		"topologySpreadConstraints[0].topologyKey=zone":        "topologySpreadConstraints:[map[topologyKey:zone]]",
		"podAnnotations.team=messaging":                        "team:messaging",
		"podLabels.team=messaging":                             "team:messaging",
		"affinity.nodeAffinity.note=x":                         "nodeAffinity:map[note:x]",
		"resources.limits.memory=1Gi":                          "memory:1Gi",
		"image.pullPolicy=Always":                              "imagePullPolicy:Always",
		"replicas=3":                                           "replicas:3",
		"serviceAccount.annotations.team=messaging,replicas=2": "replicas:2",
	} {
		t.Run(setting, func(t *testing.T) {
			got := fmt.Sprint(objects(t, template(t, setting))[deployment])
			if !strings.Contains(got, want) {
				t.Errorf("the Deployment lacks %q: %s", want, got)
			}
		})
	}
}

func TestChartKeepsDefinitionsWhenItIsUninstalled(t *testing.T) {
	const definition = "CustomResourceDefinition /businessaccounts.guichet.dev"
	got := fmt.Sprint(objects(t, template(t))[definition]["metadata"])
	if !strings.Contains(got, "helm.sh/resource-policy:keep") {
		t.Errorf("%s has no policy to keep it: %s", definition, got)
	}
	if _, there := objects(t, template(t, "crds.enabled=false"))[definition]; there {
		t.Errorf("%s is there although crds.enabled is false", definition)
	}
}

func TestChartRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, setting := range []string{
		"replica=2", "replicas=0", "image.registry=", "gateway.otlpEndpoint=collector", "watchNamespaces={Acme}",
	} {
		_, complaint, err := try(t, tool(t, "helm"), "template", "guichet", "charts/guichet", "--set", setting)
		if err == nil || !strings.Contains(string(complaint), "values don't meet the specifications of the schema") {
			t.Errorf("%s: error %v, %s", setting, err, complaint)
		}
	}
}
