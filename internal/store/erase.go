package store

import (
	"cmp"
	"fmt"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/seal"
)

const (
	selectOwners       = `SELECT seq, channel, customer, settled, state, reserved, currency FROM messages WHERE seq > $1 ORDER BY seq LIMIT $2 + 0`
	eraseMessage       = `DELETE FROM messages WHERE seq = $1`
	eraseCallbacks     = `DELETE FROM callbacks WHERE channel = $1 AND customer = $2`
	eraseConversation  = `DELETE FROM conversations WHERE channel = $1 AND customer = $2`
	eraseCustomerReach = `DELETE FROM reach WHERE customer = $1`
)

// Erasure is how far the erasure of a customer has come.
type Erasure struct {
	// Next is where the next page begins; 0 when there is none.
	Next int64
	// Open counts the customer's messages of the page that are not settled, or not out of the queue, and so were kept: erase again later.
	Open int64
}

// Erase forgets a customer of a channel: the conversation, with its consent and blocks, the callbacks that wait, and page by page the settled messages. The
// page begins after a place, 0 at first and then the Next of the page before, and looks at so many rows. The ledger keeps its
// records, which know the customer by hash only, so its chain stays valid. An erased message has no reservation: no delivery finds it any more.
func (tx *Tx) Erase(channel string, customer seal.CustomerHash, after int64, rows int) (Erasure, error) {
	if after == 0 {
		if err := tx.eraseState(channel, customer); err != nil {
			return Erasure{}, err
		}
	}
	if err := tx.flushMessages(); err != nil {
		return Erasure{}, err
	}
	var page Erasure
	var settled []int64
	var reserved []money.Money
	var bad error
	looked := 0
	if err := tx.each(selectOwners, []any{after, int64(rows)}, func(v values) bool {
		looked++
		page.Next = v.Int(0)
		if v.Text(1) != channel || seal.CustomerHash(v.Bytes(2)) != customer {
			return true
		}
		if v.Int(3) == 1 && !State(v.Int(4)).active() {
			settled = append(settled, v.Int(0))
			amount, err := money.Parse(v.Text(5))
			if err != nil {
				bad = fmt.Errorf("the reservation of a message cannot be read: %w", err)
				return false
			}
			reserved = append(reserved, money.Money{Amount: amount, Currency: money.Currency(v.Text(6))})
		} else {
			page.Open++
		}
		return true
	}); cmp.Or(err, bad) != nil {
		return Erasure{}, cmp.Or(err, bad)
	}
	tx.store.recent.forget()
	for i, seq := range settled {
		if err := tx.release(reserved[i]); err != nil {
			return Erasure{}, err
		}
		if err := tx.exec(eraseMessage, seq); err != nil {
			return Erasure{}, err
		}
	}
	if looked < rows {
		page.Next = 0
	}
	return page, nil
}

// eraseState forgets what is kept of a customer beside messages.
func (tx *Tx) eraseState(channel string, customer seal.CustomerHash) error {
	if err := tx.exec(eraseConversation, channel, customer[:]); err != nil {
		return err
	}
	waiting, err := tx.changed(eraseCallbacks, channel, customer[:])
	if err != nil {
		return err
	}
	if err := tx.deepen(Callbacks, -waiting); err != nil {
		return err
	}
	reached, err := tx.changed(eraseCustomerReach, customer[:])
	if err != nil {
		return err
	}
	return tx.deepen(Reached, -reached)
}
