package replay

import (
	"fmt"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/pricing"
)

const (
	maxUnits = pricing.MaxUnits
	// lifetime is how long a message without a final status is remembered, in seconds. A message
	// lives for 30 days at most.
	lifetime = 31 * 24 * 60 * 60
	// sweepAt is the number of customers or messages at which the first sweep drops what is no
	// longer needed.
	sweepAt = 1 << 16
)

// Result is the result of an event.
type Result uint8

// The results.
const (
	Nothing   Result = iota
	Refused          // the send was refused: free-form outside the window (131047)
	Settled          // the message has ended; Outcome says what it costs
	Corrected        // a message that was settled as undelivered was delivered after all; Outcome says what it costs
)

// Replay prices events in order. It is for one goroutine.
type Replay struct {
	prices    *prices            // of channels that have none of their own
	own       map[string]*prices // by channel
	people    identity.Directory
	customers map[string]*customer // by channel, NUL, customer; by channel, NUL, NUL, group
	// messages, by id, are those that have not ended, or that have failed and may yet be delivered.
	messages  map[string]*sent
	failed    int    // how many of them have failed
	forgotten int64  // messages that never ended
	ended     memory // all others
	passed    PassedOver
	corrected Group // the group in which the latest corrected message was settled
	// early, by message id, is what was reported in the second earlyAt before the send was read.
	early    map[string]report
	earlyAt  int64
	channels map[string]string // the ids of those that were seen, each by itself
	counts   counts
	key      []byte

	nextCustomers, nextMessages int // sizes at which to sweep
	month                       civil.Month
}

// prices are what the messages of a channel are priced by.
type prices struct {
	book    *pricing.Book
	account *pricing.Account
}

// sent is a message that has not ended.
type sent struct {
	pricing.Message
	customer *customer
	come     conversation.Status // the highest that was reported
	failed   bool                // it was settled as undelivered
	group    Group               // in which it was settled as undelivered
}

// report is what statuses say about a message.
type report struct {
	status   conversation.Status
	expiry   int64 // of a free entry point; 0 without one
	statuses int64 // how many statuses there were
}

// PassedOver counts the events that were skipped because they do not fit a message.
type PassedOver struct {
	Statuses int64 // of messages that were never sent
	Sends    int64 // with the id of a message that has not ended
}

// counts are the counts of the month and of the one before.
type counts map[pricing.CounterKey]int64

// Count returns the count of a key.
func (c counts) Count(key pricing.CounterKey) int64 { return c[key] }

// New returns a replay of one account's traffic under a plan.
func New(book *pricing.Book, account *pricing.Account) *Replay {
	return &Replay{
		prices: &prices{book, account}, own: map[string]*prices{},
		customers: map[string]*customer{}, messages: map[string]*sent{},
		early: map[string]report{}, channels: map[string]string{}, counts: counts{}, ended: newMemory(),
		nextCustomers: sweepAt, nextMessages: sweepAt,
	}
}

// PriceChannel gives a channel a plan of its own, before its first event: in the same currency, for
// the same account, whose CountedBy keeps what the plan counts apart from the others.
func (r *Replay) PriceChannel(channel string, book *pricing.Book, account *pricing.Account) {
	r.own[channel] = &prices{book, account}
}

// pricesOf returns what a channel's messages are priced by.
func (r *Replay) pricesOf(channel []byte) *prices {
	if own := r.own[string(channel)]; own != nil {
		return own
	}
	return r.prices
}

// rules returns the window rules in force at an instant.
func (p *prices) rules(now int64) *conversation.Rules { return p.book.Rules(now, p.account.Zone) }

// Apply applies an event. The outcome is valid if the result is Settled or Corrected.
func (r *Replay) Apply(e *Event) (Result, pricing.Outcome, error) {
	now := e.Time.Unix()
	r.forget(now)
	r.meet(e)
	switch e.Type {
	case Inbound:
		return Nothing, pricing.Outcome{}, r.receive(e, now)
	case Send:
		return r.send(e, now)
	default:
		result, outcome := r.status(e, now)
		return result, outcome, nil
	}
}

// Unsettled returns the number of messages that were sent and have not ended.
func (r *Replay) Unsettled() int64 { return r.forgotten + int64(len(r.messages)-r.failed) }

// PassedOver returns what was skipped so far.
func (r *Replay) PassedOver() PassedOver {
	passed := r.passed
	for _, waiting := range r.early {
		passed.Statuses += waiting.statuses
	}
	return passed
}

// CorrectedGroup returns the group in which the latest corrected message had been settled.
func (r *Replay) CorrectedGroup() Group { return r.corrected }

func (r *Replay) receive(e *Event, now int64) error {
	if !e.fromGroup() {
		if _, err := r.country(e, now); err != nil {
			return err
		}
	}
	var entry conversation.Events
	if e.FromEntry {
		entry = conversation.Ad | conversation.PageButton
	}
	events := conversation.EventsOf(string(e.Kind), entry)
	c := r.customer(e)
	c.state.Receive(conversation.Inbound{At: now, Events: events}, c.prices.rules(now))
	return nil
}

