package admission

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/allowances"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/policy"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// asked decides on a request body in circumstances that the test may change: a customer who wrote
// an hour ago, nothing spent.
func asked(t *testing.T, body string, change func(*config.Document, *policy.Circumstances)) (policy.Grant, error) {
	t.Helper()
	in := policy.Circumstances{Now: gatewaytest.Noon, State: wroteAt(gatewaytest.Noon.Add(-time.Hour))}
	tenant := tenantOf(t, func(d *config.Document) { change(d, &in) })
	return askedOf(t, tenant, body, in)
}

// tenantOf is the account of the tests, changed.
func tenantOf(t *testing.T, change func(*config.Document)) *served.Tenant {
	t.Helper()
	tenant, err := served.Parse(gatewaytest.Encoded(t, change), http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

// askedOf is asked of an account.
func askedOf(t *testing.T, served *served.Tenant, body string, in policy.Circumstances) (policy.Grant, error) {
	t.Helper()
	c := served.Channel(gatewaytest.PhoneID)
	out, err := c.Network.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	m, err := recognise(served, c, out)
	if err == nil && in.Bound.Amount.Currency == "" { // no allowance pays
		in.Bound = m.Bound(served, in.Now, in.State)
		in.Rise = allowances.Exposure{Amount: in.Bound.Amount.Amount, Unpriced: in.Bound.Unpriced}
	}
	var grant policy.Grant
	if err == nil {
		grant, err = policy.Decide(served, &m, &in)
	}
	if told, refused := network.InWords(c.Network, err); refused {
		return policy.Grant{}, told
	}
	return grant, err
}

// wroteAt is the conversation with a customer who wrote once.
func wroteAt(at time.Time) *conversation.State {
	var state conversation.State
	rules := conversation.Rules{Openings: []conversation.Opening{{Events: conversation.Message, Seconds: 86_400}}}
	state.Receive(conversation.Inbound{At: at.Unix(), Events: conversation.Message}, &rules)
	return &state
}

// TestP3ReservationCoversADeliveryThatComesAsLateAsItCanCount sends a utility template with a time
// to live of ten minutes eleven minutes before a dearer revision. It may wait here for nearly ten
// minutes, and ten more at the upstream, whose clock starts anew.
func TestP3ReservationCoversADeliveryThatComesAsLateAsItCanCount(t *testing.T) {
	midnight := time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC) // in Paris
	granted, err := asked(t, gatewaytest.TemplateTo(gatewaytest.Ana, "parcel_ready"), func(
		d *config.Document, in *policy.Circumstances,
	) {
		in.Now = midnight.Add(-11 * time.Minute)
		d.Templates[0].MessageSendTTLSeconds = new(600)
		dearer := d.Plan.Revisions[len(d.Plan.Revisions)-1]
		dearer.Name, dearer.EffectiveDate, dearer.Tiers = "dearer", "2026-11-21", nil
		dearer.Rates = []pricing.MarketRates{
			{Market: "France", Prices: []pricing.Price{{Category: "Utility", Amount: "0.05"}}},
		}
		d.Plan.Revisions = append(d.Plan.Revisions, dearer)
	})
	if err != nil || granted.Bound.Amount != gatewaytest.USD("0.05") {
		t.Fatalf("reserved %s, %v; want the 0.05 USD of the next day", granted.Bound.Amount, err)
	}
}

func TestDecide(t *testing.T) {
	text, utility, sale := gatewaytest.TextTo(gatewaytest.Ana, "hi"), gatewaytest.TemplateTo(
		gatewaytest.Ana, "parcel_ready",
	), gatewaytest.TemplateTo(gatewaytest.Ana, "summer_sale")
	otp := `{"messaging_product":"whatsapp","to":"33612345678","type":"template","template":{"name":"code","language":{"code":"en_US"},"components":[` +
		`{"type":"body","parameters":[{"type":"text","text":"4242"}]}]}}`
	withCode := func(d *config.Document, in *policy.Circumstances) {
		code := gatewaytest.BodyTemplate("code", "AUTHENTICATION", "")
		d.Templates = append(d.Templates, gatewaytest.Approved(code))
		in.State = &conversation.State{}
	}
	budget := func(limit string) func(*config.Document, *policy.Circumstances) {
		return func(d *config.Document, _ *policy.Circumstances) {
			d.Budget = &config.Budget{Limit: gatewaytest.USD(limit), Action: config.BudgetBlock}
		}
	}
	// refusing lets the revisions from a date on refuse promotion, the one in force then included.
	refusing := func(from string) func(*config.Document, *policy.Circumstances) {
		return func(d *config.Document, _ *policy.Circumstances) {
			later := d.Plan.Revisions[len(d.Plan.Revisions)-1]
			if later.EffectiveDate < from {
				later.Name, later.EffectiveDate = "plain", from
				d.Plan.Revisions = append(d.Plan.Revisions, later)
			}
			for i := range d.Plan.Revisions {
				if d.Plan.Revisions[i].EffectiveDate >= from {
					d.Plan.Revisions[i].Promotion = "Refused"
				}
			}
		}
	}
	tests := map[string]struct {
		body     string
		change   func(*config.Document, *policy.Circumstances)
		code     int
		reserved string
		lane     store.Lane
	}{
		"answer": {text, func(*config.Document, *policy.Circumstances) {}, 0, "0.03", store.LaneReply},
		"answer one second before the end": {text, func(_ *config.Document, in *policy.Circumstances) {
			in.State = wroteAt(gatewaytest.Noon.Add(-24*time.Hour + time.Second))
		}, 0, "0.03", store.LaneReply},
		"answer at the end": {text, func(_ *config.Document, in *policy.Circumstances) {
			in.State = wroteAt(gatewaytest.Noon.Add(-24 * time.Hour))
		}, 131047, "", 0},
		"reaction":                {`{"messaging_product":"whatsapp","to":"33612345678","type":"reaction","reaction":{"message_id":"wamid.x","emoji":"👍"}}`, func(*config.Document, *policy.Circumstances) {}, 0, "0", store.LaneReply},
		"utility template":        {utility, func(*config.Document, *policy.Circumstances) {}, 0, "0.03", store.LaneBulk},
		"marketing template":      {sale, func(*config.Document, *policy.Circumstances) {}, 0, "0.0859", store.LaneBulk},
		"one-time password":       {otp, withCode, 0, "0.03", store.LaneReply},
		"direct send, no window":  {`{"messaging_product":"whatsapp","to":"33612345678","category":"utility","text":{"body":"x"}}`, func(_ *config.Document, in *policy.Circumstances) { in.State = &conversation.State{} }, 0, "0.03", store.LaneBulk},
		"queue full":              {utility, func(_ *config.Document, in *policy.Circumstances) { in.Waiting = 100_000 }, 130429, "", 0},
		"budget that just covers": {utility, budget("0.03"), 0, "0.03", store.LaneBulk},
		"budget that does not":    {utility, budget("0.029"), 131042, "", 0},
		"budget, partly spent": {utility, func(d *config.Document, in *policy.Circumstances) {
			budget("0.05")(d, in)
			in.Spent = money.MustParse("0.021")
		}, 131042, "", 0},
		"budget, partly reserved": {utility, func(d *config.Document, in *policy.Circumstances) {
			budget("0.05")(d, in)
			in.Reserved = money.MustParse("0.021")
		}, 131042, "", 0},
		"budget, overspent, free": {`{"messaging_product":"whatsapp","to":"33612345678","type":"reaction","reaction":{"message_id":"wamid.x","emoji":"👍"}}`, func(d *config.Document, in *policy.Circumstances) {
			budget("1")(d, in)
			in.Spent = money.MustParse("2")
		}, 0, "0", store.LaneReply},
		"suspended":                {utility, func(d *config.Document, _ *policy.Circumstances) { d.SendingStopped = "Ask." }, 131031, "", 0},
		"suspended, free":          {`{"messaging_product":"whatsapp","to":"33612345678","type":"reaction","reaction":{"message_id":"wamid.x","emoji":"👍"}}`, func(d *config.Document, _ *policy.Circumstances) { d.SendingStopped = "Ask." }, 131031, "", 0},
		"billing stopped":          {utility, func(d *config.Document, _ *policy.Circumstances) { d.BillingStopped = "Ask." }, 131042, "", 0},
		"billing stopped, free":    {`{"messaging_product":"whatsapp","to":"33612345678","type":"reaction","reaction":{"message_id":"wamid.x","emoji":"👍"}}`, func(d *config.Document, _ *policy.Circumstances) { d.BillingStopped = "Ask." }, 0, "0", store.LaneReply},
		"no rate, no budget":       {strings.Replace(utility, gatewaytest.Ana, "48601234567", 1), func(*config.Document, *policy.Circumstances) {}, 0, "0", store.LaneBulk},
		"no rate, blocking budget": {strings.Replace(utility, gatewaytest.Ana, "48601234567", 1), budget("10"), 131042, "", 0},
		"no rate from tomorrow on, blocking budget": {utility, func(d *config.Document, in *policy.Circumstances) {
			budget("10")(d, in)
			d.Plan.Revisions = append(d.Plan.Revisions, withoutRates(d.Plan, "2026-11-21"))
		}, 131042, "", 0},
		"budget, overspent, an allowance pays": {text, func(d *config.Document, in *policy.Circumstances) {
			budget("1")(d, in)
			in.Spent, in.Bound = money.MustParse("2"), pricing.Bound{Amount: gatewaytest.USD("0.03")}
		}, 0, "0.03", store.LaneReply},
		"upstream wants payment, an allowance pays": {text, func(_ *config.Document, in *policy.Circumstances) {
			in.PaymentStopped, in.Bound = true, pricing.Bound{Amount: gatewaytest.USD("0.03")}
		}, 0, "0.03", store.LaneReply},
		"upstream wants payment": {utility, func(_ *config.Document, in *policy.Circumstances) { in.PaymentStopped = true }, 131042, "", 0},
		"limit of customers": {utility, func(d *config.Document, in *policy.Circumstances) {
			d.Limits.CustomersPerDay, in.CustomersToday, in.State = 5, 5, &conversation.State{}
		}, 131048, "", 0},
		"limit, met already": {utility, func(d *config.Document, in *policy.Circumstances) {
			d.Limits.CustomersPerDay, in.CustomersToday, in.Met, in.State = 5, 5, true, &conversation.State{}
		}, 0, "0.03", store.LaneBulk},
		"limit, within the window": {utility, func(d *config.Document, in *policy.Circumstances) { d.Limits.CustomersPerDay, in.CustomersToday = 5, 5 }, 0, "0.03", store.LaneBulk},
		"marketing stopped": {sale, func(_ *config.Document, in *policy.Circumstances) {
			in.State.StopMarketing(true, gatewaytest.Noon.Unix())
		}, 131050, "", 0},
		"marketing, which the account refuses": {
			sale, func(d *config.Document, _ *policy.Circumstances) { d.Promotion = "Refused" }, 131005, "", 0,
		},
		"marketing, which the plan refuses":     {sale, refusing("2026-01-01"), 131005, "", 0},
		"marketing, which the plan will refuse": {sale, refusing("2026-12-01"), 0, "0.0859", store.LaneBulk},
		"utility, billed as marketing, which the plan refuses": {utility, func(d *config.Document, in *policy.Circumstances) {
			refusing("2026-01-01")(d, in)
			for i := range d.Templates {
				d.Templates[i].BilledCategory = "marketing"
			}
		}, 131005, "", 0},
		"utility, where the plan refuses promotion": {utility, refusing("2026-01-01"), 0, "0.03", store.LaneBulk},
		"blocked": {utility, func(_ *config.Document, in *policy.Circumstances) { in.State.SetBlocked(true, gatewaytest.Noon.Unix()) }, 131026, "", 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := asked(t, tc.body, tc.change)
			if tc.code != 0 {
				refusal, ok := graph.AsError(err)
				if !ok || refusal.Code != tc.code || refusal.Details == "" {
					t.Fatalf("got %v, want a refusal with code %d", err, tc.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Bound.Amount != gatewaytest.USD(tc.reserved) || got.Lane != tc.lane {
				t.Fatalf("reserved %s in lane %d, want %s USD in %d", got.Bound.Amount, got.Lane, tc.reserved, tc.lane)
			}
		})
	}
}

// withoutRates is the plan's last revision from another day on, without its rates.
func withoutRates(plan pricing.Plan, day string) pricing.Revision {
	r := plan.Revisions[len(plan.Revisions)-1]
	r.Name, r.EffectiveDate, r.Rates, r.Tiers = "without-rates", day, nil, nil
	return r
}

func TestP3DecisionNeverExceedsABlockingBudget(t *testing.T) {
	amount := func(rt *rapid.T, name string) money.Decimal {
		return money.MustParse(rapid.StringMatching(`[0-9]\.[0-9]{2}`).Draw(rt, name))
	}
	tenant := tenantOf(t, func(d *config.Document) {
		d.Budget = &config.Budget{Limit: gatewaytest.USD("0"), Action: config.BudgetBlock}
	})
	rapid.Check(t, func(rt *rapid.T) {
		limit := amount(rt, "limit")
		in := policy.Circumstances{
			Now: gatewaytest.Noon, State: wroteAt(gatewaytest.Noon.Add(-time.Hour)), Spent: amount(rt, "spent"),
			Reserved: amount(rt, "reserved"),
		}
		tenant.Budget.Limit.Amount = limit
		got, err := askedOf(t, tenant, rapid.SampledFrom([]string{
			gatewaytest.TextTo(gatewaytest.Ana, "hi"), gatewaytest.TemplateTo(gatewaytest.Ana, "parcel_ready"),
			gatewaytest.TemplateTo("5511987654321", "summer_sale"),
		}).Draw(rt, "send"), in)
		if err != nil {
			return
		}
		left, err := leftOf(limit, in.Spent, in.Reserved)
		if err != nil {
			rt.Fatal(err)
		}
		if most := got.Bound.Amount.Amount; !most.IsZero() && most.Cmp(left) > 0 {
			rt.Fatalf("%s was reserved and %s is left", got.Bound.Amount, left)
		}
	})
}

func TestDirectlySentPasswordLivesTenMinutes(t *testing.T) {
	body := `{"messaging_product":"whatsapp","to":"` + gatewaytest.Ana + `","category":"%s","text":{"body":"4242"}}`
	for category, want := range map[string]time.Duration{
		"authentication": 10 * time.Minute, "utility": 30 * 24 * time.Hour,
	} {
		got, err := asked(t, strings.Replace(body, "%s", category, 1), func(*config.Document, *policy.Circumstances) {})
		if err != nil {
			t.Fatal(err)
		}
		if ttl := got.Expires.Sub(gatewaytest.Noon) - policy.OutcomeGrace; ttl != want {
			t.Errorf("%s lives %v, want %v", category, ttl, want)
		}
	}
}

// leftOf is what is left of a limit.
func leftOf(limit, spent, reserved money.Decimal) (money.Decimal, error) {
	left, err := limit.Sub(spent)
	if err != nil {
		return left, err
	}
	return left.Sub(reserved)
}
