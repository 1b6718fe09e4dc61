package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// erase erases a customer with pages of three rows, and tells how many open messages were left.
func erase(t *testing.T, s *store.Store, who seal.CustomerHash) (open int64) {
	t.Helper()
	var so store.Erasure
	for first := true; first || so.Next != 0; first = false {
		update(t, s, func(tx *store.Tx) (err error) {
			so, err = tx.People().Erase(channel, []seal.CustomerHash{customer(9), who}, so, 3)
			return err
		})
	}
	if so.Open[0] != 0 {
		t.Errorf("%d messages of a customer who was never written to were left", so.Open[0])
	}
	return so.Open[1]
}

func TestP5P7EraseForgetsOneCustomerAndKeepsTheChain(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		gone, stays := customer(1), customer(2)
		for n, who := range []seal.CustomerHash{gone, stays, gone, stays, stays, gone, gone} {
			update(t, s, func(tx *store.Tx) error {
				id := string(rune('a' + n))
				if err := tx.Queue().Accept(newMessage(id, who)); err != nil || n == 6 { // the last one stays open
					return err
				}
				_, err := settle(tx, id)
				return err
			})
		}
		for _, who := range []seal.CustomerHash{gone, stays} {
			update(t, s, func(tx *store.Tx) error {
				return errors.Join(
					tx.People().PutConversation(channel, who, &conversation.State{FirstContact: noon.Unix()}),
					tx.Callbacks().Enqueue(
						&store.Callback{Channel: channel, Customer: who, Payload: []byte("p"), CreatedAt: noon},
					),
					tx.People().PutReach(who, noon),
				)
			})
		}
		if open := erase(t, s, gone); open != 1 {
			t.Errorf("%d open messages were left; want 1", open)
		}
		view(t, s, func(tx *store.Tx) error {
			if state, err := tx.People().Conversation(channel, gone); err != nil || state.FirstContact != noon.Unix() {
				t.Errorf(
					"the conversation of a customer with an open message is %+v, %v; want it as it was: it decides "+
						"what becomes of the message",
					state, err,
				)
			}
			return nil
		})
		update(t, s, func(tx *store.Tx) error { return tx.People().EraseReach(gone) })
		update(t, s, func(tx *store.Tx) error {
			_, err := settle(tx, "g")
			return err
		})
		if open := erase(t, s, gone); open != 0 {
			t.Errorf("%d open messages were left after all were settled; want 0", open)
		}
		view(t, s, func(tx *store.Tx) error {
			for n, want := range []bool{false, true, false, true, true, false, false} {
				id := string(rune('a' + n))
				if _, found, err := tx.Messages().ByID(id); err != nil || found != want {
					t.Errorf("message %s found = %v, %v; want %v", id, found, err, want)
				}
			}
			for who, want := range map[seal.CustomerHash]int64{gone: 0, stays: noon.Unix()} {
				if state, err := tx.People().Conversation(channel, who); err != nil || state.FirstContact != want {
					t.Errorf("first contact = %d, %v; want %d", state.FirstContact, err, want)
				}
			}
			for depth, name := range map[store.Depth]string{
				store.Callbacks: "callbacks", store.Reached: "customers reached",
			} {
				if n, err := tx.Depth(depth); err != nil || n != 1 {
					t.Errorf("%s = %d, %v; want 1", name, n, err)
				}
			}
			return nil
		})
		if head, err := s.Audit(t.Context()); err != nil || head.Sequence != 7 {
			t.Errorf("Audit = sequence %d, %v; want 7 records and no error", head.Sequence, err)
		}
		if got := payloads(callbacks(t, s, noon.Add(time.Hour))); len(got) != 1 {
			t.Errorf("claimed %v; want the other customer's callback", got)
		}
	})
}
