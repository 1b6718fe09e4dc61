package pricing

import (
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
)

// small returns a plan in which everything is right.
func small() Plan {
	return Plan{Currency: "USD", Revisions: []Revision{{
		Name: "first", EffectiveDate: "2026-01-01", ClassifyBy: "Category", Unit: "Message",
		OutsideWindow: "TemplateOnly", RateAt: "Delivery",
		ServiceWindow: ServiceWindow{Openings: []WindowOpening{{Events: []string{"Message"}, DurationSeconds: 86400}}},
		EntryPoint: &EntryPoint{
			OpensOn: []string{
				"Ad",
			}, ReplyWithinSeconds: 86400, DurationSeconds: 259200, StartsAt: "Delivery", Expiry: "Fixed",
		},
		Free: []FreeRule{
			{Name: "service", Reason: "ServiceWindow", When: "InServiceWindow", At: "Send", Categories: []string{"Service"}},
		},
		Allowances: []Allowance{{Name: "free", Count: 10, Of: []string{"Utility"}, Per: "Channel", Period: "Month"}},
		Exemptions: []Exemption{{Name: "exempt", Of: []string{"Service"}, LastDate: "2027-12-31"}},
		InternationalAuthentication: &InternationalAuthentication{
			Countries: []string{"IN"},
		},
		Rates: []MarketRates{{Market: "France", Prices: []Price{{"Utility", "0.03"}, {"Marketing", "0.0859"}}}},
		Tiers: []Tiers{{Market: "France", Category: "Utility", Mode: "Marginal", Per: "Portfolio", Steps: []TierStep{
			{100, "0.02"}, {200, "0.01"},
		}}},
		Markups: []Markup{{Category: "Utility", Percent: "12.5"}},
	}}}
}