func (r *Replay) send(e *Event, now int64) (Result, pricing.Outcome, error) {
	country, err := r.country(e, now)
	if err != nil {
		return Nothing, pricing.Outcome{}, err
	}
	form, category, err := formOf(e.Kind, e.Category)
	if err != nil {
		return Nothing, pricing.Outcome{}, err
	}
	if known := r.messages[string(e.ID)]; known != nil {
		if !known.failed {
			r.passed.Sends++
			return Nothing, pricing.Outcome{}, nil
		}
		r.remove(string(e.ID), known) // a new message, as after every settlement
	}
	c := r.customer(e)
	request := conversation.Request{At: now, Form: form, Category: category}
	permission := c.state.Permit(request, c.prices.rules(now))
	// Marketing that the revision refuses is priced all the same: it is said to have been sent.
	if permission.Refusal == conversation.WindowClosed {
		return Refused, pricing.Outcome{}, nil
	}
	c.messages++
	m := &sent{customer: c, Message: pricing.Message{
		Channel: r.channel(e.Channel), Country: country, Form: form, Category: category, SentAt: now, Units: e.Units,
	}}
	id := string(e.ID)
	r.messages[id] = m
	if r.earlyAt != now {
		return Nothing, pricing.Outcome{}, nil
	}
	known := r.early[id]
	delete(r.early, id)
	result, outcome := r.take(id, m, known, now)
	return result, outcome, nil
}

// formOf returns the form and category of a sent message. A message without a template that names a
// template's category is a direct send.
func formOf(kind, name []byte) (conversation.Form, conversation.Category, error) {
	var category conversation.Category
	if len(name) > 0 {
		var err error
		if category, err = conversation.ParseCategory(string(name)); err != nil {
			return 0, 0, err
		}
	}
	switch {
	case string(kind) == "template" && category != conversation.None && !category.OfTemplates():
		return 0, 0, fmt.Errorf(
			"category %q is no template's: it must be marketing, utility or authentication, or one of their kinds",
			category,
		)
	case string(kind) == "template":
		return conversation.Templated, category, nil
	case string(kind) == "reaction":
		return conversation.Reaction, conversation.None, nil
	case category == conversation.None || category == conversation.Service:
		return conversation.FreeForm, conversation.None, nil
	case category == conversation.Utility || category == conversation.Authentication ||
		category == conversation.Marketing:
		return conversation.Direct, category, nil
	default:
		return conversation.FreeForm, category, nil
	}
}

// status applies a status. A status of an unknown message changes nothing, unless the message is
// sent within the same second: the upstream counts whole seconds, so the end may come before the
// beginning.
func (r *Replay) status(e *Event, now int64) (Result, pricing.Outcome) {
	step, _ := conversation.ParseStatus(string(e.Status))
	said := report{status: step, expiry: e.Expiry, statuses: 1}
	if m := r.messages[string(e.ID)]; m != nil {
		return r.take(string(e.ID), m, said, now)
	}
	if m, found := r.ended.find(e.ID); found {
		if said.expiry != 0 {
			r.entryPoint(r.restored(m.customer), m.sentAt, said.expiry, now)
		}
		return Nothing, pricing.Outcome{}
	}
	if r.earlyAt != now {
		r.passed = r.PassedOver()
		clear(r.early)
		r.earlyAt = now
	}
	known := r.early[string(e.ID)]
	r.early[string(e.ID)] = report{max(known.status, said.status), max(known.expiry, said.expiry), known.statuses + 1}
	return Nothing, pricing.Outcome{}
}

// take records what was reported about a message, and settles it if that ends it. A failed message
// is remembered, because its delivery may still be reported.
func (r *Replay) take(id string, m *sent, said report, now int64) (Result, pricing.Outcome) {
	if said.expiry != 0 {
		r.entryPoint(m.customer.united(), m.SentAt, said.expiry, now)
	}
	ends, delivered := said.status.Ends(m.Form, m.come)
	m.come = max(m.come, said.status)
	if !ends {
		return Nothing, pricing.Outcome{}
	}
	m.EndedAt, m.Delivered = now, delivered
	c := m.customer.united()
	outcome := c.prices.book.Rate(c.prices.account, &m.Message, &c.state, r.counts)
	c.state.Apply(outcome.Change)
	if outcome.Count.By > 0 {
		r.counts[outcome.Count.Key] += outcome.Count.By
	}
	switch {
	case !delivered:
		m.failed, m.group = true, GroupOf(&outcome)
		r.failed++
		return Settled, outcome
	case m.failed:
		r.corrected = m.group
		r.remove(id, m)
		return Corrected, outcome
	default:
		r.remove(id, m)
		return Settled, outcome
	}
}

// remove drops a message about which nothing more is expected.
func (r *Replay) remove(id string, m *sent) {
	if m.failed {
		r.failed--
	}
	m.customer.united().messages--
	delete(r.messages, id)
	r.ended.add(id, ended{customer: m.customer, sentAt: m.SentAt})
}

// entryPoint applies the end of a free entry point as the upstream states it, if the plan trusts
// that. It holds from the status on, whatever happens to the message.
func (r *Replay) entryPoint(c *customer, sentAt, expiry, now int64) {
	if terms := &c.prices.rules(now).EntryPoint; terms.TrustsUpstream {
		c.state.Apply(conversation.Change{EntryPoint: c.state.Reply(sentAt, now, expiry, terms)})
	}
}

// channel returns the id as a string, of which there is only one.
func (r *Replay) channel(id []byte) string {
	if known, ok := r.channels[string(id)]; ok {
		return known
	}
	known := string(id)
	r.channels[known] = known
	return known
}
