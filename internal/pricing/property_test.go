package pricing

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

// step is something that happens in a random story: the customer writes, or a message ends.
type step struct {
	at      int64
	inbound conversation.Events // 0 for a message of the business
	message Message
}

// world is a random book, account and beginning.
type world struct {
	book    *Book
	account Account
	start   int64
}

// richPlan returns the shipped plan with a mark-up, a minimum, and tiers that a few messages reach
// in every revision that has rates.
func richPlan(tb testing.TB) Plan {
	tb.Helper()
	plan := samplePlan(tb, "whatsapp")
	for i := range plan.Revisions {
		r := &plan.Revisions[i]
		r.Markups = []Markup{
			{Category: "Utility", Percent: "17.25", Fixed: "0.000001"}, {Category: "Marketing", Fixed: "0.01"},
		}
		r.MinimumCharge = "0.0015"
		r.Tiers = slices.DeleteFunc(
			r.Tiers, func(tiers Tiers) bool { return tiers.Market == "France" || tiers.Market == "India" },
		)
		for _, rates := range r.Rates {
			for _, p := range rates.Prices {
				if rates.Market == "France" || rates.Market == "India" {
					r.Tiers = append(r.Tiers, Tiers{
						Market: rates.Market, Category: p.Category, Mode: "Marginal", Per: "Account", Steps: []TierStep{
							{2, p.Amount}, {4, "0.0013"}, {6, "0.2"},
						},
					})
				}
			}
		}
	}
	return plan
}

var recipients = []string{
	french, indian, american, greek, "77012345678", "8801712345678", "819012345678", "12465551234",
}

func drawWorld(t *rapid.T, book *Book) world {
	name := rapid.SampledFrom(
		[]string{"UTC", "Europe/Paris", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Santiago"},
	).Draw(t, "zone")
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	w := world{book: book, account: Account{Zone: location, Portfolio: "p1"}}
	turns := []string{
		"2022-01-31T12:00:00Z", "2023-05-30T12:00:00Z", "2024-10-31T00:00:00Z", "2025-06-29T12:00:00Z",
		"2026-09-27T12:00:00Z", "2026-09-30T12:00:00Z", "2026-10-30T00:00:00Z",
	}
	instant, _ := time.Parse(time.RFC3339, rapid.SampledFrom(turns).Draw(t, "start"))
	w.start = instant.Unix()
	if rapid.Bool().Draw(t, "eligible") {
		w.account.International.StartTime = w.start + rapid.Int64Range(-86400, 86400).Draw(t, "international start")
	}
	if rapid.Bool().Draw(t, "exempt") {
		w.account.Exemptions = []string{"paid-exempt"}
	}
	return w
}

func drawMessage(t *rapid.T, at int64) Message {
	country, err := market.CountryOf(rapid.SampledFrom(recipients).Draw(t, "recipient"))
	if err != nil {
		t.Fatal(err)
	}
	m := Message{
		Channel: rapid.SampledFrom([]string{"1066", "1077"}).Draw(t, "channel"),
		Country: country,
		Form: rapid.SampledFrom([]conversation.Form{
			conversation.FreeForm, conversation.Templated, conversation.Reaction, conversation.Direct,
		}).Draw(t, "form"),
		SentAt: at, Delivered: rapid.IntRange(0, 9).Draw(t, "delivered") > 0,
	}
	m.EndedAt = at + rapid.Int64Range(0, 3*86400).Draw(t, "delay")
	if m.Form == conversation.Templated || m.Form == conversation.Direct {
		m.Category = rapid.SampledFrom([]conversation.Category{marketing, utility, authentication}).Draw(t, "category")
	}
	if rapid.IntRange(0, 9).Draw(t, "several units") == 0 {
		m.Units = rapid.Int64Range(1, 20).Draw(t, "units")
	}
	return m
}

// drawStory returns a story in the order in which its steps are reported.
func drawStory(t *rapid.T, w world) []step {
	n := rapid.IntRange(1, 25).Draw(t, "steps")
	story := make([]step, 0, n)
	now := w.start
	for range n {
		now += rapid.Int64Range(0, 20*3600).Draw(t, "pause")
		s := step{at: now}
		if rapid.IntRange(0, 2).Draw(t, "inbound") == 0 {
			s.inbound = rapid.SampledFrom(
				[]conversation.Events{message, fromAd, conversation.Reacted},
			).Draw(t, "events")
		} else {
			s.message = drawMessage(t, now)
		}
		story = append(story, s)
	}
	return story
}

// teller tells a story and keeps its state, for one customer.
type teller struct {
	world
	state  conversation.State
	counts counts
}

func (l *teller) tell(s step) (out Outcome) {
	if s.inbound != 0 {
		l.state.Receive(conversation.Inbound{At: s.at, Events: s.inbound}, l.book.Rules(s.at, l.account.Zone))
		return Outcome{Result: Free}
	}
	out = l.book.Rate(&l.account, &s.message, &l.state, l.counts)
	l.state.Apply(out.Change)
	if out.Count.By > 0 {
		l.counts[out.Count.Key] += out.Count.By
	}
	return out
}

func sum(t *rapid.T, outcomes []Outcome) money.Decimal {
	var total money.Decimal
	for _, out := range outcomes {
		var err error
		if total, err = total.Add(out.Charge); err != nil {
			t.Fatal(err)
		}
	}
	return total
}

func TestP3ChargeNeverExceedsMaxCharge(t *testing.T) {
	book := compiled(t, richPlan(t))
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, book)
		l := teller{world: w, counts: counts{}}
		for _, s := range drawStory(t, w) {
			if s.inbound != 0 {
				l.tell(s)
				continue
			}
			// The bound is taken when the message is accepted; anything may still happen before it
			// is delivered.
			bound := book.MaxCharge(
				&l.account, &s.message, &l.state, s.message.EndedAt+rapid.Int64Range(0, 86400).Draw(t, "spare"),
			)
			if rapid.Bool().Draw(t, "writes meanwhile") {
				l.tell(step{at: s.message.SentAt + rapid.Int64Range(0, 86400).Draw(t, "after"), inbound: fromAd})
			}
			// A message that waits is looked at again before it is sent: by the same plan it must
			// not have become dearer.
			if again := book.MaxCharge(
				&l.account, &s.message, &l.state, s.message.EndedAt,
			); again.Amount.Amount.Cmp(bound.Amount.Amount) > 0 || again.Unpriced && !bound.Unpriced {
				t.Fatalf("the bound has grown from %s to %s", bound.Amount, again.Amount)
			}
			out := l.tell(s)
			if out.Charge.Cmp(bound.Amount.Amount) > 0 {
				t.Fatalf("charge %s of %+v exceeds the bound %s", out.Charge, out, bound.Amount)
			}
			if out.Result == Unpriced && !out.Listed && !bound.Unpriced {
				t.Fatalf("%+v is unpriced and the bound did not say so", out)
			}
		}
	})
}

