package conversation

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

const day = 24 * 60 * 60

// rules returns those of 2023: 24 hours, a reaction opens too, an entry point of 72 hours that
// closes conversations.
func rules() *Rules {
	return &Rules{
		Openings: []Opening{{Events: Message | Reacted | Called, Seconds: day}},
		EntryPoint: EntryPointRules{
			Opens: Ad, ReplySeconds: day, Seconds: 3 * day, StartsAt: AtDelivery, TrustsUpstream: true,
			ClosesConversations: true,
		},
	}
}

func TestWindowIsHalfOpen(t *testing.T) {
	var s State
	s.Receive(Inbound{At: 1000, Events: Message}, rules())
	tests := map[int64]bool{999: false, 1000: true, 1000 + day - 1: true, 1000 + day: false, 1000 + day + 1: false}
	for at, want := range tests {
		if got := s.WindowOpen(at); got != want {
			t.Errorf("at %d: got %v, want %v", at, got, want)
		}
	}
}

func TestWhatOpensTheWindow(t *testing.T) {
	tests := map[string]struct {
		events Events
		want   bool
	}{
		"message":            {Message, true},
		"message from an ad": {Message | Ad, true},
		"reaction":           {Reacted, true},
		"call":               {Called, true},
		"read receipt":       {0, false},
		"unsupported":        {Unsupported, false},
		"an ad alone":        {Ad, false},
	}
	for name, tc := range tests {
		var s State
		s.Receive(Inbound{At: 1000, Events: tc.events}, rules())
		if got := s.WindowOpen(1000); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
		if s.FirstContact != 1000 {
			t.Errorf("%s: first contact at %d, want 1000", name, s.FirstContact)
		}
	}
}

func TestTheLongestOpeningCounts(t *testing.T) {
	r := rules()
	r.Openings = append(r.Openings, Opening{Events: Ad, Seconds: 7 * day})
	var s State
	s.Receive(Inbound{At: 0, Events: Message | Ad}, r)
	if !s.WindowOpen(7*day-1) || s.WindowOpen(7*day) {
		t.Errorf("the window is %+v, want 7 days", s.Windows)
	}
}

func TestALateMessageNeitherShrinksNorMovesTheWindow(t *testing.T) {
	var s State
	s.Receive(Inbound{At: 10 * day, Events: Message}, rules())
	s.Receive(Inbound{At: 9*day + 100, Events: Message}, rules())
	if want := (Span{From: 9*day + 100, To: 11 * day}); len(s.Windows) != 1 || s.Windows[0] != want {
		t.Errorf("got %+v, want %+v", s.Windows, want)
	}
}

// "Was the window open then" is answered for a delivery that is reported weeks late.
func TestWindowsAreRememberedFor45Days(t *testing.T) {
	var s State
	s.Receive(Inbound{At: 0, Events: Message}, rules())
	s.Receive(Inbound{At: 44 * day, Events: Message}, rules())
	if !s.WindowOpen(day - 1) {
		t.Error("the window of 44 days ago must be known")
	}
	s.Receive(Inbound{At: 47 * day, Events: Message}, rules())
	if s.WindowOpen(day-1) || len(s.Windows) != 2 {
		t.Errorf("the window of 47 days ago must be forgotten: %+v", s.Windows)
	}
	s.Receive(Inbound{At: 200 * day}, rules())
	if len(s.Windows) != 1 || s.Windows[0].To != 48*day {
		t.Errorf("the last window must be kept, to say when it closed: %+v", s.Windows)
	}
}

// A customer who never writes and is written to every day must not make the state grow for ever.
func TestConversationsAreRememberedFor45Days(t *testing.T) {
	var s State
	for d := range int64(400) {
		s.Apply(Change{Opens: Open{Category: Marketing, Span: Span{From: d * day, To: d*day + day}}})
	}
	if len(s.Conversations) != 47 || s.Conversations[0].Span.To != 354*day {
		t.Errorf(
			"%d conversations are remembered, the first until %d", len(s.Conversations), s.Conversations[0].Span.To,
		)
	}
}

