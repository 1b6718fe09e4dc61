package cli

import (
	"encoding/csv"
	"strings"
	"testing"
)

// statementYAML is as kubectl prints an open statement.
const statementYAML = `apiVersion: guichet.dev/v1alpha1
kind: UsageStatement
metadata: {name: acme-2026-11, namespace: acme}
spec:
  accountName: acme
  displayName: Acme <Parcels>
  period: 2026-11
  timeZone: Europe/Paris
  state: Open
  asOfTime: "2026-11-20T12:00:00Z"
  ledger: {id: ledger, from: 0, lateAfter: 0, sequence: 3, head: "sha256:1", records: 3, root: "sha256:2", next: 3}
  totals:
    - currency: USD
      messages: 3
      charged: 2
      free: 0
      failed: 1
      billed: "0.03"
      adjusted: "0.02"
      due: "0.05"
      cost: "0.04"
  channels: [{channel: "1065", network: WhatsApp, currency: USD, messages: 3, due: "0.05"}]
  lines:
    - {currency: USD, category: none, freeReason: undelivered, messages: 1, billed: "0", cost: "0"}
    - {currency: USD, market: France, category: utility, messages: 1, billed: "0.03", cost: "0.02"}
  adjustments:
    - {period: 2026-10, currency: USD, market: France, category: utility, messages: 1, billed: "0.02", cost: "0.02"}
  days:
    - {date: "2026-11-02", category: none, currency: USD, messages: 1, billed: "0"}
    - {date: "2026-11-02", category: utility, currency: USD, messages: 1, billed: "0.03"}
  doubted: 0
  unpriced: 2
  inDoubt: 0
`

func TestStatementExportFormats(t *testing.T) {
	path := write(t, "statement.yaml", statementYAML)
	printed, err := run(t, "statement", "export", path, "--format", "csv")
	if want := `account,statement,state,period,currency,market,category,freeReason,messages,billed,cost
acme,2026-11,Open,2026-11,USD,,none,undelivered,1,0,0
acme,2026-11,Open,2026-11,USD,France,utility,,1,0.03,0.02
acme,2026-11,Open,2026-10,USD,France,utility,,1,0.02,0.02
`; err != nil || printed != want {
		t.Errorf("as csv: %v\n%s", err, printed)
	}

	printed, err = run(t, "statement", "export", path, "--format", "focus", "--provider", "Example")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(printed)).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("as focus: %d rows, %v\n%s", len(rows), err, printed)
	}
	adjustment := map[string]string{}
	for i, name := range rows[0] {
		adjustment[name] = rows[3][i]
	}
	for name, want := range map[string]string{
		"BilledCost": "0.02", "BillingAccountId": "ledger", "BillingAccountName": "Acme <Parcels>",
		"BillingPeriodStart": "2026-10-31T23:00:00Z", "BillingPeriodEnd": "2026-11-30T23:00:00Z",
		"ChargePeriodStart": "2026-09-30T22:00:00Z", "ChargePeriodEnd": "2026-10-31T23:00:00Z",
		"ChargeClass": "Correction", "PricingQuantity": "1", "InvoiceIssuerName": "Example", "SkuId": "utility/France",
	} {
		if adjustment[name] != want {
			t.Errorf("%s is %q; want %q", name, adjustment[name], want)
		}
	}

	printed, err = run(t, "statement", "export", path, "--format", "html")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Acme &lt;Parcels&gt;", `<td class="n due">0.05`, "<svg ", "<title>2026-11-02 utility</title>",
		"2 delivered messages wait for a rate", "Not signed: the statement is open.",
	} {
		if !strings.Contains(printed, want) {
			t.Errorf("the page does not have %q:\n%s", want, printed)
		}
	}
	for _, foreign := range []string{"<script", "http", "ZgotmplZ"} {
		if strings.Contains(printed, foreign) {
			t.Errorf("the page has %q", foreign)
		}
	}
}

func TestStatementsRefuse(t *testing.T) {
	path := write(t, "statement.yaml", statementYAML)
	store := ledgerFile(t, sample()...)
	tests := map[string]struct {
		arguments []string
		want      string
	}{
		"another kind": {
			[]string{"statement", "export", write(t, "a.yaml", "kind: Pod"), "--format", "csv"},
			"it is no UsageStatement",
		},
		"another format": {
			[]string{"statement", "export", path, "--format", "pdf"},
			`--format "pdf" must be one of csv, focus, html`,
		},
		"no key": {[]string{"statement", "verify", path, "--keys", path}, "it holds no public key"},
		"an open one": {
			[]string{"ledger", "receipt", "m1", "--store", store, "--statement", path}, "only a closed statement is",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := run(t, tc.arguments...); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v; want %s", err, tc.want)
			}
		})
	}
}
