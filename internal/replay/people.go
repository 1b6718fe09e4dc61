package replay

import (
	"strings"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/market"
)

// customer is one conversation, with a customer or with a group.
type customer struct {
	key      string  // under which it is found
	prices   *prices // of its channel
	state    conversation.State
	messages int       // that have not ended
	partOf   *customer // set once two customers turned out to be one
}

// united returns the conversation that this one is part of by now.
func (c *customer) united() *customer {
	for c.partOf != nil {
		c = c.partOf
	}
	return c
}

// meet learns which addresses are one person's, and makes one of the conversations with them.
func (r *Replay) meet(e *Event) {
	for _, other := range e.AlsoKnownAs {
		gone, kept := r.people.Same(identity.Of(string(e.Customer)), identity.Of(string(other)))
		if gone == kept {
			continue
		}
		for _, channel := range r.channels {
			r.unite(string(appendKey(nil, channel, gone)), string(appendKey(nil, channel, kept)))
		}
	}
}

// unite makes the conversation under one key part of the one under another.
func (r *Replay) unite(gone, kept string) {
	former := r.customers[gone]
	if former == nil {
		return
	}
	delete(r.customers, gone)
	known := r.customers[kept]
	if known == nil {
		former.key = kept
		r.customers[kept] = former
		return
	}
	known.state.Unite(&former.state)
	known.messages += former.messages
	former.partOf = known
}

// restored returns the conversation of a message that has ended. It may have been forgotten since,
// and its customer have turned out to be another one.
func (r *Replay) restored(c *customer) *customer {
	c = c.united()
	if r.customers[c.key] == c {
		return c
	}
	channel, address, _ := strings.Cut(c.key, "\x00")
	c.key = string(appendKey(nil, channel, r.people.Primary(identity.Address(address))))
	if known := r.customers[c.key]; known != nil {
		return known
	}
	r.customers[c.key] = c
	return c
}

// country returns the country of the event's customer. An unknown country is an error if prices
// depend on it.
func (r *Replay) country(e *Event, now int64) (market.Country, error) {
	country, err := market.CountryOf(string(identity.Of(string(e.Customer))))
	if by := r.pricesOf(e.Channel); err != nil && !by.book.AsksForCountry(now, by.account.Zone) {
		return 0, nil
	}
	return country, err
}

// customer finds or begins the event's conversation with a person, whichever of the person's
// addresses is given. A group has one conversation for all its members.
func (r *Replay) customer(e *Event) *customer {
	channel := r.channel(e.Channel)
	if len(e.Group) > 0 {
		r.key = append(append(append(r.key[:0], channel...), 0, 0), e.Group...)
	} else {
		r.key = appendKey(r.key[:0], channel, r.people.Primary(identity.Of(string(e.Customer))))
	}
	c := r.customers[string(r.key)]
	if c == nil {
		c = &customer{key: string(r.key), prices: r.pricesOf(e.Channel)}
		r.customers[c.key] = c
	}
	return c
}

// appendKey appends the key of a channel's conversation with a person.
func appendKey(to []byte, channel string, primary identity.Address) []byte {
	return append(append(append(to, channel...), 0), primary...)
}
