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
		want  Verdict
		Request
	}{
		{"free-form in the window", &open, rules(), Verdict{Permitted, true, Span{0, day}}, Request{At: day - 1}},
		{"free-form as it closes", &open, rules(), Verdict{WindowClosed, true, Span{0, day}}, Request{At: day}},
		{"free-form to someone who never wrote", &never, rules(), Verdict{WindowClosed, false, Span{}}, Request{At: day}},
		{"free-form before the customer wrote", &open, rules(), Verdict{WindowClosed, true, Span{}}, Request{At: -1}},
		{"free-form outside, billed", &open, billed, Verdict{Permitted, true, Span{0, day}}, Request{At: day}},
		{"reaction outside", &open, rules(), Verdict{WindowClosed, true, Span{0, day}}, Request{At: day, Form: Reaction}},
		{"template outside", &open, rules(), Verdict{Permitted, true, Span{0, day}}, Request{At: day, Form: Templated, Category: Utility}},
		{"direct send outside", &open, rules(), Verdict{Permitted, true, Span{0, day}}, Request{At: day, Form: Direct, Category: Utility}},
		{"marketing after a stop", &stopped, rules(), Verdict{MarketingStopped, true, Span{0, day}}, Request{At: 9, Form: Templated, Category: Marketing}},
		{"utility after a stop", &stopped, rules(), Verdict{Permitted, true, Span{0, day}}, Request{At: 9, Form: Templated, Category: Utility}},
		{"marketing where promotion is refused", &open, plain, Verdict{PromotionRefused, true, Span{0, day}}, Request{At: 9, Form: Templated, Category: Marketing}},
		{"marketing lite where it is", &open, plain, Verdict{PromotionRefused, true, Span{0, day}}, Request{At: 9, Form: Templated, Category: MarketingLite}},
		{"direct marketing where it is", &open, plain, Verdict{PromotionRefused, true, Span{0, day}}, Request{At: day, Form: Direct, Category: Marketing}},
		{"marketing of a business that sends none", &open, rules(), Verdict{PromotionRefused, true, Span{0, day}}, Request{At: 9, Form: Templated, Category: Marketing, NoPromotion: true}},
		{"utility where promotion is refused", &open, plain, Verdict{Permitted, true, Span{0, day}}, Request{At: day, Form: Templated, Category: Utility, NoPromotion: true}},
		{"text where promotion is refused", &open, plain, Verdict{Permitted, true, Span{0, day}}, Request{At: 9, NoPromotion: true}},
		{"blocked", &blocked, rules(), Verdict{CustomerBlocked, true, Span{0, day}}, Request{At: 9}},
	}
	for _, tc := range tests {
		if got := tc.state.Permit(tc.Request, tc.rules); got != tc.want {
			t.Errorf("P4, %s: got %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

func TestEntryPointDoesNotPermit(t *testing.T) {
	var s State
	s.Receive(Inbound{At: 0, Events: Message | Ad}, rules())
	s.Apply(Change{EntryPoint: s.Reply(100, 100, 0, &rules().EntryPoint)})
	if !s.EntryPointAt(2 * day).Contains(2 * day) {
		t.Fatalf("the entry point must be open: %+v", s.EntryPoints)
	}
	if got := s.Permit(Request{At: 2 * day}, rules()).Refusal; got != WindowClosed {
		t.Errorf("free-form in an entry point outside the window: got %v, want %v", got, WindowClosed)
	}
}

func TestTheLatestDecisionCounts(t *testing.T) {
	var s State
	s.StopMarketing(true, 100)
	s.StopMarketing(false, 90)
	if !s.Marketing.Stopped {
		t.Error("a resume that is older than the stop must not count")
	}
	s.StopMarketing(false, 100)
	if !s.Marketing.Stopped {
		t.Error("of two decisions of one second the stop must count")
	}
	s.StopMarketing(false, 101)
	if s.Marketing.Stopped {
		t.Error("a later resume must count")
	}
	s.StopMarketing(true, 101)
	if !s.Marketing.Stopped {
		t.Error("of two decisions of one second the stop must count, in this order too")
	}
}

// Of what was decided on two addresses of one person, refusals add up: the business's word on one
// of them does not take back what was refused on the other. The customer's own words count as if
// they had come from one address.
func TestP13RefusalsOfOnePersonAddUp(t *testing.T) {
	stopped := func(at int64) Preference { return Preference{Stopped: true, At: at} }
	allowed := func(at int64) Preference { return Preference{At: at} }
	tests := map[string]struct{ one, other, words, decisions Preference }{
		"a refusal, and nothing":          {stopped(10), Preference{}, stopped(10), stopped(10)},
		"a refusal, and a later word":     {stopped(10), allowed(20), allowed(20), stopped(10)},
		"a refusal after an earlier word": {stopped(20), allowed(10), stopped(20), stopped(20)},
		"a refusal in the same second":    {stopped(10), allowed(10), stopped(10), stopped(10)},
		"two refusals":                    {stopped(10), stopped(20), stopped(20), stopped(20)},
		"what was allowed, and nothing":   {allowed(10), Preference{}, allowed(10), allowed(10)},
		"what was allowed twice":          {allowed(10), allowed(20), allowed(20), allowed(20)},
		"nothing":                         {Preference{}, Preference{}, Preference{}, Preference{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			one := State{Marketing: tc.one, Block: tc.one, Consent: tc.one}
			other := State{Marketing: tc.other, Block: tc.other, Consent: tc.other}
			want := State{Marketing: tc.words, Block: tc.decisions, Consent: tc.decisions}
			for _, pair := range [][2]State{{one, other}, {other, one}} {
				got := pair[0]
				got.Unite(&pair[1])
				if got.Unite(&pair[1]); !reflect.DeepEqual(got, want) {
					t.Fatalf("got %+v; want %+v", got, want)
				}
			}
		})
	}
}

// Whatever a customer does under several addresses is the same as under one, once they are known to
// be one person's.
func TestP13ManyAddressesOfAPersonAreAsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var one State
		var many [3]State
		for range rapid.IntRange(1, 20).Draw(t, "events") {
			at, under := rapid.Int64Range(1, 30*day).Draw(t, "at"), &many[rapid.IntRange(0, 2).Draw(t, "address")]
			what := rapid.SampledFrom([]Events{Message, Reacted, Message | Ad, 0}).Draw(t, "event")
			word := rapid.IntRange(0, 3).Draw(t, "word")
			for _, s := range []*State{&one, under} {
				s.Receive(Inbound{At: at, Events: what}, rules())
				switch word {
				case 1:
					s.StopMarketing(true, at)
				case 2:
					s.StopMarketing(false, at)
				case 3:
					s.SetBlocked(true, at)
				}
			}
		}
		order := rapid.Permutation([]int{0, 1, 2}).Draw(t, "order")
		united := many[order[0]]
		for range 2 {
			united.Unite(&many[order[1]])
			united.Unite(&many[order[2]])
		}
		if !reflect.DeepEqual(united, one) {
			t.Fatalf("%+v united, and %+v told as one", united, one)
		}
	})
}

