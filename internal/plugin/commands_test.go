package plugin

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// What the commands that only read the API server print, as the golden files have it.
func TestCommandsPrint(t *testing.T) {
	for name, arguments := range map[string]string{
		"usage":          "usage acme",
		"usage_yaml":     "usage acme -o yaml",
		"plan":           "plan acme",
		"plan_market":    "plan acme --market France",
		"windows":        "windows acme",
		"template_list":  "template list -A",
		"statement_list": "statement list acme",
		"statement_csv":  "statement export acme-2026-11 --format csv",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := run(t, strings.Fields(arguments)...)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, got)
		})
	}
}

func TestCommandsSayWhatIsWrong(t *testing.T) {
	for arguments, want := range map[string]string{
		"usage acme --period november":     `--period "november" must be a month like 2026-11`,
		"usage acme --period 2026-09":      "there is no UsageStatement of 2026-09, and the status is not of that month",
		"usage bikes -n bikes":             `the gateway of account "bikes" has reported nothing yet`,
		"plan bikes -n bikes":              `ConfigMap "bikes-plan" is not there: kubectl guichet doctor says why`,
		"logs acme":                        `account "acme" has no pod: kubectl guichet doctor says why`,
		"ledger acme --records 101":        "--records must be a number from 0 to 100",
		"send acme --to +33612345678":      "give --text or --template",
		"template approve parcel-delivery": `template "parcel-delivery" waits for no approver`,
		"statement verify acme-2026-11":    `read the platform's public keys: configmaps "guichet-statement-keys" not found`,
		"windows acme --to 1 --channel x":  `account "acme" has no channel "x"`,
		"ledger acme": `no pod in namespace "acme" with the labels app.kubernetes.io/name=guichet-gateway,guichet.dev/account=acme ` +
			`is ready: kubectl guichet doctor says why`,
	} {
		if got, err := run(t, strings.Fields(arguments)...); err == nil || err.Error() != want {
			t.Errorf("%s: got %v\n%s\nwant %s", arguments, err, got, want)
		}
	}
}

func TestAnApproverDecidesOnWhatWasRead(t *testing.T) {
	namespace := newNamespace(t)
	template := &v1alpha1.MessageTemplate{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "thanks"},
		Spec: v1alpha1.MessageTemplateSpec{
			AccountName: "acme", Name: "thanks", Language: "en_US", Category: "Utility",
			Body: v1alpha1.TemplateBody{Text: "The next one is 20% off."},
		},
	}
	if err := direct.Create(t.Context(), template); err != nil {
		t.Fatal(err)
	}
	const digest = "sha256:9b0d3c5a8b6e4f2a9c7d5e3b1a0f8e6d4c2b0a9f8e7d6c5b4a3928170605f4e3"
	template.Status.ContentDigest = digest
	if err := direct.Status().Update(t.Context(), template); err != nil {
		t.Fatal(err)
	}
	got, err := run(t, "template", "approve", "thanks", "-n", namespace, "--digest", "sha256:another")
	if err == nil || !strings.Contains(err.Error(), "is not what you have read") {
		t.Errorf("another digest: got %v\n%s", err, got)
	}
	got, err = run(t, "template", "reject", "thanks", "-n", namespace, "--reason", "no discounts", "--digest", digest)
	if err != nil || !strings.Contains(got, "The next one is 20% off.\nRejected "+namespace+"/thanks, as ") {
		t.Errorf("got %v\n%s", err, got)
	}
	mustGet(t, namespace, "thanks", template)
	review := template.Status.Review
	if review == nil || review.Decision != v1alpha1.DecisionRejected || review.Digest != digest ||
		review.Reason != "no discounts" || review.By == "" {
		t.Errorf("got %+v", review)
	}
}
