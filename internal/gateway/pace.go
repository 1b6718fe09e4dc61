package gateway

import (
	"sync"
	"time"
)

// The upstream's limit for messages from one number to one customer: one in six seconds, with a burst of 45 that is borrowed from the future.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
const (
	pairInterval = 6 * time.Second
	pairBurst    = 45
)

// rateBurst is the span whose worth of messages a number may send at once after it was idle.
const rateBurst = time.Second

// bucket is a token bucket in the form of the generic cell rate algorithm: it holds only the instant at which it will be full again.
// The zero bucket is full.
type bucket struct{ fullAt time.Time }

// take takes a token if one is there, and says otherwise how long it takes until one is. A token returns every interval; burst are there at most.
func (b *bucket) take(now time.Time, interval time.Duration, burst int) (wait time.Duration) {
	fullAt := b.fullAt
	if fullAt.Before(now) {
		fullAt = now
	}
	next := fullAt.Add(interval)
	if wait = next.Sub(now) - time.Duration(burst)*interval; wait > 0 {
		return wait
	}
	b.fullAt = next
	return 0
}

// pair is a number and a customer.
type pair struct {
	channel  string
	customer [32]byte
}

// pacer keeps the upstream's rate limits: each number's messages per second and the limit of each pair. It is safe for concurrent use.
type pacer struct {
	mu       sync.Mutex
	channels map[string]*bucket
	pairs    map[pair]*bucket
	refusals map[pair]refusals
	swept    time.Time
}

// refusals are how often in a row the upstream has refused a pair for its own limit, and when it did last.
type refusals struct {
	count int
	last  time.Time
}

// refusalsKept is how long refusals are remembered after the last one: longer than the longest pause before the next try.
const refusalsKept = 2 * longestPairBackoff

func newPacer() *pacer {
	return &pacer{channels: map[string]*bucket{}, pairs: map[pair]*bucket{}, refusals: map[pair]refusals{}}
}

// tokens is how many messages the number may send now, at most limit, and otherwise how long it takes until it may send one.
func (p *pacer) tokens(now time.Time, channel string, perSecond int32, limit int) (n int, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	number := p.channels[channel]
	var trial bucket
	if number != nil {
		trial = *number
	}
	interval, burst := numberRate(perSecond)
	for n < limit {
		if wait = trial.take(now, interval, burst); wait > 0 {
			break
		}
		n++
	}
	if n > 0 {
		wait = 0
	}
	return n, wait
}

// numberRate is a number's interval between two messages, and its burst.
func numberRate(perSecond int32) (interval time.Duration, burst int) {
	interval = time.Second / time.Duration(max(perSecond, 1))
	return interval, int(rateBurst / interval)
}

// take admits one message, or says how long it must wait. A message that waits has taken nothing.
func (p *pacer) take(now time.Time, to pair, perSecond int32) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	couple := p.pairs[to]
	if couple == nil {
		couple = &bucket{}
	}
	before := *couple
	if wait = couple.take(now, pairInterval, pairBurst); wait > 0 {
		return wait
	}
	number := p.channels[to.channel]
	if number == nil {
		number = &bucket{}
		p.channels[to.channel] = number
	}
	interval, burst := numberRate(perSecond)
	if wait = number.take(now, interval, burst); wait > 0 {
		*couple = before
		return wait
	}
	p.pairs[to] = couple
	return 0
}

// refused counts a refusal of a pair by the upstream's own limit, and tells how many there were in a row before it.
func (p *pacer) refused(now time.Time, to pair) (before int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	before = p.refusals[to].count
	p.refusals[to] = refusals{count: before + 1, last: now}
	return before
}

// taken records that the upstream has taken a message of the pair.
func (p *pacer) taken(to pair) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.refusals, to)
}

// sweep forgets the pairs whose bucket is full again, because a new bucket says the same, and refusals of long ago.
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
