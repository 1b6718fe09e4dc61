package store

import "github.com/hashicorp/golang-lru/v2/simplelru"

// recentMessages bounds the messages that an embedded store remembers: about 1 KiB each.
const recentMessages = 2048

// recent remembers the messages that were read or changed last, as they are in the database. Between its acceptance and its last status a message is read
// several times, and reading a row and opening its seals costs more than changing it. Only the one writer of an embedded store may remember anything: on a
// shared store others change the rows. The database stays the only truth: what a transaction has changed is remembered when it is durable.
//
// Queued messages are not remembered, because statements about their customer change them, see makeReady; nor is what could not be opened, nor anything for which a
// statement changes rows that it does not name: those call forget.
type recent struct {
	committed *simplelru.LRU[string, *Message]
	// pending is what the current transaction has left: nil for what it wants forgotten.
	pending map[string]*Message
}

func newRecent() *recent {
	committed, err := simplelru.NewLRU[string, *Message](recentMessages, nil)
	if err != nil {
		panic(err) // the bound is positive
	}
	return &recent{committed: committed, pending: map[string]*Message{}}
}

// message is a copy of what is known of a message.
func (r *recent) message(id string) *Message {
	if r == nil {
		return nil
	}
	known, changed := r.pending[id]
	if !changed {
		known, _ = r.committed.Get(id)
	}
	if known == nil {
		return nil
	}
	own := *known
	return &own
}

// keep remembers an operation's messages for the operations behind it.
func (r *recent) keep(messages []*Message) {
	if r == nil {
		return
	}
	for _, m := range messages {
		if m.State == Queued || m.Condition != Whole {
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

// commit remembers what the transaction has left.
func (r *recent) commit() {
	if r == nil {
		return
	}
	for id, m := range r.pending {
		if m == nil {
			r.committed.Remove(id)
		} else {
			r.committed.Add(id, m)
		}
	}
	clear(r.pending)
}

// forget remembers nothing any more.
func (r *recent) forget() {
	if r == nil {
		return
	}
	r.committed.Purge()
	clear(r.pending)
}
