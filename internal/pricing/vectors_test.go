package pricing

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/money"
)

const (
	french   = "33612345678"
	indian   = "919812345678"
	american = "12025550123"
)

const (
	marketing      = conversation.Marketing
	utility        = conversation.Utility
	authentication = conversation.Authentication
	message        = conversation.Message
	fromAd         = conversation.Message | conversation.Ad
)

// The official example of per-message pricing.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing
func TestPerMessage2025OfficialExample(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-03-10T00:00:00Z")
	expect(t, "h0 marketing template", d.template(french, 0, marketing), "marketing 0.0859")
	d.writes(french, 2, message)
	expect(t, "h3 text", d.text(french, 3), "service free: serviceWindow")
	expect(t, "h4 utility template", d.template(french, 4, utility), "utility free: serviceWindow")
	expect(t, "h30 utility template", d.template(french, 30, utility), "utility 0.03")
}

func TestPerMessage2025ChargesMarketingAndAuthenticationInTheWindow(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-03-10T00:00:00Z")
	d.writes(french, 0, message)
	expect(t, "marketing", d.template(french, 1, marketing), "marketing 0.0859")
	expect(t, "authentication", d.template(french, 1, authentication), "authentication 0.03")
}

// A template that waited for a phone that was switched off is priced by the window at its delivery.
func TestPerMessage2025WindowCountsAtDelivery(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-03-10T00:00:00Z")
	d.writes(french, 0, message)
	tests := []struct {
		name        string
		deliveredAt int64
		want        string
	}{
		{"a second before the window closes", 86399, "utility free: serviceWindow"},
		{"as the window closes", 86400, "utility 0.03"},
		{"a second after the window closed", 86401, "utility 0.03"},
	}
	for _, tc := range tests {
		m := d.message(french, 1, conversation.Templated, utility)
		m.EndedAt = d.start + tc.deliveredAt
		expect(t, tc.name, told(d.settle(french, m)), tc.want)
	}
}

// The sequence of the page on conversation-based pricing. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing/conversation-based-pricing
func TestConversations2023OfficialSequence(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2023-07-10T00:00:00Z")
	expect(t, "h0 marketing template", d.template(french, 0, marketing), "marketing 0.1432")
	d.writes(french, 4, message)
	expect(t, "h5 list message", d.text(french, 5), "service free: conversation")
	expect(t, "h25 text", d.text(french, 25), "service free: allowance")
	expect(t, "h26 text", d.text(french, 26), "service free: conversation")
}

func TestConversations2023HaveACategoryEach(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2023-07-10T00:00:00Z")
	d.writes(french, 0, message)
	expect(t, "text", d.text(french, 1), "service free: allowance")
	expect(t, "template while a service conversation is open", d.template(french, 2, utility), "utility 0.0768")
	expect(t, "the same category again", d.template(french, 3, utility), "utility free: conversation")
	expect(t, "another category", d.template(french, 4, authentication), "authentication 0.0691")
	expect(t, "just before 24 hours of utility", d.template(french, 25.999, utility), "utility free: conversation")
	expect(t, "24 hours after utility opened", d.template(french, 26, utility), "utility 0.0768")
}

// Reports come in any order: a delivery that is reported after a later one joins the conversation
// that the later one opened.
func TestP2ALateReportJoinsTheConversation(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2023-07-10T00:00:00Z")
	expect(t, "delivered at h3", d.template(french, 3, utility), "utility 0.0768")
	expect(t, "delivered at h1, reported after", d.template(french, 1, utility), "utility free: conversation")
	expect(t, "delivered at h2, reported last", d.template(french, 2, utility), "utility free: conversation")
	expect(t, "another category, reported late", d.template(french, 1, marketing), "marketing 0.1432")
}

func TestConversations2024ServiceIsFreeAndStillOpens(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2024-11-10T00:00:00Z")
	d.writes(french, 0, message)
	expect(t, "first text", d.text(french, 1), "service free: serviceWindow")
	expect(t, "second text", d.text(french, 2), "service free: conversation")
}

func TestConversations2022AreKeyedByInitiator(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2022-05-10T00:00:00Z")
	d.counts[CounterKey{Scope: PerAccount, Allowance: "free-conversations", Month: 2022*12 + 4}] = 1000
	expect(t, "template outside the window", d.template(french, 0, marketing), "business_initiated 0.1432")
	d.writes(french, 1, message)
	expect(t, "answer rides on it", d.text(french, 2), "user_initiated free: conversation")
	expect(t, "template rides on it too", d.template(french, 3, utility), "user_initiated free: conversation")
	expect(t, "after 24 hours, inside the window", d.text(french, 24.5), "user_initiated 0.0859")
}