func TestPlanMistakesAreNamed(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*Plan, *Revision)
		want  string
	}{
		{"no revision", func(p *Plan, _ *Revision) { p.Revisions = nil }, `revisions: must have at least one revision`},
		{"currency", func(p *Plan, _ *Revision) { p.Currency = "DOLLAR" }, `currency: currency "DOLLAR" must be a code of ISO 4217`},
		{"two revisions on one day", func(p *Plan, r *Revision) {
			second := *r
			second.Name = "second"
			p.Revisions = append(p.Revisions, second)
		}, `revisions[1].effectiveDate: "2026-01-01" must not be the day of another revision`},
		{"two revisions of one name", func(p *Plan, r *Revision) {
			second := *r
			second.EffectiveDate = "2026-02-01"
			p.Revisions = append(p.Revisions, second)
		}, `revisions[1].name: "first" must not be the name of another revision`},
		{"no name", func(_ *Plan, r *Revision) { r.Name = "" }, `revisions[0].name: must not be empty`},
		{"date", func(_ *Plan, r *Revision) { r.EffectiveDate = "2026-02-30" }, `revisions[0].effectiveDate: date "2026-02-30" must be a day`},
		{"classification", func(_ *Plan, r *Revision) { r.ClassifyBy = "Mood" }, `revisions[0].classifyBy: "Mood" must be one of "Category", "Form", "Initiator"`},
		{"unit", func(_ *Plan, r *Revision) { r.Unit = "Letter" }, `revisions[0].unit: "Letter" must be one of "Message", "Conversation"`},
		{
			"promotion", func(_ *Plan, r *Revision) { r.Promotion = "Never" },
			`revisions[0].promotion: "Never" must be one of`,
		},
		{"outside", func(_ *Plan, r *Revision) { r.OutsideWindow = "" }, `revisions[0].outsideWindow: "" must be one of`},
		{"rate clock", func(_ *Plan, r *Revision) { r.RateAt = "Read" }, `revisions[0].rateAt: "Read" must be one of "Send", "Delivery"`},
		{"category clock", func(_ *Plan, r *Revision) { r.CategoryAt = "Read" }, `revisions[0].categoryAt: "Read" must be one of`},
		{"market by", func(_ *Plan, r *Revision) { r.MarketBy = "Name" }, `revisions[0].marketBy: "Name" must be one of`},
		{"conversation without its terms", func(_ *Plan, r *Revision) { r.Unit = "Conversation" }, `revisions[0].conversation: must be set when unit is "Conversation"`},
		{"no window", func(_ *Plan, r *Revision) { r.ServiceWindow.Openings = nil }, `revisions[0].serviceWindow.openings: must say what opens`},
		{"unknown event", func(_ *Plan, r *Revision) { r.ServiceWindow.Openings[0].Events = []string{"Wink"} }, `revisions[0].serviceWindow.openings[0].events[0]: event "Wink" must be one of`},
		{"window of no length", func(_ *Plan, r *Revision) { r.ServiceWindow.Openings[0].DurationSeconds = 0 }, `revisions[0].serviceWindow.openings[0].durationSeconds: 0 must be`},
		{"entry point too long", func(_ *Plan, r *Revision) { r.EntryPoint.DurationSeconds = 2592001 }, `revisions[0].entryPoint.durationSeconds: 2592001 must be`},
		{"free rule without an instant", func(_ *Plan, r *Revision) { r.Free[0].At = "" }, `revisions[0].free[0].at: must be set unless when is "Always"`},
		{"free reason", func(_ *Plan, r *Revision) { r.Free[0].Reason = "Luck" }, `revisions[0].free[0].reason: "Luck" must be one of`},
		{"free form", func(_ *Plan, r *Revision) { r.Free[0].Forms = []string{"Song"} }, `revisions[0].free[0].forms[0]: "Song" must be one of`},
		{"allowance without a unit", func(_ *Plan, r *Revision) { r.Allowances[0].Per = "" }, `revisions[0].allowances[0].per: "" must be one of "Channel", "Account", "Portfolio"`},
		{"allowance of nothing", func(_ *Plan, r *Revision) { r.Allowances[0].Of = nil }, `revisions[0].allowances[0].of: must name the categories`},
		{"allowance without a period", func(_ *Plan, r *Revision) { r.Allowances[0].Period = "" }, `revisions[0].allowances[0].period: "" must be one of "Month"`},
		{"two allowances of one name", func(_ *Plan, r *Revision) { r.Allowances = append(r.Allowances, r.Allowances[0]) }, `revisions[0].allowances[1].name: "free" must not be the name of another allowance`},
		{"markets where prices do not depend on them", func(_ *Plan, r *Revision) { r.MarketBy = "None" }, `revisions[0].rates[0].market: "France" must be "Any": marketBy is "None"`},
		{"allowance of none", func(_ *Plan, r *Revision) { r.Allowances[0].Count = 0 }, `revisions[0].allowances[0].count: 0 must be at least 1`},
		{"exemption's last date", func(_ *Plan, r *Revision) { r.Exemptions[0].LastDate = "never" }, `revisions[0].exemptions[0].lastDate: date "never"`},
		{"country", func(_ *Plan, r *Revision) { r.InternationalAuthentication.Countries[0] = "XX" }, `revisions[0].internationalAuthentication.countries[0]: country "XX"`},
		{"unknown market", func(_ *Plan, r *Revision) { r.Rates[0].Market = "Gaul" }, `revisions[0].rates[0].market: market "Gaul" must be one of the published markets`},
		{"unknown country", func(_ *Plan, r *Revision) { r.Rates[0].Market = "XX" }, `revisions[0].rates[0].market: country "XX"`},
		{"unknown category", func(_ *Plan, r *Revision) { r.Rates[0].Prices[0].Category = "Poetry" }, `revisions[0].rates[0].prices[0].category: category "Poetry"`},
		{"negative rate", func(_ *Plan, r *Revision) { r.Rates[0].Prices[0].Amount = "-0.03" }, `revisions[0].rates[0].prices[0].amount: "-0.03" must not be negative`},
		{"over-precise rate", func(_ *Plan, r *Revision) { r.Rates[0].Prices[0].Amount = "0.0300001" }, `revisions[0].rates[0].prices[0].amount: "0.0300001" must have at most 6 decimals`},
		{"rate of words", func(_ *Plan, r *Revision) { r.Rates[0].Prices[0].Amount = "three" }, `revisions[0].rates[0].prices[0].amount: amount "three" must be digits`},
		{"rate too large", func(_ *Plan, r *Revision) { r.Rates[0].Prices[0].Amount = "1000000000" }, `revisions[0].rates[0].prices[0].amount: "1000000000" must be below`},
		{"a price twice", func(_ *Plan, r *Revision) { r.Rates[0].Prices[1].Category = "Utility" }, `revisions[0].rates[0].prices[1].category: Utility must have one price in France`},
		{"tiers without a rate", func(_ *Plan, r *Revision) { r.Tiers[0].Market = "Spain" }, `revisions[0].tiers[0]: Utility in Spain must have a rate in rates`},
		{"steps that fall", func(_ *Plan, r *Revision) { r.Tiers[0].Steps[1].Above = 50 }, `revisions[0].tiers[0].steps[1].above: 50 must be above 100`},
		{"tiers twice", func(_ *Plan, r *Revision) { r.Tiers = append(r.Tiers, r.Tiers[0]) }, `revisions[0].tiers[1]: Utility in France must have tiers once`},
		{"tiers per channel", func(_ *Plan, r *Revision) { r.Tiers[0].Per = "Channel" }, `revisions[0].tiers[0].per: "Channel" must be one of "Account", "Portfolio"`},
		{"rated as itself", func(_ *Plan, r *Revision) { r.RatedAs = []RatedAs{{"Utility", "Utility"}} }, `revisions[0].ratedAs[0].as: Utility must be rated as another category`},
		{"rated as nothing", func(_ *Plan, r *Revision) { r.RatedAs = []RatedAs{{"Utility", "Gold"}} }, `revisions[0].ratedAs[0].as: category "Gold" must be one of`},
		{"empty mark-up", func(_ *Plan, r *Revision) { r.Markups[0].Percent = "" }, `revisions[0].markups[0]: must have percent or fixed, or both`},
		{"over-precise mark-up", func(_ *Plan, r *Revision) { r.Markups[0].Percent = "1.00001" }, `revisions[0].markups[0].percent: "1.00001" must have at most 4 decimals`},
		{"two mark-ups", func(_ *Plan, r *Revision) { r.Markups = append(r.Markups, r.Markups[0]) }, `revisions[0].markups[1].category: Utility must not have two mark-ups`},
		{"entry point rule behind another", func(_ *Plan, r *Revision) {
			r.Unit, r.Conversation = "Conversation", &ConversationUnit{86400, "Any", "Any"}
			r.Free = append(
				r.Free, FreeRule{Name: "entry", Reason: "FreeEntryPoint", When: "InEntryPoint", At: "Delivery"},
			)
		}, `revisions[0].free[1]: rules of entry points must come first`},
	}
	for _, tc := range tests {
		plan := small()
		tc.spoil(&plan, &plan.Revisions[0])
		_, err := Compile(plan)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", tc.name, err, tc.want)
		}
	}
	compiled(t, small())
}

