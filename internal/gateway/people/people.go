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
	primary, err := tx.Primary(address)
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

// First is the first of the addresses; empty if there is none.
func First(list []identity.Address) identity.Address {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// Learn records that addresses are one person's, because a webhook of an instant says so: the zero
// time where it tells none. A number that its owner left before, and that is told with a user id of
// somebody else, has passed to another person. It returns the customers who were found to be
// others.
func Learn(tx *durable.Tx, list []identity.Address, told, now time.Time) (unions []store.Union, err error) {
	for i := 1; i < len(list); i++ {
		if slices.Contains(list[:i], list[i]) {
			continue
		}
		if err := passNumberOn(tx, list[0], list[i], told); err != nil {
			return nil, err
		}
		more, err := tx.Same(list[0], list[i], now)
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
	left, err := tx.Left(number)
	if err != nil || left.IsZero() || !told.After(left) {
		return err
	}
	former, err := tx.Primary(number)
	if err != nil {
		return err
	}
	owner, err := tx.Primary(user)
	if err != nil || owner == former {
		return err
	}
	return tx.PassOn(number)
}

// LearnAnswer records whom the network says that a recipient is. What it says of somebody else says
// nothing.
func LearnAnswer(
	tx *durable.Tx, recipient identity.Address, known network.Known, now time.Time,
) (unions []store.Union, err error) {
	if recipient == "" || known.Input != recipient {
		return nil, nil
	}
	for _, address := range known.Addresses {
		more, err := tx.Named(recipient, address, now)
		if err != nil {
			return nil, err
		}
		unions = append(unions, more...)
	}
	return unions, nil
}

// IsDamaged reports whether an error says that something of a person cannot be read.
func IsDamaged(err error) bool { return errors.Is(err, store.ErrDamaged) }
