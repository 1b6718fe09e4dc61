package people

import (
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/messages"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// ahead is what was read ahead of customers for the operations of a transaction.
type ahead struct {
	// conversations are those that have not been changed since, as they are stored: nil for none.
	conversations map[txn.Person][]byte
	// addresses are those that have not been changed since; nil for one of which nothing is known.
	addresses map[seal.CustomerHash]*addressRow
	// kept is what is kept of customers, and known what is known of people.
	kept  map[txn.Person]kept
	known map[seal.CustomerHash]known
}

func newAhead() ahead {
	return ahead{
		conversations: map[txn.Person][]byte{}, addresses: map[seal.CustomerHash]*addressRow{}, kept: map[txn.Person]kept{},
		known: map[seal.CustomerHash]known{},
	}
}

func (a *ahead) forget() {
	clear(a.conversations)
	clear(a.addresses)
	clear(a.kept)
	clear(a.known)
}

// Subject is what an operation is about: a message by our id, or without one whoever has an address
// with a channel.
type Subject struct {
	Message string
	Channel string
	Address identity.Address
}

// Prefetch reads messages by their ids, and what is known and kept of people: in three exchanges,
// the messages, whose the addresses are, and then the conversations. The transaction has its turn,
// so nobody else changes what was read before it ends.
func (tx *Tx) Prefetch(ids [][]any, of []Subject) error {
	var rows []messages.MessageRow
	if err := tx.Conn.QueryEach(
		messages.SelectMessage, ids, func(_ int, v engine.Row) { rows = append(rows, messages.ReadMessage(v)) },
	); err != nil {
		return err
	}
	for i := range rows {
		tx.Adopt(&rows[i]) // what cannot be read is read again by its operation, which fails alone
	}
	if err := tx.prefetchAddresses(of); err != nil {
		return err
	}
	people, primaries := make([]txn.Person, 0, len(of)+len(rows)), make([]identity.Address, 0, len(of))
	for _, subject := range of {
		if primary, err := tx.People().Primary(subject.Address); err == nil {
			people = append(people, txn.Person{Channel: subject.Channel, Customer: tx.customer(subject.Channel, primary)})
			primaries = append(primaries, primary)
		}
	}
	if err := tx.prefetchUnions(primaries); err != nil {
		return err
	}
	for _, m := range tx.Known {
		if m.State >= messages.Submitted && !m.Settled { // a status is about to settle it
			people = append(people, txn.Person{Channel: m.Channel, Customer: m.Customer})
		}
	}
	tx.Recent.Keep(tx.Known)
	return tx.prefetchConversations(people)
}

func (tx *Tx) prefetchAddresses(of []Subject) error {
	var hashes []seal.CustomerHash
	for _, subject := range of {
		hashes = append(hashes, tx.spellings(subject.Address)...)
	}
	keys := make([][]any, len(hashes))
	for i := range hashes {
		keys[i] = []any{hashes[i][:]}
	}
	found := make([]*addressRow, len(hashes)) // nil for one of which nothing is known
	if err := tx.Conn.QueryEach(
		selectAddress, keys, func(i int, v engine.Row) { found[i] = readAddress(v) },
	); err != nil {
		return err
	}
	for i, hash := range hashes {
		tx.ahead.addresses[hash] = found[i]
	}
	return nil
}

func (tx *Tx) prefetchConversations(people []txn.Person) error {
	conversations := make([][]byte, len(people)) // nil for who has none
	keys := make([][]any, len(people))
	for i := range people {
		keys[i] = []any{people[i].Channel, people[i].Customer[:]}
	}
	if err := tx.Conn.QueryEach(
		selectConversation, keys, func(i int, v engine.Row) { conversations[i] = v.Bytes(0) },
	); err != nil {
		return err
	}
	for i, person := range people {
		tx.ahead.conversations[person] = conversations[i]
	}
	return nil
}

// prefetchUnions reads what a union needs to know of people who are known by a user id only: they
// are about to become those with the numbers that are told with them.
func (tx *Tx) prefetchUnions(primaries []identity.Address) error {
	var strangers []identity.Address
	for _, primary := range primaries {
		if primary.Kind() != identity.Phone {
			strangers = append(strangers, primary)
		}
	}
	if len(strangers) == 0 {
		return nil
	}
	channels, err := tx.Channels()
	if err != nil {
		return err
	}
	var customers []txn.Person
	for _, stranger := range strangers {
		for _, channel := range channels {
			customers = append(customers, txn.Person{Channel: channel, Customer: tx.customer(channel, stranger)})
		}
	}
	if err := tx.prefetchKept(customers); err != nil {
		return err
	}
	return tx.prefetchKnown(primaries)
}

func (tx *Tx) prefetchKept(customers []txn.Person) error {
	found, keys := make([]kept, len(customers)), make([][]any, len(customers))
	for i := range customers {
		keys[i] = keptArguments(customers[i])
	}
	if err := tx.Conn.QueryEach(selectKept, keys, func(i int, v engine.Row) { found[i].read(v) }); err != nil {
		return err
	}
	for i, customer := range customers {
		tx.ahead.kept[customer] = found[i]
	}
	return nil
}

func (tx *Tx) prefetchKnown(primaries []identity.Address) error {
	people, found := make([]seal.CustomerHash, len(primaries)), make([]known, len(primaries))
	keys := make([][]any, len(primaries))
	for i := range primaries {
		people[i] = tx.person(primaries[i])
		keys[i] = []any{people[i][:], people[i][:]}
	}
	if err := tx.Conn.QueryEach(selectKnown, keys, func(i int, v engine.Row) { found[i].read(v) }); err != nil {
		return err
	}
	for i, person := range people {
		tx.ahead.known[person] = found[i]
	}
	return nil
}
