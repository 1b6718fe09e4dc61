package gateway

import (
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/simulator"
)

// ownPlan gives the second channel a plan with windows of an hour, in which utility costs 0.5 and
// marketing has no price.
func ownPlan(d *config.Document) {
	own := pricing.Revision{
		Name: "own", EffectiveDate: "2026-01-01", ClassifyBy: "Category", Unit: "Message",
		OutsideWindow: "TemplateOnly", RateAt: "Delivery",
		ServiceWindow: pricing.ServiceWindow{
			Openings: []pricing.WindowOpening{{Events: []string{"Message"}, DurationSeconds: 3600}},
		},
		Rates: []pricing.MarketRates{{Market: "Any", Prices: []pricing.Price{
			{Category: "Utility", Amount: "0.5"}, {Category: "Service", Amount: "0.25"},
		}}},
	}
	d.Format = config.FormatPlans
	d.Plans = []config.ChannelPlan{{
		Name: "premium", Plan: pricing.Plan{Currency: "USD", Revisions: []pricing.Revision{own}},
	}}
	d.Channels[1].PlanName = "premium"
}

func (w *world) sendFrom(channel, body string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v26.0/"+channel+"/messages", body)
}

// Each message is priced by the plan of its channel, and one budget pays for all of them.
func TestP3P6EachChannelIsPricedByItsPlan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, ownPlan, func(d *config.Document) {
			d.Budget = &config.Budget{Limit: usd("1"), Action: config.BudgetBlock}
		})
		w.accepted(templateTo(ana, "parcel_ready"))
		if got := w.sendFrom(secondPhone, templateTo(ana, "parcel_ready")); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		r := w.settled(2)
		if r.Period.Billed != usd("0.53") || r.Period.Charged != 2 {
			t.Fatalf("%s billed for %d; want 0.03 and 0.5 USD for two", r.Period.Billed, r.Period.Charged)
		}
		want := map[string][]string{"whatsapp": {"pmp-2026-10"}, "premium": {"own"}}
		if diff := cmp.Diff(want, r.UsedRevisions); diff != "" {
			t.Fatalf("revisions (-want +got):\n%s", diff)
		}
		if got := w.sendFrom(secondPhone, templateTo(ana, "parcel_ready")); got.code != 131042 {
			t.Fatalf("got %d %s; want no 0.5 USD left of the budget", got.status, got.body)
		}
		if got := w.sendFrom(secondPhone, templateTo(ana, "summer_sale")); got.code != 131042 {
			t.Fatalf("got %d %s; want no rate for marketing in the channel's plan", got.status, got.body)
		}
		w.accepted(templateTo(ana, "parcel_ready"))
		if r := w.settled(3); r.Period.Billed != usd("0.56") {
			t.Fatalf("%s billed; want 0.56 USD", r.Period.Billed)
		}
	})
}

// A window is as long as the plan of the channel says.
func TestP4WindowsAreThoseOfTheChannelsPlan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, ownPlan)
		for _, channel := range []string{phoneID, secondPhone} {
			id, err := w.sim.Write(ana, simulator.Inbound{To: channel, Text: "hello"})
			if err != nil {
				t.Fatal(err)
			}
			w.until("the business is told", func() bool { return len(w.business.received(id)) == 1 })
		}
		w.clock.Advance(2 * time.Hour)
		w.accepted(textTo(ana, "within 24 hours"))
		if got := w.sendFrom(secondPhone, textTo(ana, "an hour was all")); got.code != 131047 {
			t.Fatalf("got %d %s; want a window of an hour", got.status, got.body)
		}
	})
}

// A channel whose plan cannot be used accepts nothing that may cost something, and the others go
// on.
func TestP15AStoppedChannelStopsNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, ownPlan, func(d *config.Document) { d.Channels[1].BillingStopped = "No plan. Ask." })
		got := w.sendFrom(secondPhone, templateTo(ana, "parcel_ready"))
		if got.code != 131042 || got.details != "No plan. Ask." {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		w.accepted(templateTo(ana, "parcel_ready"))
		if r := w.settled(1); r.Period.Billed != usd("0.03") {
			t.Fatalf("%s billed; want 0.03 USD", r.Period.Billed)
		}
	})
}

// What a plan counts for the account is not counted by another channel's plan, though the
// allowances have one name.
func TestP3AllowancesOfTwoPlansAreCountedApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		free := func(count int64) []pricing.Allowance {
			return []pricing.Allowance{
				{Name: "free", Count: count, Of: []string{"Utility"}, Per: "Account", Period: "Month"},
			}
		}
		w := newWorld(t, ownPlan, func(d *config.Document) {
			last := &d.Plan.Revisions[len(d.Plan.Revisions)-1]
			last.Allowances = free(1)
			d.Plans[0].Plan.Revisions[0].Allowances = free(2)
			d.Budget = &config.Budget{Limit: usd("0"), Action: config.BudgetBlock}
		})
		for _, send := range []struct {
			channel string
			free    bool
		}{{phoneID, true}, {phoneID, false}, {secondPhone, true}, {secondPhone, true}, {secondPhone, false}} {
			got := w.sendFrom(send.channel, templateTo(ana, "parcel_ready"))
			if (got.status == http.StatusOK) != send.free || !send.free && got.code != 131042 {
				t.Fatalf("channel %s: got %d %s; want it free: %v", send.channel, got.status, got.body, send.free)
			}
		}
		r := w.settled(3)
		used := map[string]int64{}
		for _, allowance := range r.Period.Allowances {
			used[allowance.Scope] += allowance.Used
		}
		want := map[string]int64{"account": 1, "account, plan premium": 2}
		if !maps.Equal(used, want) || !r.Period.Billed.Amount.IsZero() {
			t.Fatalf("%v used, %s billed; want %v, and nothing", used, r.Period.Billed, want)
		}
	})
}

// An allowance of the account that is used up stays so when its plan becomes that of a channel: the
// operator names what its counts are kept under.
func TestP15AMovedPlanHasItsAllowanceNoSecondTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, ownPlan, func(d *config.Document) {
			d.Plan.Revisions[len(d.Plan.Revisions)-1].Allowances = []pricing.Allowance{
				{Name: "trial", Count: 1, Of: []string{"Utility"}, Per: "Account", Period: "Month"},
			}
		})
		w.accepted(templateTo(ana, "parcel_ready"))
		if r := w.settled(1); r.Period.Charged != 0 {
			t.Fatalf("%d are charged; the first is free", r.Period.Charged)
		}
		before := w.report().ConfigDigest
		d := &w.document
		former := config.ChannelPlan{Name: d.PlanName, Plan: d.Plan, CountedBy: new("")}
		d.PlanName, d.Plan, d.CountedBy = d.Plans[0].Name, d.Plans[0].Plan, d.Plans[0].Name
		d.Plans, d.Format = []config.ChannelPlan{former}, config.FormatCounts
		d.Channels[0].PlanName, d.Channels[1].PlanName = former.Name, ""
		w.writeDocument()
		w.until("it is served", func() bool { return w.report().ConfigDigest != before })
		w.accepted(templateTo(ana, "parcel_ready"))
		if r := w.settled(2); r.Period.Charged != 1 || r.Period.Billed != usd("0.03") {
			t.Errorf("%d are charged %s; want the second, 0.03 USD", r.Period.Charged, r.Period.Billed)
		}
	})
}
