package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// A marketing message is reserved when it is accepted and charged once when it is delivered, at the
// price of the country in whose time zone the person has agreed (P2, P6).
func TestP2MarketingOfAPageIsChargedOnceOnItsDelivery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAds(t, func(d *config.Document) {
			d.Budget = &config.Budget{Limit: usd("1"), Action: config.BudgetBlock}
		})
		w.control(http.MethodPut, "knobs", `{"duplicateRate":1}`)
		w.subscribes(lima, "tok-lima")
		w.subscribes("24680136", "tok-nowhere", "notification_messages_timezone", "UTC")
		off := true
		w.set(lima, pages.PersonState{Off: &off})
		got := w.sells("tok-lima", idempotencyHeader, "one")
		if got.status != http.StatusOK || got.id == "" {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if again := w.sells("tok-lima", idempotencyHeader, "one"); again.id != got.id {
			t.Errorf("the repetition got %d %s, want %s", again.status, again.body, got.id)
		}
		if r := w.report(); r.Period.Reserved != usd("0.04") {
			t.Errorf("%s is reserved, want 0.04 USD", r.Period.Reserved)
		}
		other := w.sells("tok-nowhere")
		if other.status != http.StatusOK {
			t.Fatalf("got %d %s", other.status, other.body)
		}
		r := w.settled(1)
		if r.Period.Billed != usd("0.1") || r.Period.Reserved != usd("0.04") {
			t.Errorf("%s billed and %s reserved, want 0.1 and 0.04 USD", r.Period.Billed, r.Period.Reserved)
		}
		w.webhook(w.tracked("marketing_message_deliveries", "tok-lima", w.upstreamOf("tok-lima")), appSecret)
		w.webhook(w.tracked("marketing_message_reads", "tok-lima", w.upstreamOf("tok-lima")), appSecret)
		r = w.settled(2)
		if r.Period.Billed != usd("0.14") || r.Period.Reserved != usd("0") || r.Period.Messages != 2 {
			t.Errorf(
				"%s billed for %d, %s reserved; want 0.14 USD for 2",
				r.Period.Billed, r.Period.Messages, r.Period.Reserved,
			)
		}
		w.until("the business is told of the delivery by its own id", func() bool {
			return len(w.business.received(`"marketing_message_tracking_id":"`+got.id+`"`)) >= 2
		})
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		record := w.settlements(got.id)[got.id]
		if record.Category != "marketing" || record.Market != "Peru" || record.Plan != "messenger" ||
			record.Channel != shopPage || record.Charge.String() != "0.04" {
			t.Errorf("the ledger has %+v", record)
		}
		for _, secret := range []string{"tok-lima", lima, "everything is cheaper"} {
			if strings.Contains(w.logs.String(), secret) {
				t.Errorf("the log has %s", secret)
			}
		}
		w.nothingAtRestHolds("tok-lima", "tok-nowhere", lima, "everything is cheaper", "page-token-of-meta")
	})
}

// nothingAtRestHolds looks for texts in all that the gateway has stored (P7).
func (w *ads) nothingAtRestHolds(texts ...string) {
	w.t.Helper()
	looked := 0
	for name, content := range w.atRest() {
		looked += len(content)
		for _, text := range texts {
			if strings.Contains(content, text) {
				w.t.Errorf("%s holds %q in plain text", name, text)
			}
		}
	}
	if looked == 0 {
		w.t.Fatal("nothing was looked at")
	}
}

// However many are sent at once, and whatever Meta lets a campaign's daily budget overshoot, no
// more is charged and reserved than the budget has (P3).
func TestP3MarketingOfAPageStopsAtTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAds(t, func(d *config.Document) {
			d.Budget = &config.Budget{Limit: usd("0.21"), Action: config.BudgetBlock}
		})
		for i := range 12 {
			w.subscribes("24680"+strconv.Itoa(100+i), "tok-"+strconv.Itoa(i))
		}
		var accepted, refused atomic.Int64
		var sends sync.WaitGroup
		for i := range 12 {
			sends.Go(func() {
				switch got := w.sells("tok-" + strconv.Itoa(i)); {
				case got.status == http.StatusOK:
					accepted.Add(1)
				case strings.Contains(got.body, "budget does not cover this message"):
					refused.Add(1)
				default:
					t.Errorf("got %d %s", got.status, got.body)
				}
			})
		}
		sends.Wait()
		if accepted.Load() != 5 || refused.Load() != 7 {
			t.Errorf("%d accepted and %d refused; 0.21 USD are 5 times 0.04", accepted.Load(), refused.Load())
		}
		if r := w.settled(5); r.Period.Billed != usd("0.2") {
			t.Errorf("%s billed, want 0.2 USD", r.Period.Billed)
		}
	})
}

