package people

import (
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/messages"
	"github.com/guichet-dev/guichet/internal/store/txn"
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
		OR EXISTS (SELECT 1 FROM messages WHERE channel = $7 AND customer = $8 AND ` + messages.WhereInLine + `)
		OR EXISTS (SELECT 1 FROM messages WHERE channel = $9 AND customer = $10 AND ` + messages.WhereBesideLine + `)
		OR EXISTS (SELECT 1 FROM refused_callbacks WHERE channel = $11 AND customer = $12)
		UNION ALL SELECT 2 WHERE EXISTS (SELECT 1 FROM united WHERE kept = $13)`
	// selectKnown has a row for each address of a person, with the kind of a user id in use, and
	// one if the person counts as reached.
	selectKnown = `SELECT current_kind FROM addresses WHERE person = $1
		UNION ALL SELECT -1 FROM reach WHERE customer = $2`
)

func keptArguments(of txn.Person) []any {
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
func (tx *Tx) keeps(of txn.Person) (found kept, err error) {
	if !tx.ReadOnly {
		if found, ahead := tx.ahead.kept[of]; ahead && !tx.KeepsSince(of) {
			return found, tx.Err
		}
	}
	err = tx.Each(selectKept, keptArguments(of), func(v engine.Row) bool {
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
func (tx *Tx) knows(person seal.CustomerHash) (found known, err error) {
	if !tx.ReadOnly {
		if found, ahead := tx.ahead.known[person]; ahead {
			return found, tx.Err
		}
	}
	err = tx.Each(selectKnown, []any{person[:], person[:]}, func(v engine.Row) bool {
		found.read(v)
		return true
	})
	return found, err
}

// named tells whether the network names a person by a user id of a kind.
func (tx *Tx) named(primary identity.Address, kind identity.Kind) (bool, error) {
	if primary.Kind() == kind {
		return true, nil
	}
	is, err := tx.knows(tx.person(primary))
	if kind == identity.ParentUserID {
		return is.parentUserID, err
	}
	return is.userID, err
}
