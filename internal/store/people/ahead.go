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
	// addresses are those that have not been changed since; nil for one of which nothing is known.
	addresses map[seal.CustomerHash]*addressRow
	// kept is what is kept of customers, and known what is known of people.
	kept  map[txn.Person]kept
	known map[seal.CustomerHash]known
}

func newAhead() ahead {
	return ahead{
		addresses: map[seal.CustomerHash]*addressRow{}, kept: map[txn.Person]kept{},
		known: map[seal.CustomerHash]known{},
	}
}

func (a *ahead) forget() {
	clear(a.addresses)
	clear(a.kept)
	clear(a.known)
}

// Subject is what an operation is about, as far as it can tell: each field that is set names
// something that a shared store reads ahead.
type Subject struct {
	// Message is our id of a message. A channel and an address with it are those that it probably
	// went to.
	Message string
	// Address is somebody's address, with a channel if the operation is about the two together.
	Channel string
	Address identity.Address
	// Key is an idempotency key.
	Key []byte
	// Callback is the Seq of a delivery that waits.
	Callback int64
	// Event is an id that the upstream gave to something it tells.
	Event string
}

// ReadAhead is what a transaction reads of what its operations are about. With its turn it asks for
// the messages, whose the addresses are, the rows of the moment, and what is kept of the people who
// are probably meant. Rest asks then, in an exchange of its own, what is kept of those who have
// turned out to be others. The transaction has its turn, so nobody else changes what was read
// before it ends.
func (tx *Tx) ReadAhead(of []Subject) (questions []engine.Question, rest func() error) {
	a := tx.gather(of)
	questions = append(
		tx.Hot(), a.messages(), a.addresses(),
		tx.AheadOfKeys(a.keys), tx.Ahead(a.callbacks), tx.AheadOfEvents(a.events),
	)
	if a.strangers {
		questions = append(questions, tx.AskChannels())
	}
	questions = append(questions, tx.askAbout(a.people.news(), a.primaries.news())...)
	return questions, func() error {
		resolved := a.resolve()
		second := tx.askAbout(a.people.news(), a.primaries.news())
		return tx.Ask(append(second, tx.askUnions(resolved)...)...)
	}
}

// askAbout asks what is kept of people.
func (tx *Tx) askAbout(people []txn.Person, primaries []identity.Address) []engine.Question {
	return append(tx.AheadOf(people), tx.askConversations(people), tx.askReached(primaries))
}

// once are things that are asked about, each once.
type once[K comparable] struct {
	all  []K
	seen map[K]struct{}
	told int
}

func (o *once[K]) add(key K) {
	if _, seen := o.seen[key]; seen {
		return
	}
	if o.seen == nil {
		o.seen = map[K]struct{}{}
	}
	o.seen[key] = struct{}{}
	o.all = append(o.all, key)
}

// news are those that were added since it was called last.
func (o *once[K]) news() []K {
	told := o.told
	o.told = len(o.all)
	return o.all[told:]
}

// gathered is what the operations of a transaction are about.
type gathered struct {
	tx        *Tx
	ids       once[string]
	rows      []messages.MessageRow
	of        []Subject // those with an address of their own
	hashes    once[seal.CustomerHash]
	keys      [][]byte
	callbacks []int64
	events    []string
	strangers bool // whether anybody may be known by a user id only
	// people are those of whom something may be kept that the operations need, and primaries the
	// primary addresses of those who were named by an address. At first both are a guess, by which
	// nothing is known of any address.
	people    once[txn.Person]
	primaries once[identity.Address]
}

func (tx *Tx) gather(of []Subject) *gathered {
	a := &gathered{tx: tx}
	for _, subject := range of {
		if subject.Message != "" {
			a.ids.add(subject.Message)
		}
		if subject.Key != nil {
			a.keys = append(a.keys, subject.Key)
		}
		if subject.Callback != 0 {
			a.callbacks = append(a.callbacks, subject.Callback)
		}
		if subject.Event != "" {
			a.events = append(a.events, subject.Event)
		}
		if subject.Address != "" {
			a.gatherAddress(subject)
		}
	}
	return a
}

func (a *gathered) gatherAddress(subject Subject) {
	guess := subject.Address.Spelling()
	if subject.Channel != "" {
		a.people.add(txn.Person{Channel: subject.Channel, Customer: a.tx.customer(subject.Channel, guess)})
	}
	if subject.Message != "" {
		return
	}
	a.primaries.add(guess)
	a.of = append(a.of, subject)
	a.strangers = a.strangers || subject.Address.Kind() != identity.Phone
	for _, hash := range a.tx.spellings(subject.Address) {
		a.hashes.add(hash)
	}
}

