package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store"
)

// turns opens a shared store that tells what its commits took.
func turns(t *testing.T) (*store.Store, func(identity.Address) store.Person, <-chan store.Commit) {
	t.Helper()
	commits, keys := make(chan store.Commit, 1000), newKeys(t)
	options := place{url: postgrestest.Database(t)}.options(keys)
	options.OnCommit = func(c store.Commit) { commits <- c }
	s, err := store.Open(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	who := func(a identity.Address) store.Person {
		return store.Person{Channel: channel, Customer: keys.CustomerHash(channel, string(a))}
	}
	return s, who, commits
}

// largest is the commit of the most operations among those so far.
func largest(commits <-chan store.Commit) (most store.Commit) {
	for {
		select {
		case c := <-commits:
			if c.Operations > most.Operations {
				most = c
			}
		default:
			return most
		}
	}
}

// life are the operations of messages to so many customers, in the order of their lives. Each
// customer has two messages: one waits for the other.
func life(
	who func(identity.Address) store.Person, from, customers int,
) (steps [][]func(*store.Tx) error, about []store.Subject) {
	steps = make([][]func(*store.Tx) error, 4)
	for n := from; n < from+customers; n++ {
		address := identity.Address(fmt.Sprintf("4915112%06d", n))
		to := who(address)
		first, second := fmt.Sprintf("first-%d", n), fmt.Sprintf("second-%d", n)
		about = append(
			about, store.Subject{Channel: channel, Address: address}, store.Subject{Message: first},
			store.Subject{Event: first}, store.Subject{Key: []byte(first)},
		)
		steps[0] = append(steps[0], func(tx *store.Tx) error {
			if _, found, err := tx.Messages().ByIdempotencyKey([]byte(first)); err != nil || found {
				return errors.Join(err, errors.New("the key was used"))
			}
			line, err := tx.Queue().Line(to)
			if err != nil {
				return err
			}
			m := newMessage(first, to.Customer)
			m.IdempotencyKey = []byte(first)
			return tx.Queue().AcceptAndClaim(line, m)
		})
		steps[1] = append(steps[1], func(tx *store.Tx) error {
			return tx.Queue().Accept(newMessage(second, to.Customer))
		})
		steps[2] = append(steps[2], func(tx *store.Tx) error {
			m, _, err := tx.Messages().ByID(first)
			if err != nil {
				return err
			}
			return tx.Queue().Submit(m, "up-"+first, noon)
		})
		steps[3] = append(steps[3], func(tx *store.Tx) error {
			if once, err := tx.Intake().FirstTime(first, noon); err != nil || !once {
				return errors.Join(err, errors.New("it was told before"))
			}
			m, _, err := tx.Messages().ByID(first)
			if err != nil {
				return err
			}
			if _, err := tx.Queue().Advance(m, store.Delivered, noon); err != nil {
				return err
			}
			state, err := tx.People().Conversation(to.Channel, to.Customer)
			if err != nil {
				return err
			}
			state.Apply(conversation.Change{})
			if err := tx.People().PutConversation(to.Channel, to.Customer, &state); err != nil {
				return err
			}
			if _, err := settle(tx, first); err != nil {
				return err
			}
			return tx.Callbacks().Enqueue(&store.Callback{
				Channel: to.Channel, Customer: to.Customer, Payload: []byte("{}"), CreatedAt: noon,
			})
		})
	}
	return steps, about
}

// A turn on a shared store costs at most four round trips, whatever it holds.
func TestTurnCostsAConstantNumberOfRoundTrips(t *testing.T) {
	s, who, commits := turns(t)
	warm, about := life(who, 0, 2)
	for _, step := range warm { // the first transactions learn which rows every one asks for
		for _, err := range togetherAbout(t, s, about, step...) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, customers := range []int{1, 10, 40} {
		steps, about := life(who, 1000*customers, customers)
		for n, step := range steps {
			largest(commits)
			for _, err := range togetherAbout(t, s, about, step...) {
				if err != nil {
					t.Fatal(err)
				}
			}
			c := largest(commits)
			if c.Exchanges > 4 || c.Unforeseen > 0 {
				t.Errorf(
					"step %d for %d customers took %d round trips, %d unforeseen; want 4 at most, and none",
					n, customers, c.Exchanges, c.Unforeseen,
				)
			}
		}
	}
	view(t, s, func(tx *store.Tx) error { // each second message has come to its turn
		queued, err := tx.Depth(store.Outbound)
		if err != nil || queued != 2+1+10+40 {
			t.Errorf("%d messages are queued (%v), want %d", queued, err, 2+1+10+40)
		}
		return err
	})
	if ids := claim(t, s, noon.AddDate(0, 0, 1), 100); len(ids) != 2+1+10+40 {
		t.Errorf("%d messages can be claimed, want %d", len(ids), 2+1+10+40)
	}
	if _, err := s.Audit(context.Background()); err != nil {
		t.Error(err)
	}
}

// An operation may say whom a message probably went to, which saves a round trip. If it went to
// somebody else, nothing is lost but that.
func TestGuessOfAMessagesCustomerChangesNothing(t *testing.T) {
	tests := map[string]struct {
		guess     identity.Address
		exchanges int64
	}{
		"right":         {"4915112000000", 2},
		"somebody else": {"4915112000009", 3},
		"no guess":      {"", 3},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, who, commits := turns(t)
			customers := []store.Person{who("4915112000000"), who("4915112000001")}
			for i, of := range customers {
				accept(t, s, fmt.Sprintf("m-%d", i), of.Customer, store.LaneBulk, noon)
				update(t, s, func(tx *store.Tx) error {
					var state conversation.State
					state.SetBlocked(i == 0, noon.Unix())
					return tx.People().PutConversation(channel, of.Customer, &state)
				})
			}
			wantIDs(t, "claim", claim(t, s, noon, 2), "m-0", "m-1")
			largest(commits)
			err := s.Update(context.Background(), func(tx *store.Tx) error {
				m, found, err := tx.Messages().ByID("m-0")
				if err != nil || !found {
					return errors.Join(err, errors.New("the message is not there"))
				}
				line, err := tx.Queue().Line(customers[0])
				if err != nil || m.Customer != customers[0].Customer || line.Free() {
					t.Errorf("the customer's line is free: %v (%v); want it to hold the message", line.Free(), err)
				}
				state, err := tx.People().Conversation(channel, m.Customer)
				if !state.Block.Stopped {
					t.Error("the customer is not blocked; want the customer's own state")
				}
				return err
			}, store.Subject{Message: "m-0", Channel: channel, Address: tc.guess})
			if err != nil {
				t.Fatal(err)
			}
			if c := largest(commits); c.Exchanges != tc.exchanges || c.Unforeseen != 0 {
				t.Errorf("%d round trips, %d unforeseen; want %d and none", c.Exchanges, c.Unforeseen, tc.exchanges)
			}
		})
	}
}

