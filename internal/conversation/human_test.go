package conversation

import "testing"

const week = 7 * day

// pageRules are those of a page: 24 hours, 7 days for people who answer, one private reply in 7
// days.
func pageRules() *Rules {
	return &Rules{
		Openings:     []Opening{{Message | Reacted | Postback | Referral, day}, {Ad, week}},
		HumanAgent:   []Opening{{Message | Reacted | Postback | Referral, week}},
		PrivateReply: []Opening{{Comment, week}},
	}
}

func TestP4PeopleMayAnswerForLonger(t *testing.T) {
	var wrote, never State
	wrote.Receive(Inbound{At: 0, Events: Message}, pageRules())
	wrote.Receive(Inbound{At: 10, Events: 0}, pageRules())
	plain := pageRules()
	plain.HumanAgent = nil
	var bound State
	bound.Receive(Inbound{At: 0, Events: Message}, plain)
	tests := map[string]struct {
		state *State
		rules *Rules
		form  Form
		at    int64
		want  Permission
	}{
		"a bot in time": {
			&wrote, pageRules(), FreeForm, day - 1, Permission{Permitted, true, Span{0, day}, true},
		},
		"a bot too late": {
			&wrote, pageRules(), FreeForm, day, Permission{WindowClosed, true, Span{0, day}, false},
		},
		"a person": {
			&wrote, pageRules(), HumanAgent, week - 1, Permission{Permitted, true, Span{0, week}, true},
		},
		"a person too late": {
			&wrote, pageRules(), HumanAgent, week, Permission{WindowClosed, true, Span{0, week}, false},
		},
		"a person to a stranger": {
			&never, pageRules(), HumanAgent, 0, Permission{WindowClosed, false, Span{}, false},
		},
		"a person without such rules": {
			&bound, plain, HumanAgent, day - 1, Permission{Permitted, true, Span{0, day}, true},
		},
		"and a second later": {&bound, plain, HumanAgent, day, Permission{WindowClosed, false, Span{}, false}},
	}
	for name, tc := range tests {
		if got := tc.state.Permit(Request{At: tc.at, Form: tc.form}, tc.rules); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
		}
	}
}

func TestP4ACommentHasOnePrivateReply(t *testing.T) {
	told := func(replied int64) *State {
		s := &State{}
		s.Receive(Inbound{At: 0, Events: Comment}, pageRules())
		s.RecordReply(replied)
		return s
	}
	tests := map[string]struct {
		state *State
		rules *Rules
		q     Request
		want  Refusal
	}{
		"in time":                      {told(0), pageRules(), Request{At: week - 1}, Permitted},
		"too late":                     {told(0), pageRules(), Request{At: week}, WindowClosed},
		"the second":                   {told(5), pageRules(), Request{At: 9}, AlreadyReplied},
		"the first once more":          {told(5), pageRules(), Request{At: 9, Again: true}, Permitted},
		"of which nobody told":         {&State{}, pageRules(), Request{At: 9}, Permitted},
		"the second of such a one":     {&State{Replied: 5}, pageRules(), Request{At: 9}, AlreadyReplied},
		"where no rule is for replies": {&State{}, rules(), Request{At: 9}, WindowClosed},
	}
	for name, tc := range tests {
		tc.q.Form = PrivateReply
		if got := tc.state.Permit(tc.q, tc.rules); got.Refusal != tc.want {
			t.Errorf("%s: got %+v, want refusal %d", name, got, tc.want)
		}
	}
	if told(0).WindowOpen(1) {
		t.Error("a comment opens the window of messages")
	}
}

// An instant that is told late, or again, takes nothing back.
func TestReachOnlyRises(t *testing.T) {
	var s State
	for _, tc := range []struct {
		step Status
		upTo int64
		news bool
	}{{Delivered, 100, true}, {Delivered, 100, false}, {Delivered, 90, false}, {Read, 80, true}, {Read, 120, true}} {
		if got := s.Reach(tc.step, tc.upTo); got != tc.news {
			t.Errorf("%v up to %d is news: %t", tc.step, tc.upTo, got)
		}
	}
	if s.DeliveredTo != 100 || s.ReadTo != 120 {
		t.Errorf("got %d and %d", s.DeliveredTo, s.ReadTo)
	}
}