func (a *gathered) messages() engine.Question {
	q := engine.Question{Text: messages.SelectMessage, Scan: func(_ int, v engine.Row) {
		a.rows = append(a.rows, messages.ReadMessage(v))
	}}
	for _, id := range a.ids.all {
		q.Lists = append(q.Lists, []any{id})
	}
	return q
}

func (a *gathered) addresses() engine.Question {
	q := engine.Question{Text: selectAddress, Scan: func(of int, v engine.Row) {
		a.tx.ahead.addresses[a.hashes.all[of]] = readAddress(v)
	}}
	for i := range a.hashes.all {
		a.tx.ahead.addresses[a.hashes.all[i]] = nil
		q.Lists = append(q.Lists, []any{a.hashes.all[i][:]})
	}
	return q
}

// resolve adds the people whom the answers have named, and returns the primary addresses of those
// who were named by an address.
func (a *gathered) resolve() (resolved []identity.Address) {
	tx := a.tx
	for i := range a.rows {
		tx.Adopt(&a.rows[i]) // what cannot be read is read again by its operation, which fails alone
	}
	for _, subject := range a.of {
		primary, err := tx.People().Primary(subject.Address)
		if err != nil {
			continue
		}
		resolved = append(resolved, primary)
		a.primaries.add(primary)
		if subject.Channel != "" {
			a.people.add(txn.Person{Channel: subject.Channel, Customer: tx.customer(subject.Channel, primary)})
		}
	}
	for _, m := range tx.Known {
		if !m.Settled || m.State < messages.Read {
			a.people.add(txn.Person{Channel: m.Channel, Customer: m.Customer})
		}
	}
	tx.Recent.Keep(tx.Known)
	return resolved
}

func (tx *Tx) askConversations(people []txn.Person) engine.Question {
	q := engine.Question{Text: selectConversation, Scan: func(of int, v engine.Row) {
		tx.conversations.Read(people[of], v.Bytes(0))
	}}
	for i := range people {
		tx.conversations.Read(people[i], nil)
		q.Lists = append(q.Lists, []any{people[i].Channel, people[i].Customer[:]})
	}
	return q
}

// askUnions asks what a union needs to know of people who are known by a user id only: they are
// about to become those with the numbers that are told with them.
func (tx *Tx) askUnions(primaries []identity.Address) []engine.Question {
	var customers []txn.Person
	for _, primary := range primaries {
		if primary.Kind() == identity.Phone {
			continue
		}
		for channel := range tx.KnownChannels() {
			customers = append(customers, txn.Person{Channel: channel, Customer: tx.customer(channel, primary)})
		}
	}
	if len(customers) == 0 {
		return nil
	}
	return []engine.Question{tx.askKept(customers), tx.askKnown(primaries)}
}

func (tx *Tx) askKept(customers []txn.Person) engine.Question {
	found := make([]kept, len(customers))
	q := engine.Question{Text: selectKept, Scan: func(of int, v engine.Row) {
		found[of].read(v)
		tx.ahead.kept[customers[of]] = found[of]
	}}
	for i := range customers {
		tx.ahead.kept[customers[i]] = kept{}
		q.Lists = append(q.Lists, keptArguments(customers[i]))
	}
	return q
}

func (tx *Tx) askKnown(primaries []identity.Address) engine.Question {
	people, found := make([]seal.CustomerHash, len(primaries)), make([]known, len(primaries))
	q := engine.Question{Text: selectKnown, Scan: func(of int, v engine.Row) {
		found[of].read(v)
		tx.ahead.known[people[of]] = found[of]
	}}
	for i := range primaries {
		people[i] = tx.person(primaries[i])
		tx.ahead.known[people[i]] = known{}
		q.Lists = append(q.Lists, []any{people[i][:], people[i][:]})
	}
	return q
}

// askReached asks who is among those whom the account has reached.
func (tx *Tx) askReached(primaries []identity.Address) engine.Question {
	people := make([]seal.CustomerHash, len(primaries))
	q := engine.Question{Text: selectReach, Scan: func(of int, _ engine.Row) { tx.reached.Read(people[of], true) }}
	if len(tx.hotReach.Keys()) == 0 {
		return q // it is not asked for
	}
	for i := range primaries {
		people[i] = tx.person(primaries[i])
		tx.reached.Read(people[i], false)
		q.Lists = append(q.Lists, []any{people[i][:]})
	}
	return q
}
