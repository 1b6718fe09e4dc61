package store

import (
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// kept is what is kept of a customer of a channel.
type kept struct {
	// anything says that something has to be moved when the customer becomes another one.
	anything bool
	// messages says that messages of others who became this one have left the queue.
	messages bool
}

// known is what is known of a person.
type known struct {
	// known says that addresses are known, beside the primary one, or that one by itself.
	known bool
	// userID and parentUserID say that the network names the person by such an id now.
	userID, parentUserID bool
	// reached says that the person counts among those reached in the last 24 hours.
	reached bool
}

const (
	selectKept = `SELECT 1 WHERE EXISTS (SELECT 1 FROM conversations WHERE channel = $1 AND customer = $2)
		OR EXISTS (SELECT 1 FROM callbacks WHERE channel = $3 AND customer = $4)
		OR EXISTS (SELECT 1 FROM pairs WHERE channel = $5 AND customer = $6)
		OR EXISTS (SELECT 1 FROM messages WHERE channel = $7 AND customer = $8 AND ` + inLine + `)
		OR EXISTS (SELECT 1 FROM messages WHERE channel = $9 AND customer = $10 AND ` + besideLine + `)
		OR EXISTS (SELECT 1 FROM refused_callbacks WHERE channel = $11 AND customer = $12)
		UNION ALL SELECT 2 WHERE EXISTS (SELECT 1 FROM united WHERE kept = $13)`
	// selectKnown has a row for each address of a person, with the kind of a user id in use, and
	// one if the person counts as reached.
	selectKnown = `SELECT current_kind FROM addresses WHERE person = $1
		UNION ALL SELECT -1 FROM reach WHERE customer = $2`
)

func keptArguments(of Person) []any {
	const indexes = 6
	arguments := make([]any, 0, 2*indexes+1)
	for range indexes {
		arguments = append(arguments, of.Channel, of.Customer[:])
	}
	return append(arguments, of.Customer[:])
}

func (k *kept) read(v engine.Row) {
	if v.Int(0) == 1 {
		k.anything = true
	} else {
		k.messages = true
	}
}

// keeps tells what is kept of a customer.
func (tx *transaction) keeps(of Person) (found kept, err error) {
	if !tx.readOnly {
		if found, ahead := tx.store.recent.kept[of]; ahead {
			return found, tx.err
		}
	}
	err = tx.each(selectKept, keptArguments(of), func(v engine.Row) bool {
		found.read(v)
		return true
	})
	return found, err
}

func (k *known) read(v engine.Row) {
	switch kind := v.Int(0); kind {
	case -1:
		k.reached = true
	default:
		k.known = true
		k.userID = k.userID || kind == int64(identity.UserID)
		k.parentUserID = k.parentUserID || kind == int64(identity.ParentUserID)
	}
}

// knows tells what is known of a person.
func (tx *transaction) knows(person seal.CustomerHash) (found known, err error) {
	if !tx.readOnly {
		if found, ahead := tx.store.recent.known[person]; ahead {
			return found, tx.err
		}
	}
	err = tx.each(selectKnown, []any{person[:], person[:]}, func(v engine.Row) bool {
		found.read(v)
		return true
	})
	return found, err
}

// named tells whether the network names a person by a user id of a kind.
func (tx *transaction) named(primary identity.Address, kind identity.Kind) (bool, error) {
	if primary.Kind() == kind {
		return true, nil
	}
	is, err := tx.knows(tx.store.person(primary))
	if kind == identity.ParentUserID {
		return is.parentUserID, err
	}
	return is.userID, err
}

// keepsNow says that something is kept of a customer from now on.
func (tx *transaction) keepsNow(of Person) { delete(tx.store.recent.kept, of) }

// give makes the messages that the operation has read of a customer another's.
func (tx *transaction) give(u Union) {
	if tx.byCustomer == nil {
		tx.byCustomer = map[Person][]*Message{}
	}
	for _, m := range tx.known[tx.sorted:] {
		of := Person{m.Channel, m.Customer}
		tx.byCustomer[of] = append(tx.byCustomer[of], m)
	}
	tx.sorted = len(tx.known)
	given := tx.byCustomer[u.Gone]
	for _, m := range given {
		m.Customer = u.Kept.Customer
	}
	if len(given) > 0 {
		delete(tx.byCustomer, u.Gone)
		tx.byCustomer[u.Kept] = append(tx.byCustomer[u.Kept], given...)
	}
}

// forgetSorted lets give look at all messages again.
func (tx *transaction) forgetSorted() {
	clear(tx.byCustomer)
	tx.sorted = 0
}
