package callbacks

import (
	"cmp"
	"slices"
	"sync"

	"github.com/guichet-dev/guichet/internal/network/meta"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	// maxJoined and maxJoinedBytes bound the callbacks that go in one delivery while more wait than
	// can be delivered at once. Meta joins up to 1,000 updates. Source:
	// https://developers.facebook.com/docs/graph-api/webhooks/getting-started
	maxJoined      = 16
	maxJoinedBytes = 1 << 20
	// maxAlone bounds how many callbacks are remembered to go alone.
	maxAlone = 4096
)

// Delivery is what is posted at once: one callback, or several of different customers of a channel.
type Delivery struct {
	callbacks []*store.Callback
	body      []byte
}

// arrange makes deliveries of claimed callbacks, as many as there are slots at most. While there is
// a slot for each, each goes alone. What finds no place is left over.
func arrange(
	claimed []*store.Callback, slots int, alone func(*store.Callback) bool,
) (deliveries []Delivery, left []*store.Callback) {
	if len(claimed) <= slots {
		for _, c := range claimed {
			deliveries = append(deliveries, Delivery{[]*store.Callback{c}, c.Payload})
		}
		return deliveries, nil
	}
	claimed = slices.Clone(claimed)
	slices.SortStableFunc(claimed, func(a, b *store.Callback) int { return cmp.Compare(a.Seq, b.Seq) })
	most := min(maxJoined, (len(claimed)+slots-1)/slots)
	open := map[string]int{} // by channel, the delivery that is being filled
	for _, c := range claimed {
		single := alone(c)
		if at, found := open[c.Channel]; found && !single && deliveries[at].take(c, most) {
			continue
		}
		if len(deliveries) == slots {
			left = append(left, c)
			continue
		}
		if !single {
			open[c.Channel] = len(deliveries)
		}
		deliveries = append(deliveries, Delivery{[]*store.Callback{c}, c.Payload})
	}
	return deliveries, left
}

// take adds a callback, if there is room for it and it can be joined.
func (d *Delivery) take(c *store.Callback, most int) bool {
	if len(d.callbacks) >= most || len(d.body)+len(c.Payload) > maxJoinedBytes {
		return false
	}
	joined, ok := meta.JoinWebhooks(d.body, c.Payload)
	if ok {
		d.callbacks, d.body = append(d.callbacks, c), joined
	}
	return ok
}

// loners are callbacks that were joined in a delivery that failed. Each goes alone from then on, so
// that what the endpoint does not take holds up no other. It is safe for concurrent use.
type loners struct {
	mu  sync.Mutex
	seq map[int64]struct{}
}

func (l *loners) add(callbacks []*store.Callback) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seq == nil || len(l.seq)+len(callbacks) > maxAlone {
		l.seq = map[int64]struct{}{}
	}
	for _, c := range callbacks {
		l.seq[c.Seq] = struct{}{}
	}
}

func (l *loners) remove(c *store.Callback) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.seq, c.Seq)
}

func (l *loners) has(c *store.Callback) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, found := l.seq[c.Seq]
	return found
}
