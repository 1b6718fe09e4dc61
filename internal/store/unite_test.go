package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	ana       identity.Address = "33612345678"
	anaUser   identity.Address = "FR.77"
	anaParent identity.Address = "FR.ENT.77"
	anaMoved  identity.Address = "33687654321"
	bob       identity.Address = "33612345679"
	second                     = "the second number"
)

// people is a store whose keys the test knows.
type people struct {
	*store.Store
	keys *seal.Keys
}

func newPeople(t *testing.T, e engine) people {
	t.Helper()
	keys := newKeys(t)
	return people{e.newPlace(t).open(t, keys), keys}
}

// of is the customer of a channel that an address is, as the store says.
func (p people) of(tb testing.TB, number string, address identity.Address) (hash seal.CustomerHash) {
	tb.Helper()
	update(tb, p.Store, func(tx *store.Tx) error {
		primary, err := tx.People().Primary(address)
		hash = p.keys.CustomerHash(number, string(primary))
		return err
	})
	return hash
}

func (p people) accept(tb testing.TB, id, number string, to identity.Address, at time.Time) {
	tb.Helper()
	m := newMessage(id, p.of(tb, number, to))
	m.Channel, m.AcceptedAt, m.ExpiresAt = number, at, at.Add(time.Hour)
	update(tb, p.Store, func(tx *store.Tx) error { return tx.Queue().Accept(m) })
}

func (p people) same(tb testing.TB, a, b identity.Address) (unions []store.Union) {
	tb.Helper()
	update(tb, p.Store, func(tx *store.Tx) (err error) { unions, err = tx.People().Same(a, b, noon); return err })
	return unions
}

func (p people) wantPrimary(tb testing.TB, want identity.Address, of ...identity.Address) {
	tb.Helper()
	for _, address := range of {
		update(tb, p.Store, func(tx *store.Tx) error {
			if got, err := tx.People().Primary(address); err != nil || got != want {
				tb.Errorf("%s is %s, %v; want %s", address, got, err, want)
			}
			return nil
		})
	}
}

func TestP13WhatTheNetworkSaysIsKept(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		keys, place := newKeys(t), e.newPlace(t)
		p := people{place.open(t, keys), keys}
		p.wantPrimary(t, ana, ana)
		p.wantPrimary(t, anaUser, anaUser)
		p.same(t, anaUser, anaParent)
		p.wantPrimary(t, anaUser, anaUser, anaParent)
		p.same(t, ana, anaParent)
		p.same(t, anaParent, ana)
		p.wantPrimary(t, ana, ana, anaUser, anaParent)
		p.wantPrimary(t, bob, bob)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		p.Store = place.open(t, keys)
		p.wantPrimary(t, ana, ana, anaUser, anaParent)
	})
}

func TestP13WhoLeavesANumberTakesEverythingAlong(t *testing.T) {
	const stranger identity.Address = "FR.9"
	forEachEngine(t, func(t *testing.T, e engine) {
		p := newPeople(t, e)
		told := func(at time.Time, list ...identity.Address) {
			update(t, p.Store, func(tx *store.Tx) error { _, _, err := tx.People().Told(list, at, noon); return err })
		}
		told(noon, ana, anaUser)
		update(t, p.Store, func(tx *store.Tx) error {
			_, err := tx.People().Moved(ana, anaMoved, nil, noon, noon)
			return err
		})
		p.wantPrimary(t, anaMoved, ana, anaUser, anaMoved)
		told(noon.Add(-time.Second), ana, anaUser)
		p.wantPrimary(t, anaMoved, ana, anaUser, anaMoved)
		told(noon.Add(time.Second), ana, stranger)
		p.wantPrimary(t, stranger, ana, stranger)
		p.wantPrimary(t, anaMoved, anaUser, anaMoved)
	})
}

// What the network says of an address as it was written is about that address, not about another
// spelling of it.
func TestP13TheNetworkWinsOverTheRules(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		p := newPeople(t, e)
		const written, spelled = identity.Address("5511987654321"), identity.Address("551187654321")
		update(t, p.Store, func(tx *store.Tx) error { _, err := tx.People().Named(written, spelled, noon); return err })
		p.wantPrimary(t, spelled, written, spelled)
		update(t, p.Store, func(tx *store.Tx) error { _, err := tx.People().Named(written, bob, noon); return err })
		p.wantPrimary(t, bob, written, bob)
		p.wantPrimary(t, spelled, spelled)
		update(t, p.Store, func(tx *store.Tx) error { _, err := tx.People().Named(ana, anaMoved, noon); return err })
		p.wantPrimary(t, anaMoved, ana, anaMoved)
	})
}

