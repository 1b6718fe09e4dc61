package messages

import (
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/guichet-dev/guichet/internal/store/txn"
)

// recentMessages bounds the messages that an embedded store remembers: about 1 KiB each.
const recentMessages = 2048

// recent remembers the messages that were read or changed last, as they are in the database.
// Between its acceptance and its last status a message is read several times, and reading a row and
// opening its seals costs more than changing it. Only the one writer of an embedded store remembers
// anything for longer than a transaction: on a shared store others change the rows between its
// turns, and what it remembers within one is what was read ahead for it. The database stays the
// only truth: what a transaction has changed is remembered when it is durable.
//
// Queued messages are not remembered, because statements about their customer change them, see
// makeReady; nor is what could not be opened, nor anything for which a statement changes rows that
// it does not name: those call forget.
type recent struct {
	committed *simplelru.LRU[string, *Message]
	// pending is what the current transaction has left: nil for what it wants forgotten.
	pending map[string]*Message
	// united are the customers who have become others, or been joined by them, in this transaction:
	// what is remembered of their messages is out of date.
	United map[txn.Person]struct{}
	shared bool
}

func newRecent(shared bool) *recent {
	committed, err := simplelru.NewLRU[string, *Message](recentMessages, nil)
	if err != nil {
		panic(err) // the bound is positive
	}
	return &recent{
		committed: committed, pending: map[string]*Message{}, United: map[txn.Person]struct{}{}, shared: shared,
	}
}

// message is a copy of what is known of a message.
func (r *recent) message(id string) *Message {
	known, changed := r.pending[id]
	if !changed {
		known, _ = r.committed.Get(id)
	}
	if known == nil || r.outOfDate(known) {
		return nil
	}
	own := *known
	return &own
}

// Keep remembers an operation's messages for the operations behind it.
func (r *recent) Keep(messages []*Message) {
	for _, m := range messages {
		if m.State == Queued || m.Condition != txn.Whole {
			r.pending[m.ID] = nil
			continue
		}
		if m.Content != nil { // large, and hardly wanted again
			light := *m
			light.Content = nil
			m = &light
		}
		r.pending[m.ID] = m
	}
}

// commit remembers what the transaction has left, if nobody else can change it from now on.
func (r *recent) commit() {
	for id, m := range r.pending {
		if m == nil {
			r.committed.Remove(id)
		} else {
			r.committed.Add(id, m)
		}
	}
	clear(r.pending)
	r.forgetUnited()
}

// outOfDate tells whether a message is of a customer who was united with another one in this
// transaction.
func (r *recent) outOfDate(m *Message) bool {
	_, united := r.United[txn.Person{Channel: m.Channel, Customer: m.Customer}]
	return united
}

// forgetUnited forgets the messages of customers who were united.
func (r *recent) forgetUnited() {
	if len(r.United) == 0 {
		return
	}
	for _, id := range r.committed.Keys() {
		if m, _ := r.committed.Peek(id); r.outOfDate(m) {
			r.committed.Remove(id)
		}
	}
	clear(r.United)
}

// forget remembers nothing any more.
func (r *recent) forget() {
	r.committed.Purge()
	clear(r.pending)
	clear(r.United)
}
