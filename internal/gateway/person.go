package gateway

import (
	"errors"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// customerAt is who an address belongs to with a channel, at rest; nobody for no address.
func (g *Gateway) customerAt(tx *durable.Tx, channel string, address identity.Address) (seal.CustomerHash, error) {
	if address == "" {
		return seal.CustomerHash{}, nil
	}
	primary, err := tx.People().Primary(address)
	if err != nil {
		return seal.CustomerHash{}, err
	}
	return g.keys.Seal().CustomerHash(channel, string(primary)), nil
}

// personOf is who a primary address belongs to whatever number of the account writes to it, as the
// upstream's limit on different customers counts. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits
func (g *Gateway) personOf(primary identity.Address) seal.CustomerHash {
	return g.keys.Seal().CustomerHash("", string(primary))
}

// addresses are those that the upstream names one person by, without what is none.
func addresses(texts ...string) []identity.Address {
	list := make([]identity.Address, 0, len(texts))
	for _, text := range texts {
		if text != "" {
			list = append(list, identity.Of(text))
		}
	}
	return list
}

// first is the first of the addresses; empty if there is none.
func first(list []identity.Address) identity.Address {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// told records that addresses are one person's, because the upstream says so of an instant, and
// returns the one by which to look the person up; none for none. See store.Tx.Told.
func (g *Gateway) told(
	tx *durable.Tx, list []identity.Address, at, now time.Time,
) (who identity.Address, err error) {
	who, unions, err := tx.People().Told(list, at, now)
	g.follow(tx, unions)
	return who, err
}

// learnAnswer records whom the network says that a recipient is. What it says of somebody else says
// nothing.
func (g *Gateway) learnAnswer(
	tx *durable.Tx, recipient identity.Address, known network.Known, now time.Time,
) error {
	if recipient == "" || known.Input != recipient {
		return nil
	}
	list := slices.Clone(known.Addresses)
	number := slices.IndexFunc(list, func(a identity.Address) bool { return a.Kind() == identity.Phone })
	if number >= 0 && recipient.Kind() == identity.Phone {
		unions, err := tx.People().Named(recipient, list[number], now)
		if err != nil {
			return err
		}
		g.follow(tx, unions)
	} else {
		list = append(list, recipient)
	}
	if len(list) < 2 {
		return nil
	}
	_, err := g.told(tx, list, now, now)
	return err
}

// adopt takes over what an earlier version kept under other spellings, see store.Tx.Adopt.
func (g *Gateway) adopt(tx *durable.Tx, now time.Time, channel string, list ...identity.Address) error {
	for _, address := range list {
		unions, err := tx.People().Adopt(address, now, channel)
		if err != nil {
			return err
		}
		g.follow(tx, unions)
	}
	return nil
}

// follow lets what is kept in memory follow the store once the operation is durable.
func (g *Gateway) follow(tx *durable.Tx, unions []store.Union) {
	if len(unions) > 0 {
		tx.After(func() { g.united(unions) })
	}
}

// united lets what is kept in memory follow the store.
func (g *Gateway) united(unions []store.Union) {
	now, moved := g.store.Now(), false
	for _, u := range unions {
		g.pacer.unite(pair{u.Gone.Channel, u.Gone.Customer}, pair{u.Kept.Channel, u.Kept.Customer}, now)
		moved = moved || u.Known
	}
	if moved { // another message may be the first of its line now
		g.sends.Notify()
		g.deliveries.Notify()
	}
}

// damaged tells whether an error says that something of a person cannot be read.
func damaged(err error) bool { return errors.Is(err, store.ErrDamaged) }
