package people

import (
	"slices"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/messages"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
	selectOwners = `SELECT seq, channel, ` + messages.CurrentCustomer + `, settled, state, reserved, currency, unpriced,
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
func (p People) Erase(channel string, customers []seal.CustomerHash, so Erasure, rows int) (Erasure, error) {
	page := Erasure{Open: make([]int64, len(customers))}
	copy(page.Open, so.Open)
	if so.Next == 0 {
		if err := p.tx.eraseCallbacks(channel, customers); err != nil {
			return Erasure{}, err
		}
	}
	if err := p.tx.FlushMessages(); err != nil {
		return Erasure{}, err
	}
	var settled []int64
	var reserved []money.Money
	var held []books.HeldClaims
	looked := 0
	if err := p.tx.Each(selectOwners, []any{so.Next, int64(rows)}, func(v engine.Row) bool {
		looked++
		page.Next = v.Int(0)
		if v.Text(1) != channel {
			return true
		}
		var owner seal.CustomerHash
		copy(owner[:], v.Bytes(2)) // one of another length is damaged, and nobody's
		switch which := slices.Index(customers, owner); {
		case which < 0:
		case v.Int(3) == 1 && v.Int(7) == 0 && !messages.State(v.Int(4)).Active():
			settled = append(settled, v.Int(0))
			amount, whole := messages.ParseReserved(v.Text(5))
			claims, err := books.ParseHeldClaims(v.Text(8))
			if !whole || err != nil { // what cannot be read stays in the sum, see MessageRow.finish
				amount, claims = money.Decimal{}, books.HeldClaims{}
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
		p.tx.Forget()
	}
	for i, seq := range settled {
		if err := p.tx.Release(reserved[i], held[i]); err != nil {
			return Erasure{}, err
		}
		if err := p.tx.Exec(eraseMessage, seq); err != nil {
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
		if err := p.tx.eraseConversation(channel, customer); err != nil {
			return Erasure{}, err
		}
	}
	return page, nil
}

// eraseConversation forgets what is remembered between a channel and a customer.
func (tx *Tx) eraseConversation(channel string, customer seal.CustomerHash) error {
	tx.putAhead(txn.Person{Channel: channel, Customer: customer}, nil)
	if err := tx.Exec(messages.EraseRecipient, customer[:]); err != nil {
		return err
	}
	for _, statement := range []string{eraseConversation, erasePair} {
		if err := tx.Exec(statement, channel, customer[:]); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) eraseCallbacks(channel string, customers []seal.CustomerHash) error {
	for _, customer := range customers {
		tx.ForgetCallbacks()
		var waiting, bytes int64
		if err := tx.EachChanged(eraseCallbacks, []any{channel, customer[:]}, func(v engine.Row) bool {
			waiting, bytes = waiting+1, bytes+v.Int(0)
			return true
		}); err != nil {
			return err
		}
		if err := tx.CountCallbacks(-waiting, -bytes); err != nil {
			return err
		}
		if err := tx.EraseRefused(channel, customer); err != nil {
			return err
		}
	}
	return nil
}

// EraseReach forgets that a person was written to in the last 24 hours, see PutReach.
func (p People) EraseReach(person seal.CustomerHash) error {
	p.tx.reached.Clear()
	reached, err := p.tx.Changed(erasePersonReach, person[:])
	if err != nil {
		return err
	}
	return p.tx.Deepen(books.Reached, -reached)
}