// A plan without a rate for marketing keeps no budget, and a message that it cannot price is held.
func TestP3MarketingWithoutARate(t *testing.T) {
	t.Parallel()
	unpriced := func(d *config.Document) { d.Plans[len(d.Plans)-1].Plan.Revisions[0].Rates = nil }
	for name, tc := range map[string]struct {
		budget *config.Budget
		want   int
	}{
		"a budget that blocks": {&config.Budget{Limit: usd("1"), Action: config.BudgetBlock}, http.StatusForbidden},
		"no budget":            {nil, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newAds(t, unpriced, func(d *config.Document) { d.Budget = tc.budget })
				w.subscribes(lima, "tok-lima")
				got := w.sells("tok-lima")
				if got.status != tc.want ||
					tc.want != http.StatusOK && !strings.Contains(got.body, "The price plan has no rate") {
					t.Fatalf("got %d %s, want %d", got.status, got.body, tc.want)
				}
				if tc.want == http.StatusOK {
					w.until("it is held for its rate", func() bool { return w.report().Period.Unpriced == 1 })
				}
			})
		})
	}
}

// A message that Meta says it has not delivered costs nothing, and frees its reservation.
func TestP2MarketingThatFailsIsFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAds(t)
		w.subscribes(lima, "tok-lima")
		w.control(http.MethodPost, "faults", `{"to":"`+lima+`","code":551,"async":true,"next":1}`)
		got := w.sells("tok-lima")
		if got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		r := w.settled(1)
		if r.Period.Billed != usd("0") || r.Period.Reserved != usd("0") {
			t.Errorf("%s billed and %s reserved, want nothing", r.Period.Billed, r.Period.Reserved)
		}
		w.until("the business is told", func() bool {
			return len(w.business.received("marketing_message_delivery_failed")) == 1
		})
		// A delivery that is told after all is charged (P2).
		w.webhook(w.tracked("marketing_message_deliveries", "tok-lima", w.upstreamOf("tok-lima")), appSecret)
		w.until("the correction is billed", func() bool { return w.report().Period.Billed == usd("0.04") })
	})
}

// Meta takes a message and its answer is lost: the echo has no id of ours, but the subscription and
// the campaign tell which message it is (P12).
func TestP12MarketingInDoubtIsFoundByItsSubscription(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAds(t)
		w.subscribes(lima, "tok-lima")
		w.control(http.MethodPost, "faults", `{"to":"`+lima+`","effect":"dropAfter","next":1}`)
		got := w.sells("tok-lima")
		if got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if r := w.settled(1); r.Period.Billed != usd("0.04") || r.Period.Reserved != usd("0") {
			t.Errorf("%s billed and %s reserved, want 0.04 and 0 USD", r.Period.Billed, r.Period.Reserved)
		}
		if sent := len(w.sim.Messages(simulator.MessageFilter{})); sent != 1 {
			t.Errorf("the upstream has %d messages, want one", sent)
		}
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		notes := w.notes(got.id)
		for _, note := range notes {
			if note != ledger.NoteDoubtBegan && note != ledger.NoteDoubtConfirmed {
				t.Errorf("the ledger notes %q", notes)
			}
		}
	})
}

// A delivery of a message that was given up in doubt is told when the subscription has had another
// message since: its time tells which one it is about, and a correction charges it (P12, P2).
func TestP12ALateDeliveryIsOfTheMessageOfItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAds(t, func(d *config.Document) { d.Doubt.WaitSeconds = 60 })
		w.subscribes(lima, "tok-lima")
		w.control(http.MethodPost, "faults", `{"to":"`+lima+`","effect":"dropBefore","next":1}`)
		first := w.sells("tok-lima")
		if first.status != http.StatusOK {
			t.Fatalf("got %d %s", first.status, first.body)
		}
		w.until("it is in doubt", func() bool { return w.report().Period.InDoubt == 1 })
		late := w.tracked("marketing_message_deliveries", "tok-lima", "tracking-of-the-first")
		w.clock.Advance(12*time.Hour + time.Minute)
		w.until("the doubt is over", func() bool { return w.report().Period.InDoubt == 0 })
		second := w.sells("tok-lima")
		if second.status != http.StatusOK {
			t.Fatalf("got %d %s", second.status, second.body)
		}
		w.until("the second one is charged", func() bool { return w.report().Period.Billed == usd("0.04") })
		w.webhook(late, appSecret)
		w.webhook(late, appSecret)
		w.until("the first one is charged too", func() bool { return w.report().Period.Billed == usd("0.08") })
		if r := w.report(); r.Period.Reserved != usd("0") {
			t.Errorf("%s is reserved", r.Period.Reserved)
		}
	})
}
