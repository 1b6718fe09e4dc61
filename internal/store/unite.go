package store

import (
	"maps"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Union says that a customer of a channel was found to be another one: what was kept under Gone is
// kept under Kept.
type Union struct {
	Gone, Kept Person
	// Known says that something was kept under Gone that had to be moved.
	Known bool
}

// Same records that two addresses are one person's, and makes everything that is kept of the one a
// part of what is kept of the other: conversations, queued messages and callbacks in the order of
// their acceptance, rate limits, the count of people reached. The ledger stays as it is. Recording
// it again changes nothing. The error is ErrDamaged where what is kept cannot be read; nothing was
// changed then.
func (tx People) Same(a, b identity.Address, now time.Time) ([]Union, error) {
	gone, kept, err := tx.primaries(a, b)
	if err != nil {
		return nil, err
	}
	if identity.Outranks(gone, kept) {
		gone, kept = kept, gone
	}
	return tx.unite(gone, kept, now)
}

func (tx *transaction) primaries(a, b identity.Address) (first, second identity.Address, err error) {
	if first, err = tx.people().Primary(a); err != nil {
		return "", "", err
	}
	second, err = tx.people().Primary(b)
	return first, second, err
}

// unite makes a person with one primary address the person with another.
func (tx *transaction) unite(gone, kept identity.Address, now time.Time) ([]Union, error) {
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
func (tx *transaction) merge(gone, kept identity.Address, now time.Time) ([]Union, error) {
	channels, err := tx.channels()
	if err != nil {
		return nil, err
	}
	unions := make([]Union, 0, len(channels))
	states, chained := make([]conversation.State, len(channels)), make([]bool, len(channels))
	for i, channel := range channels {
		union := Union{
			Gone: Person{channel, tx.store.customer(channel, gone)},
			Kept: Person{channel, tx.store.customer(channel, kept)},
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
	return unions, tx.uniteReach(tx.store.person(gone), tx.store.person(kept))
}

// giveAddresses makes the addresses of one person another's: also the primary one, of which that is
// known.
func (tx *transaction) giveAddresses(gone, kept identity.Address, known learned) error {
	from, into := tx.store.person(gone), tx.store.person(kept)
	sealed, err := tx.store.options.Keys.Seal([]byte(kept), primaryPlace(into))
	if err != nil {
		return err
	}
	is, err := tx.knows(from)
	if err != nil {
		return err
	}
	if is.known {
		clear(tx.store.recent.addresses)
		clear(tx.store.recent.known)
		if err := tx.exec(updateAddresses, into[:], sealed, from[:]); err != nil {
			return err
		}
	}
	known.primary = kept
	return tx.learn(gone, known)
}

// A customer's messages in the queue are found through these indexes.
const (
	inLine     = `state <= 2 AND parked = 0`
	besideLine = `parked > 0`
)

const (
	selectChannels = `SELECT channel FROM channels`
	insertChannel  = `INSERT INTO channels (channel) VALUES ($1) ON CONFLICT DO NOTHING`
)

// noteChannel remembers that something is kept of a channel.
func (tx *transaction) noteChannel(channel string) error {
	if tx.store.recent.channels[channel] {
		return nil
	}
	if err := tx.exec(insertChannel, channel); err != nil {
		return err
	}
	tx.store.recent.channels[channel] = true
	return nil
}

// channels are those of which anything is kept, or was.
func (tx *transaction) channels() ([]string, error) {
	recent := tx.store.recent
	if tx.readOnly {
		return tx.readChannels()
	}
	if !recent.allChannels {
		channels, err := tx.readChannels()
		if err != nil {
			return nil, err
		}
		for _, channel := range channels {
			recent.channels[channel] = true
		}
		recent.allChannels = true
	}
	return slices.Sorted(maps.Keys(recent.channels)), nil
}

func (tx *transaction) readChannels() (channels []string, err error) {
	err = tx.each(selectChannels, nil, func(v engine.Row) bool {
		channels = append(channels, v.Text(0))
		return true
	})
	return channels, err
}

// united is what is remembered of two customers as of one.
func (tx *transaction) united(u Union) (conversation.State, error) {
	gone, err := tx.people().Conversation(u.Gone.Channel, u.Gone.Customer)
	if err != nil {
		return gone, err
	}
	kept, err := tx.people().Conversation(u.Kept.Channel, u.Kept.Customer)
	if err != nil {
		return kept, err
	}
	kept.Unite(&gone)
	return kept, nil
}

func (tx *transaction) uniteCustomers(u Union, state *conversation.State, now time.Time) error {
	delete(tx.store.recent.conversations, u.Gone)
	if err := tx.exec(eraseConversation, u.Gone.Channel, u.Gone.Customer[:]); err != nil {
		return err
	}
	if err := tx.people().PutConversation(u.Kept.Channel, u.Kept.Customer, state); err != nil {
		return err
	}
	if err := tx.uniteMessages(u); err != nil {
		return err
	}
	if err := tx.uniteCallbacks(u); err != nil {
		return err
	}
	return tx.unitePairs(u, now)
}

// redirect lets messages that have left the queue be the kept customer's when they are read: also
// those of others who had become the one who is gone, if there are any.
func (tx *transaction) redirect(u Union, chained bool) error {
	gone, kept := u.Gone.Customer[:], u.Kept.Customer[:]
	if chained {
		if err := tx.exec(updateUnited, kept, gone); err != nil {
			return err
		}
	}
	if err := tx.exec(upsertUnited, gone, kept); err != nil {
		return err
	}
	united := tx.store.recent.united
	united[u.Gone], united[u.Kept] = struct{}{}, struct{}{}
	tx.keepsNow(u.Kept)
	tx.give(u)
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
func (tx People) Current(customer seal.CustomerHash) (seal.CustomerHash, error) {
	kept := customer
	_, err := tx.first(selectUnited, []any{customer[:]}, func(v engine.Row) { copy(kept[:], v.Bytes(0)) })
	return kept, err
}

// unitePairs adds what the one customer has used of the shared rate limit to what the other has.
func (tx *transaction) unitePairs(u Union, now time.Time) error {
	gone, err := tx.people().PairFullAt(u.Gone.Channel, u.Gone.Customer)
	if err != nil || gone.IsZero() {
		return err
	}
	kept, err := tx.people().PairFullAt(u.Kept.Channel, u.Kept.Customer)
	if err != nil {
		return err
	}
	if kept.Before(now) {
		kept = now
	}
	if gone.After(now) {
		if err := tx.people().PutPairFullAt(u.Kept.Channel, u.Kept.Customer, kept.Add(gone.Sub(now))); err != nil {
			return err
		}
	}
	return tx.exec(erasePair, u.Gone.Channel, u.Gone.Customer[:])
}

const selectReachedAt = `SELECT at FROM reach WHERE customer = $1`

// uniteReach counts two people who were reached as one, until the later of the two falls out of the
// count.
func (tx *transaction) uniteReach(gone, kept seal.CustomerHash) error {
	if is, err := tx.knows(gone); err != nil || !is.reached {
		return err
	}
	delete(tx.store.recent.known, kept)
	var goneAt, keptAt int64
	found, err := tx.first(selectReachedAt, []any{gone[:]}, func(v engine.Row) { goneAt = v.Int(0) })
	if err != nil || !found {
		return err
	}
	both, err := tx.first(selectReachedAt, []any{kept[:]}, func(v engine.Row) { keptAt = v.Int(0) })
	if err != nil {
		return err
	}
	if err := tx.exec(erasePersonReach, gone[:]); err != nil {
		return err
	}
	if err := tx.exec(upsertReach, kept[:], max(goneAt, keptAt)); err != nil || !both {
		return err
	}
	return tx.deepen(Reached, -1)
}