func TestAPagesButtonOpensAnEntryPointByDefault(t *testing.T) {
	for named, want := range map[string]conversation.Events{
		"": conversation.Ad | conversation.PageButton, "Ad": conversation.Ad,
	} {
		plan := small()
		plan.Revisions[0].EntryPoint.OpensOn = nil
		if named != "" {
			plan.Revisions[0].EntryPoint.OpensOn = []string{named}
		}
		at := time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC).Unix()
		if got := compiled(t, plan).Rules(at, time.UTC).EntryPoint.Opens; got != want {
			t.Errorf("opensOn %q: %b open it, want %b", named, got, want)
		}
	}
}

func TestEveryMistakeIsNamedAtOnce(t *testing.T) {
	plan := small()
	plan.Currency = "?"
	plan.Revisions[0].Rates[0].Prices[0].Amount = "-1"
	plan.Revisions[0].Unit = "Letter"
	_, err := Compile(plan)
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 3 {
		t.Errorf("got %d lines, want 3:\n%v", len(lines), err)
	}
}

func TestCheckNamesTheGaps(t *testing.T) {
	plan := small()
	plan.Revisions[0].InternationalAuthentication = nil
	everywhere := MarketRates{Market: "Any", Prices: []Price{{"Utility", "0.01"}, {"Marketing", "0.02"}}}
	plan.Revisions[0].Rates = append(plan.Revisions[0].Rates, everywhere)
	found, _ := compiled(t, plan).Check(0)
	const want = "revisions[first].rates: Argentina, Brazil, Chile, Colombia, Egypt, France, "
	if len(found) != 1 || !strings.HasPrefix(found[0].String(), want) || strings.Count(found[0].Message, ", ") != 47 {
		t.Errorf("got %v, want every one of the 47 markets of October 2026 to lack authentication", found)
	}
	last := &plan.Revisions[0].Rates[1]
	last.Prices = append(last.Prices, Price{"Authentication", "0.01"})
	if found, _ := compiled(t, plan).Check(0); len(found) != 0 {
		t.Errorf("with a rate for Any there is no gap, got %v", found)
	}
}

