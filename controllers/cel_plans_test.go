package controllers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/internal/market"
)

// The rules of the schema must not refuse, nor be too dear to evaluate for, the plans that are
// shipped and one with a full card in each revision.
func TestPlansAreAccepted(t *testing.T) {
	c := directClient(t)
	files, err := filepath.Glob(filepath.Join("..", "config", "samples", "pricingplan_*.yaml"))
	if err != nil || len(files) != 6 {
		t.Fatalf("got the plans %v, %v; want six", files, err)
	}
	plans := map[string]string{"full": fullPlan()}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		plans[filepath.Base(file)] = string(content)
	}
	for name, manifest := range plans {
		object := manifestOf(t, manifest, `{metadata: {name: accepted}}`, "")
		if err := c.Create(t.Context(), object, client.DryRunAll); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fullPlan has as many revisions as a plan can have, each with rates and tiers of 48 markets.
func fullPlan() string {
	var text strings.Builder
	text.WriteString("apiVersion: guichet.dev/v1alpha1\nkind: PricingPlan\nspec:\n  currency: USD\n  revisions:\n")
	for i := range 40 {
		fmt.Fprintf(
			&text, "  - name: r%d\n    effectiveDate: %q\n", i,
			time.Date(2027, time.Month(1+i), 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly),
		)
		text.WriteString(
			"    classifyBy: Category\n    unit: Message\n    outsideWindow: TemplateOnly\n    rateAt: Delivery\n",
		)
		text.WriteString("    serviceWindow: {openings: [{events: [Message], durationSeconds: 86400}]}\n    rates:\n")
		markets := append(market.All(), market.Any)
		for _, m := range markets {
			fmt.Fprintf(
				&text,
				"    - {market: %q, prices: [{category: Marketing, amount: '0.0604'}, {category: Utility, amount: "+
					"'0.0077'}, {category: Authentication, amount: '0.0077'}, {category: Service, amount: "+
					"'0.0077'}]}\n",
				m,
			)
		}
		text.WriteString("    tiers:\n")
		for _, m := range markets {
			fmt.Fprintf(
				&text,
				"    - {market: %q, category: Utility, mode: Marginal, per: Portfolio, steps: [{above: 100000, "+
					"amount: '0.0073'}, {above: 500000, amount: '0.0069'}, {above: 1000000, amount: '0.0065'}]}\n",
				m,
			)
		}
	}
	return text.String()
}
