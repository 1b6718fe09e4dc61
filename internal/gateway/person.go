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

// learn records that addresses are one person's, because a webhook of an instant says so: the zero
// time where it tells none. A number that its owner left before, and that is told with a user id of
// somebody else, has passed to another person.
func learn(tx *durable.Tx, list []identity.Address, told, now time.Time) (unions []store.Union, err error) {
	for i := 1; i < len(list); i++ {
		if slices.Contains(list[:i], list[i]) {
			continue
		}
		if err := passNumberOn(tx, list[0], list[i], told); err != nil {
			return nil, err
		}
		more, err := tx.People().Same(list[0], list[i], now)
		if err != nil {
			return nil, err
		}
		unions = append(unions, more...)
	}
	return unions, nil
}

func passNumberOn(tx *durable.Tx, number, user identity.Address, told time.Time) error {
	if number.Kind() != identity.Phone || user.Kind() == identity.Phone {
		return nil
	}
	left, err := tx.People().Left(number)
	if err != nil || left.IsZero() || !told.After(left) {
		return err
	}
	former, err := tx.People().Primary(number)
	if err != nil {
		return err
	}
	owner, err := tx.People().Primary(user)
	if err != nil || owner == former {
		return err
	}
	return tx.People().PassOn(number)
}

// learnAnswer records whom the network says that a recipient is. What it says of somebody else says
// nothing.
func learnAnswer(
	tx *durable.Tx, recipient identity.Address, known network.Known, now time.Time,
) (unions []store.Union, err error) {
	if recipient == "" || known.Input != recipient {
		return nil, nil
	}
	for _, address := range known.Addresses {
		more, err := tx.People().Named(recipient, address, now)
		if err != nil {
			return nil, err
		}
		unions = append(unions, more...)
	}
	return unions, nil
}

// united lets what is kept in memory follow the store.
func (g *Gateway) united(unions []store.Union) {
	if len(unions) == 0 {
		return
	}
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
