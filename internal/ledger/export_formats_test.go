package ledger_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
)

func paris(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// corrected returns what is owed for undelivered's message after all, found out in the month after.
func corrected() ledger.Record {
	r := utility("wamid.B")
	r.Kind, r.Corrects, r.CorrectedFreeReason = ledger.Correction, 2, "undelivered"
	r.SettledAt, r.Note = at("2026-12-01T00:00:00Z"), "delivered after it was given up"
	return r
}

func TestCloudEventsLiteral(t *testing.T) {
	entries := chain(
		utility("wamid.A"),
		ledger.Record{Kind: ledger.Doubt, MessageID: "wamid.B", Note: "outcome of the send not known"},
	)
	var export strings.Builder
	if err := ledger.WriteCloudEvents(&export, accountUID, sequence(entries)); err != nil {
		t.Fatal(err)
	}
	want := `{"specversion":"1.0","id":"1","source":"urn:guichet:ledger:5f0c5d8e-6c1f-4a0e-9d3a-0a4b6f1c2d3e","type":"dev.guichet.ledger.settlement.v1",` +
		`"subject":"wamid.A","time":"2026-11-20T12:00:03.500Z","datacontenttype":"application/json",` +
		`"ledgerhash":"sha256:47dc9a5d52b39018720377a47070c48324ea28fa7ff9d41d7bb9ce1d1b7a756e","data":` + string(entries[0].Canonical) + "}\n" +
		`{"specversion":"1.0","id":"2","source":"urn:guichet:ledger:5f0c5d8e-6c1f-4a0e-9d3a-0a4b6f1c2d3e","type":"dev.guichet.ledger.doubt.v1",` +
		`"subject":"wamid.B","datacontenttype":"application/json","ledgerhash":"` + entries[1].Hash.String() + `",` +
		`"data":{"charge":"0","cost":"0","kind":"doubt","messageID":"wamid.B","note":"outcome of the send not known","sequence":2}}` + "\n"
	if got := export.String(); got != want {
		t.Errorf("CloudEvents\n%s\nwant\n%s", got, want)
	}
}

// Source and id together name an event, and its data is the record, byte for byte.
func TestCloudEventsAreDistinctAndCarryTheRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := chain(rapid.SliceOfN(records, 1, 8).Draw(t, "records")...)
		var export strings.Builder
		if err := ledger.WriteCloudEvents(&export, accountUID, sequence(entries)); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		lines := strings.Split(strings.TrimSuffix(export.String(), "\n"), "\n")
		if len(lines) != len(entries) {
			t.Fatalf("%d lines for %d records", len(lines), len(entries))
		}
		for i, line := range lines {
			var event struct {
				ID, Source string
				Data       json.RawMessage
			}
			if err := json.Unmarshal([]byte(line), &event); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if key := event.Source + " " + event.ID; seen[key] {
				t.Fatalf("the event %s is there twice", key)
			} else {
				seen[key] = true
			}
			if string(event.Data) != string(entries[i].Canonical) {
				t.Fatalf("data\n%s\nwant\n%s", event.Data, entries[i].Canonical)
			}
		}
	})
}

