package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/allowances"
	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// allowancePlan has an allowance of two service messages a month and number.
func allowancePlan(t *testing.T) *pricing.Book {
	t.Helper()
	book, err := pricing.Compile(pricing.Plan{Currency: "USD", Revisions: []pricing.Revision{{
		Name: "only", EffectiveDate: "2020-01-01", ClassifyBy: "Category", Unit: "Message",
		OutsideWindow: "TemplateOnly", RateAt: "Delivery",
		ServiceWindow: pricing.ServiceWindow{
			Openings: []pricing.WindowOpening{{Events: []string{"Message"}, DurationSeconds: 86_400}},
		},
		Allowances: []pricing.Allowance{
			{Name: "free", Count: 2, Of: []string{"Service"}, Per: "Channel", Period: "Month"},
		},
		Rates: []pricing.MarketRates{{Market: "Any", Prices: []pricing.Price{
			{Category: "Service", Amount: "0.03"}, {Category: "Utility", Amount: "0.01"},
		}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// bounded is a text, or a template, that was accepted at noon and may be delivered within some
// days.
func bounded(book *pricing.Book, id string, templated bool, days int) *store.Message {
	m := newMessage(id, customer(1))
	facts := pricing.Message{Channel: channel, SentAt: noon.Unix()}
	if templated {
		facts.Form, facts.Category = conversation.Templated, conversation.Utility
	}
	bound := book.MaxCharge(
		&pricing.Account{Zone: time.UTC}, &facts, &conversation.State{}, noon.AddDate(0, 0, days).Unix(),
	)
	m.Reserved, m.Bound = money.Money{}, &bound
	return m
}

func placeOf(month string) pricing.Increment {
	m, err := civil.ParseMonth(month)
	if err != nil {
		panic(err)
	}
	return pricing.Increment{
		Key: pricing.CounterKey{Scope: pricing.PerChannel, ScopeID: channel, Allowance: "free", Month: m}, By: 1,
	}
}

// Two places are free in November and two in December; noon is on 20 November.
func TestP3ReservedCountsEachPlaceOnce(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		book := allowancePlan(t)
		p, keys := e.newPlace(t), newKeys(t)
		s := p.open(t, keys)
		accept := func(id string, templated bool, days int, rise, reserves string) {
			t.Helper()
			m := bounded(book, id, templated, days)
			update(t, s, func(tx *store.Tx) error {
				got, err := tx.Figures().Rise(m.Bound)
				if err != nil || got.Amount.String() != rise {
					return errors.Join(err, fmt.Errorf("%s: a rise of %s; want %s", id, got.Amount, rise))
				}
				return tx.Queue().Accept(m)
			})
			if got := reserved(t, s); got.String() != reserves {
				t.Fatalf("%s: %s are reserved; want %s", id, got, reserves)
			}
		}
		ends := func(id, month, reserves string) {
			t.Helper()
			update(t, s, func(tx *store.Tx) error {
				m, _, err := tx.Messages().ByID(id)
				if err != nil {
					return err
				}
				if month != "" {
					if err := tx.Figures().Increment("USD", placeOf(month)); err != nil {
						return err
					}
				}
				_, err = tx.Ledger().Settle(m, settlement(m), time.Time{})
				return err
			})
			if got := reserved(t, s); got.String() != reserves {
				t.Fatalf("%s has ended: %s are reserved; want %s", id, got, reserves)
			}
		}
		accept("template", true, 5, "0.01", "0.01")
		accept("first", false, 5, "0", "0.01")
		accept("second", false, 30, "0", "0.01") // also into December
		accept("third", false, 5, "0.03", "0.04")
		accept("fourth", false, 30, "0.03", "0.07")
		ends("third", "2026-11", "0.07") // the one behind takes a place: what it had reserved pays for another now
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = p.open(t, keys) // all of it is stored
		if got := reserved(t, s); got.String() != "0.07" {
			t.Fatalf("%s are reserved after the store was opened again; want 0.07", got)
		}
		ends("first", "", "0.04") // failed: its place is free again
		ends("second", "2026-12", "0.01")
		ends("template", "", "0")
		ends("fourth", "2026-11", "0")
		accept("behind the last", false, 5, "0.03", "0.03")
		ends("behind the last", "", "0")
	})
}

// Whatever happens to messages, the sum that is reserved is no less than what the worst order of
// their deliveries can cost, and nothing of it is left when all have gone.
func TestP3NoPlaceIsLeaked(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		book, s := allowancePlan(t), e.newStore(t)
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		var live []string
		used, id := int64(0), 0
		for range 120 {
			switch n := random.IntN(8); {
			case n < 4:
				id++
				live = append(live, fmt.Sprintf("wamid.%d", id))
				m := bounded(book, live[len(live)-1], n == 0, 1+random.IntN(40))
				update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(m) })
			case len(live) > 0:
				i := random.IntN(len(live))
				ended := live[i]
				live = append(live[:i], live[i+1:]...)
				update(t, s, func(tx *store.Tx) error {
					m, _, err := tx.Messages().ByID(ended)
					if err != nil {
						return err
					}
					if m.Reserved.Amount.String() == "0.03" && n > 5 && used < 2 {
						used++
						if err := tx.Figures().Increment("USD", placeOf("2026-11")); err != nil {
							return err
						}
					}
					if n == 4 { // another bound first
						again := bounded(book, ended, n%2 == 0, 30)
						if err := tx.Ledger().Rereserve(m, again.Bound); err != nil {
							return err
						}
					}
					if n == 5 { // given up in doubt: kept, and erased with its customer
						if _, err := tx.Queue().Fail(m, 131000, noon); err != nil {
							return err
						}
						if _, err := tx.Ledger().SettleReserved(m, settlement(m), time.Time{}); err != nil {
							return err
						}
						_, err := tx.People().Erase(channel, []seal.CustomerHash{customer(1)}, store.Erasure{}, 1000)
						return err
					}
					_, err = tx.Ledger().Settle(m, settlement(m), time.Time{})
					return err
				})
			}
		}
		for _, left := range live {
			update(t, s, func(tx *store.Tx) error {
				m, _, err := tx.Messages().ByID(left)
				if err != nil {
					return err
				}
				_, err = tx.Ledger().Settle(m, settlement(m), time.Time{})
				return err
			})
		}
		if got := reserved(t, s); !got.IsZero() {
			t.Fatalf("seed %d: %s are reserved, and every message has ended", seed, got)
		}
		update(t, s, func(tx *store.Tx) error { // every place that was not used is free
			for n := used; n < 2; n++ {
				m := bounded(book, fmt.Sprintf("wamid.last.%d", n), false, 1)
				rise, err := tx.Figures().Rise(m.Bound)
				if err != nil || rise != (allowances.Exposure{}) {
					return errors.Join(
						err, fmt.Errorf("seed %d: with %d of 2 places used one more costs %s", seed, n, rise.Amount),
					)
				}
				if err := tx.Queue().Accept(m); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// sharedPlan has two allowances for service messages, of one a month each. The second is also for
// utility.
func sharedPlan(t *testing.T) *pricing.Book {
	t.Helper()
	book, err := pricing.Compile(pricing.Plan{Currency: "USD", Revisions: []pricing.Revision{{
		Name: "only", EffectiveDate: "2020-01-01", ClassifyBy: "Category", Unit: "Message",
		OutsideWindow: "TemplateOnly", RateAt: "Delivery",
		ServiceWindow: pricing.ServiceWindow{
			Openings: []pricing.WindowOpening{{Events: []string{"Message"}, DurationSeconds: 86_400}},
		},
		Allowances: []pricing.Allowance{
			{Name: "free", Count: 1, Of: []string{"Service"}, Per: "Channel", Period: "Month"},
			{Name: "any", Count: 1, Of: []string{"Service", "Utility"}, Per: "Account", Period: "Month"},
		},
		Rates: []pricing.MarketRates{{Market: "Any", Prices: []pricing.Price{
			{Category: "Service", Amount: "0.03"}, {Category: "Utility", Amount: "0.01"},
		}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// Of two allowances for one category, one that is used up hides the other no more, and a template
// that may take the second one's place counts with the texts that may.
func TestP3AllowancesCountTogether(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		book, s := sharedPlan(t), e.newStore(t)
		accept := func(id string, templated bool, rise string) {
			t.Helper()
			m := bounded(book, id, templated, 5)
			update(t, s, func(tx *store.Tx) error {
				got, err := tx.Figures().Rise(m.Bound)
				if err != nil || got.Amount.String() != rise {
					return errors.Join(err, fmt.Errorf("%s: a rise of %s; want %s", id, got.Amount, rise))
				}
				return tx.Queue().Accept(m)
			})
		}
		update(t, s, func(tx *store.Tx) error { return tx.Figures().Increment("USD", placeOf("2026-11")) })
		accept("text", false, "0")       // "free" is used up, and "any" has a place
		accept("template", true, "0.03") // it may take that place, and then the text is charged
		accept("another", true, "0.01")
		for _, id := range []string{"another", "template", "text"} {
			update(t, s, func(tx *store.Tx) error {
				m, _, err := tx.Messages().ByID(id)
				if err != nil {
					return err
				}
				_, err = tx.Ledger().Settle(m, settlement(m), time.Time{})
				return err
			})
		}
		if got := reserved(t, s); !got.IsZero() {
			t.Fatalf("%s are reserved, and every message has ended", got)
		}
		accept("the last", false, "0")
	})
}

// A store that kept each allowance by itself goes on with the same claims.
func TestP3MigrationKeepsClaimsOnAllowances(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		book, where, keys := allowancePlan(t), e.newPlace(t), newKeys(t)
		s := where.open(t, keys)
		for id, days := range map[string]int{"first": 5, "second": 30, "third": 5} {
			update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(bounded(book, id, false, days)) })
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		where.execIn(t, withoutPools+fmt.Sprintf(`;
			INSERT INTO allowances (name, places) VALUES
				('USD/0/"%s"/"free"', '0 0.03*3;2026-11 2 0 0 0.03*3;2026-12 2 0 0 0.03*1'),
				('USD/1/""/"odd; one"', '0 0.03*1;2026-11 5 1 0 0.03*1'),
				('EUR/1/""/"gone"', '');
			UPDATE reservations SET exposed = '0.03';
			DELETE FROM schema_migrations WHERE version >= 14`, channel))
		s = where.open(t, keys)
		ends := func(id, month, reserves string) {
			t.Helper()
			update(t, s, func(tx *store.Tx) error {
				m, _, err := tx.Messages().ByID(id)
				if err != nil {
					return err
				}
				if month != "" {
					if err := tx.Figures().Increment("USD", placeOf(month)); err != nil {
						return err
					}
				}
				_, err = tx.Ledger().Settle(m, settlement(m), time.Time{})
				return err
			})
			if got := reserved(t, s); got.String() != reserves {
				t.Fatalf("%s has ended: %s are reserved; want %s", id, got, reserves)
			}
		}
		if got := reserved(t, s); got.String() != "0.03" {
			t.Fatalf("%s are reserved; want 0.03 for the third", got)
		}
		ends("third", "2026-11", "0.03")
		ends("second", "", "0")
		ends("first", "2026-11", "0")
	})
}
