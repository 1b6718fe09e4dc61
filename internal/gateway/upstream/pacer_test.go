package upstream

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/network"
)

// pairLimit is WhatsApp's.
var pairLimit = network.RateLimit{Interval: 6 * time.Second, Burst: 45}

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
		if p.takeChannel(noon, "1066", 80) == 0 {
			taken++
		}
	}
	if taken != 80 {
		t.Fatalf("%d messages left in the first instant, want 80", taken)
	}
	if wait := p.takeChannel(noon, "1066", 80); wait != 12500*time.Microsecond {
		t.Fatalf("the next one waits %v, want 12.5ms", wait)
	}
	if wait := p.takeChannel(noon, "1067", 80); wait != 0 {
		t.Fatalf("another number waits %v, want none", wait)
	}
	p.giveChannelBack("1066", 80)
	if wait := p.takeChannel(noon, "1066", 80); wait != 0 {
		t.Fatalf("it still waits %v: what was put off must have taken nothing", wait)
	}
}

// An account may raise the rate of its numbers. A page's stays what its network bears.
func TestRateIsTheSmallerOneOfTheAccountsAndTheNetworks(t *testing.T) {
	const page, number = 40, 1000 // what they bear
	for _, tc := range []struct {
		name               string
		account, ofNetwork int32
		replicas           int64
		want               int32
	}{
		{"a number", 80, number, 1, 80},
		{"an upgraded number", 1000, number, 1, 1000},
		{"a page", 80, page, 1, 40},
		{"a page beside an upgraded number", 1000, page, 1, 40},
		{"a page of an account that wants less", 10, page, 1, 10},
		{"a page of three replicas", 80, page, 3, 13},
		{"more replicas than messages", 2, page, 3, 1},
	} {
		if got := ratePart(tc.account, tc.ofNetwork, tc.replicas); got != tc.want {
			t.Errorf("%s: %d a second, want %d", tc.name, got, tc.want)
		}
	}
}

func TestPacerForgetsPairsWhoseBucketIsFull(t *testing.T) {
	p := newPacer()
	p.takePair(noon, Pair{Channel: "1066", Customer: [32]byte{1}}, pairLimit)
	p.takePair(noon.Add(2*time.Minute), Pair{Channel: "1066", Customer: [32]byte{2}}, pairLimit)
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
			if at.take(now, ownPart(pairLimit, replicas)) > 0 && shared.take(now, sharedHalf(pairLimit)) > 0 {
				continue
			}
			if wait := upstream.take(now, pairLimit); wait > 0 {
				t.Fatalf("a message leaves %v too early", wait)
			}
		}
	})
}

// What the pacer holds of two customers is one's from then on.
func TestP13ThePaceOfOnePersonIsOne(t *testing.T) {
	p, now := newPacer(), noon
	gone, kept, other := Pair{channel, [32]byte{1}}, Pair{channel, [32]byte{2}}, Pair{channel, [32]byte{3}}
	for range pairLimit.Burst - 5 {
		p.takePair(now, gone, pairLimit)
	}
	for range 3 {
		p.takePair(now, kept, pairLimit)
	}
	p.unite(gone, kept, now)
	p.unite(gone, kept, now)
	for i := range 3 {
		if wait := p.takePair(now, kept, pairLimit); (wait > 0) != (i == 2) {
			t.Errorf("message %d waits %s; two are left of the burst", i, wait)
		}
	}
	if wait := p.takePair(now, other, pairLimit); wait > 0 {
		t.Errorf("another customer waits %s", wait)
	}
}

// The refusals of a pair count in a row, until a message is taken, and are not remembered for ever.
// Source of the pauses:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput (4^X
// seconds, X from 0).
func TestPairBackOffCountsTheRefusalsInARow(t *testing.T) {
	p, to := newPacer(), Pair{Channel: channel}
	pauseAfter := func(now time.Time) time.Duration {
		return network.RetryDelay(network.PairBackoff, p.refused(now, to), LongestPairBackoff)
	}
	for n, want := range []time.Duration{
		time.Second, 4 * time.Second, 16 * time.Second, 64 * time.Second, 256 * time.Second, 1024 * time.Second,
		time.Hour, time.Hour,
	} {
		if got := pauseAfter(noon); got != want {
			t.Errorf("after refusal %d: %v, want %v", n+1, got, want)
		}
	}
	if got := pauseAfter(noon.Add(75 * time.Minute)); got != time.Hour {
		t.Errorf("after the longest pause: %v, want an hour", got)
	}
	p.taken(to)
	if got := pauseAfter(noon); got != time.Second {
		t.Errorf("after a message that was taken: %v, want 1s", got)
	}
	p.refused(noon.Add(refusalsKept), Pair{Channel: gatewaytest.SecondPhone})
	if len(p.refusals) != 1 {
		t.Errorf("%d pairs are remembered, want 1", len(p.refusals))
	}
}
