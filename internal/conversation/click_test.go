package conversation

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// adRules are those of a page since 2026-09-28. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/policy
func adRules() *Rules {
	return &Rules{Openings: []Opening{
		{Message | Postback | Referral | Reacted | Unsupported, day}, {Ad, 7 * day},
	}}
}

// Literal cases: a click on an advertisement in a thread that was there before, and what the
// customer does then. The window is up to 7 days, and never longer than 7 days from the message.
func TestP4AnAdsClickIntoAThread(t *testing.T) {
	const click, hour = 100 * day, 3600
	tests := map[string]struct {
		events []Inbound
		closes int64
	}{
		"the click alone":         {[]Inbound{{click, Referral | Click}}, click + day},
		"a message an hour later": {[]Inbound{{click, Referral | Click}, {click + hour, Message}}, click + 7*day},
		"told first":              {[]Inbound{{click + hour, Message}, {click, Referral | Click}}, click + 7*day},
		"in the same second":      {[]Inbound{{click, Referral | Click}, {click, Message}}, click + 7*day},
		"a button":                {[]Inbound{{click, Referral | Click}, {click + hour, Postback}}, click + 7*day},
		"a reaction":              {[]Inbound{{click, Referral | Click}, {click + hour, Reacted}}, click + hour + day},
		"a message before it":     {[]Inbound{{click - 1, Message}, {click, Referral | Click}}, click + day},
		"on the third day":        {[]Inbound{{click, Referral | Click}, {click + 3*day, Message}}, click + 7*day},
		"in its last second":      {[]Inbound{{click, Referral | Click}, {click + 7*day - 1, Message}}, click + 8*day - 1},
		"behind it":               {[]Inbound{{click, Referral | Click}, {click + 7*day, Message}}, click + 8*day},
		"another link":            {[]Inbound{{click, Referral}, {click + hour, Message}}, click + hour + day},
		"two clicks": {[]Inbound{
			{click, Referral | Click}, {click + 2*day, Referral | Click}, {click + 2*day + 1, Message},
		}, click + 9*day},
	}
	for name, tc := range tests {
		var s State
		for _, e := range tc.events {
			s.Receive(e, adRules())
		}
		if !s.WindowOpen(tc.closes-1) || s.WindowOpen(tc.closes) {
			t.Errorf("%s: the windows are %+v; want the last one to close at %d", name, s.Windows, tc.closes)
		}
	}
}

// Before the policy there is no such window, and nothing is kept for one.
func TestNothingIsKeptOfClicksWithoutARule(t *testing.T) {
	var s State
	s.Receive(Inbound{At: day, Events: Referral | Click}, rules())
	s.Receive(Inbound{At: day + 1, Events: Message}, rules())
	if s.Clicks != nil || s.Written != nil {
		t.Errorf("got %+v and %+v; want nothing", s.Clicks, s.Written)
	}
}

// Clicks and messages in any order and any number of times leave the same state, and so does a
// customer who turns out to be two addresses.
func TestP2OrderOfClicksAndMessagesChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Inbound {
			return Inbound{
				At:     rapid.Int64Range(1, 20*day).Draw(t, "at"),
				Events: rapid.SampledFrom([]Events{Message, Reacted, Message | Ad, Referral | Click}).Draw(t, "events"),
			}
		}), 1, 20).Draw(t, "events")
		again := append(
			append([]Inbound(nil), events...), rapid.SliceOf(rapid.SampledFrom(events)).Draw(t, "repeated")...,
		)
		var first, second, one, other State
		for i, e := range events {
			first.Receive(e, adRules())
			if i%2 == 0 {
				one.Receive(e, adRules())
			} else {
				other.Receive(e, adRules())
			}
		}
		for _, e := range rapid.Permutation(again).Draw(t, "order") {
			second.Receive(e, adRules())
		}
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v and %+v", first, second)
		}
		one.Unite(&other)
		if !reflect.DeepEqual(first, one) {
			t.Fatalf("%+v and, united, %+v", first, one)
		}
	})
}