// The order of the tests since October 2026: undelivered, reaction, entry point, service within the
// quota, charge.
func TestOctober2026OrderOfTests(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-05T00:00:00Z")
	d.writes(french, 0, fromAd)
	undelivered := d.message(french, 1, conversation.FreeForm, conversation.None)
	undelivered.Delivered = false
	expect(t, "undelivered", told(d.settle(french, undelivered)), "service free: undelivered")
	reaction := d.message(french, 1, conversation.Reaction, conversation.None)
	expect(t, "reaction", told(d.settle(french, reaction)), "service free: reaction")
	expect(t, "in the entry point", d.text(french, 2), "service free: freeEntryPoint")
	if len(d.counts) != 0 {
		t.Errorf("none of these uses the allowance: %v", d.counts)
	}
	d.writes(american, 0, message)
	expect(t, "within the quota", d.text(american, 1), "service free: allowance")
	expect(t, "utility in the window", d.template(american, 1, utility), "utility 0.0034")
	d.counts[serviceCount("1066", 2026, 10)] = 1000
	expect(t, "beyond the quota", d.text(american, 2), "service 0.0034")
}

// serviceCount returns the count of the free service messages of a number and month.
func serviceCount(channel string, year, month int) CounterKey {
	key := CounterKey{Scope: PerChannel, ScopeID: channel, Allowance: "free-service"}
	key.Month = civil.Month(12*year + month - 1)
	return key
}

func TestOctober2026ThousandFreePerNumberAndMonth(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-05T00:00:00Z")
	for _, channel := range []string{"1066", "1077"} {
		d.state(channel, french).Receive(
			conversation.Inbound{At: d.start, Events: message}, d.book.Rules(d.start, d.account.Zone),
		)
		for i := 1; i <= 1001; i++ {
			m := d.message(french, 1, conversation.FreeForm, conversation.None)
			m.Channel = channel
			want := "service free: allowance"
			if i == 1001 {
				want = "service 0.03"
			}
			expect(t, channel, told(d.settle(french, m)), want)
		}
	}
	d.writes(french, 27*24, message)
	expect(t, "1 November", d.text(french, 27*24+1), "service free: allowance")
}

func TestOctober2026PaidExempt(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2027-12-31T23:00:00Z")
	d.account.Exemptions = []string{"paid-exempt"}
	d.counts[serviceCount("1066", 2027, 12)] = 1000
	d.counts[serviceCount("1066", 2028, 1)] = 1000
	d.writes(french, 0, message)
	expect(t, "last day", d.text(french, 0.5), "service free: exempt")
	expect(t, "utility is not exempt", d.template(french, 0.5, utility), "utility 0.03")
	expect(t, "the day after", d.text(french, 1), "service 0.03")
}

func TestBusinessAgentIsBilledByTheTokenEvenInAnEntryPoint(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-05T00:00:00Z")
	d.writes(french, 0, fromAd)
	expect(t, "reply", d.template(french, 1, utility), "utility free: freeEntryPoint")
	m := d.message(french, 2, conversation.FreeForm, conversation.BusinessAgent)
	m.Units = 21_500
	expect(t, "21,500 tokens", told(d.settle(french, m)), "business_agent 0.043")
}

// A group message costs, for each recipient, what any other costs in the recipient's market, and
// shares the 1,000.
func TestGroupsAndMarketingLiteAreRatedAsTheirLike(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-05T00:00:00Z")
	d.counts[serviceCount("1066", 2026, 10)] = 999
	expect(t, "group utility", d.template(french, 0, conversation.GroupUtility), "group_utility 0.03")
	expect(t, "marketing lite", d.template(french, 0, conversation.MarketingLite), "marketing_lite 0.0859")
	m := d.message(french, 0, conversation.FreeForm, conversation.GroupService)
	expect(t, "group message 1,000", told(d.settle(french, m)), "group_service free: allowance")
	expect(t, "group message 1,001", told(d.settle(french, m)), "group_service 0.03")
	expect(t, "text", d.text(french, 0), "service 0.03")
}

// Notification-based pricing: everything is free in the window, no rate is known outside of it.
func TestNotifications2018(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2019-05-10T00:00:00Z")
	d.writes(french, 0, message)
	expect(t, "answer", d.text(french, 1), "service free: serviceWindow")
	expect(t, "template in the window", d.template(french, 2, conversation.None), "template free: serviceWindow")
	expect(t, "template outside", d.template(french, 30, conversation.None), "template unpriced")
}

