package store

import (
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// prefetch reads what the operations of a transaction are about, where a question is a journey: in
// three exchanges, the messages, whose the addresses are, and then the conversations. The
// transaction has its turn, so nobody else changes what was read before it ends. One message alone
// is read as quickly by its operation.
func (tx *transaction) prefetch(batch []*operation) error {
	limit := tx.store.traits.MaxPrefetch
	if limit == 0 {
		return nil
	}
	var messages [][]any
	var of []Subject
	for _, op := range batch {
		for _, subject := range op.subjects {
			if subject.Message == "" {
				of = append(of, subject)
			} else {
				messages = append(messages, []any{subject.Message})
			}
		}
	}
	if len(messages)+len(of) < 2 {
		return nil
	}
	messages, of = messages[:min(len(messages), limit)], of[:min(len(of), limit)]
	var rows []messageRow
	if err := tx.conn.QueryEach(
		selectMessage, messages, func(_ int, v engine.Row) { rows = append(rows, readMessage(v)) },
	); err != nil {
		return err
	}
	for i := range rows {
		tx.adopt(&rows[i]) // what cannot be read is read again by its operation, which fails alone
	}
	if err := tx.prefetchAddresses(of); err != nil {
		return err
	}
	people, primaries := make([]Person, 0, len(of)+len(rows)), make([]identity.Address, 0, len(of))
	for _, subject := range of {
		if primary, err := tx.people().Primary(subject.Address); err == nil {
			people = append(people, Person{subject.Channel, tx.store.customer(subject.Channel, primary)})
			primaries = append(primaries, primary)
		}
	}
	if err := tx.prefetchUnions(primaries); err != nil {
		return err
	}
	for _, m := range tx.known {
		if m.State >= Submitted && !m.Settled { // a status is about to settle it
			people = append(people, Person{m.Channel, m.Customer})
		}
	}
	tx.store.recent.keep(tx.known)
	return tx.prefetchConversations(people)
}

func (tx *transaction) prefetchAddresses(of []Subject) error {
	var hashes []seal.CustomerHash
	for _, subject := range of {
		hashes = append(hashes, tx.store.spellings(subject.Address)...)
	}
	keys := make([][]any, len(hashes))
	for i := range hashes {
		keys[i] = []any{hashes[i][:]}
	}
	found := make([]*addressRow, len(hashes)) // nil for one of which nothing is known
	if err := tx.conn.QueryEach(
		selectAddress, keys, func(i int, v engine.Row) { found[i] = readAddress(v) },
	); err != nil {
		return err
	}
	for i, hash := range hashes {
		tx.store.recent.addresses[hash] = found[i]
	}
	return nil
}

func (tx *transaction) prefetchConversations(people []Person) error {
	conversations := make([][]byte, len(people)) // nil for who has none
	keys := make([][]any, len(people))
	for i := range people {
		keys[i] = []any{people[i].Channel, people[i].Customer[:]}
	}
	if err := tx.conn.QueryEach(
		selectConversation, keys, func(i int, v engine.Row) { conversations[i] = v.Bytes(0) },
	); err != nil {
		return err
	}
	for i, person := range people {
		tx.store.recent.conversations[person] = conversations[i]
	}
	return nil
}

// prefetchUnions reads what a union needs to know of people who are known by a user id only: they
// are about to become those with the numbers that are told with them.
func (tx *transaction) prefetchUnions(primaries []identity.Address) error {
	var strangers []identity.Address
	for _, primary := range primaries {
		if primary.Kind() != identity.Phone {
			strangers = append(strangers, primary)
		}
	}
	if len(strangers) == 0 {
		return nil
	}
	channels, err := tx.channels()
	if err != nil {
		return err
	}
	var customers []Person
	for _, stranger := range strangers {
		for _, channel := range channels {
			customers = append(customers, Person{channel, tx.store.customer(channel, stranger)})
		}
	}
	if err := tx.prefetchKept(customers); err != nil {
		return err
	}
	return tx.prefetchKnown(primaries)
}

func (tx *transaction) prefetchKept(customers []Person) error {
	found, keys := make([]kept, len(customers)), make([][]any, len(customers))
	for i := range customers {
		keys[i] = keptArguments(customers[i])
	}
	if err := tx.conn.QueryEach(selectKept, keys, func(i int, v engine.Row) { found[i].read(v) }); err != nil {
		return err
	}
	for i, customer := range customers {
		tx.store.recent.kept[customer] = found[i]
	}
	return nil
}

func (tx *transaction) prefetchKnown(primaries []identity.Address) error {
	people, found := make([]seal.CustomerHash, len(primaries)), make([]known, len(primaries))
	keys := make([][]any, len(primaries))
	for i := range primaries {
		people[i] = tx.store.person(primaries[i])
		keys[i] = []any{people[i][:], people[i][:]}
	}
	if err := tx.conn.QueryEach(selectKnown, keys, func(i int, v engine.Row) { found[i].read(v) }); err != nil {
		return err
	}
	for i, person := range people {
		tx.store.recent.known[person] = found[i]
	}
	return nil
}
