package gateway

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// A private reply that failed was none: the comment may have another one, and that is the last.
func TestP2AFailedPrivateReplyLeavesTheCommentItsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		_, comment := w.chats(pageID, time.Hour, pages.Act{Comment: "Nice"})
		reply := `{"recipient":{"comment_id":"` + comment + `"},"message":{"text":"Thanks"}}`
		w.control(http.MethodPost, "faults", `{"code":551,"subcode":1545041,"next":1}`)
		if got := w.sendFrom(pageID, reply); got.status != http.StatusOK {
			t.Fatalf("the first: %d %s", got.status, got.body)
		}
		w.settled(1)
		if got := w.sendFrom(pageID, reply); got.status != http.StatusOK {
			t.Fatalf("after it has failed: %d %s", got.status, got.body)
		}
		if r := w.settled(2); r.Period.Billed != usd("0.01") {
			t.Errorf("%s is billed; want 0.01 USD for the second", r.Period.Billed)
		}
		if got := w.sendFrom(pageID, reply); got.code != 100 || !strings.Contains(got.body, "already") {
			t.Errorf("the third: %d %s; want 100", got.status, got.body)
		}
	})
}

// Marketing comes no more often than the person has agreed to, to the second.
func TestMarketingKeepsTheFrequencyOfItsSubscription(t *testing.T) {
	t.Parallel()
	tests := map[string]time.Duration{
		"DAILY": 12 * time.Hour, "WEEKLY": 7 * 24 * time.Hour, "MONTHLY": 30 * 24 * time.Hour,
	}
	for frequency, pause := range tests {
		t.Run(frequency, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newAds(t)
				w.subscribes(lima, "tok-lima", "notification_messages_frequency", frequency)
				sent := w.clock.Now()
				if got := w.sells("tok-lima"); got.status != http.StatusOK {
					t.Fatalf("got %d %s", got.status, got.body)
				}
				w.settled(1)
				w.clock.Advance(sent.Add(pause - 2*time.Second).Sub(w.clock.Now()))
				if got := w.sells("tok-lima"); got.code != 2300035 {
					t.Errorf("before %s have passed: %d %s; want 2300035", pause, got.status, got.body)
				}
				w.clock.Advance(sent.Add(pause + time.Minute).Sub(w.clock.Now()))
				if got := w.sells("tok-lima"); got.status != http.StatusOK {
					t.Errorf("after %s: %d %s", pause, got.status, got.body)
				}
			})
		})
	}
}

// What another app answers while it has the thread is told as standby, and what the person writes
// meanwhile opens the window all the same.
func TestP4WhatIsWrittenToAnotherAppOpensTheWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		n := networkCases()["Messenger"]
		person := n.writes(w, 1, "hello", 48*time.Hour)
		inbox, nobody := "263902037430900", ""
		owned := func(by string) {
			t.Helper()
			if err := w.sim.Pages().SetPerson(person, pages.PersonState{To: pageID, ThreadOwner: &by}); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.sendFrom(pageID, messageTo(person, "hi")); got.code != 10 {
			t.Fatalf("two days later: %d %s; want 10", got.status, got.body)
		}
		owned(inbox)
		at := w.clock.Now().Add(-time.Hour)
		asks := pages.Act{To: pageID, Text: "is anybody there?", Timestamp: &at}
		if _, err := w.sim.Pages().Act(person, asks); err != nil {
			t.Fatal(err)
		}
		w.until("it is told as standby", func() bool {
			told := w.business.received("is anybody there?")
			return len(told) == 1 && strings.Contains(told[0], `"standby":[`)
		})
		owned(nobody)
		n.sends(w, person, "here we are")
		if r := w.settled(1); r.Period.Billed != usd("0.01") {
			t.Errorf("%s is billed; want 0.01 USD", r.Period.Billed)
		}
	})
}
