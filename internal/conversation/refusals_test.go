package conversation

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

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
