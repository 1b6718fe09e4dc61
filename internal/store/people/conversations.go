package people

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
	selectConversation = `SELECT state FROM conversations WHERE channel = $1 AND customer = $2`
	upsertConversation = `INSERT INTO conversations (channel, customer, state, window_until) VALUES ($1, $2, $3, $4)
		ON CONFLICT (channel, customer) DO UPDATE SET state = excluded.state, window_until = excluded.window_until`
	countOpenWindows = `SELECT COUNT(*) FROM conversations WHERE window_until > 0 AND window_until > $1`
)

// Conversation is what is remembered of a customer of a channel. One who never wrote, and was never
// written to, has the zero State. The error is ErrDamaged if it cannot be read.
func (p People) Conversation(channel string, customer seal.CustomerHash) (conversation.State, error) {
	var state conversation.State
	text, err := p.tx.conversation(txn.Person{Channel: channel, Customer: customer})
	if err != nil || text == nil {
		return state, err
	}
	if err := json.Unmarshal(text, &state); err != nil {
		// the parser's error holds bytes of it
		return conversation.State{}, fmt.Errorf("%w: the state of a conversation cannot be read", txn.ErrDamaged)
	}
	return state, nil
}

// conversation is the state as it is stored; nil for none.
func (tx *Tx) conversation(of txn.Person) (text []byte, err error) {
	if !tx.ReadOnly {
		if text, known := tx.conversations.Get(of); known {
			return text, tx.Err
		}
	}
	_, err = tx.First(selectConversation, []any{of.Channel, of.Customer[:]}, func(v engine.Row) { text = v.Bytes(0) })
	return text, err
}

// putAhead remembers what a conversation is from now on, for the operations of the transaction.
func (tx *Tx) putAhead(of txn.Person, text []byte) {
	if tx.Remote() {
		tx.conversations.Put(of, text)
	}
}

// PutConversation stores what is to be remembered of a customer of a channel.
func (p People) PutConversation(channel string, customer seal.CustomerHash, state *conversation.State) error {
	text, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("the state of a conversation cannot be written: %w", err)
	}
	var until int64 // Unix seconds, as the state has them
	if last := len(state.Windows) - 1; last >= 0 {
		until = state.Windows[last].To
	}
	p.tx.KeepsNow(txn.Person{Channel: channel, Customer: customer})
	if err := p.tx.AddChannel(channel); err != nil {
		return err
	}
	p.tx.putAhead(txn.Person{Channel: channel, Customer: customer}, text)
	return p.tx.Exec(upsertConversation, channel, customer[:], text, until)
}

// OpenWindows counts the service windows that close after now. It reads an index of those only.
func (p People) OpenWindows(now time.Time) (int64, error) {
	var n int64
	_, err := p.tx.First(countOpenWindows, []any{now.Unix()}, func(v engine.Row) { n = v.Int(0) })
	return n, err
}