func TestCheckNamesTheStepsWithoutAPrice(t *testing.T) {
	plan := small()
	r := &plan.Revisions[0]
	r.InternationalAuthentication, r.RatedAs = nil, []RatedAs{{Category: "GroupUtility", As: "Utility"}}
	r.Rates = append(r.Rates, MarketRates{
		Market: "Any", Prices: []Price{{"Utility", "0.01"}, {"Marketing", "0.02"}, {"Authentication", "0.01"}},
	})
	r.Tiers[0].Steps = []TierStep{{100, ""}, {200, "0.01"}, {300, ""}}
	found, _ := compiled(t, plan).Check(0)
	const want = "revisions[first].tiers: the steps Utility in France above 100, Utility in France above 300 " +
		"must have an amount, or messages above them are unpriced"
	if len(found) != 1 || found[0].String() != want {
		t.Errorf("got %v, want %s", found, want)
	}
}

func TestCheckOfTheShippedPlans(t *testing.T) {
	tests := []struct {
		name          string
		gaps, earlier []string // how the findings begin
	}{
		{name: "announcement"},
		{name: "messenger", gaps: []string{
			"revisions[standard-2026-09].rates: Any must have a rate for Marketing, Authentication, or",
			"revisions[standard-2020-04].rates: Any must have a rate for Marketing, Authentication, or",
		}},
		{name: "whatsapp_cop"},
		{name: "whatsapp_eur", gaps: []string{
			"revisions[pmp-2026-10].rates: Argentina, Brazil, Chile, ",
			"revisions[pmp-2026-10].rates: Egypt, India, Indonesia, ",
		}},
		{name: "whatsapp", earlier: []string{
			"revisions[cbp-2025-04].rates: Argentina, Brazil, ",
			"revisions[cbp-2025-04].rates: Egypt, Malaysia, Nigeria, Pakistan, Saudi Arabia, South Africa, United " +
				"Arab Emirates must have",
			"revisions[cbp-2025-04].rates: Rest of Africa must have a rate for Utility, Authentication, or",
			"revisions[cbp-2025-02].rates: Argentina, Brazil, ",
			"revisions[cbp-2025-02].rates: Egypt, Malaysia, Nigeria, Pakistan, Saudi Arabia, South Africa, United " +
				"Arab Emirates must have",
			"revisions[cbp-2025-02].rates: Rest of Africa must have a rate for Utility, Authentication, or",
			"revisions[cbp-2024-11].rates: Rest of Africa must have a rate for Utility, or",
			"revisions[cbp-2024-06].rates: India must have a rate for Authentication, or",
			"revisions[cbp-2023-06].rates: India must have a rate for Authentication, or",
			"revisions[cbp-2023-03].rates: Rest of Western Europe, Rest of Middle East, Other must have a rate for " +
				"BusinessInitiated, UserInitiated, or",
			"revisions[cbp-2022-02].rates: Rest of Western Europe, Rest of Middle East, Other must have a rate for " +
				"BusinessInitiated, UserInitiated, or",
			"revisions[nbp-2018-08].rates: Argentina, Brazil, ",
		}},
	}
	for _, tc := range tests {
		gaps, earlier := compiled(t, samplePlan(t, tc.name)).Check(date(t, "2025-07-01"))
		expectBegins(t, tc.name+", since July 2025", gaps, tc.gaps)
		expectBegins(t, tc.name+", before July 2025", earlier, tc.earlier)
	}
}

