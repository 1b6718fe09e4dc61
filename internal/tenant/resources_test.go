package tenant_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

func TestDefaultResourcesGiveWayToTheSpec(t *testing.T) {
	tests := map[string]struct{ spec, want string }{
		"defaults":                     {`{}`, `{"limits":{"memory":"128Mi"},"requests":{"cpu":"10m","memory":"24Mi"}}`},
		"a limit below the request":    {`{limits: {cpu: 5m, memory: 20Mi}}`, `{"limits":{"cpu":"5m","memory":"20Mi"},"requests":{"cpu":"5m","memory":"20Mi"}}`},
		"a limit above the request":    {`{limits: {cpu: "1", memory: 1Gi}}`, `{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"10m","memory":"24Mi"}}`},
		"a request above the limit":    {`{requests: {cpu: "2", memory: 256Mi}}`, `{"limits":{"memory":"256Mi"},"requests":{"cpu":"2","memory":"256Mi"}}`},
		"both, contradicting":          {`{requests: {memory: 2Gi}, limits: {memory: 1Gi}}`, `{"limits":{"memory":"1Gi"},"requests":{"cpu":"10m","memory":"2Gi"}}`},
		"one of each, without a clash": {`{requests: {cpu: 50m}, limits: {memory: 64Mi}}`, `{"limits":{"memory":"64Mi"},"requests":{"cpu":"50m","memory":"24Mi"}}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			account := load[v1alpha1.BusinessAccount](t, "small_account.yaml")
			account.Spec.Gateway = &v1alpha1.Gateway{Resources: &v1alpha1.Resources{}}
			if err := yaml.UnmarshalStrict([]byte(tc.spec), account.Spec.Gateway.Resources); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, resourcesOf(t, account)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// resourcesOf are the resources of the gateway's container, as JSON.
func resourcesOf(t *testing.T, account *v1alpha1.BusinessAccount) string {
	t.Helper()
	objects, err := kube.Objects(
		kube.Input{Account: account, Image: "i", OperatorNamespace: "o", Config: []byte("{}"), Digest: "sha256:00"},
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if object.GetKind() != "Deployment" {
			continue
		}
		var deployment appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &deployment); err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(deployment.Spec.Template.Spec.Containers[0].Resources)
		if err != nil {
			t.Fatal(err)
		}
		return string(encoded)
	}
	t.Fatal("there is no Deployment")
	return ""
}

// Traces are off, and the Deployment is as it was, unless the operator is given a collector.
func TestTracesGoWhereTheOperatorSays(t *testing.T) {
	account := load[v1alpha1.BusinessAccount](t, "small_account.yaml")
	rendered := func(endpoint string) string {
		objects, err := kube.Objects(kube.Input{
			Account: account, Image: "i", OperatorNamespace: "o", Config: []byte("{}"), Digest: "sha256:00",
			TracesEndpoint: endpoint,
		})
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(objects)
		if err != nil {
			t.Fatal(err)
		}
		return string(encoded)
	}
	if off := rendered(""); strings.Contains(off, "OTEL_") {
		t.Error("the gateway is told to trace although there is no collector")
	}
	on := rendered("https://collector.example.com:4318")
	for _, want := range []string{
		`{"name":"OTEL_EXPORTER_OTLP_ENDPOINT","value":"https://collector.example.com:4318"}`,
		`{"name":"OTEL_RESOURCE_ATTRIBUTES","value":"k8s.namespace.name=` + account.Namespace + `,guichet.account=` + account.Name + `"}`,
		`{"port":4318,"protocol":"TCP"}`,
	} {
		if !strings.Contains(on, want) {
			t.Errorf("the objects lack %s", want)
		}
	}
}
