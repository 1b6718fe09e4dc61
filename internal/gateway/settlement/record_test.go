package settlement

import (
	"net/http"
	"testing"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// A record says which rate stood in the plan, also when something made the message free; without a
// rate it says nothing, which is not 0.
func TestP5RecordSaysTheListPriceThatThereWas(t *testing.T) {
	tenant, err := served.Parse(gatewaytest.Encoded(t, func(*config.Document) {}), http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	rate := money.MustParse("0.03")
	for name, tc := range map[string]struct {
		outcome pricing.Outcome
		listed  bool
		price   string
	}{
		"free, with a rate":    {pricing.Outcome{Result: pricing.Free, FreeReason: pricing.InAllowance, ListPrice: rate, Listed: true}, true, "0.03"},
		"free, without a rate": {pricing.Outcome{Result: pricing.Free, FreeReason: pricing.InServiceWindow}, false, "0"},
		"charged":              {pricing.Outcome{Result: pricing.Charged, ListPrice: rate, Listed: true, Cost: rate, Charge: rate}, true, "0.03"},
	} {
		t.Run(name, func(t *testing.T) {
			record := newRecord(
				tenant,
				&Ending{Message: &store.Message{ID: "m"}, Delivered: true, At: gatewaytest.Noon, Now: gatewaytest.Noon},
				pricing.Message{EndedAt: gatewaytest.Noon.Unix()}, tc.outcome,
			)
			if record.Listed != tc.listed || record.ListPrice.String() != tc.price {
				t.Fatalf("listed %t at %s, want %t at %s", record.Listed, record.ListPrice, tc.listed, tc.price)
			}
		})
	}
}
