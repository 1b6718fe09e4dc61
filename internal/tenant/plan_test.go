package tenant_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// TestPlanTreesHaveTheSameJSON compares the API's plan and the gateway's, field by field: the
// operator writes the one and the gateway reads the other.
func TestPlanTreesHaveTheSameJSON(t *testing.T) {
	api := jsonFields(reflect.TypeFor[v1alpha1.PricingPlanSpec]())
	gateway := jsonFields(reflect.TypeFor[pricing.Plan]())
	// Pricing does not read whom a plan is for: it keeps that JSON as it is.
	for _, fields := range []map[string]string{api, gateway} {
		maps.DeleteFunc(fields, func(path, _ string) bool {
			return strings.HasPrefix(path, ".allowedNamespaces.selector") ||
				strings.HasPrefix(path, ".grants") || strings.HasPrefix(path, ".budgetCaps") ||
				strings.HasPrefix(path, ".suspensions")
		})
	}
	for path, kind := range api {
		if gateway[path] != kind {
			t.Errorf("%s is %s in the API and %q in the gateway's plan", path, kind, gateway[path])
		}
	}
	for path := range gateway {
		if _, known := api[path]; !known {
			t.Errorf("%s is in the gateway's plan and not in the API", path)
		}
	}
	if len(api) < 40 {
		t.Errorf("only %d fields were compared", len(api))
	}
}

// jsonFields are the JSON paths of a type and the kind of each.
func jsonFields(of reflect.Type) map[string]string {
	fields := map[string]string{}
	var walk func(reflect.Type, string)
	walk = func(of reflect.Type, path string) {
		switch of.Kind() {
		case reflect.Pointer:
			walk(of.Elem(), path)
		case reflect.Slice:
			walk(of.Elem(), path+"[]")
		case reflect.Struct:
			for field := range of.Fields() {
				name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				walk(field.Type, path+"."+name)
			}
		default:
			fields[path] = of.Kind().String()
		}
	}
	walk(of, "")
	return fields
}

func TestPlanKeepsEveryFieldOfTheShippedPlans(t *testing.T) {
	plans := []string{"whatsapp", "whatsapp_eur", "whatsapp_cop", "messenger", "acme_page", "announcement"}
	for _, name := range plans {
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile(fmt.Sprintf("../../config/samples/pricingplan_%s.yaml", name))
			if err != nil {
				t.Fatal(err)
			}
			var shipped v1alpha1.PricingPlan
			if err := yaml.UnmarshalStrict(content, &shipped); err != nil {
				t.Fatal(err)
			}
			plan, err := tenant.Plan(&shipped.Spec)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := pricing.Compile(plan); err != nil {
				t.Error(err)
			}
			before, after := asTree(t, shipped.Spec), asTree(t, plan)
			if !reflect.DeepEqual(before, after) {
				t.Errorf("got %v, want %v", after, before)
			}
		})
	}
}

func asTree(t *testing.T, value any) (tree any) {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(encoded, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}
