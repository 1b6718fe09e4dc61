package gateway

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/policy"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/store"
)

// storyPlaces is how many service messages a month are free for each number in a story.
const storyPlaces = 4

// Random traffic on a small budget and a smaller allowance: what was charged and what may still be
// never pass the budget (P3), no place pays for two messages, what an allowance surely covers is
// never refused, and when all have ended nothing is reserved or claimed any more. The process ends
// and begins again meanwhile, and months turn.
func TestP3BudgetAndAllowancesHoldForAnyTraffic(t *testing.T) {
	t.Parallel()
	seed := seedOf(t)
	for i, begins := range []string{"2026-10-05T08:00:00Z", "2026-10-30T08:00:00Z", "2026-12-29T08:00:00Z"} {
		t.Run(begins[:10], func(t *testing.T) {
			t.Parallel()
			s := newStory(t, begins, rand.New(rand.NewPCG(seed, uint64(i))), func(d *config.Document) {
				d.Budget = &config.Budget{Limit: usd("0.25"), Action: config.BudgetBlock}
			})
			defer s.tellSeed(seed)
			for began := time.Now(); s.goesOn(began); {
				s.now = s.now.Add(time.Duration(pick(s, 0, 0, 1, 60, 3600)) * time.Second)
				switch n := s.random.IntN(30); {
				case n < 9:
					s.writes()
				case n < 20:
					s.sends()
				case n < 29 && len(s.waiting) > 0:
					s.ends(s.random.IntN(len(s.waiting)), pick(s, "delivered", "read", "failed", "in doubt"))
				case n == 29:
					s.restarts()
				}
				s.keepsBudget()
			}
			for len(s.waiting) > 0 {
				s.ends(0, pick(s, "delivered", "failed"))
				s.keepsBudget()
			}
			s.claimsNothing()
			s.agree()
		})
	}
}

// ends lets a message end. One that is given up in doubt may be delivered all the same, or fail.
func (s *story) ends(which int, how string) {
	s.t.Helper()
	m := s.waiting[which]
	s.waiting = slices.Delete(s.waiting, which, which+1)
	if how == "in doubt" {
		givenUp := s.givesUp(m.id)
		how = pick(s, "delivered", "failed")
		s.keepsBudget()
		if givenUp && how == "delivered" {
			s.line(`"type":"status","id":%q,"status":"failed"`, m.id) // as which it was given up
		}
	}
	_, customer := s.of(m.id)
	s.intake(webhookOf(m.channel, fmt.Sprintf(`"statuses":[{"id":"wamid.up.%s","status":%q,"timestamp":%q,%s,`+
		`"biz_opaque_callback_data":%q}]`,
		m.id[len(m.id)-20:], how, unixSeconds(s.now), recipientOf(customer), m.id)))
	s.line(`"type":"status","id":%q,"status":%q`, m.id, how)
}

