package tenant_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil { //nolint:gosec // a file of the repository
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run the test with -update to make it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (- want, + got); if that is meant, run the test with -update:\n%s", path, diff)
	}
}

// load reads a manifest of testdata.
func load[T any](t *testing.T, name string) *T {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	object := new(T)
	if err := yaml.UnmarshalStrict(content, object); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return object
}

func secrets() tenant.Secrets {
	return tenant.Secrets{
		"acme-credentials": {"accessToken": []byte("token-1\n"), "appSecret": []byte("secret-1"), "appSecretPrevious": []byte("secret-0"), "verifyToken": []byte("verify-1")},
		"acme-callback":    {"secret": []byte("callback-1")},
		"acme-api-tokens":  {"default": []byte("api-token-1")},
		"acme-database":    {"url": []byte("postgres://acme:password-1@db.example:6432/guichet?sslmode=verify-full\n"), "ca.crt": []byte("-----BEGIN CERTIFICATE-----\n")},
		"acme-clients":     {"shop": []byte("api-token-2"), "desk": []byte("api-token-3"), "empty": []byte("")},
	}
}

// submitted is the template of testdata as it is once the upstream has it.
func submitted(t *testing.T) v1alpha1.MessageTemplate {
	t.Helper()
	template := load[v1alpha1.MessageTemplate](t, "template.yaml")
	template.Status.SubmittedDigest = tenant.DefinitionDigest(tenant.Definition(&template.Spec))
	return *template
}

func plan() pricing.Plan {
	return pricing.Plan{Currency: "USD", Revisions: []pricing.Revision{{
		Name: "pmp-2025-07", EffectiveDate: "2025-07-01", ClassifyBy: "Category", Unit: "Message",
		OutsideWindow: "TemplateOnly", RateAt: "Delivery",
		ServiceWindow: pricing.ServiceWindow{
			Openings: []pricing.WindowOpening{{Events: []string{"Message"}, DurationSeconds: 86400}},
		},
		Rates: []pricing.MarketRates{
			{Market: "Brazil", Prices: []pricing.Price{{Category: "Utility", Amount: "0.0068"}, {Category: "Marketing", Amount: "0.0625"}}},
			{Market: "France", Prices: []pricing.Price{{Category: "Utility", Amount: "0.0248"}, {Category: "Marketing", Amount: "0.0859"}}},
		},
	}}}
}

// TestP10GoldenObjects shows every object of a small account, of one that uses every field, and of
// one whose replicas share a store. The pod template must not change from one release to the next
// without need, for every change restarts every gateway.
func TestP10GoldenObjects(t *testing.T) {
	for _, name := range []string{"small", "full", "shared"} {
		t.Run(name, func(t *testing.T) {
			account := load[v1alpha1.BusinessAccount](t, name+"_account.yaml")
			granted := tenant.Entitlement{
				Plan: "whatsapp", Exemptions: account.Spec.Exemptions,
				International: &v1alpha1.InternationalAuthenticationGrant{
					StatedBy: v1alpha1.InternationalAuthenticationByAccount,
				},
			}
			document := tenant.Compile(tenant.Sources{
				Account: account, PlanName: "whatsapp", Plan: plan(), Secrets: secrets(),
				Claims:    tenant.ClaimsOf(&account.Spec, granted, "USD"),
				Templates: []v1alpha1.MessageTemplate{submitted(t)},
			}).Document
			indented, err := json.MarshalIndent(document, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+"_config.json", string(indented)+"\n")

			objects, err := kube.Objects(kube.Input{
				Account: account, Image: "guichet.dev/gateway:dev", DefaultImage: "guichet.dev/gateway:dev",
				OperatorNamespace: "guichet-system", Config: []byte("{}"), Digest: "sha256:00",
				DatabaseURL: document.Storage.URL, PlanViews: map[string]string{tenant.PlanViewKey: ""},
			})
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, object := range objects {
				encoded, err := yaml.Marshal(object.Object)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&all, "---\n%s", encoded)
			}
			golden(t, name+"_objects.yaml", all.String())
		})
	}
}

// TestP10PlanTemplateBudgetAndCredentialsStayOutOfTheDeployment: whatever changes in the
// configuration, the Deployment's intent is the same.
func TestP10PlanTemplateBudgetAndCredentialsStayOutOfTheDeployment(t *testing.T) {
	account := load[v1alpha1.BusinessAccount](t, "small_account.yaml")
	deployment := func(config, digest string) any {
		objects, err := kube.Objects(
			kube.Input{Account: account, Image: "i", OperatorNamespace: "o", Config: []byte(config), Digest: digest},
		)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			if object.GetKind() == "Deployment" {
				return object.Object
			}
		}
		t.Fatal("there is no Deployment")
		return nil
	}
	before := deployment("{}", "sha256:00")
	account.Spec.PlanName = "other"
	account.Spec.Budget = &v1alpha1.Budget{Limit: v1alpha1.Money{Amount: "7", Currency: "USD"}}
	account.Spec.Channels[0].CredentialsSecretName = "others"
	if diff := cmp.Diff(before, deployment("{1}", "sha256:11")); diff != "" {
		t.Errorf("the Deployment changed:\n%s", diff)
	}
}

// What the schema fills in is what the code takes where nothing is said, so that it changes no
// configuration and restarts no gateway.
func TestDefaultsOfTheSchemaChangeNothing(t *testing.T) {
	bare, explicit := load[v1alpha1.BusinessAccount](
		t, "small_account.yaml",
	), load[v1alpha1.BusinessAccount](t, "small_account.yaml")
	seconds := int32(0)
	explicit.Spec.Consent = &v1alpha1.Consent{Policy: v1alpha1.ConsentPriorContact}
	explicit.Spec.Limits = &v1alpha1.Limits{MessagesPerSecond: 80}
	explicit.Spec.Doubt = &v1alpha1.Doubt{Resolution: v1alpha1.DoubtFail, WaitSeconds: 300}
	explicit.Spec.Privacy = &v1alpha1.Privacy{RetentionSeconds: &seconds}
	explicit.Spec.Gateway = &v1alpha1.Gateway{
		Storage: &v1alpha1.Storage{Type: v1alpha1.StorageEmbedded}, Exposure: &v1alpha1.Exposure{
			Type: v1alpha1.ExposureInternal,
		},
	}
	compile := func(account *v1alpha1.BusinessAccount) (string, string) {
		document := tenant.Compile(tenant.Sources{
			Account: account, PlanName: "whatsapp", Plan: plan(), Secrets: secrets(),
			Claims: tenant.ClaimsOf(&account.Spec, tenant.Entitlement{Plan: "whatsapp"}, "USD"),
		}).Document
		encoded, digest, err := tenant.Encode(document)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := kube.Objects(kube.Input{
			Account: account, Image: "guichet.dev/gateway:one", OperatorNamespace: "guichet-system", Config: encoded,
			Digest: digest,
		})
		if err != nil {
			t.Fatal(err)
		}
		written, err := json.Marshal(objects)
		if err != nil {
			t.Fatal(err)
		}
		return string(encoded), string(written)
	}
	document, objects := compile(bare)
	explicitDocument, explicitObjects := compile(explicit)
	if diff := cmp.Diff(document, explicitDocument); diff != "" {
		t.Errorf("the configuration (-bare +explicit):\n%s", diff)
	}
	if diff := cmp.Diff(objects, explicitObjects); diff != "" {
		t.Errorf("the objects (-bare +explicit):\n%s", diff)
	}
}