// Neither the order nor a repetition changes what several become.
func TestP13OrderOfUnitingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		states := make([]State, 4)
		for i := range states {
			s := &states[i]
			for range rapid.IntRange(0, 3).Draw(t, "arrivals") {
				s.Receive(Inbound{At: rapid.Int64Range(1, 3*day).Draw(t, "at"), Events: Message | Ad}, rules())
			}
			for range rapid.IntRange(0, 2).Draw(t, "replies") {
				at := rapid.Int64Range(1, 3*day).Draw(t, "reply")
				s.Apply(Change{
					EntryPoint: s.Reply(at, at, 0, &rules().EntryPoint), Opens: Open{Utility, Span{at, at + day}},
				})
			}
			s.Consent = Preference{
				Stopped: rapid.Bool().Draw(t, "withdrawn"), At: rapid.Int64Range(1, 9).Draw(t, "consent at"),
			}
		}
		unite := func(order []State) State {
			var all State
			for _, s := range order {
				all.Unite(&s)
			}
			return all
		}
		again := append(
			rapid.Permutation(states).Draw(t, "order"), rapid.SliceOf(rapid.SampledFrom(states)).Draw(t, "again")...,
		)
		if first, second := unite(states), unite(again); !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v and %+v", first, second)
		}
	})
}

