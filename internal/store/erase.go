package store

import (
	"slices"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

const (
	selectOwners = `SELECT seq, channel, ` + currentCustomer + `, settled, state, reserved, currency, unpriced,
		claims FROM messages WHERE seq > $1 ORDER BY seq LIMIT $2 + 0`
	eraseMessage      = `DELETE FROM messages WHERE seq = $1`
	eraseCallbacks    = `DELETE FROM callbacks WHERE channel = $1 AND customer = $2 RETURNING LENGTH(payload)`
	eraseConversation = `DELETE FROM conversations WHERE channel = $1 AND customer = $2`
	erasePersonReach  = `DELETE FROM reach WHERE customer = $1`
)

// Erasure is how far the erasure of customers has come.
type Erasure struct {
	// Next is where the next page begins; 0 when there is none.
	Next int64
	// Open counts, for each of the customers, the messages so far that are not settled, wait for a
	// rate or are not out of the queue, and so were kept: erase again later.
	Open []int64
}

// Erase forgets customers of a channel: the callbacks that wait, page by page the settled messages,
// and with the last page the conversations, with their consent and blocks. A page looks at so many
// rows; the first one begins with the zero Erasure, each other one with what the page before has
// returned. While a customer has an open message the conversation stays: the customer's wishes
// still hold for that message, and the windows price it. The ledger keeps its records, which know a
// customer by hash only, so its chain stays valid. An erased message has no reservation: no
// delivery finds it any more.
func (tx People) Erase(channel string, customers []seal.CustomerHash, so Erasure, rows int) (Erasure, error) {
	page := Erasure{Open: make([]int64, len(customers))}
	copy(page.Open, so.Open)
	if so.Next == 0 {
		if err := tx.eraseCallbacks(channel, customers); err != nil {
			return Erasure{}, err
		}
	}
	if err := tx.flushMessages(); err != nil {
		return Erasure{}, err
	}
	var settled []int64
	var reserved []money.Money
	var held []heldClaims
	looked := 0
	if err := tx.each(selectOwners, []any{so.Next, int64(rows)}, func(v engine.Row) bool {
		looked++
		page.Next = v.Int(0)
		if v.Text(1) != channel {
			return true
		}
		var owner seal.CustomerHash
		copy(owner[:], v.Bytes(2)) // one of another length is damaged, and nobody's
		switch which := slices.Index(customers, owner); {
		case which < 0:
		case v.Int(3) == 1 && v.Int(7) == 0 && !State(v.Int(4)).active():
			settled = append(settled, v.Int(0))
			amount, whole := parseReserved(v.Text(5))
			claims, err := parseHeldClaims(v.Text(8))
			if !whole || err != nil { // what cannot be read stays in the sum, see messageRow.finish
				amount, claims = money.Decimal{}, heldClaims{}
			}
			reserved = append(reserved, money.Money{Amount: amount, Currency: money.Currency(v.Text(6))})
			held = append(held, claims)
		default:
			page.Open[which]++
		}
		return true
	}); err != nil {
		return Erasure{}, err
	}
	if len(settled) > 0 {
		tx.store.recent.forget()
	}
	for i, seq := range settled {
		if err := tx.release(reserved[i], held[i]); err != nil {
			return Erasure{}, err
		}
		if err := tx.exec(eraseMessage, seq); err != nil {
			return Erasure{}, err
		}
	}
	if looked == rows {
		return page, nil
	}
	page.Next = 0
	for i, customer := range customers {
		if page.Open[i] > 0 {
			continue
		}
		if err := tx.eraseConversation(channel, customer); err != nil {
			return Erasure{}, err
		}
	}
	return page, nil
}

// eraseConversation forgets what is remembered between a channel and a customer.
func (tx *transaction) eraseConversation(channel string, customer seal.CustomerHash) error {
	delete(tx.store.recent.conversations, Person{channel, customer})
	if err := tx.exec(eraseRecipient, customer[:]); err != nil {
		return err
	}
	for _, statement := range []string{eraseConversation, erasePair} {
		if err := tx.exec(statement, channel, customer[:]); err != nil {
			return err
		}
	}
	return nil
}

func (tx *transaction) eraseCallbacks(channel string, customers []seal.CustomerHash) error {
	for _, customer := range customers {
		if err := tx.write(); err != nil {
			return err
		}
		var waiting, bytes int64
		if err := tx.each(eraseCallbacks, []any{channel, customer[:]}, func(v engine.Row) bool {
			waiting, bytes = waiting+1, bytes+v.Int(0)
			return true
		}); err != nil {
			return err
		}
		if err := tx.countCallbacks(-waiting, -bytes); err != nil {
			return err
		}
		if err := tx.eraseRefused(channel, customer); err != nil {
			return err
		}
	}
	return nil
}

// EraseReach forgets that a person was written to in the last 24 hours, see PutReach.
func (tx People) EraseReach(person seal.CustomerHash) error {
	reached, err := tx.changed(erasePersonReach, person[:])
	if err != nil {
		return err
	}
	return tx.deepen(Reached, -reached)
}
