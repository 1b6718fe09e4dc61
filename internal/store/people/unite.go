package people

import (
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Same records that two addresses are one person's, and makes everything that is kept of the one a
// part of what is kept of the other: conversations, queued messages and callbacks in the order of
// their acceptance, rate limits, the count of people reached. The ledger stays as it is. Recording
// it again changes nothing. The error is ErrDamaged where what is kept cannot be read; nothing was
// changed then.
func (p People) Same(a, b identity.Address, now time.Time) ([]txn.Union, error) {
	gone, kept, err := p.tx.primaries(a, b)
	if err != nil {
		return nil, err
	}
	if identity.Outranks(gone, kept) {
		gone, kept = kept, gone
	}
	return p.tx.unite(gone, kept, now)
}

func (tx *Tx) primaries(a, b identity.Address) (first, second identity.Address, err error) {
	if first, err = tx.People().Primary(a); err != nil {
		return "", "", err
	}
	second, err = tx.People().Primary(b)
	return first, second, err
}

// unite makes a person with one primary address the person with another.
func (tx *Tx) unite(gone, kept identity.Address, now time.Time) ([]txn.Union, error) {
	if gone == kept {
		return nil, nil
	}
	itself, err := tx.holder(gone)
	if err != nil {
		return nil, err
	}
	unions, err := tx.merge(gone, kept, now)
	if err != nil {
		return nil, err
	}
	return unions, tx.giveAddresses(gone, kept, itself.learned)
}

// merge makes what is kept under one primary address a part of what is kept under another.
func (tx *Tx) merge(gone, kept identity.Address, now time.Time) ([]txn.Union, error) {
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	unions := make([]txn.Union, 0, len(channels))
	states, chained := make([]conversation.State, len(channels)), make([]bool, len(channels))
	for i, channel := range channels {
		union := txn.Union{
			Gone: txn.Person{Channel: channel, Customer: tx.customer(channel, gone)},
			Kept: txn.Person{Channel: channel, Customer: tx.customer(channel, kept)},
		}
		found, err := tx.keeps(union.Gone)
		if err != nil {
			return nil, err
		}
		union.Known, chained[i] = found.anything, found.messages
		if union.Known {
			if states[i], err = tx.united(union); err != nil {
				return nil, err
			}
		}
		unions = append(unions, union)
	}
	for i, union := range unions { // now that all that has to be read was read
		if err := tx.redirect(union, chained[i]); err != nil {
			return nil, err
		}
		if !union.Known {
			continue
		}
		if err := tx.uniteCustomers(union, &states[i], now); err != nil {
			return nil, err
		}
	}
	return unions, tx.uniteReach(tx.person(gone), tx.person(kept))
}

// giveAddresses makes the addresses of one person another's: also the primary one, of which that is
// known.
func (tx *Tx) giveAddresses(gone, kept identity.Address, known learned) error {
	from, into := tx.person(gone), tx.person(kept)
	sealed, err := tx.Keys.Seal([]byte(kept), PrimaryPlace(into))
	if err != nil {
		return err
	}
	is, err := tx.knows(from)
	if err != nil {
		return err
	}
	if is.known {
		clear(tx.ahead.addresses)
		clear(tx.ahead.known)
		if err := tx.Exec(updateAddresses, into[:], sealed, from[:]); err != nil {
			return err
		}
	}
	known.primary = kept
	return tx.learn(gone, known)
}

// united is what is remembered of two customers as of one.
func (tx *Tx) united(u txn.Union) (conversation.State, error) {
	gone, err := tx.People().Conversation(u.Gone.Channel, u.Gone.Customer)
	if err != nil {
		return gone, err
	}
	kept, err := tx.People().Conversation(u.Kept.Channel, u.Kept.Customer)
	if err != nil {
		return kept, err
	}
	kept.Unite(&gone)
	return kept, nil
}

func (tx *Tx) uniteCustomers(u txn.Union, state *conversation.State, now time.Time) error {
	tx.putAhead(u.Gone, nil)
	if err := tx.Exec(eraseConversation, u.Gone.Channel, u.Gone.Customer[:]); err != nil {
		return err
	}
	if err := tx.People().PutConversation(u.Kept.Channel, u.Kept.Customer, state); err != nil {
		return err
	}
	if err := tx.UniteMessages(u); err != nil {
		return err
	}
	if err := tx.UniteCallbacks(u); err != nil {
		return err
	}
	return tx.unitePairs(u, now)
}

// redirect lets messages that have left the queue be the kept customer's when they are read: also
// those of others who had become the one who is gone, if there are any.
func (tx *Tx) redirect(u txn.Union, chained bool) error {
	gone, kept := u.Gone.Customer[:], u.Kept.Customer[:]
	if chained {
		if err := tx.Exec(updateUnited, kept, gone); err != nil {
			return err
		}
	}
	if err := tx.Exec(upsertUnited, gone, kept); err != nil {
		return err
	}
	united := tx.Recent.United
	united[u.Gone], united[u.Kept] = struct{}{}, struct{}{}
	tx.KeepsNow(u.Kept)
	tx.Give(u)
	return nil
}

const (
	upsertUnited = `INSERT INTO united (gone, kept) VALUES ($1, $2) ON CONFLICT (gone) DO UPDATE
		SET kept = excluded.kept`
	updateUnited = `UPDATE united SET kept = $1 WHERE kept = $2`
	forgetUnited = `DELETE FROM united WHERE kept = $1`
	selectUnited = `SELECT kept FROM united WHERE gone = $1`
)

// Current is who a customer of a channel is by now: another one, if the two were found to be one
// person. A union moves what points to the one who is gone, so one step is enough.
func (p People) Current(customer seal.CustomerHash) (seal.CustomerHash, error) {
	kept := customer
	_, err := p.tx.First(selectUnited, []any{customer[:]}, func(v engine.Row) { copy(kept[:], v.Bytes(0)) })
	return kept, err
}

// unitePairs adds what the one customer has used of the shared rate limit to what the other has.
func (tx *Tx) unitePairs(u txn.Union, now time.Time) error {
	gone, err := tx.People().PairFullAt(u.Gone.Channel, u.Gone.Customer)
	if err != nil || gone.IsZero() {
		return err
	}
	kept, err := tx.People().PairFullAt(u.Kept.Channel, u.Kept.Customer)
	if err != nil {
		return err
	}
	if kept.Before(now) {
		kept = now
	}
	if gone.After(now) {
		if err := tx.People().PutPairFullAt(u.Kept.Channel, u.Kept.Customer, kept.Add(gone.Sub(now))); err != nil {
			return err
		}
	}
	return tx.Exec(erasePair, u.Gone.Channel, u.Gone.Customer[:])
}

const selectReachedAt = `SELECT at FROM reach WHERE customer = $1`

// uniteReach counts two people who were reached as one, until the later of the two falls out of the
// count.
func (tx *Tx) uniteReach(gone, kept seal.CustomerHash) error {
	if is, err := tx.knows(gone); err != nil || !is.reached {
		return err
	}
	delete(tx.ahead.known, kept)
	var goneAt, keptAt int64
	found, err := tx.First(selectReachedAt, []any{gone[:]}, func(v engine.Row) { goneAt = v.Int(0) })
	if err != nil || !found {
		return err
	}
	both, err := tx.First(selectReachedAt, []any{kept[:]}, func(v engine.Row) { keptAt = v.Int(0) })
	if err != nil {
		return err
	}
	tx.reached.Clear()
	if err := tx.Exec(erasePersonReach, gone[:]); err != nil {
		return err
	}
	if err := tx.Exec(upsertReach, kept[:], max(goneAt, keptAt)); err != nil || !both {
		return err
	}
	return tx.Deepen(books.Reached, -1)
}