func expectBegins(t *testing.T, what string, found []Finding, want []string) {
	t.Helper()
	for i, finding := range found {
		if i >= len(want) || !strings.HasPrefix(finding.String(), want[i]) {
			t.Errorf("%s: finding %d is %s", what, i, finding)
		}
	}
	if len(found) != len(want) {
		t.Errorf("%s: %d findings, want %d", what, len(found), len(want))
	}
}

// A revision that ends on the day before is history; on its last day it is not.
func TestCheckTellsWhatIsOverApart(t *testing.T) {
	book := compiled(t, samplePlan(t, "whatsapp"))
	for day, want := range map[string]int{"2025-06-30": 3, "2025-07-01": 0} {
		if gaps, _ := book.Check(date(t, day)); len(gaps) != want {
			t.Errorf("%s: %d gaps, want %d: %v", day, len(gaps), want, gaps)
		}
	}
}

func TestP6HistoryIsKept(t *testing.T) {
	first := small()
	kept := []Revision{first.Revisions[0]}

	same, found := KeepHistory(first, kept)
	if len(found) != 0 || Digest(same.Revisions[0]) != Digest(kept[0]) {
		t.Errorf("unchanged: got %v", found)
	}

	changed := small()
	changed.Revisions[0].Rates[0].Prices = []Price{{"Utility", "0.04"}}
	restored, found := KeepHistory(changed, kept)
	if len(found) != 1 || found[0].Path != "revisions[0]" || Digest(restored.Revisions[0]) != Digest(kept[0]) {
		t.Errorf("changed: got %v", found)
	}
	if changed.Revisions[0].Rates[0].Prices[0].Amount != "0.04" {
		t.Error("the plan that was given must not be changed")
	}

	removed := small()
	removed.Revisions[0].Name = "other"
	restored, found = KeepHistory(removed, kept)
	if len(found) != 2 || len(restored.Revisions) != 1 || restored.Revisions[0].Name != "first" {
		t.Errorf("removed, and another put on its day: got %v and %d revisions", found, len(restored.Revisions))
	}

	future := small()
	added := future.Revisions[0]
	added.Name, added.EffectiveDate = "second", "2027-01-01"
	future.Revisions = append(future.Revisions, added)
	if restored, found = KeepHistory(future, kept); len(found) != 0 || len(restored.Revisions) != 2 {
		t.Errorf("a later revision is allowed: got %v", found)
	}
}

func TestStandings(t *testing.T) {
	book := compiled(t, samplePlan(t, "whatsapp"))
	states := map[InForce]int{}
	for _, s := range book.Standings(book.revisions[5].from) {
		states[s.InForce]++
		if len(s.Digest) != 64 {
			t.Errorf("%s: digest %q", s.Name, s.Digest)
		}
		if s.InForce == Current && s.EffectiveDate.String() != "2024-07-01" {
			t.Errorf("current is %s of %s", s.Name, s.EffectiveDate)
		}
	}
	if states[Past] != 5 || states[Current] != 1 || states[Future] != len(book.revisions)-6 {
		t.Errorf("got %v", states)
	}
}

func TestAllowancesOfAChannel(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-05T00:00:00Z")
	got := d.book.Allowances(d.start, &d.account, "1066")
	if len(got) != 1 || got[0].Limit != 1000 || got[0].Key != serviceCount("1066", 2026, 10) {
		t.Errorf("got %+v", got)
	}
	if got := d.book.Allowances(at(t, "2026-09-30T23:59:59Z"), &d.account, "1066"); len(got) != 0 {
		t.Errorf("in September: got %+v, want none", got)
	}
}
