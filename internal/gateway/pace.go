package gateway

import (
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/store"
)

// The upstream's limit for messages from one number to one customer: one in six seconds, with a
// burst of 45 that is borrowed from the future. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
const (
	pairInterval = 6 * time.Second
	pairBurst    = 45
)

// rateLimit lets a message go every interval, and after a rest so many at once.
type rateLimit struct {
	interval time.Duration
	burst    int
}

// Replicas of a gateway share a pair's limit without a write for each message: each has a part of
// one half for itself, and for whom that is not enough the other half is in their store.
var (
	pairLimit  = rateLimit{pairInterval, pairBurst}
	sharedPair = rateLimit{2 * pairInterval, pairBurst - pairBurst/2}
)

// pairSlice is each replica's own part: together no more than one half of the limit. A replica that
// starts begins with the whole of its part.
func pairSlice(replicas int64) rateLimit {
	return rateLimit{2 * pairInterval * time.Duration(replicas), int(pairBurst / 2 / replicas)}
}

// rateBurst is the span whose worth of messages a number may send at once after it was idle.
const rateBurst = time.Second

// bucket is a token bucket in the form of the generic cell rate algorithm: it holds only the
// instant at which it will be full again. The zero bucket is full.
type bucket struct{ fullAt time.Time }

// take takes a token if one is there, and says otherwise how long it takes until one is.
func (b *bucket) take(now time.Time, limit rateLimit) (wait time.Duration) {
	fullAt := b.fullAt
	if fullAt.Before(now) {
		fullAt = now
	}
	next := fullAt.Add(limit.interval)
	if wait = next.Sub(now) - time.Duration(limit.burst)*limit.interval; wait > 0 {
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

// pacer keeps the upstream's rate limits: each number's messages per second and the limit of each
// pair. It is safe for concurrent use.
type pacer struct {
	mu       sync.Mutex
	channels map[string]*bucket
	pairs    map[pair]*bucket
	refusals map[pair]refusals
	swept    time.Time
}

// refusals are how often in a row the upstream has refused a pair for its own limit, and when it
// did last.
type refusals struct {
	count int
	last  time.Time
}

// refusalsKept is how long refusals are remembered after the last one: longer than the longest
// pause before the next try.
const refusalsKept = 2 * longestPairBackoff

func newPacer() *pacer {
	return &pacer{channels: map[string]*bucket{}, pairs: map[pair]*bucket{}, refusals: map[pair]refusals{}}
}

// tokens is how many messages the number may send now, at most limit, and otherwise how long it
// takes until it may send one.
func (p *pacer) tokens(now time.Time, channel string, perSecond int32, limit int) (n int, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	number := p.channels[channel]
	var trial bucket
	if number != nil {
		trial = *number
	}
	for n < limit {
		if wait = trial.take(now, numberLimit(perSecond)); wait > 0 {
			break
		}
		n++
	}
	if n > 0 {
		wait = 0
	}
	return n, wait
}

// numberLimit is the limit of a number that may send so many messages in a second.
func numberLimit(perSecond int32) rateLimit {
	interval := time.Second / time.Duration(max(perSecond, 1))
	return rateLimit{interval, int(rateBurst / interval)}
}

// pace takes what a message needs of its number's limit and of its pair's, or says how long it must
// wait. A message that waits has taken nothing. Beyond the replica's own part of a pair's limit
// there is a part that all replicas share, in their store.
func (g *Gateway) pace(tx *durable.Tx, t *served.Tenant, m *store.Message, now time.Time) (wait time.Duration, err error) {
	to, perSecond := pair{m.Channel, m.Customer}, g.rate(t)
	if wait = g.pacer.takeNumber(now, to.channel, perSecond); wait > 0 {
		return wait, nil
	}
	own := pairLimit
	if g.store.Shared() {
		own = pairSlice(g.store.Replicas())
	}
	wait = g.pacer.takePair(now, to, own)
	if wait > 0 && g.store.Shared() {
		wait, err = takeShared(tx, to, now, wait)
	}
	if wait > 0 || err != nil {
		g.pacer.giveNumberBack(to.channel, perSecond)
	}
	return wait, err
}

// takeShared takes of a pair's limit what the replicas share, or says how long it takes until there
// is any, or any of the replica's own part, which comes in own.
func takeShared(tx *durable.Tx, to pair, now time.Time, own time.Duration) (wait time.Duration, err error) {
	var shared bucket
	if shared.fullAt, err = tx.People().PairFullAt(to.channel, to.customer); err != nil {
		return 0, err
	}
	if wait = shared.take(now, sharedPair); wait > 0 {
		return min(wait, own), nil
	}
	return 0, tx.People().PutPairFullAt(to.channel, to.customer, shared.fullAt)
}

// takeNumber admits a message of a number, or says how long it must wait.
func (p *pacer) takeNumber(now time.Time, channel string, perSecond int32) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	number := p.channels[channel]
	if number == nil {
		number = &bucket{}
		p.channels[channel] = number
	}
	return number.take(now, numberLimit(perSecond))
}

// giveNumberBack takes takeNumber's admission back: the message waits for something else.
func (p *pacer) giveNumberBack(channel string, perSecond int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	number := p.channels[channel]
	number.fullAt = number.fullAt.Add(-numberLimit(perSecond).interval)
}

// takePair admits a message of a pair within a limit, or says how long it must wait.
func (p *pacer) takePair(now time.Time, to pair, limit rateLimit) (wait time.Duration) {
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
func (p *pacer) refused(now time.Time, to pair) (before int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	before = p.refusals[to].count
	p.refusals[to] = refusals{count: before + 1, last: now}
	return before
}

// refusing tells whether the upstream's own limit has refused the pair last.
func (p *pacer) refusing(to pair) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refusals[to].count > 0
}

// unite makes two pairs one: a customer was found to be another one. What each has used of the
// limit counts.
func (p *pacer) unite(gone, kept pair, now time.Time) {
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
func (p *pacer) taken(to pair) {
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
