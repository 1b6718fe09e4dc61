package store

import (
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
)

// maxAhead bounds what is read ahead for one transaction, and so the memory that it takes: about 1
// KiB for each subject. A webhook names some thousand people, each by two addresses or three.
const maxAhead = 4096

// ahead reads what the operations of a transaction are about: in three exchanges, the messages,
// whose the addresses are, and then the conversations. The transaction has its turn, so nobody else
// changes what was read before it ends. One message alone is read as quickly by its operation.
func (w *postgresWriter) ahead(tx *Tx, batch []*operation) error {
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
	messages, of = messages[:min(len(messages), maxAhead)], of[:min(len(of), maxAhead)]
	var rows []messageRow
	if err := w.queryEach(
		selectMessage, messages, func(_ int, v values) { rows = append(rows, readMessage(v)) },
	); err != nil {
		return err
	}
	for i := range rows {
		tx.adopt(&rows[i]) // what cannot be read is read again by its operation, which fails alone
	}
	if err := w.addressesAhead(tx.store, of); err != nil {
		return err
	}
	people := make([]Person, 0, len(of)+len(rows))
	primaries := make([]identity.Address, 0, len(of))
	for _, subject := range of {
		if primary, err := tx.Primary(subject.Address); err == nil {
			people = append(people, Person{subject.Channel, tx.store.customer(subject.Channel, primary)})
			primaries = append(primaries, primary)
		}
	}
	if err := w.unionsAhead(tx, primaries); err != nil {
		return err
	}
	for _, m := range tx.messages {
		if m.State >= Submitted && !m.Settled { // a status is about to settle it
			people = append(people, Person{m.Channel, m.Customer})
		}
	}
	tx.store.recent.keep(tx.messages)
	return w.conversationsAhead(tx.store.recent, people)
}

func (w *postgresWriter) addressesAhead(s *Store, of []Subject) error {
	var hashes []seal.CustomerHash
	for _, subject := range of {
		hashes = append(hashes, s.spellings(subject.Address)...)
	}
	keys := make([][]any, len(hashes))
	for i := range hashes {
		keys[i] = []any{hashes[i][:]}
	}
	found := make([]*addressRow, len(hashes)) // nil for one of which nothing is known
	if err := w.queryEach(selectAddress, keys, func(i int, v values) { found[i] = readAddress(v) }); err != nil {
		return err
	}
	for i, hash := range hashes {
		s.recent.addresses[hash] = found[i]
	}
	return nil
}

// unionsAhead reads what a union needs to know of people who are known by a user id only: they are
// about to become those with the numbers that are told with them.
func (w *postgresWriter) unionsAhead(tx *Tx, primaries []identity.Address) error {
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
	if err := w.keptAhead(tx.store.recent, customers); err != nil {
		return err
	}
	return w.knownAhead(tx.store, primaries)
}

func (w *postgresWriter) keptAhead(recent *recent, customers []Person) error {
	found, keys := make([]kept, len(customers)), make([][]any, len(customers))
	for i := range customers {
		keys[i] = keptArguments(customers[i])
	}
	if err := w.queryEach(selectKept, keys, func(i int, v values) { found[i].read(v) }); err != nil {
		return err
	}
	for i, customer := range customers {
		recent.kept[customer] = found[i]
	}
	return nil
}

func (w *postgresWriter) knownAhead(s *Store, primaries []identity.Address) error {
	people, found := make([]seal.CustomerHash, len(primaries)), make([]known, len(primaries))
	keys := make([][]any, len(primaries))
	for i := range primaries {
		people[i] = s.person(primaries[i])
		keys[i] = []any{people[i][:], people[i][:]}
	}
	if err := w.queryEach(selectKnown, keys, func(i int, v values) { found[i].read(v) }); err != nil {
		return err
	}
	for i, person := range people {
		s.recent.known[person] = found[i]
	}
	return nil
}

func (w *postgresWriter) conversationsAhead(recent *recent, people []Person) error {
	conversations := make([][]byte, len(people)) // nil for who has none
	keys := make([][]any, len(people))
	for i := range people {
		keys[i] = []any{people[i].Channel, people[i].Customer[:]}
	}
	if err := w.queryEach(
		selectConversation, keys, func(i int, v values) { conversations[i] = v.Bytes(0) },
	); err != nil {
		return err
	}
	for i, person := range people {
		recent.conversations[person] = conversations[i]
	}
	return nil
}
