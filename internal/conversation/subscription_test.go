package conversation

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const halfDay = 12 * 60 * 60

// subscribed is a customer who agreed at 1000, for ten days, to a message every 12 hours.
func subscribed() State {
	var s State
	s.Subscribe(Subscription{Key: "k", Expires: 1000 + 10*day, Every: halfDay, Zone: "America/Lima"}, false, 1000)
	return s
}

func TestPermitOfSubscribed(t *testing.T) {
	marketing := Request{At: 2000, Form: Direct, Category: Marketing, Subscription: "k"}
	at := func(instant int64) Request { q := marketing; q.At = instant; return q }
	other := marketing
	other.Subscription = "unknown"
	again := at(3000)
	again.Again = true
	tests := map[string]struct {
		change func(*State)
		ask    Request
		want   Refusal
		pause  Span
	}{
		"agreed":          {func(*State) {}, marketing, Permitted, Span{}},
		"another token":   {func(*State) {}, other, NotSubscribed, Span{}},
		"as it expires":   {func(*State) {}, at(1000 + 10*day), SubscriptionOver, Span{}},
		"a second before": {func(*State) {}, at(1000 + 10*day - 1), Permitted, Span{}},
		"stopped": {
			func(s *State) { s.Subscribe(Subscription{Key: "k"}, true, 1500) }, marketing, MarketingStopped, Span{},
		},
		"stopped and resumed": {func(s *State) { stopAndResume(s) }, marketing, Permitted, Span{}},
		"an earlier stop is late": {
			func(s *State) { s.Subscribe(Subscription{Key: "k"}, true, 900) }, marketing, Permitted, Span{},
		},
		"all marketing stopped": {
			func(s *State) { s.StopMarketing(true, 1500) }, marketing, MarketingStopped, Span{},
		},
		"stopped before": {func(s *State) { s.StopMarketing(true, 900) }, marketing, Permitted, Span{}},
		"consent taken back": {
			func(s *State) { s.RecordConsent(false, 1500) }, marketing, MarketingStopped, Span{},
		},
		"taken back before": {func(s *State) { s.RecordConsent(false, 900) }, marketing, Permitted, Span{}},
		"blocked":           {func(s *State) { s.SetBlocked(true, 1500) }, marketing, CustomerBlocked, Span{}},
		"a second too soon": {
			func(s *State) { s.RecordMarketing("k", "m1", 2000) }, at(2000 + halfDay - 1), TooSoon,
			Span{2000, 2000 + halfDay},
		},
		"12 hours later": {
			func(s *State) { s.RecordMarketing("k", "m1", 2000) }, at(2000 + halfDay), Permitted, Span{},
		},
		"it is accepted already": {func(s *State) { s.RecordMarketing("k", "m1", 2000) }, again, Permitted, Span{}},
		"the last was not taken": {
			func(s *State) { s.RecordMarketing("k", "m1", 2000); s.ForgetMarketing("k", "m1") }, at(2001), Permitted,
			Span{},
		},
		"another was not taken": {
			func(s *State) { s.RecordMarketing("k", "m2", 2000); s.ForgetMarketing("k", "m1") }, at(2001), TooSoon,
			Span{2000, 2000 + halfDay},
		},
		"the network takes none": {
			func(s *State) { s.HoldMarketing(Span{1500, 2500}) }, marketing, TooSoon, Span{1500, 2500},
		},
		"until it does": {func(s *State) { s.HoldMarketing(Span{1500, 2500}) }, at(2500), Permitted, Span{}},
		"or the customer writes": {func(s *State) {
			s.HoldMarketing(Span{1500, 2500})
			s.Receive(Inbound{At: 1600, Events: Message}, rules())
		}, marketing, Permitted, Span{}},
		"what was written before": {func(s *State) {
			s.HoldMarketing(Span{1500, 2500})
			s.Receive(Inbound{At: 1400, Events: Message}, rules())
		}, marketing, TooSoon, Span{1500, 2500}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := subscribed()
			tc.change(&s)
			got := s.Permit(tc.ask, rules())
			if got.Refusal != tc.want || tc.want == TooSoon && got.Window != tc.pause || got.Answers {
				t.Fatalf("got %+v, want refusal %d with %v", got, tc.want, tc.pause)
			}
		})
	}
}