func TestTheEarliestReplyStartsTheEntryPoint(t *testing.T) {
	var s State
	s.Receive(Inbound{At: 0, Events: Message | Ad}, rules())
	s.Apply(Change{EntryPoint: s.Reply(500, 500, 0, &rules().EntryPoint)})
	s.Apply(Change{EntryPoint: s.Reply(600, 600, 0, &rules().EntryPoint)}) // later: nothing
	s.Apply(Change{EntryPoint: s.Reply(400, 400, 0, &rules().EntryPoint)}) // reported late, delivered before
	if got, want := s.EntryPointAt(1000), (Span{From: 400, To: 400 + 3*day}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestANewAdOpensANewEntryPoint(t *testing.T) {
	var s State
	s.Receive(Inbound{At: 0, Events: Message | Ad}, rules())
	s.Apply(Change{EntryPoint: s.Reply(100, 100, 0, &rules().EntryPoint)})
	s.Receive(Inbound{At: 2 * day, Events: Message | Ad}, rules())
	s.Apply(Change{EntryPoint: s.Reply(2*day+100, 2*day+100, 0, &rules().EntryPoint)})
	if got, want := s.EntryPointAt(4*day), (Span{From: 2*day + 100, To: 5*day + 100}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTheUpstreamMayStateTheEndOfAnEntryPoint(t *testing.T) {
	var s State
	s.Receive(Inbound{At: 0, Events: Message | Ad}, rules())
	s.Apply(Change{EntryPoint: s.Reply(100, 100, 0, &rules().EntryPoint)})
	s.Apply(Change{EntryPoint: s.Reply(200, 200, 5*day, &rules().EntryPoint)}) // stated on a later message
	if got, want := s.EntryPointAt(4*day), (Span{From: 100, To: 5 * day}); got != want || len(s.EntryPoints) != 1 {
		t.Errorf("got %+v in %+v, want %+v", got, s.EntryPoints, want)
	}
	var unforeseen State
	unforeseen.Apply(Change{EntryPoint: unforeseen.Reply(200, 210, 5*day, &rules().EntryPoint)})
	if got, want := unforeseen.EntryPointAt(300), (Span{From: 210, To: 5 * day}); got != want {
		t.Errorf("without a known ad: got %+v, want %+v", got, want)
	}
	fixed := rules().EntryPoint
	fixed.TrustsUpstream = false
	if got := s.Reply(300, 300, 9*day, &fixed); !got.Free.IsEmpty() {
		t.Errorf("a fixed length: got %+v, want nothing", got)
	}
}

// Meta repeats webhooks for days. A statement that is told again, behind a later one, must not make
// the customer's free messages cost something.
func TestP2AStatementOfAnEntryPointsEndThatIsToldAgainCutsNothingShort(t *testing.T) {
	terms := &rules().EntryPoint // 3 days where nothing is stated
	tests := map[string]struct {
		stated []int64
		want   int64
	}{
		"shorter than computed":       {[]int64{2 * day}, 2 * day},
		"longer than computed":        {[]int64{5 * day}, 5 * day},
		"told twice":                  {[]int64{5 * day, 5 * day}, 5 * day},
		"moved later":                 {[]int64{4 * day, 6 * day}, 6 * day},
		"moved later, and told again": {[]int64{4 * day, 6 * day, 4 * day}, 6 * day},
		"shorter, then moved later":   {[]int64{2 * day, 6 * day, 2 * day}, 6 * day},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var s State
			s.Receive(Inbound{At: 0, Events: Message | Ad}, rules())
			s.Apply(Change{EntryPoint: s.Reply(100, 100, 0, terms)})
			for _, stated := range tc.stated {
				s.Apply(Change{EntryPoint: s.Reply(200, 200, stated, terms)})
			}
			if got, want := s.EntryPointAt(day), (Span{From: 100, To: tc.want}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
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

// What is forgotten first is what ends first: not the entry point that is open.
func TestManyAdvertisementsDoNotCloseAnEntryPoint(t *testing.T) {
	var s State
	s.Receive(Inbound{At: 0, Events: Message | Ad}, rules())
	s.Apply(Change{EntryPoint: s.Reply(10, 10, 0, &rules().EntryPoint)})
	for i := range int64(2 * maxEntryPoints) {
		s.Receive(Inbound{At: 100 + i, Events: Message | Ad}, rules())
	}
	got, want := s.EntryPointAt(2*day), Span{From: 10, To: 10 + 3*day}
	if got != want || len(s.EntryPoints) != maxEntryPoints {
		t.Errorf("got %+v of %d, want %+v of %d", got, len(s.EntryPoints), want, maxEntryPoints)
	}
}

func TestEntryPointsAreBounded(t *testing.T) {
	var s State
	for i := range int64(100) {
		s.Receive(Inbound{At: i * 10, Events: Message | Ad}, rules())
	}
	if len(s.EntryPoints) != maxEntryPoints || s.EntryPoints[maxEntryPoints-1].EligibleFrom != 990 {
		t.Errorf("got %d entry points, want the latest %d", len(s.EntryPoints), maxEntryPoints)
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
		if want != 0 {
			fromAd |= Ad
		}
		if got := EventsOf(kind, Ad); got != fromAd {
			t.Errorf("a %q from an ad is %b, want %b", kind, got, fromAd)
		}
	}
}
