package upstream

import (
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/network"
)

const channel = gatewaytest.PhoneID

var noon = gatewaytest.Noon

// A stop that is told at the very instant at which a message is put back keeps its rest: only the
// probe that was granted is given back.
func TestOnlyTheProbeThatWasGrantedIsGivenBack(t *testing.T) {
	s := newStops()
	if _, _, probe := s.limit(channel, noon, 10); probe != 0 {
		t.Fatal("a channel that is not stopped was probed")
	}
	s.stop(channel, Stop{Code: 131042, Cause: network.Payment, Since: noon, until: noon.Add(StopRest)})
	s.cancelProbe(channel, 0)
	if until, probe := s.holdsBillable(channel, noon); probe != 0 || !until.Equal(noon.Add(StopRest)) {
		t.Fatalf("probe %d may go, the next at %v; want none before the stop has rested", probe, until)
	}
	rested := noon.Add(StopRest)
	_, first := s.holdsBillable(channel, rested)
	if until, other := s.holdsBillable(channel, rested); first == 0 || other != 0 || until.IsZero() {
		t.Fatalf("probes %d and %d may go, want one", first, other)
	}
	s.cancelProbe(channel, first)
	_, second := s.holdsBillable(channel, rested)
	if second == 0 {
		t.Fatal("the probe that was given back is granted to nobody")
	}
	s.cancelProbe(channel, first)
	if until, third := s.holdsBillable(channel, rested.Add(time.Second)); third != 0 || until.IsZero() {
		t.Fatal("a probe was given back twice")
	}
}

// A permit gives back what it holds, once.
func TestCancelledPermitGivesBackItsTurnAndItsSlot(t *testing.T) {
	g := &Gate{slots: newSlots(1), pacer: newPacer(), stops: newStops()}
	g.slots.begin(t.Context())
	g.SetWaiting(channel, false)
	p, ok := g.TryAcquire(channel)
	if !ok || g.Free() != 0 {
		t.Fatalf("a slot was taken: %v, and %d are free; want one and none", ok, g.Free())
	}
	p.perSecond = 80
	for range 80 {
		g.pacer.takeChannel(noon, channel, 80)
	}
	p.Cancel()
	p.Cancel()
	if g.Free() != 1 {
		t.Errorf("%d slots are free, want 1", g.Free())
	}
	if n, _ := g.pacer.tokens(noon, channel, 80, 10); n != 1 {
		t.Errorf("%d messages may go, want the one whose turn was given back", n)
	}
}
