package gateway

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPairBucketLetsABurstOf45ThenOneInSixSeconds(t *testing.T) {
	var b bucket
	for i := range 45 {
		if wait := b.take(noon, pairLimit); wait != 0 {
			t.Fatalf("message %d of the burst must wait %v", i+1, wait)
		}
	}
	if wait := b.take(noon, pairLimit); wait != 6*time.Second {
		t.Fatalf("the 46th waits %v, want 6s", wait)
	}
	if wait := b.take(noon.Add(5999*time.Millisecond), pairLimit); wait != time.Millisecond {
		t.Fatalf("a millisecond too early waits %v, want 1ms", wait)
	}
	if wait := b.take(noon.Add(6*time.Second), pairLimit); wait != 0 {
		t.Fatalf("after six seconds it waits %v, want none", wait)
	}
}

func TestPacerHoldsANumberToItsRate(t *testing.T) {
	p := newPacer()
	taken := 0
	for range 100 {
		if p.takeNumber(noon, "1066", 80) == 0 {
			taken++
		}
	}
	if taken != 80 {
		t.Fatalf("%d messages left in the first instant, want 80", taken)
	}
	if wait := p.takeNumber(noon, "1066", 80); wait != 12500*time.Microsecond {
		t.Fatalf("the next one waits %v, want 12.5ms", wait)
	}
	if wait := p.takeNumber(noon, "1067", 80); wait != 0 {
		t.Fatalf("another number waits %v, want none", wait)
	}
	p.giveNumberBack("1066", 80)
	if wait := p.takeNumber(noon, "1066", 80); wait != 0 {
		t.Fatalf("it still waits %v: what was put off must have taken nothing", wait)
	}
}

func TestPacerForgetsPairsWhoseBucketIsFull(t *testing.T) {
	p := newPacer()
	p.takePair(noon, pair{channel: "1066", customer: [32]byte{1}}, pairLimit)
	p.takePair(noon.Add(2*time.Minute), pair{channel: "1066", customer: [32]byte{2}}, pairLimit)
	if len(p.pairs) != 1 {
		t.Fatalf("%d pairs are remembered, want 1", len(p.pairs))
	}
}

// However the messages of one pair are spread over the replicas, all of them together stay within
// the pair's limit.
func TestReplicasTogetherStayWithinThePairsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		replicas := rapid.Int64Range(1, 30).Draw(t, "replicas")
		own := make([]bucket, replicas)
		var shared, upstream bucket
		now := noon
		for range rapid.IntRange(1, 300).Draw(t, "messages") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(8*time.Second)).Draw(t, "pause")))
			at := &own[rapid.Int64Range(0, replicas-1).Draw(t, "replica")]
			if at.take(now, pairSlice(replicas)) > 0 && shared.take(now, sharedPair) > 0 {
				continue
			}
			if wait := upstream.take(now, pairLimit); wait > 0 {
				t.Fatalf("a message leaves %v too early", wait)
			}
		}
	})
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