func TestPermit(t *testing.T) {
	var open, never, stopped, blocked State
	for _, s := range []*State{&open, &stopped, &blocked} {
		s.Receive(Inbound{At: 0, Events: Message}, rules())
	}
	stopped.StopMarketing(true, 5)
	blocked.SetBlocked(true, 5)
	billed := rules()
	billed.OutsideWindow = Billed
	plain := rules()
	plain.NoPromotion = true
	tests := []struct {
		name  string
		state *State
		rules *Rules
		want  Permission
		Request
	}{
		{"free-form in the window", &open, rules(), Permission{Permitted, true, Span{0, day}, true}, Request{At: day - 1}},
		{"free-form as it closes", &open, rules(), Permission{WindowClosed, true, Span{0, day}, false}, Request{At: day}},
		{
			"free-form to someone who never wrote", &never, rules(),
			Permission{WindowClosed, false, Span{}, false},
			Request{At: day},
		},
		{
			"free-form before the customer wrote", &open, rules(),
			Permission{WindowClosed, true, Span{}, false},
			Request{At: -1},
		},
		{"free-form outside, billed", &open, billed, Permission{Permitted, true, Span{0, day}, false}, Request{At: day}},
		{
			"reaction outside", &open, rules(),
			Permission{WindowClosed, true, Span{0, day}, false},
			Request{At: day, Form: Reaction},
		},
		{
			"template outside", &open, rules(),
			Permission{Permitted, true, Span{0, day}, false},
			Request{At: day, Form: Templated, Category: Utility},
		},
		{
			"direct send outside", &open, rules(),
			Permission{Permitted, true, Span{0, day}, false},
			Request{At: day, Form: Direct, Category: Utility},
		},
		{
			"marketing after a stop", &stopped, rules(),
			Permission{MarketingStopped, true, Span{0, day}, true},
			Request{At: 9, Form: Templated, Category: Marketing},
		},
		{
			"utility after a stop", &stopped, rules(),
			Permission{Permitted, true, Span{0, day}, true},
			Request{At: 9, Form: Templated, Category: Utility},
		},
		{
			"marketing where promotion is refused", &open, plain,
			Permission{PromotionRefused, true, Span{0, day}, true},
			Request{At: 9, Form: Templated, Category: Marketing},
		},
		{
			"marketing lite where it is", &open, plain,
			Permission{PromotionRefused, true, Span{0, day}, true},
			Request{At: 9, Form: Templated, Category: MarketingLite},
		},
		{
			"direct marketing where it is", &open, plain,
			Permission{PromotionRefused, true, Span{0, day}, false},
			Request{At: day, Form: Direct, Category: Marketing},
		},
		{
			"marketing of a business that sends none", &open, rules(),
			Permission{PromotionRefused, true, Span{0, day}, true},
			Request{At: 9, Form: Templated, Category: Marketing, NoPromotion: true},
		},
		{
			"utility where promotion is refused", &open, plain,
			Permission{Permitted, true, Span{0, day}, false},
			Request{At: day, Form: Templated, Category: Utility, NoPromotion: true},
		},
		{
			"text where promotion is refused", &open, plain,
			Permission{Permitted, true, Span{0, day}, true},
			Request{At: 9, NoPromotion: true},
		},
		{"blocked", &blocked, rules(), Permission{CustomerBlocked, true, Span{0, day}, true}, Request{At: 9}},
	}
	for _, tc := range tests {
		if got := tc.state.Permit(tc.Request, tc.rules); got != tc.want {
			t.Errorf("P4, %s: got %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

func TestALateDeliveryIsPartOfTheConversationThatWasCharged(t *testing.T) {
	var s State
	s.Apply(Change{Opens: Open{Utility, Span{1000, 1000 + day}}})
	late := Open{Utility, Span{400, 400 + day}}
	if !s.BeginsWithin(late) {
		t.Fatal("the conversation of second 1000 begins within 24 hours of second 400")
	}
	s.Apply(Change{Opens: late})
	if want := []Open{{Utility, Span{400, 1000 + day}}}; !reflect.DeepEqual(s.Conversations, want) {
		t.Errorf("got %+v, want %+v", s.Conversations, want)
	}
	if s.BeginsWithin(Open{Marketing, Span{400, 400 + day}}) {
		t.Error("another category is another conversation")
	}
}

func TestP7TheStoredStateHoldsTimesOnly(t *testing.T) {
	var s State
	s.Receive(Inbound{At: 1000, Events: Message | Ad}, rules())
	s.Apply(
		Change{EntryPoint: s.Reply(1100, 1100, 0, &rules().EntryPoint), Opens: Open{Utility, Span{1200, 1200 + day}}},
	)
	s.StopMarketing(true, 1300)
	got, err := json.Marshal(s)
	const want = `{"windows":[{"from":1000,"to":87400}],"entryPoints":[{"eligibleFrom":1000,"replyBy":87400,"free":{"from":1100,"to":260300}}],` +
		`"conversations":[{"category":"utility","span":{"from":1200,"to":87600}}],"marketing":{"stopped":true,"at":1300},"firstContact":1000}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	var back State
	if err := json.Unmarshal(got, &back); err != nil || !reflect.DeepEqual(back, s) {
		t.Errorf("came back as %+v, %v", back, err)
	}
	if empty, err := json.Marshal(State{}); err != nil || string(empty) != "{}" {
		t.Errorf("the state of a customer who never wrote: got %s, %v; want {}", empty, err)
	}
}

// Events in any order and any number of times leave the same state.
func TestP2OrderAndRepetitionOfEventsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Inbound {
			return Inbound{
				At:     rapid.Int64Range(1, 20*day).Draw(t, "at"),
				Events: rapid.SampledFrom([]Events{Message, Reacted, Message | Ad, 0}).Draw(t, "events"),
			}
		}), 1, 20).Draw(t, "events")
		again := append(
			append([]Inbound(nil), events...), rapid.SliceOf(rapid.SampledFrom(events)).Draw(t, "repeated")...,
		)
		var first, second State
		for _, e := range events {
			first.Receive(e, rules())
		}
		for _, e := range rapid.Permutation(again).Draw(t, "order") {
			second.Receive(e, rules())
		}
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v and %+v", first, second)
		}
		for i := 1; i < len(first.Windows); i++ {
			if first.Windows[i-1].To >= first.Windows[i].From {
				t.Fatalf("windows must be apart and in order: %+v", first.Windows)
			}
		}
	})
}

// The window is open exactly where some message opened it.
func TestWindowAgreesWithItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(0, 5*day), 1, 10).Draw(t, "times")
		at := rapid.Int64Range(-day, 7*day).Draw(t, "at")
		var s State
		want := false
		for _, when := range times {
			s.Receive(Inbound{At: when, Events: Message}, rules())
			want = want || when <= at && at < when+day
		}
		if got := s.WindowOpen(at); got != want {
			t.Fatalf("at %d after messages at %v: got %v, want %v", at, times, got, want)
		}
	})
}

// Replies in any order open the same entry point.
func TestP2OrderOfRepliesChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		replies := rapid.SliceOfN(rapid.Int64Range(0, 2*day), 1, 8).Draw(t, "replies")
		apply := func(order []int64) State {
			var s State
			s.Receive(Inbound{At: 10, Events: Message | Ad}, rules())
			for _, at := range order {
				s.Apply(Change{EntryPoint: s.Reply(at, at, 0, &rules().EntryPoint)})
			}
			return s
		}
		a, b := apply(replies), apply(rapid.Permutation(replies).Draw(t, "order"))
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}

func TestWhatIsOverMayBeForgotten(t *testing.T) {
	var s State
	if !s.IsOverAt(0) {
		t.Error("a customer who never wrote has nothing open")
	}
	s.Receive(Inbound{At: 0, Events: Message | Ad}, rules())
	s.Apply(Change{EntryPoint: s.Reply(100, 100, 0, &rules().EntryPoint), Opens: Open{Utility, Span{200, 200 + 4*day}}})
	for at, want := range map[int64]bool{day: false, 3*day + 100: false, 4*day + 199: false, 4*day + 200: true} {
		if got := s.IsOverAt(at); got != want {
			t.Errorf("at %d: got %v, want %v", at, got, want)
		}
	}
	s.StopMarketing(false, 1)
	if s.IsOverAt(100 * day) {
		t.Error("a decision is never over")
	}
}

func TestCategoriesReadBack(t *testing.T) {
	for c := None + 1; c < categories; c++ {
		wire, err := ParseCategory(c.String())
		if err != nil || wire != c {
			t.Errorf("%s came back as %v, %v", c, wire, err)
		}
		plan, err := ParsePlanCategory(c.PlanName())
		if err != nil || plan != c {
			t.Errorf("%s came back as %v, %v", c.PlanName(), plan, err)
		}
	}
	if c, err := ParseCategory("authentication-international"); err != nil || c != AuthenticationInternational {
		t.Errorf("with the hyphen of the webhooks: got %v, %v", c, err)
	}
	for _, name := range []string{"", "Utility", "promo"} {
		if c, err := ParseCategory(name); err == nil {
			t.Errorf("ParseCategory(%q) = %v, want an error", name, c)
		}
	}
}

func BenchmarkReceive(b *testing.B) {
	var s State
	r := rules()
	at := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		at += 600
		s.Receive(Inbound{At: at, Events: Message}, r)
	}
}

func TestEventsOfAKind(t *testing.T) {
	tests := map[string]Events{
		"text": Message, "order": Message, "hologram": Message, "": Message,
		"reaction": Reacted, "unsupported": Unsupported, "call": Called, "accepted_call": AcceptedCall,
		"postback": Postback, "referral": Referral,
		"system": 0, "user_preferences": 0, "edit": 0, "revoke": 0,
	}
	for kind, want := range tests {
		if got := EventsOf(kind, 0); got != want {
			t.Errorf("a %q is %b, want %b", kind, got, want)
		}
		fromAd := want
		switch {
		case kind == KindReferral: // the click alone, as the network tells it
			fromAd |= Click
		case want != 0:
			fromAd |= Ad
		}
		if got := EventsOf(kind, Ad); got != fromAd {
			t.Errorf("a %q from an ad is %b, want %b", kind, got, fromAd)
		}
	}
}