// givesUp gives a message up in doubt: what it may still cost stays reserved. It is false if it is
// not the message's turn to be sent.
func (s *story) givesUp(id string) (givenUp bool) {
	s.t.Helper()
	err := s.gateway.store.Update(s.t.Context(), func(tx *durable.Tx) error {
		m, found, err := tx.Messages().ByID(id)
		if err != nil || !found {
			return errors.Join(err, fmt.Errorf("message %s was found: %v", id, found))
		}
		claimed, err := tx.Queue().Claim(m.Channel, s.now, 1000)
		if err != nil {
			return err
		}
		for _, c := range claimed {
			if err := settlement.BeginDoubt(tx, c, s.now); err != nil {
				return err
			}
		}
		if givenUp = m.State == store.InDoubt; !givenUp {
			return nil
		}
		return s.gateway.upkeep.ResolveDoubt(tx, s.tenant, m, s.now)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return givenUp
}

// restarts lets the process end, and another one begin.
func (s *story) restarts() {
	s.t.Helper()
	if err := s.gateway.store.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.open()
}

// keepsBudget checks what the period was charged, and what may still be.
func (s *story) keepsBudget() {
	s.t.Helper()
	var billed, reserved money.Decimal
	if err := s.gateway.store.View(s.t.Context(), func(tx *store.Tx) (err error) {
		if billed, err = policy.Spent(tx, s.tenant, "USD", s.now); err != nil {
			return err
		}
		reserved, err = tx.Figures().Reserved("USD")
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	sum, err := billed.Add(reserved)
	if err != nil || sum.Cmp(s.tenant.Budget.Limit.Amount) > 0 {
		s.t.Fatalf("%s are billed and %s reserved of %s (%v)", billed, reserved, s.tenant.Budget.Limit, err)
	}
}

// unpaid is a send that the budget refused: it must not be one that an allowance surely covers, in
// this month or in those that it may still end in.
func (s *story) unpaid(channel, kind, category string) {
	s.t.Helper()
	if kind != "text" || category != "" {
		return
	}
	waits := int64(0)
	for _, m := range s.waiting {
		if m.channel == channel && m.service {
			waits++
		}
	}
	for _, allowance := range s.tenant.Book.Allowances(s.now.Unix(), &s.tenant.Payer, channel) {
		var used int64
		if err := s.gateway.store.View(s.t.Context(), func(tx *store.Tx) error {
			used = tx.Figures().Count(allowance.Key)
			return nil
		}); err != nil {
			s.t.Fatal(err)
		}
		if used+waits < storyPlaces {
			s.t.Errorf("a text was refused: %d of %d places are used, and %d messages wait", used, storyPlaces, waits)
		}
	}
}

// claimsNothing checks that no place, and no reservation, was leaked.
func (s *story) claimsNothing() {
	s.t.Helper()
	var reserved money.Decimal
	if err := s.gateway.store.View(s.t.Context(), func(tx *store.Tx) (err error) {
		reserved, err = tx.Figures().Reserved("USD")
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	if !reserved.IsZero() {
		s.t.Errorf("%s are reserved, and every message has ended", reserved)
	}
	db := s.world.database()
	defer db.Close()
	rows, err := db.QueryContext(s.t.Context(), "SELECT currency, pool FROM pools")
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var currency, pool string
		if err := rows.Scan(&currency, &pool); err != nil {
			s.t.Fatal(err)
		}
		if seen++; strings.Contains(pool, "*") {
			s.t.Errorf("allowances in %s are still claimed: %s", currency, pool)
		}
	}
	if err := rows.Err(); err != nil || seen == 0 {
		s.t.Errorf("%d pools were claimed, %v", seen, err)
	}
}

// An answer that an allowance surely pays for needs neither a budget nor a means of payment, and
// reserves nothing. The one behind the last place does.
func TestP3AnswerThatAnAllowancePaysForNeedsNoBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) {
			scarce(d.Plan.Revisions)
			d.Budget = &config.Budget{Limit: usd("0.01"), Action: config.BudgetBlock} // less than one message costs
		})
		w.writes(ana, "hello", 0)
		w.quiet(ana)
		for range storyPlaces {
			w.accepted(textTo(ana, "an answer"))
		}
		if r := w.report(); !r.Period.Reserved.Amount.IsZero() {
			t.Errorf("%s are reserved for answers that are free", r.Period.Reserved)
		}
		if got := w.send(textTo(ana, "one too many")); got.code != 131042 || !strings.Contains(
			got.details, "can cost 0.03 USD and 0.01 USD is left",
		) {
			t.Errorf("the answer behind the last place got %d %s; want 131042", got.status, got.body)
		}
		if got := w.send(templateTo(ana, "parcel_ready")); got.code != 131042 {
			t.Errorf("a template got %d %s; want 131042: no allowance pays for it", got.status, got.body)
		}
	})
}

// A message takes the place of the month in which it is delivered: one that was accepted in October
// and is delivered in November uses one of November's, and October's is free again.
func TestP3MessageTakesAPlaceOfTheMonthOfItsDelivery(t *testing.T) {
	t.Parallel()
	s := newStory(t, "2026-10-31T22:00:00Z", rand.New(rand.NewPCG(1, 1)), func(d *config.Document) {
		d.Budget = &config.Budget{Limit: usd("0.01"), Action: config.BudgetBlock}
	})
	s.intake(webhookOf(phoneID, fmt.Sprintf(
		`"messages":[{"from":%q,"id":"wamid.in","timestamp":%q,"type":"text","text":{"body":"hi"}}]`, ana,
		unixSeconds(s.now),
	)))
	s.line(`"type":"inbound","id":"wamid.in","channel":%q,"customer":%q,"kind":"text"`, phoneID, ana)
	for range storyPlaces {
		s.answers(ana, true)
	}
	s.answers(ana, false)
	s.now = s.now.Add(2 * time.Hour) // November in Paris
	s.answers(ana, false)            // the four may still be delivered in November
	s.ends(0, "delivered")
	s.ends(0, "failed")
	s.answers(ana, true) // the place of the one that failed
	s.answers(ana, false)
	for len(s.waiting) > 0 {
		s.ends(0, "delivered")
	}
	s.claimsNothing()
	s.agree()
	for _, record := range s.world.records() {
		if record.Kind == ledger.Settlement && record.FreeReason == "allowance" && record.Period != "2026-11" {
			t.Errorf("a place of %s was used for a delivery of November", record.Period)
		}
	}
}

// answers sends a text, which the budget does not cover.
func (s *story) answers(customer string, free bool) {
	s.t.Helper()
	if accepted := s.post(phoneID, customer, "text", ""); accepted != free {
		s.t.Fatalf("an answer at %s was accepted: %v, want %v", s.now, accepted, free)
	}
}