func stopAndResume(s *State) {
	s.Subscribe(Subscription{Key: "k"}, true, 1500)
	s.Subscribe(Subscription{Key: "k", Expires: 1000 + 10*day, Every: halfDay}, false, 1600)
}

// A subscription is a reason to remember somebody, as long as a delivery may still be reported.
func TestSubscriptionsAreKeptUntilTheyAreLongOver(t *testing.T) {
	s := subscribed()
	if s.IsOverAt(100 * day) {
		t.Error("a subscription is nothing to remember")
	}
	s.Receive(Inbound{At: 1000 + 10*day + Retention, Events: Message}, rules())
	if s.Subscription("k") == nil {
		t.Error("a subscription went before a delivery's time was over")
	}
	s.Receive(Inbound{At: 1001 + 10*day + Retention, Events: Message}, rules())
	if s.Subscription("k") != nil {
		t.Error("a subscription stays that ended long ago")
	}
}

func TestSubscriptionsOfOneCustomerAreBounded(t *testing.T) {
	var s State
	for i := range 100 {
		s.Subscribe(Subscription{Key: string(rune('a' + i))}, false, int64(i+1))
	}
	if len(s.Subscriptions) != maxSubscriptions || s.Subscription(string(rune('a'+99))) == nil {
		t.Fatalf("%d are kept, want %d with the newest", len(s.Subscriptions), maxSubscriptions)
	}
}

// Whatever order the network tells decisions in, the latest one counts (P13).
func TestP13DecisionsOnASubscriptionCommute(t *testing.T) {
	type decision struct {
		stopped bool
		at      int64
	}
	rapid.Check(t, func(t *rapid.T) {
		instants := rapid.SliceOfNDistinct(rapid.Int64Range(1, 50), 1, 8, rapid.ID[int64]).Draw(t, "instants")
		list := make([]decision, 0, len(instants))
		for _, at := range instants {
			list = append(list, decision{rapid.Bool().Draw(t, "stopped"), at})
		}
		apply := func(order []decision) State {
			var s State
			for _, d := range order {
				s.Subscribe(Subscription{Key: "k", Expires: d.at + day, Every: halfDay}, d.stopped, d.at)
			}
			return s
		}
		one, other := apply(list), apply(rapid.Permutation(list).Draw(t, "order"))
		if !reflect.DeepEqual(one, other) {
			t.Fatalf("%+v and %+v", one, other)
		}
		for _, d := range list {
			one.Subscribe(Subscription{Key: "k", Expires: d.at + day, Every: halfDay}, d.stopped, d.at)
		}
		if !reflect.DeepEqual(one, other) {
			t.Fatalf("told again: %+v and %+v", one, other)
		}
	})
}

func TestP13UniteJoinsSubscriptions(t *testing.T) {
	one, other := subscribed(), subscribed()
	one.RecordMarketing("k", "m1", 2000)
	other.RecordMarketing("k", "m2", 3000)
	other.Subscribe(Subscription{Key: "second", Every: halfDay}, false, 1200)
	other.Subscribe(Subscription{Key: "k"}, true, 1500)
	a, b := one, other
	a.Subscriptions = append([]Subscription{}, one.Subscriptions...)
	b.Subscriptions = append([]Subscription{}, other.Subscriptions...)
	a.Unite(&other)
	b.Unite(&one)
	if !reflect.DeepEqual(a.Subscriptions, b.Subscriptions) {
		t.Fatalf("the order of a union makes a difference: %+v and %+v", a.Subscriptions, b.Subscriptions)
	}
	k := a.Subscription("k")
	if len(a.Subscriptions) != 2 || !k.Choice.Stopped ||
		!slices.Equal(k.Accepted, []Accepted{{"m1", 2000}, {"m2", 3000}}) {
		t.Fatalf("got %+v", a.Subscriptions)
	}
}