// Two lines become one, in the order of acceptance, and one message of it is under way at a time.
func TestP13TwoLinesBecomeOneInOrder(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		p := newPeople(t, e)
		for i, to := range []identity.Address{ana, anaUser, bob, anaUser, ana} {
			p.accept(t, fmt.Sprintf("m%d", i), channel, to, noon.Add(time.Duration(i)*time.Second))
		}
		p.accept(t, "elsewhere", second, anaUser, noon)
		if unions := p.same(t, ana, anaUser); len(unions) != 2 {
			t.Fatalf("the unions are %v; want one of each number", unions)
		}
		if again := p.same(t, ana, anaUser); len(again) != 0 {
			t.Fatalf("told again, the unions are %v; want none", again)
		}
		now := noon.Add(time.Minute)
		for _, want := range [][]string{{"m0", "m2"}, {"m1"}, {"m3"}, {"m4"}} {
			claimed := claim(t, p.Store, now, 9)
			wantIDs(t, "the claimed", claimed, want...)
			for _, id := range want {
				submit(t, p.Store, id, now)
			}
		}
		update(t, p.Store, func(tx *store.Tx) error {
			m, _, err := tx.Messages().ByID("elsewhere")
			if err == nil && m.Customer != p.keys.CustomerHash(second, string(ana)) {
				t.Error("the message of the second number is another customer's")
			}
			return err
		})
	})
}

// Two messages are under way when their lines become one: neither is claimed again when the other's
// outcome is known, and whatever the outcomes are, each message goes once more or is done.
func TestP13TwoMessagesUnderWayBecomeOneLine(t *testing.T) {
	outcomes := map[string]func(tx *store.Tx, m *store.Message, now time.Time) error{
		"submitted": func(tx *store.Tx, m *store.Message, now time.Time) error {
			return tx.Queue().Submit(
				m, "upstream "+m.ID, now,
			)
		},
		"put back": func(tx *store.Tx, m *store.Message, now time.Time) error { return tx.Queue().Retry(m, now) },
		"parked":   func(tx *store.Tx, m *store.Message, now time.Time) error { return tx.Queue().Park(m, now) },
		"in doubt": func(tx *store.Tx, m *store.Message, now time.Time) error {
			if err := tx.Queue().Doubt(m); err != nil {
				return err
			}
			return tx.Queue().Retry(m, now)
		},
		"failed": func(tx *store.Tx, m *store.Message, now time.Time) error {
			_, err := tx.Queue().Fail(m, 131026, now)
			return err
		},
	}
	forEachEngine(t, func(t *testing.T, e engine) {
		p, n := newPeople(t, e), 0
		for first, one := range outcomes {
			for then, other := range outcomes {
				for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
					t.Run(first+", "+then+" "+order[0], func(t *testing.T) {
						n++
						now := noon.Add(time.Duration(n) * time.Minute)
						number, user := identity.Address(
							fmt.Sprintf("336%08d", n),
						), identity.Address(fmt.Sprintf("FR.%d", n))
						id := func(name string) string { return fmt.Sprintf("%s%d", name, n) }
						p.accept(t, id("a"), channel, number, now)
						p.accept(t, id("b"), channel, user, now)
						p.accept(t, id("c"), channel, number, now)
						p.accept(t, id("d"), channel, user, now)
						wantIDs(t, "at first", claim(t, p.Store, now, 9), id("a"), id("b"))
						p.same(t, number, user)
						wantIDs(t, "both are under way", claim(t, p.Store, now, 9))
						with(
							t, p.Store, id(order[0]),
							func(tx *store.Tx, m *store.Message) error { return one(tx, m, now) },
						)
						with(
							t, p.Store, id(order[1]),
							func(tx *store.Tx, m *store.Message) error { return other(tx, m, now) },
						)
						sent := map[string]int{}
						for range 9 {
							now = now.Add(time.Second)
							claimed := claim(t, p.Store, now, 9)
							if len(claimed) > 1 {
								t.Fatalf("%d messages of one line are under way", len(claimed))
							}
							for _, claimed := range claimed {
								sent[claimed]++
								submit(t, p.Store, claimed, now)
							}
						}
						for name, outcome := range map[string]string{
							order[0]: first, order[1]: then, "c": "put back", "d": "put back",
						} {
							again := outcome == "put back" || outcome == "parked" || outcome == "in doubt"
							if want := map[bool]int{true: 1}[again]; sent[id(name)] != want {
								t.Errorf("%s was claimed %d times afterwards; want %d", name, sent[id(name)], want)
							}
						}
					})
				}
			}
		}
	})
}

