package pricing

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/conversation"
)

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

// A page's button opens a free entry point like an advertisement, also since it lasts up to 7 days.
func TestAPageButtonOpensAnEntryPoint(t *testing.T) {
	for _, start := range []string{"2026-03-10T00:00:00Z", "2026-09-28T00:00:00Z", "2026-10-05T00:00:00Z"} {
		d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), start)
		d.writes(french, 0, message|conversation.PageButton)
		expect(t, start, d.template(french, 1, marketing), "marketing free: freeEntryPoint")
	}
}