func TestChargeIsNeverNegativeAndOnlyWhereCharged(t *testing.T) {
	book := compiled(t, richPlan(t))
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, book)
		l := teller{world: w, counts: counts{}}
		for _, s := range drawStory(t, w) {
			out := l.tell(s)
			switch {
			case out.Charge.Sign() < 0 || out.Cost.Sign() < 0:
				t.Fatalf("negative: %+v", out)
			case out.Result != Charged && (!out.Charge.IsZero() || !out.Cost.IsZero()):
				t.Fatalf("not charged and yet with an amount: %+v", out)
			case out.Result == Charged && out.Charge.IsZero():
				t.Fatalf("charged 0: %+v", out)
			case (out.Result == Free) != (out.FreeReason != NotFree) && s.inbound == 0:
				t.Fatalf("free without a reason, or with one and not free: %+v", out)
			}
		}
	})
}

func TestP5ReplayEqualsLive(t *testing.T) {
	book := compiled(t, richPlan(t))
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, book)
		story := drawStory(t, w)
		live, replay := teller{world: w, counts: counts{}}, teller{world: w, counts: counts{}}
		var before []Outcome
		for _, s := range story {
			before = append(before, live.tell(s))
		}
		for i, s := range story {
			if again := replay.tell(s); !reflect.DeepEqual(again, before[i]) {
				t.Fatalf("step %d: %+v live, %+v in the replay", i, before[i], again)
			}
		}
	})
}

// A gateway that stops anywhere goes on from what it stored: the parts sum to the whole.
func TestP2SplittingAPeriodSumsToTheWhole(t *testing.T) {
	book := compiled(t, richPlan(t))
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, book)
		story := drawStory(t, w)
		whole, parts := teller{world: w, counts: counts{}}, teller{world: w, counts: counts{}}
		var once, split []Outcome
		for _, s := range story {
			once = append(once, whole.tell(s))
			split = append(split, parts.tell(s))
			if rapid.Bool().Draw(t, "restart") {
				stored, err := json.Marshal(parts.state)
				if err != nil {
					t.Fatal(err)
				}
				parts.state = conversation.State{}
				if err := json.Unmarshal(stored, &parts.state); err != nil {
					t.Fatal(err)
				}
			}
		}
		if a, b := sum(t, once), sum(t, split); a != b {
			t.Fatalf("%s in one go, %s in parts", a, b)
		}
	})
}

