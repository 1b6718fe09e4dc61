package upstream

import (
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
)

// Replicas of a gateway share the limit of a pair without a write for each message: each has a part
// of one half for itself, and for whom that is not enough the other half is in their store.

// sharedHalf is the half in the store.
func sharedHalf(whole network.RateLimit) network.RateLimit {
	return network.RateLimit{Interval: 2 * whole.Interval, Burst: whole.Burst - whole.Burst/2}
}

// ownPart is each replica's part: together no more than one half of the limit. A replica that
// starts begins with the whole of its part.
func ownPart(whole network.RateLimit, replicas int64) network.RateLimit {
	return network.RateLimit{
		Interval: 2 * whole.Interval * time.Duration(replicas), Burst: int(int64(whole.Burst/2) / replicas),
	}
}

// rateBurst is the span whose worth of messages a channel may send at once after it was idle.
const rateBurst = time.Second

// bucket is a token bucket in the form of the generic cell rate algorithm: it holds only the
// instant at which it will be full again. The zero bucket is full.
type bucket struct{ fullAt time.Time }

// take takes a token if one is there, and says otherwise how long it takes until one is.
func (b *bucket) take(now time.Time, limit network.RateLimit) (wait time.Duration) {
	fullAt := b.fullAt
	if fullAt.Before(now) {
		fullAt = now
	}
	next := fullAt.Add(limit.Interval)
	if wait = next.Sub(now) - time.Duration(limit.Burst)*limit.Interval; wait > 0 {
		return wait
	}
	b.fullAt = next
	return 0
}

// Pair is a channel and a customer of it.
type Pair struct {
	Channel  string
	Customer seal.CustomerHash
}

// pacer keeps the upstream's rate limits: each channel's messages per second and the limit of each
// pair. It is safe for concurrent use.
type pacer struct {
	mu       sync.Mutex
	channels map[string]*bucket
	pairs    map[Pair]*bucket
	refusals map[Pair]refusals
	swept    time.Time
}

// refusals are how often in a row the upstream has refused a pair for its own limit, and when it
// did last.
type refusals struct {
	count int
	last  time.Time
}

// LongestPairBackoff bounds the pause between two tries of a message whose pair the upstream
// refuses for its own limit.
const LongestPairBackoff = time.Hour

// refusalsKept is how long refusals are remembered after the last one: longer than the longest
// pause before the next try.
const refusalsKept = 2 * LongestPairBackoff

func newPacer() *pacer {
	return &pacer{channels: map[string]*bucket{}, pairs: map[Pair]*bucket{}, refusals: map[Pair]refusals{}}
}

// tokens is how many messages the channel may send now, at most limit, and otherwise how long it
// takes until it may send one.
func (p *pacer) tokens(now time.Time, channel string, perSecond int32, limit int) (n int, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.channels[channel]
	var trial bucket
	if known != nil {
		trial = *known
	}
	for n < limit {
		if wait = trial.take(now, channelLimit(perSecond)); wait > 0 {
			break
		}
		n++
	}
	if n > 0 {
		wait = 0
	}
	return n, wait
}

// channelLimit is the limit of a channel that may send so many messages in a second.
func channelLimit(perSecond int32) network.RateLimit {
	interval := time.Second / time.Duration(max(perSecond, 1))
	return network.RateLimit{Interval: interval, Burst: int(rateBurst / interval)}
}

// takeChannel admits a message of a channel, or says how long it must wait.
func (p *pacer) takeChannel(now time.Time, channel string, perSecond int32) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.channels[channel]
	if known == nil {
		known = &bucket{}
		p.channels[channel] = known
	}
	return known.take(now, channelLimit(perSecond))
}

// giveChannelBack takes takeChannel's admission back: the message waits for something else.
func (p *pacer) giveChannelBack(channel string, perSecond int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.channels[channel]
	known.fullAt = known.fullAt.Add(-channelLimit(perSecond).Interval)
}

// takePair admits a message of a pair within a limit, or says how long it must wait.
func (p *pacer) takePair(now time.Time, to Pair, limit network.RateLimit) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	couple := p.pairs[to]
	if couple == nil {
		couple = &bucket{}
	}
	if wait = couple.take(now, limit); wait == 0 {
		p.pairs[to] = couple
	}
	return wait
}

// refused counts a refusal of a pair by the upstream's own limit, and tells how many there were in
// a row before it.
func (p *pacer) refused(now time.Time, to Pair) (before int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	before = p.refusals[to].count
	p.refusals[to] = refusals{count: before + 1, last: now}
	return before
}

// refusing tells whether the upstream's own limit has refused the pair last.
func (p *pacer) refusing(to Pair) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refusals[to].count > 0
}

// unite makes two pairs one: a customer was found to be another one. What each has used of the
// limit counts.
func (p *pacer) unite(gone, kept Pair, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if used := p.pairs[gone]; used != nil && used.fullAt.After(now) {
		couple := p.pairs[kept]
		if couple == nil {
			couple = &bucket{}
			p.pairs[kept] = couple
		}
		if couple.fullAt.Before(now) {
			couple.fullAt = now
		}
		couple.fullAt = couple.fullAt.Add(used.fullAt.Sub(now))
	}
	delete(p.pairs, gone)
	if refused := p.refusals[gone]; refused.count > p.refusals[kept].count {
		p.refusals[kept] = refused
	}
	delete(p.refusals, gone)
}

// taken records that the upstream has taken a message of the pair.
func (p *pacer) taken(to Pair) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.refusals, to)
}

// sweep forgets the pairs whose bucket is full again, because a new bucket says the same, and
// refusals of long ago.
func (p *pacer) sweep(now time.Time) {
	const every = time.Minute
	if now.Sub(p.swept) < every {
		return
	}
	p.swept = now
	for key, b := range p.pairs {
		if !b.fullAt.After(now) {
			delete(p.pairs, key)
		}
	}
	for key, r := range p.refusals {
		if now.Sub(r.last) >= refusalsKept {
			delete(p.refusals, key)
		}
	}
}
