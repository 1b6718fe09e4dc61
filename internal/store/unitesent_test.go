package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

func TestP13LimitsOfOnePersonAreOne(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		p := newPeople(t, e)
		p.accept(t, "m", channel, bob, noon)
		update(t, p.Store, func(tx *store.Tx) error {
			for _, address := range []identity.Address{ana, anaUser, bob} {
				if err := tx.People().PutReach(p.keys.CustomerHash("", string(address)), noon); err != nil {
					return err
				}
			}
			for _, address := range []identity.Address{ana, anaUser} {
				if err := tx.People().PutPairFullAt(
					channel, p.keys.CustomerHash(channel, string(address)), noon.Add(time.Minute),
				); err != nil {
					return err
				}
			}
			return nil
		})
		p.same(t, ana, anaUser)
		update(t, p.Store, func(tx *store.Tx) error {
			reached, among, err := tx.People().Reach(p.keys.CustomerHash("", string(ana)), noon)
			if err != nil || reached != 2 || !among {
				t.Errorf("%d people are reached, the person among them: %v, %v; want 2", reached, among, err)
			}
			full, err := tx.People().PairFullAt(channel, p.keys.CustomerHash(channel, string(ana)))
			if want := noon.Add(2 * time.Minute); !full.Equal(want) {
				t.Errorf("the pair's limit is whole at %s; want %s", full, want)
			}
			return err
		})
	})
}

// A message that has left the queue is the kept customer's too: what is told of it later, and an
// erasure, find it there.
func TestP13WhatWasSentFollowsThePerson(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		p := newPeople(t, e)
		p.accept(t, "m", channel, anaUser, noon)
		wantIDs(t, "to the user id", claim(t, p.Store, noon, 1), "m")
		submit(t, p.Store, "m", noon)
		p.same(t, anaUser, anaParent)
		p.same(t, ana, anaParent)
		kept := p.keys.CustomerHash(channel, string(ana))
		with(t, p.Store, "m", func(tx *store.Tx, m *store.Message) error {
			if m.Customer != kept {
				t.Error("the message is another customer's")
			}
			_, err := tx.Ledger().Settle(m, settlement(m), time.Time{})
			return err
		})
		update(t, p.Store, func(tx *store.Tx) error {
			_, err := tx.People().Erase(channel, []seal.CustomerHash{kept}, store.Erasure{}, 100)
			if _, found, _ := tx.Messages().ByID("m"); found {
				t.Error("the erasure of the person has left the message")
			}
			return err
		})
	})
}

// Whoever has a number later has nothing of what was sent to the one who had it before.
func TestP13WhatWasSentStaysWithWhoHadTheNumber(t *testing.T) {
	const stranger identity.Address = "FR.9"
	later := noon.Add(time.Hour)
	told := func(list ...identity.Address) func(tx *store.Tx) error {
		return func(tx *store.Tx) error { _, _, err := tx.People().Told(list, later, later); return err }
	}
	moves := func(from, to identity.Address) func(tx *store.Tx) error {
		return func(tx *store.Tx) error { _, err := tx.People().Moved(from, to, nil, later, later); return err }
	}
	for name, passes := range map[string][]func(tx *store.Tx) error{
		"left, and another moves there": {moves(ana, anaMoved), moves(bob, ana)},
		"left, and told with another user id": {
			func(tx *store.Tx) error { _, err := tx.People().Moved(ana, anaMoved, nil, noon, noon); return err },
			told(ana, stranger),
		},
		"told with another user id": {told(ana, stranger)},
		"told with another user id, and that one is forgotten": {
			told(ana, stranger), func(tx *store.Tx) error { return tx.People().Forget(stranger) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			forEachEngine(t, func(t *testing.T, e engine) {
				p := newPeople(t, e)
				p.same(t, ana, anaUser)
				p.accept(t, "m", channel, ana, noon)
				wantIDs(t, "to the number", claim(t, p.Store, noon, 1), "m")
				submit(t, p.Store, "m", noon)
				for _, step := range passes {
					update(t, p.Store, step)
				}
				former, present := p.of(t, channel, anaUser), p.of(t, channel, ana)
				with(t, p.Store, "m", func(_ *store.Tx, m *store.Message) error {
					if m.Customer != former || m.Customer == present {
						t.Error("the message is the stranger's")
					}
					return nil
				})
			})
		})
	}
}

// What an operation keeps of a person is moved by the union of a later one in the same transaction,
// although it was not there when the transaction read ahead.
func TestP13AUnionFindsWhatTheTransactionHasKept(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		p := newPeople(t, e)
		about := []store.Subject{{Channel: channel, Address: ana}, {Channel: channel, Address: anaUser}}
		user, number := p.keys.CustomerHash(channel, string(anaUser)), p.keys.CustomerHash(channel, string(ana))
		p.accept(t, "before", channel, bob, noon) // the channel is known
		errs := togetherAbout(
			t, p.Store, about,
			func(tx *store.Tx) error {
				var state conversation.State
				state.StopMarketing(true, noon.Unix())
				return tx.People().PutConversation(channel, user, &state)
			},
			func(tx *store.Tx) error {
				m := newMessage("m", user)
				return tx.Queue().Accept(m)
			},
			func(tx *store.Tx) error { _, err := tx.People().Same(anaUser, anaParent, noon); return err },
			func(tx *store.Tx) error {
				_, _, err := tx.People().Told([]identity.Address{ana, anaUser}, noon, noon)
				return err
			},
			func(tx *store.Tx) error {
				state, err := tx.People().Conversation(channel, number)
				m, _, also := tx.Messages().ByID("m")
				if !state.Marketing.Stopped || m.Customer != number {
					t.Errorf("the number's state is %+v, and the message is its: %v", state, m.Customer == number)
				}
				return errors.Join(err, also)
			},
		)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		p.wantPrimary(t, ana, ana, anaUser, anaParent)
	})
}
