package tenant_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

func planOf(name string, revisions ...v1alpha1.PricingRevision) *v1alpha1.PricingPlan {
	plan := &v1alpha1.PricingPlan{Spec: v1alpha1.PricingPlanSpec{Revisions: revisions}}
	plan.Name = name
	return plan
}

func revisionOf(date v1alpha1.CivilDate, promotion v1alpha1.Promotion) v1alpha1.PricingRevision {
	return v1alpha1.PricingRevision{Name: "from-" + string(date), EffectiveDate: date, Promotion: promotion}
}

// A revision's rule begins and ends at midnight of the account's zone; of several plans the
// strictest counts, and an account can add to them, never take away.
func TestPromotionIsRefusedByTheStrictest(t *testing.T) {
	const allowed, refused = v1alpha1.PromotionAllowed, v1alpha1.PromotionRefused
	dated := planOf(
		"dated", revisionOf("2026-01-01", ""), revisionOf("2026-12-01", refused), revisionOf("2027-01-01", allowed),
	)
	strict := planOf("strict", revisionOf("2018-08-01", refused))
	at := func(text string) time.Time {
		t.Helper()
		instant, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return instant
	}
	tests := map[string]struct {
		account v1alpha1.Promotion
		at      string
		plans   []*v1alpha1.PricingPlan
		want    string
	}{
		"no plan":             {"", "2026-12-15T00:00:00Z", nil, ""},
		"before the revision": {"", "2026-12-01T02:59:59Z", []*v1alpha1.PricingPlan{dated}, ""},
		"from its midnight on": {
			"", "2026-12-01T03:00:00Z", []*v1alpha1.PricingPlan{dated}, `PricingPlan "dated" (from-2026-12-01)`,
		},
		"until the next": {
			"", "2027-01-01T02:59:59Z", []*v1alpha1.PricingPlan{dated}, `PricingPlan "dated" (from-2026-12-01)`,
		},
		"after it":             {"", "2027-01-01T03:00:00Z", []*v1alpha1.PricingPlan{dated}, ""},
		"before all revisions": {"", "2025-12-31T00:00:00Z", []*v1alpha1.PricingPlan{dated}, ""},
		"of two the strict one": {
			"", "2026-06-01T00:00:00Z",
			[]*v1alpha1.PricingPlan{dated, strict},
			`PricingPlan "strict" (from-2018-08-01)`,
		},
		"the account as well": {
			refused, "2026-06-01T00:00:00Z", []*v1alpha1.PricingPlan{dated}, `BusinessAccount "acme"`,
		},
		"the account against": {
			allowed, "2026-12-15T00:00:00Z", []*v1alpha1.PricingPlan{dated}, `PricingPlan "dated" (from-2026-12-01)`,
		},
	}
	for name, tc := range tests {
		account := &v1alpha1.BusinessAccount{
			Spec: v1alpha1.BusinessAccountSpec{TimeZone: "America/Sao_Paulo", Promotion: tc.account},
		}
		account.Name = "acme"
		if got := tenant.PromotionRefusedBy(account, at(tc.at), tc.plans); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

// A gateway of an older release would send what is refused: it must not take such a document.
func TestDocumentThatRefusesPromotionIsForGatewaysThatKnowOfIt(t *testing.T) {
	plan := func(promotion string) pricing.Plan {
		return pricing.Plan{Currency: "USD", Revisions: []pricing.Revision{{Promotion: promotion}}}
	}
	tests := map[string]struct {
		account v1alpha1.Promotion
		plan    string
		channel string
		format  int
		rule    string
	}{
		"allowed":                   {v1alpha1.PromotionAllowed, "Allowed", "", config.Format, ""},
		"refused by the account":    {v1alpha1.PromotionRefused, "", "", config.FormatPromotion, "Refused"},
		"refused by the plan":       {"", "Refused", "", config.FormatPromotion, ""},
		"refused by a channel's":    {"", "", "Refused", config.FormatPromotion, ""},
		"a channel's that does not": {"", "", "Allowed", config.FormatPlans, ""},
	}
	for name, tc := range tests {
		account := &v1alpha1.BusinessAccount{Spec: v1alpha1.BusinessAccountSpec{Promotion: tc.account}}
		sources := tenant.Sources{Account: account, PlanName: "whatsapp", Plan: plan(tc.plan)}
		if tc.channel != "" {
			sources.Channels = map[v1alpha1.ChannelIdentity]tenant.ChannelSource{
				{ID: "1"}: {PlanName: "other", Plan: plan(tc.channel)},
			}
		}
		document := tenant.Compile(sources).Document
		if document.Format != tc.format || document.Promotion != tc.rule {
			t.Errorf(
				"%s: got format %d and %q, want %d and %q", name, document.Format, document.Promotion, tc.format,
				tc.rule,
			)
		}
	}
}

func TestSignsOfPromotionAreNamedInTheWordsOfTheSpec(t *testing.T) {
	spec := specOf(t, `{name: n, language: en, category: Utility, body: {text: "A discount, a voucher, and half price."},
		buttons: [{type: CopyCode, example: SAVE}, {type: URL, text: Shop now, url: "https://ex.test/?utm_source=wa"}]}`)
	const want = `"discount" (spec.body.text), "voucher" (spec.body.text), "half price" (spec.body.text), ` +
		`"Shop now" (spec.buttons[1].text), and 2 more`
	if got := tenant.PromotionIn(spec); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What is shipped as a service must not be held where promotion is refused.
func TestShippedUtilityTemplatesDoNotReadAsPromotion(t *testing.T) {
	files, err := filepath.Glob("../../config/samples/messagetemplate*.yaml")
	if err != nil || len(files) != 5 {
		t.Fatalf("got the samples %v, %v; want five files", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range bytes.SplitSeq(content, []byte("\n---\n")) {
			var object v1alpha1.MessageTemplate
			if err := yaml.UnmarshalStrict(document, &object); err != nil {
				t.Fatal(err)
			}
			signs := tenant.PromotionIn(&object.Spec)
			if object.Spec.Category != v1alpha1.TemplateMarketing && signs != "" {
				t.Errorf("%s reads as promotion: %s", object.Name, signs)
			}
		}
	}
}