func TestP2OrderOfSettlementDoesNotChangeTheTotal(t *testing.T) {
	book := compiled(t, richPlan(t))
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, book)
		w.start = 1791000000 // October 2026: messages are billed, not conversations
		n := rapid.IntRange(1, 20).Draw(t, "messages")
		story := make([]step, n)
		for i := range story {
			story[i].message = drawMessage(t, w.start+int64(i)*60)
			m := &story[i].message
			m.Channel, m.Units, m.Form, m.Category = "1066", 1, conversation.Templated, utility
			m.Country, _ = market.CountryOf(french)
			m.EndedAt = m.SentAt + m.EndedAt%3600
		}
		inOrder, shuffled := teller{world: w, counts: counts{}}, teller{world: w, counts: counts{}}
		var a, b []Outcome
		for _, s := range story {
			a = append(a, inOrder.tell(s))
		}
		for _, s := range rapid.Permutation(story).Draw(t, "order") {
			b = append(b, shuffled.tell(s))
		}
		if x, y := sum(t, a), sum(t, b); x != y || !reflect.DeepEqual(inOrder.counts, shuffled.counts) {
			t.Fatalf("%s in order, %s shuffled", x, y)
		}
	})
}

func TestAFreeMessageChangesNoOtherChargeButThroughCounts(t *testing.T) {
	book := compiled(t, richPlan(t))
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, book)
		story := drawStory(t, w)
		extra := step{message: drawMessage(t, w.start)}
		place := rapid.IntRange(0, len(story)).Draw(t, "place")
		without, with := teller{world: w, counts: counts{}}, teller{world: w, counts: counts{}}
		for i, s := range story {
			if i == place {
				extra.message.SentAt = s.at
				extra.message.EndedAt = s.at
				out := with.tell(extra)
				if out.Result != Free || out.Change != (conversation.Change{}) || out.Count.By != 0 {
					t.Skip("not a free message without consequences")
				}
			}
			a, b := without.tell(s), with.tell(s)
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("step %d: %+v without the free message, %+v with it", i, a, b)
			}
		}
	})
}

// The charge is cost × (1 + percent ÷ 100) + fixed, at least the minimum, as a decimal library
// computes it.
func TestMarkupAgreesWithTheOracle(t *testing.T) {
	oracle := apd.BaseContext.WithPrecision(60)
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.StringMatching(`(0|[1-9][0-9]{0,8})\.[0-9]{1,6}`)
		cost, fixed, minimum := amount.Draw(t, "cost"), amount.Draw(t, "fixed"), amount.Draw(t, "minimum")
		percent := rapid.StringMatching(`(0|[1-9][0-9]{0,4})\.[0-9]{1,4}`).Draw(t, "percent")
		plan := small()
		r := &plan.Revisions[0]
		r.Tiers, r.Allowances, r.MinimumCharge = nil, nil, minimum
		r.Rates[0].Prices[0].Amount = cost
		r.Markups[0] = Markup{Category: "Utility", Percent: percent, Fixed: fixed}
		book, err := Compile(plan)
		if err != nil {
			t.Fatal(err)
		}
		recipient, err := market.CountryOf(french)
		if err != nil {
			t.Fatal(err)
		}
		m := Message{
			Country: recipient, Form: conversation.Templated, Category: utility, SentAt: 1777777777,
			EndedAt: 1777777777, Delivered: true,
		}
		out := book.Rate(&Account{Zone: time.UTC}, &m, &conversation.State{}, counts{})

		number := func(text string) *apd.Decimal {
			n, _, err := apd.NewFromString(text)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		var want, factor apd.Decimal
		for _, do := range []func() (apd.Condition, error){
			func() (apd.Condition, error) { return oracle.Mul(&factor, number(percent), number("0.01")) },
			func() (apd.Condition, error) { return oracle.Add(&factor, &factor, number("1")) },
			func() (apd.Condition, error) { return oracle.Mul(&want, number(cost), &factor) },
			func() (apd.Condition, error) { return oracle.Add(&want, &want, number(fixed)) },
		} {
			if _, err := do(); err != nil {
				t.Fatal(err)
			}
		}
		if least := number(minimum); want.Cmp(least) < 0 {
			want = *least
		}
		if got := number(out.Charge.String()); got.Cmp(&want) != 0 {
			t.Fatalf(
				"cost %s, %s per cent and %s, at least %s: got %s, want %s", cost, percent, fixed, minimum, got, &want,
			)
		}
	})
}