// One operation whose change the database refuses costs the others of its turn nothing but time.
func TestP2TurnThatIsRefusedIsTakenApart(t *testing.T) {
	s, _, _ := turns(t)
	if err := s.Update(context.Background(), func(tx *store.Tx) error {
		return tx.Queue().Accept(newMessage("taken", customer(0)))
	}); err != nil {
		t.Fatal(err)
	}
	ran := make([]int, 9)
	operations := make([]func(*store.Tx) error, len(ran))
	for n := range operations {
		id := fmt.Sprintf("m-%d", n)
		if n == 4 {
			id = "taken"
		}
		operations[n] = func(tx *store.Tx) error {
			ran[n]++
			if err := tx.Queue().Accept(newMessage(id, customer(n))); err != nil {
				return err
			}
			_, err := settle(tx, id)
			return err
		}
	}
	for n, err := range together(t, s, operations...) {
		if n == 4 != errors.Is(err, store.ErrFault) || n != 4 && err != nil {
			t.Errorf("operation %d: %v", n, err)
		}
		if ran[n] < 1 {
			t.Errorf("operation %d never ran", n)
		}
	}
	head, err := s.Audit(context.Background())
	if err != nil || head.Sequence != 8 {
		t.Errorf("the ledger has %d records (%v), want 8", head.Sequence, err)
	}
}

// A standby that lacked the last commits, or a backup, has taken the place of the database. The
// gateway must not go on as if nothing were missing.
func TestP14DatabaseThatHasGoneBackIsNoticed(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"the last commit is gone":     `UPDATE leases SET batch = batch - 1`,
		"the lease is gone":           `DELETE FROM leases`,
		"it was taken before":         `UPDATE leases SET batch = batch - 1, taken = 1`,
		"several commits are gone":    `UPDATE leases SET batch = 0`,
		"another one has its name":    `UPDATE leases SET id = DEFAULT`,
		"the lease had not begun yet": `UPDATE leases SET id = DEFAULT, batch = 0`,
	}
	for name, tamper := range tests {
		t.Run(name, func(t *testing.T) {
			where := shared.newPlace(t)
			s := where.open(t, newKeys(t))
			for n := range 3 {
				accept(t, s, fmt.Sprint(n), customer(n), store.LaneBulk, noon)
			}
			where.execIn(t, tamper)
			ran := false
			err := s.Update(context.Background(), func(*store.Tx) error {
				ran = true
				return nil
			})
			if !errors.Is(err, store.ErrSuperseded) || s.Superseded() == nil {
				t.Errorf("after the database went back, an operation gets %v; want ErrSuperseded", err)
			}
			if ran {
				t.Error("an operation ran on a database that has gone back")
			}
		})
	}
}