// focusRows exports records and returns the rows by column.
func focusRows(t *testing.T, entries []ledger.Entry) []map[string]string {
	t.Helper()
	var export strings.Builder
	focus := ledger.FOCUS{
		AccountUID: accountUID, AccountName: "Acme Parcels", Provider: "Example Platform", Zone: paris(t),
	}
	if err := ledger.WriteFOCUS(&export, focus, sequence(entries)); err != nil {
		t.Fatal(err)
	}
	table, err := csv.NewReader(strings.NewReader(export.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, cells := range table[1:] {
		row := map[string]string{}
		for i, name := range table[0] {
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func TestFOCUSLiterals(t *testing.T) {
	entries := chain(utility("wamid.A"), undelivered("wamid.B"), service("wamid.C"),
		ledger.Record{Kind: ledger.Doubt, MessageID: "wamid.D", Note: "outcome of the send not known"}, corrected())
	rows := focusRows(t, entries)
	want := []map[string]string{{
		"BilledCost": "0.0335", "BillingAccountId": accountUID, "BillingAccountName": "Acme Parcels", "BillingCurrency": "USD",
		"BillingPeriodStart": "2026-10-31T23:00:00Z", "BillingPeriodEnd": "2026-11-30T23:00:00Z",
		"ChargeCategory": "Usage", "ChargeClass": "", "ChargeDescription": "utility template to France", "ChargeFrequency": "Usage-Based",
		"ChargePeriodStart": "2026-11-20T12:00:02Z", "ChargePeriodEnd": "2026-11-20T12:00:03Z",
		"ConsumedQuantity": "1", "ConsumedUnit": "Messages", "ContractedCost": "0.0335", "EffectiveCost": "0.0335",
		"InvoiceIssuerName": "Example Platform", "ListCost": "0.03", "ListUnitPrice": "0.03", "PricingCategory": "Standard",
		"PricingQuantity": "1", "PricingUnit": "Messages", "ProviderName": "Example Platform", "PublisherName": "Meta",
		"ResourceId": "106540352242922", "ResourceType": "Channel", "ServiceCategory": "Business Applications", "ServiceName": "Business Messaging",
		"ServiceSubcategory": "Other (Business Applications)", "SkuId": "utility/France", "SkuMeter": "Delivered Messages", "SkuPriceId": "utility/France/1",
		"x_FreeReason": "", "x_LedgerHash": "sha256:47dc9a5d52b39018720377a47070c48324ea28fa7ff9d41d7bb9ce1d1b7a756e", "x_LedgerSequence": "1",
		"x_Market": "France", "x_MessageCategory": "utility", "x_MessageId": "wamid.A", "x_Plan": "whatsapp", "x_Revision": "2026-10", "x_UpstreamCost": "0.0285", "x_UpstreamVerdict": "",
	}, {
		"BilledCost": "0", "BillingAccountId": accountUID, "BillingAccountName": "Acme Parcels", "BillingCurrency": "USD",
		"BillingPeriodStart": "2026-10-31T23:00:00Z", "BillingPeriodEnd": "2026-11-30T23:00:00Z",
		"ChargeCategory": "Usage", "ChargeClass": "", "ChargeDescription": "message, free: undelivered", "ChargeFrequency": "Usage-Based",
		"ChargePeriodStart": "2026-11-20T12:00:03Z", "ChargePeriodEnd": "2026-11-20T12:00:04Z",
		"ConsumedQuantity": "0", "ConsumedUnit": "Messages", "ContractedCost": "0", "EffectiveCost": "0",
		"InvoiceIssuerName": "Example Platform", "ListCost": "0", "ListUnitPrice": "", "PricingCategory": "Standard",
		"PricingQuantity": "0", "PricingUnit": "Messages", "ProviderName": "Example Platform", "PublisherName": "Meta",
		"ResourceId": "", "ResourceType": "", "ServiceCategory": "Business Applications", "ServiceName": "Business Messaging",
		"ServiceSubcategory": "Other (Business Applications)", "SkuId": "", "SkuMeter": "Delivered Messages", "SkuPriceId": "",
		"x_FreeReason": "undelivered", "x_LedgerHash": entries[1].Hash.String(), "x_LedgerSequence": "2",
		"x_Market": "", "x_MessageCategory": "", "x_MessageId": "wamid.B", "x_Plan": "", "x_Revision": "", "x_UpstreamCost": "0", "x_UpstreamVerdict": "",
	}}
	if diff := cmp.Diff(want, rows[:2]); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if len(rows) != 4 {
		t.Fatalf("%d rows; want 4, as a doubt has none", len(rows))
	}
	free := map[string]string{
		"BilledCost": "0", "ListCost": "0.03", "ListUnitPrice": "0.03", "PricingQuantity": "1",
		"ChargeDescription": "service text to France, free: allowance",
	}
	expectCells(t, rows[2], free)
	late := map[string]string{
		"ChargeClass": "Correction", "BilledCost": "0.0335", "PricingQuantity": "1", "BillingPeriodEnd": "2026-11-30T23:00:00Z",
		"ChargeDescription": "utility template to France, delivered after it was given up", "x_LedgerSequence": "5",
	}
	expectCells(t, rows[3], late)
}

func expectCells(t *testing.T, row, want map[string]string) {
	t.Helper()
	for column, value := range want {
		if row[column] != value {
			t.Errorf("%s = %q; want %q", column, row[column], value)
		}
	}
}

func TestFOCUSCorrections(t *testing.T) {
	refund := utility("wamid.A")
	refund.Kind, refund.Corrects, refund.FreeReason = ledger.Correction, 1, "exempt"
	refund.Charge, refund.Cost = money.MustParse("-0.0335"), money.MustParse("-0.0285")
	bounced := refund
	bounced.FreeReason = "undelivered"
	afterMidnight := refund // in Paris it is December already
	afterMidnight.SettledAt = at("2026-11-30T23:00:00Z")
	tests := map[string]struct {
		record ledger.Record
		want   map[string]string
	}{
		"in the same month":      {refund, map[string]string{"ChargeClass": "", "BilledCost": "-0.0335", "PricingQuantity": "0", "ListCost": "0"}},
		"not delivered at all":   {bounced, map[string]string{"PricingQuantity": "-1", "ListCost": "-0.03"}},
		"of the month before":    {afterMidnight, map[string]string{"ChargeClass": "Correction"}},
		"a settlement made late": {func() ledger.Record { r := utility("wamid.A"); r.SettledAt = at("2027-01-01T00:00:00Z"); return r }(), map[string]string{"ChargeClass": ""}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) { expectCells(t, focusRows(t, chain(tc.record))[0], tc.want) })
	}
}

// focusMandatory are the columns of feature level "Mandatory" in FOCUS 1.2 that must not be null,
// and those that may.
var (
	focusNeverNull = []string{
		"BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargePeriodEnd", "ChargePeriodStart",
		"ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName", "PricingQuantity", "PricingUnit",
	}
	focusNullable = []string{"BillingAccountName", "ChargeClass", "ChargeDescription"}
)

// Whatever the ledger holds, mandatory columns are filled, costs add up to the ledger's own totals,
// and price times quantity is cost.
func TestP5FOCUSAddsUpToTheTotals(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		list := rapid.SliceOfN(records, 1, 8).Draw(rt, "records")
		for i := range list {
			list[i].Period, list[i].MessageID = rapid.SampledFrom(
				[]string{"2026-10", "2026-11"},
			).Draw(rt, "period"), string(rune('a'+i))
			list[i].SettledAt = at("2026-11-20T12:00:00Z")
		}
		entries, totals := chain(list...), ledger.Totals{}
		for i := range list { // of any content, so that not all of them are a ledger's
			if err := totals.Add(&list[i]); err != nil {
				rt.Fatal(err)
			}
		}
		sums := map[string]money.Decimal{}
		for _, row := range focusRows(t, entries) {
			for _, column := range focusNeverNull {
				if row[column] == "" {
					rt.Fatalf("%s is null", column)
				}
			}
			for _, column := range focusNullable {
				if _, there := row[column]; !there {
					rt.Fatalf("%s is missing", column)
				}
			}
			sum, err := sums[row["BillingPeriodStart"]].Add(money.MustParse(row["BilledCost"]))
			if err != nil {
				rt.Fatal(err)
			}
			sums[row["BillingPeriodStart"]] = sum
			if row["ListUnitPrice"] != "" {
				product, err := money.MustParse(row["ListUnitPrice"]).Mul(money.MustParse(row["PricingQuantity"]))
				if err != nil || product != money.MustParse(row["ListCost"]) {
					rt.Fatalf(
						"list price %s times %s is not %s", row["ListUnitPrice"], row["PricingQuantity"],
						row["ListCost"],
					)
				}
			}
		}
		for period, start := range map[string]string{
			"2026-10": "2026-09-30T22:00:00Z", "2026-11": "2026-10-31T23:00:00Z",
		} {
			if got, want := sums[start], totals[ledger.TotalKey{Period: period, Currency: "USD"}].Billed; got != want {
				rt.Fatalf("period %s: the rows add up to %s, the ledger to %s", period, got, want)
			}
		}
	})
}

func TestExportsEndWithTheirSourcesError(t *testing.T) {
	broken := errors.New("the disk is gone")
	source := func(yield func(ledger.Entry, error) bool) { yield(ledger.Entry{}, broken) }
	spoilt := func(yield func(ledger.Entry, error) bool) {
		yield(ledger.Entry{Sequence: 7, Canonical: []byte("{}")}, nil)
	}
	writers := map[string]func(iter.Seq2[ledger.Entry, error]) error{
		"cloudevents": func(e iter.Seq2[ledger.Entry, error]) error {
			return ledger.WriteCloudEvents(&strings.Builder{}, accountUID, e)
		},
		"focus": func(e iter.Seq2[ledger.Entry, error]) error {
			return ledger.WriteFOCUS(
				&strings.Builder{}, ledger.FOCUS{AccountUID: accountUID, Provider: "p", Zone: time.UTC}, e,
			)
		},
		"selected": func(e iter.Seq2[ledger.Entry, error]) error {
			return ledger.WriteJSONLines(&strings.Builder{}, accountUID, ledger.Selection{Period: "2026-11"}.Of(e))
		},
	}
	for name, write := range writers {
		if err := write(source); !errors.Is(err, broken) {
			t.Errorf("%s: error = %v; want the source's own", name, err)
		}
		var bad *ledger.VerifyError
		if err := write(spoilt); !errors.As(err, &bad) || bad.Sequence != 7 {
			t.Errorf("%s: error = %v; want record 7 to be named", name, err)
		}
	}
}

func TestSelection(t *testing.T) {
	october := utility("a")
	october.Period, october.SettledAt = "2026-10", at("2026-11-01T00:00:00Z")
	november := utility("b") // made 2026-11-20T12:00:03.5Z
	december := utility("c")
	december.Period, december.SettledAt = "2026-12", at("2026-12-01T00:00:00Z")
	entries := chain(october, november, december)
	tests := map[string]struct {
		selection ledger.Selection
		want      []int64
	}{
		"everything":                {ledger.Selection{}, []int64{1, 2, 3}},
		"a period":                  {ledger.Selection{Period: "2026-10"}, []int64{1}},
		"from, inclusive":           {ledger.Selection{From: at("2026-11-20T12:00:03.5Z")}, []int64{2, 3}},
		"to, exclusive":             {ledger.Selection{To: at("2026-12-01T00:00:00Z")}, []int64{1, 2}},
		"between":                   {ledger.Selection{From: at("2026-11-01T00:00:00.001Z"), To: at("2026-12-01T00:00:00Z")}, []int64{2}},
		"a period, but not so late": {ledger.Selection{Period: "2026-12", To: at("2026-11-30T00:00:00Z")}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []int64
			for entry, err := range tc.selection.Of(sequence(entries)) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, entry.Sequence)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("sequences (-want +got):\n%s", diff)
			}
		})
	}
}