func TestP13CallbacksOfOnePersonAreOneLine(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		p := newPeople(t, e)
		for i, about := range []identity.Address{ana, anaUser, anaUser, ana} {
			update(t, p.Store, func(tx *store.Tx) error {
				primary, err := tx.People().Primary(about)
				if err != nil {
					return err
				}
				return tx.Callbacks().Enqueue(&store.Callback{
					Channel: channel, Customer: p.keys.CustomerHash(
						channel, string(primary),
					), Payload: fmt.Appendf(nil, "c%d", i), CreatedAt: noon,
				})
			})
		}
		take := func(now time.Time) (taken []*store.Callback) {
			update(t, p.Store, func(tx *store.Tx) (err error) {
				taken, err = tx.Callbacks().Claim(now, now.Add(time.Minute), 9)
				return err
			})
			return taken
		}
		underWay := take(noon)
		if len(underWay) != 2 {
			t.Fatalf("%d callbacks are ready; want the first of each line", len(underWay))
		}
		p.same(t, ana, anaUser)
		if more := take(noon); len(more) != 0 {
			t.Fatalf("%d callbacks are ready while the first is being delivered", len(more))
		}
		update(t, p.Store, func(tx *store.Tx) error { // the second one fails, and then the first one arrives
			if _, err := tx.Callbacks().Retry(underWay[1], noon); err != nil {
				return err
			}
			done, err := tx.Callbacks().Finish(underWay[0], noon)
			if !done {
				t.Error("the first callback was not finished")
			}
			return err
		})
		var order []string
		for range 4 {
			taken := take(noon)
			if len(taken) > 1 {
				t.Fatalf("%d callbacks of one line are ready", len(taken))
			}
			for _, c := range taken {
				order = append(order, string(c.Payload))
				update(t, p.Store, func(tx *store.Tx) error { _, err := tx.Callbacks().Finish(c, noon); return err })
			}
		}
		if want := []string{"c1", "c2", "c3"}; !slices.Equal(order, want) {
			t.Errorf("the callbacks are delivered as %v; want %v", order, want)
		}
	})
}

// Whatever is told of whom, and in whichever order, everything that is known of a person is found
// under each address, and nothing of anybody else.
func TestP13OrderAndRepetitionOfUnionsChangeNothing(t *testing.T) {
	p := newPeople(t, embedded)
	addresses := []identity.Address{ana, anaUser, anaParent, anaMoved, bob, "FR.78"}
	type fact struct {
		same [2]int // two addresses that are one person's
		stop int    // or the address from which a stop came
		at   int64
	}
	takenBack := errors.New("the test takes it back")
	rapid.Check(t, func(t *rapid.T) {
		index := rapid.IntRange(0, len(addresses)-1)
		facts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fact {
			if rapid.Bool().Draw(t, "union") {
				return fact{same: [2]int{index.Draw(t, "a"), index.Draw(t, "b")}}
			}
			return fact{stop: index.Draw(t, "who"), at: rapid.Int64Range(1, 9).Draw(t, "at")}
		}), 1, 12).Draw(t, "facts")
		tell := func(told []fact) (states [6]conversation.State) {
			err := p.Update(context.Background(), func(tx *store.Tx) error {
				for _, f := range told {
					if f.at == 0 {
						if _, err := tx.People().Same(addresses[f.same[0]], addresses[f.same[1]], noon); err != nil {
							return err
						}
						continue
					}
					primary, err := tx.People().Primary(addresses[f.stop])
					if err != nil {
						return err
					}
					customer := p.keys.CustomerHash(channel, string(primary))
					state, err := tx.People().Conversation(channel, customer)
					if err != nil {
						return err
					}
					state.StopMarketing(f.at%2 == 0, f.at)
					if err := tx.People().PutConversation(channel, customer, &state); err != nil {
						return err
					}
				}
				for i, address := range addresses {
					primary, err := tx.People().Primary(address)
					if err != nil {
						return err
					}
					if states[i], err = tx.People().Conversation(
						channel, p.keys.CustomerHash(channel, string(primary)),
					); err != nil {
						return err
					}
				}
				return takenBack
			})
			if !errors.Is(err, takenBack) {
				t.Fatal(err)
			}
			return states
		}
		first := tell(facts)
		second := tell(append(
			rapid.Permutation(facts).Draw(t, "order"), rapid.SliceOf(rapid.SampledFrom(facts)).Draw(t, "again")...,
		))
		for i := range addresses {
			if first[i].Marketing != second[i].Marketing {
				t.Fatalf(
					"%s: %+v by one order and %+v by another", addresses[i], first[i].Marketing, second[i].Marketing,
				)
			}
		}
	})
}
