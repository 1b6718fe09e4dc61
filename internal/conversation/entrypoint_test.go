package conversation

import (
	"testing"
)

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
