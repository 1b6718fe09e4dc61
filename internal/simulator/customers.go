package simulator

import (
	"cmp"
	"math"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// serviceWindow is how long a customer's message keeps the window open. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
const serviceWindow = 24 * time.Hour

// pair is a business number and a customer, see person.
type pair struct {
	number string
	phone  identity.Address
}

func (p pair) chat() stage.ChatKey { return stage.ChatKey{Channel: p.number, Person: p.phone} }

// customer is what the simulator knows about a pair.
type customer struct {
	// wrote is the latest timestamp of the customer's messages.
	wrote time.Time
	// cameByAd is when the latest message from an advertisement was written.
	cameByAd time.Time
	// entryPoint is the end of the free entry point, if there is one.
	entryPoint time.Time
	// blocked tells that the business has blocked the customer, blockedAs under which address.
	blocked   bool
	blockedAs string
	// stopped tells that the customer wants no marketing messages.
	stopped bool
	limiter *rate.Limiter
}

// phone is a customer's device.
type phone struct {
	off bool
	// silent tells that nothing is told of the messages to it.
	silent bool
	// noReceipts tells that no read receipts are shared.
	noReceipts bool
	// refuses are the numbers that the customer has blocked.
	refuses map[string]bool
	// parked are the deliveries that wait for the phone to be switched on.
	parked []func()
}

func (st *state) customer(p pair) *customer {
	c := st.customers[p]
	if c == nil {
		c = &customer{}
		st.customers[p] = c
	}
	return c
}

// person is whose an address is: the phone is one, however its number is spelled, and whichever
// user ids its messages have come with.
func (st *state) person(address string) identity.Address {
	return st.people.Primary(identity.Of(address))
}

// pairOf is a business number and whose the address is.
func (st *state) pairOf(number, address string) pair {
	return pair{number, st.person(address)}
}

// meet learns which addresses a message says are its author's, those that they change to included.
func (st *state) meet(author identity.Address, message *network.Inbound, now time.Time) {
	for _, other := range slices.Concat(message.From, message.Renamed) {
		gone, kept := st.people.Same(author, other)
		if gone == kept {
			continue
		}
		for p, c := range st.customers {
			if p.phone == gone {
				delete(st.customers, p)
				st.customer(pair{p.number, kept}).unite(c, now)
				st.Chats.Join(p.chat(), pair{p.number, kept}.chat())
			}
		}
		if p := st.phones[gone]; p != nil {
			delete(st.phones, gone)
			if known := st.phones[kept]; known != nil {
				p.unite(known)
			}
			st.phones[kept] = p
		}
	}
}

// unite takes over what is known of a customer who turns out to be this one.
func (c *customer) unite(other *customer, now time.Time) {
	if other.wrote.After(c.wrote) {
		c.wrote = other.wrote
	}
	if other.cameByAd.After(c.cameByAd) {
		c.cameByAd = other.cameByAd
	}
	if other.entryPoint.After(c.entryPoint) {
		c.entryPoint = other.entryPoint
	}
	c.blocked, c.stopped = c.blocked || other.blocked, c.stopped || other.stopped
	c.blockedAs = cmp.Or(c.blockedAs, other.blockedAs)
	switch {
	case c.limiter == nil:
		c.limiter = other.limiter
	case other.limiter != nil:
		for range int(math.Ceil(pairBurst - other.limiter.TokensAt(now))) {
			c.limiter.ReserveN(now, 1) // it may fall below zero, and then takes longer to recover
		}
	}
}

// unite takes over how another phone of the same customer was set.
func (p *phone) unite(other *phone) {
	p.off, p.noReceipts = p.off || other.off, p.noReceipts || other.noReceipts
	p.silent = p.silent || other.silent
	for id := range other.refuses {
		if p.refuses == nil {
			p.refuses = map[string]bool{}
		}
		p.refuses[id] = true
	}
	p.parked = append(p.parked, other.parked...)
}

// phone returns the phone as it was set; one that never was is on.
func (st *state) phone(number string) *phone {
	if p := st.phones[st.person(number)]; p != nil {
		return p
	}
	return &phone{}
}

// windowOpen tells whether a free-form message may be sent: half-open, in
// elapsed seconds, from the customer's own timestamp.
func (c *customer) windowOpen(now time.Time) bool {
	return !c.wrote.IsZero() && now.Before(c.wrote.Add(serviceWindow))
}

// write notes a message of the customer.
func (c *customer) write(at time.Time, byAd bool) {
	if at.After(c.wrote) {
		c.wrote = at
	}
	if byAd && at.After(c.cameByAd) {
		c.cameByAd = at
	}
}

// reply opens the free entry point if the business answers an advertisement's
// message within the window that it opened.
func (c *customer) reply(now time.Time, length time.Duration) {
	if c.cameByAd.IsZero() || !now.Before(c.cameByAd.Add(serviceWindow)) {
		return
	}
	c.entryPoint = now.Add(length)
	c.cameByAd = time.Time{}
}

// inEntryPoint tells whether everything is free.
func (c *customer) inEntryPoint(now time.Time) bool { return now.Before(c.entryPoint) }

// limiter is the rate of a number.
type limiter struct{ bucket *rate.Limiter }

// Rates of the Cloud API.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
const (
	numberPerSecond = 80
	pairBurst       = 45
	pairInterval    = 6 * time.Second
)

func newNumberLimiter() limiter {
	return limiter{rate.NewLimiter(numberPerSecond, numberPerSecond)}
}

// limit returns 130429 or 131056 for a message above the rates, or nil.
func (c *customer) limit(n *number, now time.Time) *graph.Error {
	if c.limiter == nil {
		c.limiter = rate.NewLimiter(rate.Every(pairInterval), pairBurst)
	}
	if !n.limiter.bucket.AllowN(now, 1) {
		return graph.NewError(graph.CodeThroughput, "The number sends more than 80 messages a second. Slow down.")
	}
	if !c.limiter.AllowN(now, 1) {
		return graph.NewError(
			graph.CodePairRateLimit, "Too many messages from this number to this customer. Wait before the next one.",
		)
	}
	return nil
}
