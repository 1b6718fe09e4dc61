// Package people tells whom an address belongs to, and learns which addresses are one person's
// (P13).
package people

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

// Customer is who an address belongs to with a channel, at rest; nobody for no address.
func Customer(
	tx *durable.Tx, keys *seal.Keys, channel string, address identity.Address,
) (seal.CustomerHash, error) {
	if address == "" {
		return seal.CustomerHash{}, nil
	}
	primary, err := tx.People().Primary(address)
	if err != nil {
		return seal.CustomerHash{}, err
	}
	return keys.CustomerHash(channel, string(primary)), nil
}

// Person is who a primary address belongs to whatever channel of the account writes to it, as the
// upstream's limit on different customers counts. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits
func Person(keys *seal.Keys, primary identity.Address) seal.CustomerHash {
	return keys.CustomerHash("", string(primary))
}

// Subscription is what a subscription is known by in the state of a conversation: a keyed hash of
// its address, which nothing can be sent to (P7).
func Subscription(keys *seal.Keys, channel string, address identity.Address) string {
	return keys.CustomerHash(channel, string(address)).String()
}

// First is the first of the addresses; empty if there is none.
func First(list []identity.Address) identity.Address {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// Adopt takes over what an earlier version kept under other spellings of addresses, see
// store.People.Adopt, and returns the customers who were found to be others.
func Adopt(
	tx *durable.Tx, now time.Time, channel string, list ...identity.Address,
) (unions []store.Union, err error) {
	for _, address := range list {
		more, err := tx.People().Adopt(address, now, channel)
		if err != nil {
			return unions, err
		}
		unions = append(unions, more...)
	}
	return unions, nil
}

// LearnAnswer records whom the network says that a recipient is, and returns the customers who were
// found to be others. What it says of somebody else says nothing.
func LearnAnswer(
	tx *durable.Tx, recipient identity.Address, known network.Known, now time.Time,
) (unions []store.Union, err error) {
	if recipient == "" || known.Input != recipient {
		return nil, nil
	}
	list := slices.Clone(known.Addresses)
	number := slices.IndexFunc(list, func(a identity.Address) bool { return a.Kind() == identity.Phone })
	if number >= 0 && recipient.Kind() == identity.Phone {
		if unions, err = tx.People().Named(recipient, list[number], now); err != nil {
			return nil, err
		}
	} else {
		list = append(list, recipient)
	}
	if len(list) < 2 {
		return unions, nil
	}
	_, more, err := tx.People().Told(list, now, now)
	return append(unions, more...), err
}

// IsDamaged reports whether an error says that something of a person cannot be read.
func IsDamaged(err error) bool { return errors.Is(err, store.ErrDamaged) }