func TestAnnouncement2018BillsFreeFormOutsideTheWindow(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "announcement")), "2018-08-01T00:00:00Z")
	d.writes(french, 0, message)
	rules := d.book.Rules(d.start, d.account.Zone)
	permission := d.state("1066", french).Permit(conversation.Request{At: d.seconds(30)}, rules)
	if permission.Refusal != conversation.Permitted {
		t.Errorf("free-form outside the window: got %v, want permitted", permission.Refusal)
	}
	expect(t, "answer within 24 hours", d.text(french, 23), "service free: serviceWindow")
	expect(t, "answer after 24 hours", d.text(french, 24), "service 0.05")
}

func TestMessengerIsFreeInsideItsWindow(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "messenger")), "2026-10-05T00:00:00Z")
	d.writes("24680135", 0, fromAd)
	rules := d.book.Rules(d.start, d.account.Zone)
	for hour, want := range map[float64]conversation.Refusal{
		167.9: conversation.Permitted, 168: conversation.WindowClosed,
	} {
		if got := d.state("1066", "24680135").Permit(
			conversation.Request{At: d.seconds(hour)}, rules,
		).Refusal; got != want {
			t.Errorf("h%v after an ad: got %v, want %v", hour, got, want)
		}
	}
	out := d.settle("24680135", d.message("24680135", 1, conversation.FreeForm, conversation.None))
	expect(t, "text", told(out), "service free: serviceWindow")
	expect(t, "market", out.Market, "Any")
	expect(t, "utility template", d.template("24680135", 1, utility), "utility 0")
	expect(t, "paid reach", d.template("24680135", 1, marketing), "marketing unpriced")
}

func TestUnknownRateIsUnpricedAndNeverZero(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2025-03-01T00:00:00Z")
	out := d.settle(french, d.message(french, 0, conversation.Templated, authentication))
	if out.Result != Unpriced || out.Listed || out.Revision != "cbp-2025-02" || out.Market != "France" {
		t.Errorf("got %+v, want unpriced in France under cbp-2025-02", out)
	}
	before := newDesk(t, d.book, "2018-07-31T10:00:00Z")
	expect(t, "before the first revision", before.template(french, 0, marketing), " unpriced")
}

func TestTemplateOfNoKnownCategoryIsUnpriced(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-05T00:00:00Z")
	m := d.message(french, 0, conversation.Templated, conversation.None)
	if bound := d.book.MaxCharge(&d.account, &m, d.state("1066", french), m.SentAt); !bound.Unpriced {
		t.Errorf("the bound must say that there is no rate")
	}
	expect(t, "template", told(d.settle(french, m)), " unpriced")
}

func TestMarkupKeepsCostAndChargeApart(t *testing.T) {
	plan := samplePlan(t, "whatsapp")
	last := &plan.Revisions[len(plan.Revisions)-1]
	last.Markups = []Markup{
		{Category: "Utility", Percent: "12.5", Fixed: "0.001"}, {Category: "Marketing", Percent: "0"},
	}
	last.MinimumCharge = "0.09"
	d := newDesk(t, compiled(t, plan), "2026-10-05T00:00:00Z")
	out := d.settle("4915123456789", d.message("4915123456789", 0, conversation.Templated, marketing))
	if out.Cost != money.MustParse("0.1365") || out.Charge != money.MustParse("0.1365") {
		t.Errorf("marketing: cost %s and charge %s, want 0.1365 and 0.1365", out.Cost, out.Charge)
	}
	out = d.settle(french, d.message(french, 0, conversation.Templated, utility))
	if out.ListPrice != money.MustParse("0.03") || out.Cost != money.MustParse("0.03") ||
		out.Charge != money.MustParse("0.09") {
		t.Errorf(
			"utility in France: list %s, cost %s, charge %s, want 0.03, 0.03 and the minimum 0.09", out.ListPrice,
			out.Cost, out.Charge,
		)
	}
	last.MinimumCharge = ""
	d = newDesk(t, compiled(t, plan), "2026-10-05T00:00:00Z")
	expect(t, "0.03 × 1.125 + 0.001", d.template(french, 0, utility), "utility 0.03475")
}

const (
	polish    = "48512345678"
	moroccan  = "212612345678"
	malaysian = "60123456789"
)
