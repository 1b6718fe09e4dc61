package callbacks

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/store"
)

func callbackOf(seq int64, channel string, size int) *store.Callback {
	text := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"%d","x":"`, seq)
	return &store.Callback{Seq: seq, Channel: channel, Payload: []byte(text + strings.Repeat("x", size) + `"}]}`)}
}

// Each goes alone while there is room for that. Otherwise none is lost, none goes twice, those that
// are to go alone do, and none waits while there is a slot.
func TestArrange(t *testing.T) {
	sizes := append(slices.Repeat([]int{1}, 60), maxJoinedBytes/3, maxJoinedBytes)
	rapid.Check(t, func(t *rapid.T) {
		slots := rapid.IntRange(1, 8).Draw(t, "slots")
		var claimed []*store.Callback
		for i := range rapid.IntRange(0, 4*maxJoined).Draw(t, "claimed") {
			channel := rapid.SampledFrom([]string{"1066", "1066", "1066", "1067"}).Draw(t, "channel")
			size := rapid.SampledFrom(sizes).Draw(t, "size")
			claimed = append(claimed, callbackOf(int64(i+1), channel, size))
		}
		mayNot := rapid.Int64Range(0, 3).Draw(t, "every which goes alone")
		alone := func(c *store.Callback) bool { return mayNot > 0 && c.Seq%mayNot == 0 }
		deliveries, left := arrange(claimed, slots, alone)
		if len(deliveries) > slots || len(left) > 0 && len(deliveries) < slots {
			t.Fatalf("%d deliveries in %d slots, and %d are left", len(deliveries), slots, len(left))
		}
		var all []int64
		for _, c := range left {
			all = append(all, c.Seq)
		}
		for _, d := range deliveries {
			joined := len(d.callbacks) > 1
			if joined && (len(claimed) <= slots || len(d.body) > maxJoinedBytes || len(d.callbacks) > maxJoined) {
				t.Fatalf("%d callbacks of %d bytes are joined", len(d.callbacks), len(d.body))
			}
			for i, c := range d.callbacks {
				all = append(all, c.Seq)
				if joined && alone(c) || c.Channel != d.callbacks[0].Channel || i > 0 && c.Seq < d.callbacks[i-1].Seq {
					t.Fatalf("callback %d of %s is joined with those of %s", c.Seq, c.Channel, d.callbacks[0].Channel)
				}
				if id := fmt.Sprintf(`{"id":"%d",`, c.Seq); strings.Count(string(d.body), id) != 1 {
					t.Fatalf("the body does not hold callback %d once", c.Seq)
				}
			}
		}
		slices.Sort(all)
		for i, seq := range all {
			if seq != int64(i+1) {
				t.Fatalf("the callbacks are %v", all)
			}
		}
		if len(all) != len(claimed) {
			t.Fatalf("%d of %d are there", len(all), len(claimed))
		}
	})
}

// What the endpoint did not take joined goes alone, and is forgotten once it was delivered.
func TestLonersAreBounded(t *testing.T) {
	var l loners
	for i := range int64(3 * maxAlone) {
		l.add([]*store.Callback{{Seq: i}})
	}
	if last := (&store.Callback{Seq: 3*maxAlone - 1}); !l.has(last) || len(l.seq) > maxAlone {
		t.Errorf("%d are remembered, the last one %v", len(l.seq), l.has(last))
	} else if l.remove(last); l.has(last) {
		t.Error("it is still remembered")
	}
}
