package gateway

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestPairBucketLetsABurstOf45ThenOneInSixSeconds(t *testing.T) {
	var b bucket
	for i := range 45 {
		if wait := b.take(noon, pairInterval, pairBurst); wait != 0 {
			t.Fatalf("message %d of the burst must wait %v", i+1, wait)
		}
	}
	if wait := b.take(noon, pairInterval, pairBurst); wait != 6*time.Second {
		t.Fatalf("the 46th waits %v, want 6s", wait)
	}
	if wait := b.take(noon.Add(5999*time.Millisecond), pairInterval, pairBurst); wait != time.Millisecond {
		t.Fatalf("a millisecond too early waits %v, want 1ms", wait)
	}
	if wait := b.take(noon.Add(6*time.Second), pairInterval, pairBurst); wait != 0 {
		t.Fatalf("after six seconds it waits %v, want none", wait)
	}
}

func TestPacerHoldsANumberToItsRateAndCustomersApart(t *testing.T) {
	p := newPacer()
	taken := 0
	for i := range 100 {
		to := pair{channel: "1066", customer: [32]byte{byte(i)}}
		if p.take(noon, to, 80) == 0 {
			taken++
		}
	}
	if taken != 80 {
		t.Fatalf("%d messages left in the first instant, want 80", taken)
	}
	late := pair{channel: "1066", customer: [32]byte{200}}
	if wait := p.take(noon, late, 80); wait != 12500*time.Microsecond {
		t.Fatalf("the next one waits %v, want 12.5ms", wait)
	}
	if wait := p.take(noon, pair{channel: "1067", customer: [32]byte{200}}, 80); wait != 0 {
		t.Fatalf("another number waits %v, want none", wait)
	}
	if wait := p.take(noon.Add(13*time.Millisecond), late, 80); wait != 0 {
		t.Fatalf("it still waits %v: what was put off must have taken nothing", wait)
	}
}

func TestPacerForgetsPairsWhoseBucketIsFull(t *testing.T) {
	p := newPacer()
	p.take(noon, pair{channel: "1066", customer: [32]byte{1}}, 80)
	p.take(noon.Add(2*time.Minute), pair{channel: "1066", customer: [32]byte{2}}, 80)
	if len(p.pairs) != 1 {
		t.Fatalf("%d pairs are remembered, want 1", len(p.pairs))
	}
}

func TestShareLeavesSlotsToTheChannelsThatFollow(t *testing.T) {
	tests := map[string]struct{ free, channels, want int }{
		"the only channel":           {256, 1, 256},
		"the first of two":           {256, 2, 128},
		"the first of three":         {256, 3, 86},
		"the first of two, one left": {1, 2, 1},
		"nothing left":               {0, 2, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := share(tc.free, tc.channels); got != tc.want {
				t.Fatalf("got %d, want %d", got, tc.want)
			}
		})
	}
}
