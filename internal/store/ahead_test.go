package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// sent stores a message that the upstream has, and returns what an operation about it, and so about
// its customer, says it is about.
func sent(t *testing.T, s *store.Store, id string, n int) []store.Subject {
	t.Helper()
	accept(t, s, id, customer(n), store.LaneBulk, noon)
	wantIDs(t, id, claim(t, s, noon, 1), id)
	submit(t, s, id, noon)
	return []store.Subject{{Message: id}, {Message: "another"}}
}

// wantStanding checks the state of a message, and whether its customer is blocked, within an
// operation.
func wantStanding(t *testing.T, when string, tx *store.Tx, id string, n int, state store.State, blocked bool) error {
	t.Helper()
	m, found, err := tx.Messages().ByID(id)
	if err != nil {
		return err
	}
	person, err := tx.People().Conversation(channel, customer(n))
	if err == nil && (!found || m.State != state || person.Block.Stopped != blocked) {
		t.Errorf(
			"%s: found %v, message %+v, blocked %v; want %s and %v", when, found, m, person.Block.Stopped, state,
			blocked,
		)
	}
	return err
}

// change moves a message on and blocks its customer, or lets the customer go.
func change(tx *store.Tx, id string, n int, to store.State, blocked bool) error {
	m, _, err := tx.Messages().ByID(id)
	if err != nil {
		return err
	}
	if _, err := tx.Queue().Advance(m, to, noon); err != nil {
		return err
	}
	var person conversation.State
	person.SetBlocked(blocked, noon.Unix())
	return tx.People().PutConversation(channel, customer(n), &person)
}

// What is read ahead for a transaction is, to each of its operations, what those before it have
// left.
func TestReadAheadFollowsTheTransaction(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		about := sent(t, s, "m", 1)
		mistake := errors.New("a mistake")
		errs := togetherAbout(t, s, about,
			func(tx *store.Tx) error { return wantStanding(t, "at first", tx, "m", 1, store.Submitted, false) },
			func(tx *store.Tx) error { return change(tx, "m", 1, store.Sent, true) },
			func(tx *store.Tx) error { return wantStanding(t, "after a change", tx, "m", 1, store.Sent, true) },
			func(tx *store.Tx) error { return errors.Join(change(tx, "m", 1, store.Read, false), mistake) },
			func(tx *store.Tx) error { return wantStanding(t, "after a mistake", tx, "m", 1, store.Sent, true) },
			func(tx *store.Tx) error {
				_, err := settle(tx, "m")
				return err
			},
			func(tx *store.Tx) error {
				_, err := tx.People().Erase(channel, []seal.CustomerHash{customer(1)}, store.Erasure{}, 100)
				return err
			},
			func(tx *store.Tx) error {
				_, found, err := tx.Messages().ByID("m")
				person, also := tx.People().Conversation(channel, customer(1))
				if found || person.Block.Stopped {
					t.Errorf(
						"after the erasure: message found %v, blocked %v; want neither", found, person.Block.Stopped,
					)
				}
				return errors.Join(err, also)
			},
		)
		for n, err := range errs {
			if n == 3 != errors.Is(err, mistake) || n != 3 && err != nil {
				t.Errorf("operation %d: %v", n, err)
			}
		}
	})
}

func TestReadAheadFollowsAnErasureWithoutMessages(t *testing.T) {
	keys := newKeys(t)
	s := shared.newPlace(t).open(t, keys)
	ana := keys.CustomerHash(channel, "33612345678")
	var blocked conversation.State
	blocked.SetBlocked(true, noon.Unix())
	update(t, s, func(tx *store.Tx) error { return tx.People().PutConversation(channel, ana, &blocked) })
	about := []store.Subject{{Channel: channel, Address: "33612345678"}, {Channel: channel, Address: "US.77"}}
	if err := s.Update(context.Background(), func(tx *store.Tx) error {
		if _, err := tx.People().Erase(channel, []seal.CustomerHash{ana}, store.Erasure{}, 100); err != nil {
			return err
		}
		person, err := tx.People().Conversation(channel, ana)
		if person.Block.Stopped {
			t.Error("the conversation is there after its erasure")
		}
		return err
	}, about...); err != nil {
		t.Fatal(err)
	}
}

// What was read ahead is forgotten with its transaction: in the next one, another replica may have
// changed it (P2).
func TestP2ReadAheadOutlivesNoTransaction(t *testing.T) {
	replicas, _, _ := openReplicas(t, 2, 0)
	about := sent(t, replicas[0], "m", 1)
	blocked := false
	for n, to := range []store.State{store.Sent, store.Delivered, store.Read} {
		if err := replicas[n%2].Update(
			context.Background(), func(tx *store.Tx) error { return change(tx, "m", 1, to, !blocked) }, about...,
		); err != nil {
			t.Fatal(err)
		}
		blocked = !blocked
		for _, s := range replicas {
			update(
				t, s, func(tx *store.Tx) error { return wantStanding(t, "on each replica", tx, "m", 1, to, blocked) },
			)
		}
	}
}

// Subjects are a hint: they may repeat, be more than are read ahead, name nothing, or be no text
// that a database can hold.
func TestSubjectsMayBeAnything(t *testing.T) {
	s := shared.newStore(t)
	about := sent(t, s, "m", 1)
	about = append(about, store.Subject{Message: "not\x00there\xff"}, store.Subject{Message: "gone"})
	for range 2100 { // more than are read ahead
		about = append(about, about[0], about[1])
	}
	if err := s.Update(context.Background(), func(tx *store.Tx) error {
		return wantStanding(t, "among others", tx, "m", 1, store.Submitted, false)
	}, about...); err != nil {
		t.Fatal(err)
	}
}
