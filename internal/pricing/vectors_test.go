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

// The free entry point's worked example: an ad message at 10:00, a template in reply at 22:00.
// Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing/conversation-based-pricing
func TestEntryPointWorkedExample(t *testing.T) {
	for _, start := range []string{"2023-07-10T00:00:00Z", "2026-03-10T00:00:00Z"} {
		d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), start)
		d.writes(french, 0, fromAd)
		expect(t, "h12 template in reply", d.template(french, 12, marketing), "marketing free: freeEntryPoint")
		rules := d.book.Rules(d.seconds(24), d.account.Zone)
		for hour, want := range map[float64]conversation.Refusal{
			23.9: conversation.Permitted, 24: conversation.WindowClosed,
		} {
			got := d.state("1066", french).Permit(
				conversation.Request{At: d.seconds(hour), Form: conversation.FreeForm}, rules,
			)
			if got.Refusal != want {
				t.Errorf("free-form at h%v: got %v, want %v", hour, got.Refusal, want)
			}
		}
		expect(t, "h83.9 template", d.template(french, 83.9, marketing), "marketing free: freeEntryPoint")
		if out := d.template(french, 84, marketing); out == "marketing free: freeEntryPoint" {
			t.Errorf("h84: the entry point must be over after 72 hours")
		}
	}
}

func TestEntryPointNeedsAReplyWithin24Hours(t *testing.T) {
	tests := map[float64]string{
		23.999: "marketing free: freeEntryPoint", 24: "marketing 0.0859", 25: "marketing 0.0859",
	}
	for hour, want := range tests {
		d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-03-10T00:00:00Z")
		d.writes(french, 0, fromAd)
		expect(t, "first reply", d.template(french, hour, marketing), want)
	}
}

func TestEntryPointDoesNotSlide(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-03-10T00:00:00Z")
	d.writes(french, 0, fromAd)
	expect(t, "h1", d.template(french, 1, marketing), "marketing free: freeEntryPoint")
	expect(t, "h20", d.template(french, 20, marketing), "marketing free: freeEntryPoint")
	expect(t, "h73", d.template(french, 73, marketing), "marketing 0.0859")
}

func TestEntryPointClosesOpenConversations(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2023-07-10T00:00:00Z")
	expect(t, "h0 utility", d.template(french, 0, utility), "utility 0.0768")
	d.writes(french, 1, fromAd)
	expect(t, "h2 reply", d.text(french, 2), "service free: freeEntryPoint")
	if open := d.state("1066", french).ConversationAt(utility, d.seconds(3)); !open.Span.IsEmpty() {
		t.Errorf("the utility conversation must be closed, it is %+v", open)
	}
}

func TestEntryPointOfOctober2026EndsWhenTheUpstreamSays(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-05T00:00:00Z")
	d.writes(french, 0, fromAd)
	reply := d.message(french, 1, conversation.Templated, marketing)
	reply.EntryPointExpiry = d.seconds(49)
	expect(t, "reply", told(d.settle(french, reply)), "marketing free: freeEntryPoint")
	expect(t, "h48", d.template(french, 48, utility), "utility free: freeEntryPoint")
	expect(t, "h49", d.template(french, 49, utility), "utility 0.03")
}

// The upstream may state an end that is sooner than it was before: what is delivered after it is no
// longer free.
func TestEntryPointEndsSoonerThanItWasThought(t *testing.T) {
	plan := samplePlan(t, "whatsapp")
	plan.Revisions[len(plan.Revisions)-1].EntryPoint.StartsAt = "Send"
	d := newDesk(t, compiled(t, plan), "2026-10-05T00:00:00Z")
	d.writes(french, 0, fromAd)
	expect(t, "reply", d.template(french, 1, utility), "utility free: freeEntryPoint")
	m := d.message(french, 59, conversation.Templated, utility)
	m.EndedAt, m.EntryPointExpiry = d.seconds(61), d.seconds(60)
	expect(t, "sent at h59, delivered at h61, and the end is h60", told(d.settle(french, m)), "utility 0.03")
	expect(t, "h60", d.template(french, 60, utility), "utility 0.03")
}

