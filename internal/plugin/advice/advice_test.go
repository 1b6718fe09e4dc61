package advice

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// well are the reasons of conditions that are True, or about which nothing is to be done.
var well = []string{
	"Ready", "Reconciled", "PlanResolved", "PlanPublished", "CredentialsValid", "TemplatesServed", "ClaimsGranted",
	"ChannelsHeld", "HostHeld", "GatewayAvailable", "ConfigSynced", "UsageCurrent", "DeliveriesPriced",
	"UpstreamAccepts", "WebhooksArrive", "WebhookRegistered", "PageSubscribed", "ProfileApplied",
	"AccessTokensCurrent", "PaymentMethodPresent", "StoreWritable", "Sufficient", "BillingAgrees", "CallbacksTaken",
	"WithinBudget", "NoBudget", "Accepted", "ReviewApproved", "Approved", "Served", "CategoryMatches",
	"PlanValid", "RatesComplete", "HistoryUnchanged", "SendsAccepted", "StatementsCurrent",
}

// Every reason of the API that is no good news has its advice, and the document's table has it too.
func TestEveryReasonHasItsAdvice(t *testing.T) {
	document, err := os.ReadFile("../../../docs/platform.md")
	if err != nil {
		t.Fatal(err)
	}
	reasons := reasonsOfTheAPI(t)
	for _, reason := range reasons {
		if slices.Contains(well, reason) {
			if For(reason) != "" {
				t.Errorf("%s is good news and has advice", reason)
			}
			continue
		}
		if For(reason) == "" {
			t.Errorf("%s has no advice", reason)
		}
		if !strings.Contains(string(document), "`"+reason+"`") {
			t.Errorf("docs/platform.md does not name %s", reason)
		}
	}
	for _, reason := range Reasons() {
		if !slices.Contains(reasons, reason) {
			t.Errorf("%s is no reason of the API", reason)
		}
	}
}

// reasonsOfTheAPI are the values of the constants whose names begin with Reason.
func reasonsOfTheAPI(t *testing.T) (reasons []string) {
	t.Helper()
	for _, path := range []string{"conditions.go", "pricingplan_types.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), "../../../api/v1alpha1/"+path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") || len(spec.Values) != 1 {
				return true
			}
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			reasons = append(reasons, value)
			return true
		})
	}
	if len(reasons) < 80 {
		t.Fatalf("only %d reasons were found", len(reasons))
	}
	return reasons
}
