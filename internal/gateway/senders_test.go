package gateway

import (
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// A message is sent as it is accepted only while nothing of its channel waits: what waits is not
// overtaken.
func TestSendersLetNobodyOvertake(t *testing.T) {
	s := newSenders(2)
	refused := func(why string) {
		t.Helper()
		if _, may := s.overtakes("1066"); may {
			t.Fatalf("a message was let through although %s", why)
		}
	}
	s.note("1066", false)
	refused("no dispatcher runs")
	s.begin(t.Context())
	s.note("1067", false)
	s.note("1066", true)
	refused("another one waits")
	if !s.anyWaits() {
		t.Fatal("1066 waits, whatever 1067 does")
	}
	s.note("1066", false)
	if s.anyWaits() {
		t.Fatal("nothing waits any more")
	}
	for range 2 {
		if _, may := s.overtakes("1066"); !may {
			t.Fatal("a message was held up although nothing waits")
		}
	}
	refused("no slot is free")
	s.release()
	if s.free() != 1 {
		t.Fatalf("%d slots are free, want 1", s.free())
	}
	s.release()
	s.end()
	refused("the dispatcher has ended")
}

// rung tells whether the dispatcher was rung for since the last time.
func rung(g *Gateway) bool {
	select {
	case <-g.sends:
		return true
	default:
		return false
	}
}

// A slot that was taken for a message which is then refused is for whoever waits, too: nothing else
// may ring for long.
func TestSlotOfARefusedMessageWakesWhoWaits(t *testing.T) {
	t.Parallel()
	g := resting(t, &testClock{began: time.Now()})
	g.senders.begin(t.Context())
	served := g.config.Tenant()
	send, err := whatsapp.ParseSend([]byte(textTo(ana, "hi")))
	if err != nil {
		t.Fatal(err)
	}
	for _, waits := range []bool{false, true} {
		rung(g)
		g.senders.note(phoneID, false)
		g.senders.note(secondPhone, waits)
		if _, err := g.accept(
			t.Context(), caller{tenant: served, channel: served.Channel(phoneID)}, send, "",
		); err == nil {
			t.Fatal("a text outside the window was accepted")
		}
		if got := rung(g); got != waits {
			t.Errorf("the dispatcher was rung for: %v, although another message waits: %v", got, waits)
		}
	}
}

// When no slot is free the dispatcher cannot know whether a channel's messages wait, nor when the
// next one is due: the next slot that is given back must wake it.
func TestClaimWithoutASlotLeavesTheChannelWaiting(t *testing.T) {
	t.Parallel()
	g := resting(t, &testClock{began: time.Now()})
	served := g.config.Tenant()
	g.senders.note(phoneID, false)
	if _, _, err := g.claim(t.Context(), served, served.Channel(phoneID), 0); err != nil || !g.senders.anyWaits() {
		t.Fatalf("%v; want the channel to be held for waiting", err)
	}
	if _, _, err := g.claim(t.Context(), served, served.Channel(phoneID), 1); err != nil || g.senders.anyWaits() {
		t.Fatalf("%v; want nothing to wait", err)
	}
}