func TestEntryPointOfOctober2026LastsSevenDaysOtherwise(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-05T00:00:00Z")
	d.writes(french, 0, fromAd)
	expect(t, "reply", d.template(french, 1, marketing), "marketing free: freeEntryPoint")
	expect(t, "day 6", d.template(french, 6*24, marketing), "marketing free: freeEntryPoint")
	expect(t, "7 days later", d.template(french, 7*24+1, marketing), "marketing 0.0859")
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
	verdict := d.state("1066", french).Permit(conversation.Request{At: d.seconds(30)}, rules)
	if verdict.Refusal != conversation.Permitted {
		t.Errorf("free-form outside the window: got %v, want permitted", verdict.Refusal)
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
	expect(t, "utility template", d.template("24680135", 1, utility), "utility unpriced")
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

// The shipped plan has a price for every market on the first day of October 2026, in each category.
func TestOctober2026PricesEveryMarketFromItsFirstDay(t *testing.T) {
	tests := []struct {
		customer string
		category conversation.Category
		want     string
	}{
		{polish, marketing, "marketing 0.0366"},
		{polish, utility, "utility 0.0122"},
		{polish, authentication, "authentication 0.0122"},
		{moroccan, marketing, "marketing 0.0414"},
		{malaysian, utility, "utility 0.014"},
		{"77012345678", utility, "utility 0.018"},       // Kazakhstan
		{"97412345678", marketing, "marketing 0.0341"},  // Qatar
		{"40712345678", marketing, "marketing 0.086"},   // Romania
		{"243812345678", marketing, "marketing 0.0604"}, // Congo (Kinshasa), which is in Other
	}
	for _, tc := range tests {
		d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-01T00:00:00Z")
		expect(t, tc.customer, d.template(tc.customer, 0, tc.category), tc.want)
	}
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-01T00:00:00Z")
	d.counts[serviceCount("1066", 2026, 10)] = 1000
	d.writes(polish, 0, message)
	expect(t, "message 1,001 without a template, to Poland", d.text(polish, 1), "service 0.0122")
}

// The same message on the days around a new list.
func TestTheShippedPlanTurnsWithItsLists(t *testing.T) {
	tests := []struct {
		day      string
		customer string
		category conversation.Category
		want     string
	}{
		{"2024-06-30", indian, authentication, "authentication unpriced"},
		{"2024-07-01", indian, authentication, "authentication 0.0014"},
		{"2024-11-30", indian, authentication, "authentication 0.0014"},
		{"2025-03-31", indian, marketing, "marketing 0.0107"},
		{"2025-04-01", indian, marketing, "marketing 0.0107"},
		{"2025-04-01", french, authentication, "authentication unpriced"},
		{"2025-06-30", "2348031234567", utility, "utility 0.0067"},
		{"2025-07-01", french, utility, "utility 0.03"},
		{"2025-09-30", "573001234567", utility, "utility 0.0002"}, // Colombia
		{"2025-10-01", "573001234567", utility, "utility 0.0008"},
		{"2025-09-30", "263712345678", marketing, "marketing 0.0604"}, // Zimbabwe, in Other
		{"2025-10-01", "263712345678", marketing, "marketing 0.0225"}, // and in Rest of Africa
		{"2024-10-31", "254712345678", utility, "utility 0.0061"},     // Kenya, in Rest of Africa
		{"2024-11-01", "254712345678", utility, "utility unpriced"},
		{"2025-07-01", "254712345678", utility, "utility 0.004"},
		{"2026-06-30", polish, utility, "utility 0.0212"}, // in Rest of Central & Eastern Europe
		{"2026-07-01", polish, utility, "utility 0.0122"},
		{"2026-10-01", polish, utility, "utility 0.0122"},
	}
	book := compiled(t, samplePlan(t, "whatsapp"))
	for _, tc := range tests {
		d := newDesk(t, book, tc.day+"T12:00:00Z")
		expect(t, tc.day+" "+tc.customer, d.template(tc.customer, 0, tc.category), tc.want)
	}
}

// Volume tiers of October 2026: each message costs what its own place in the month's count says.
func TestOctober2026VolumeTiers(t *testing.T) {
	tests := []struct {
		customer, market string
		category         conversation.Category
		counted          int64
		want             string
	}{
		{"5511999990000", "Brazil", utility, 249_999, "utility 0.0068"},
		{"5511999990000", "Brazil", utility, 250_000, "utility 0.0065"},
		{"5511999990000", "Brazil", utility, 70_000_000, "utility 0.0051"},
		{polish, "Poland", utility, 100_000, "utility 0.0116"},
		{polish, "Poland", authentication, 300_000, "authentication 0.0116"},
		{indian, "India", utility, 25_000_000, "utility 0.0013"},
		{indian, "India", utility, 300_000_000, "utility 0.001"},
		{"573001234567", "Colombia", utility, 100_000, "utility 0.0008"}, // 0.00076, as the card prints it
	}
	book := compiled(t, samplePlan(t, "whatsapp"))
	for _, tc := range tests {
		d := newDesk(t, book, "2026-10-10T00:00:00Z")
		d.counts[CounterKey{
			Scope: PerPortfolio, ScopeID: "p1", Market: tc.market, Category: tc.category, Month: 2026*12 + 9,
		}] = tc.counted
		expect(t, tc.market, d.template(tc.customer, 0, tc.category), tc.want)
	}
}

// A page's button opens a free entry point like an advertisement, also since it lasts up to 7 days.
func TestAPageButtonOpensAnEntryPoint(t *testing.T) {
	for _, start := range []string{"2026-03-10T00:00:00Z", "2026-09-28T00:00:00Z", "2026-10-05T00:00:00Z"} {
		d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), start)
		d.writes(french, 0, message|conversation.PageButton)
		expect(t, start, d.template(french, 1, marketing), "marketing free: freeEntryPoint")
	}
}

// The plans in euros and pesos have prices of their own lists, and none where that list was not
// found.
func TestPlansInOtherCurrencies(t *testing.T) {
	tests := []struct{ plan, day, want string }{
		{"whatsapp_eur", "2026-07-01", "marketing 0.0712"},
		{"whatsapp_eur", "2026-09-28", "marketing 0.0712"},
		{"whatsapp_eur", "2026-10-01", "marketing unpriced"},
		{"whatsapp_cop", "2026-07-01", "marketing 316.2678"},
		{"whatsapp_cop", "2026-10-01", "marketing 316.2678"},
	}
	for _, tc := range tests {
		d := newDesk(t, compiled(t, samplePlan(t, tc.plan)), tc.day+"T12:00:00Z")
		expect(t, tc.plan+" "+tc.day, d.template(french, 0, marketing), tc.want)
	}
}
