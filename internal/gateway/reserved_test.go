package gateway

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/simulator"
)

// blocking is a budget that covers one message.
func blocking(d *config.Document) {
	d.Budget = &config.Budget{Limit: usd("0.03"), Action: config.BudgetBlock}
}

// doubted sends a message whose connection drops, so that nobody knows whether the upstream has it.
func (w *world) doubted() (id string) {
	w.t.Helper()
	w.quiet(ana)
	w.control(http.MethodPost, "faults", `{"effect":"dropBefore","next":1}`)
	id = w.accepted(templateTo(ana, "parcel_ready"))
	w.until("it is in doubt", func() bool { return w.report().Period.InDoubt == 1 })
	return id
}

// givenUp is doubted, and then given up by the account's rule.
func (w *world) givenUp() (id string) {
	w.t.Helper()
	id = w.doubted()
	w.clock.Advance(301 * time.Second)
	w.settled(1)
	return id
}

// told has the upstream tell the status of a copy of a message, whose answer never came: the
// callback data says which message it is.
func (w *world) told(id, status string) {
	w.t.Helper()
	rest := `,"biz_opaque_callback_data":"` + id + `"`
	if status == "failed" {
		rest += `,"errors":[{"code":131026,"title":"Message undeliverable"}]`
	}
	w.webhook(w.status("wamid.of-a-copy", status, rest), appSecret)
}

func (w *world) refusedForTheBudget() {
	w.t.Helper()
	if got := w.send(templateTo("33600000002", "parcel_ready")); got.code != 131042 {
		w.t.Fatalf("a send got %d %s; want 131042: the budget covers one message", got.status, got.body)
	}
}

func TestP3GivenUpInDoubtKeepsItsReservationUntilItIsDelivered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, blocking)
		id := w.givenUp()
		if r := w.report(); r.Period.Charged != 0 || r.Period.Reserved != usd("0.03") {
			t.Fatalf(
				"%d charged and %s reserved after it was given up; want none and 0.03 USD", r.Period.Charged,
				r.Period.Reserved,
			)
		}
		w.refusedForTheBudget()
		for range 2 { // whatever is told twice
			w.told(id, "sent")
			w.told(id, "delivered")
		}
		if r := w.report(); r.Period.Billed != usd("0.03") || !r.Period.Reserved.Amount.IsZero() {
			t.Fatalf(
				"billed %s and reserved %s after the late delivery; want 0.03 USD and none", r.Period.Billed,
				r.Period.Reserved,
			)
		}
		w.refusedForTheBudget()
	})
}

func TestP3GivenUpInDoubtKeepsItsReservationUntilTheUpstreamSaysThatItFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, blocking)
		id := w.givenUp()
		w.refusedForTheBudget()
		w.told(id, "failed")
		if r := w.report(); !r.Period.Reserved.Amount.IsZero() || r.Period.Messages != 1 {
			t.Fatalf(
				"%s reserved and %d settlements after the failure; want none and one", r.Period.Reserved, r.Period.Messages,
			)
		}
		w.accepted(templateTo("33600000002", "parcel_ready"))
	})
}

func TestP3GivenUpInDoubtKeepsItsReservationUntilNothingCanComeAnyMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, blocking)
		w.givenUp()
		w.refusedForTheBudget()
		w.clock.Advance(30*24*time.Hour + outcomeGrace)
		w.until("nothing is reserved", func() bool { return w.report().Period.Reserved.Amount.IsZero() })
		w.accepted(templateTo("33600000002", "parcel_ready"))
	})
}

// A failure of the second copy is no word on the first.
func TestP3ResentInDoubtAndThenFailedKeepsItsReservation(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]bool{"the upstream refuses it": true, "the upstream tells later": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, blocking, func(d *config.Document) { d.Doubt.Resolution = config.DoubtResend })
				id := w.doubted()
				if refused {
					w.control(http.MethodPost, "faults", `{"effect":"error","code":131008,"next":1}`)
				}
				w.clock.Advance(301 * time.Second)
				if !refused {
					second := w.submittedID(id)
					w.webhook(w.status(
						second, "failed",
						`,"biz_opaque_callback_data":"`+id+`","errors":[{"code":131026,"title":"Message undeliverable"}]`,
					), appSecret)
				}
				if r := w.settled(1); r.Period.Charged != 0 || r.Period.Reserved != usd("0.03") {
					t.Fatalf(
						"%d charged and %s reserved after the failure; want none and 0.03 USD", r.Period.Charged,
						r.Period.Reserved,
					)
				}
				w.refusedForTheBudget()
				w.told(id, "delivered")
				if r := w.report(); r.Period.Billed != usd("0.03") || !r.Period.Reserved.Amount.IsZero() {
					t.Fatalf(
						"billed %s and reserved %s after the first copy's delivery; want 0.03 USD and none",
						r.Period.Billed, r.Period.Reserved,
					)
				}
			})
		})
	}
}

// What the upstream refused or failed by its own word reserves nothing, even if it was in doubt
// before.
func TestP3FailedByTheUpstreamReservesNothing(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(*world) string{
		"answered": func(w *world) string { return w.accepted(templateTo(ana, "parcel_ready")) },
		"in doubt": (*world).doubted,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, blocking)
				w.quiet(ana)
				w.told(send(w), "failed")
				if r := w.settled(1); !r.Period.Reserved.Amount.IsZero() {
					t.Fatalf("%s reserved after the failure; want none", r.Period.Reserved)
				}
				w.accepted(templateTo("33600000002", "parcel_ready"))
			})
		})
	}
}

// A delivery that is told after the message was given up, and that the plan has no rate for, is
// owed all the same: it waits for its rate, and the ledger then corrects.
func TestP2LateDeliveryWithoutARateIsBilledOnceThePlanHasIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const poland = "48601234567"
		w := newWorld(t)
		w.quiet(poland)
		w.control(http.MethodPost, "faults", `{"effect":"dropBefore","next":1}`)
		id := w.accepted(templateTo(poland, "parcel_ready"))
		w.until("it is in doubt", func() bool { return w.report().Period.InDoubt == 1 })
		w.clock.Advance(301 * time.Second)
		w.settled(1)
		before := w.report().Ledger.Sequence
		for range 2 { // whatever is told twice
			w.told(id, "delivered")
			w.told(id, "read")
		}
		if r := w.report(); r.Period.Unpriced != 1 || r.Ledger.Sequence != before+1 ||
			!r.Period.Billed.Amount.IsZero() {
			t.Fatalf(
				"%d unpriced, %d new records, %s billed; want one held, one record of it, nothing billed",
				r.Period.Unpriced, r.Ledger.Sequence-before, r.Period.Billed,
			)
		}
		w.priceLikeFrance("Poland")
		w.until("it is billed", func() bool { return w.report().Period.Billed == usd("0.03") })
		if r := w.report(); r.Period.Unpriced != 0 || r.Ledger.Sequence != before+2 {
			t.Fatalf(
				"%d are unpriced and %d records new; want none, and the correction beside the record of the delivery",
				r.Period.Unpriced, r.Ledger.Sequence-before,
			)
		}
	})
}

// priceUtilityInFrance changes a price of the plan's last revision.
func (w *world) priceUtilityInFrance(amount string) {
	w.t.Helper()
	before := w.report().ConfigDigest
	last := &w.document.Plan.Revisions[len(w.document.Plan.Revisions)-1]
	for _, rates := range last.Rates {
		for i := range rates.Prices {
			if rates.Market == "France" && rates.Prices[i].Category == "Utility" {
				rates.Prices[i].Amount = amount
			}
		}
	}
	w.writeDocument()
	w.until("the price is served", func() bool { return w.report().ConfigDigest != before })
}

// A message that still waits when the plan becomes dearer is not sent for less than it costs: its
// reservation grows with the plan, or the budget refuses it.
func TestP3DearerPlanIsCoveredBeforeAWaitingMessageIsSent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ limit, reserved, billed string }{
		"the budget covers it":         {limit: "0.10", reserved: "0.06", billed: "0.06"},
		"the budget does not cover it": {limit: "0.05", reserved: "0", billed: "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(
					t, func(d *config.Document) {
						d.Budget = &config.Budget{
							Limit: usd(tc.limit), Action: config.BudgetBlock,
						}
					},
				)
				w.quiet(ana)
				w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`)
				id := w.accepted(templateTo(ana, "parcel_ready"))
				w.until("it was tried", func() bool {
					return w.metric(`guichet_gateway_upstream_results_total{code="131016",result="retry"}`) != ""
				})
				w.priceUtilityInFrance("0.06")
				w.control(http.MethodDelete, "faults", "")
				w.clock.Advance(longestBackoff)
				if tc.billed == "0" {
					w.until(
						"the business is told", func() bool {
							return slices.Contains(
								w.business.statuses(id), "failed",
							)
						},
					)
				} else {
					w.submittedID(id)
				}
				if r := w.report(); r.Period.Reserved != usd(tc.reserved) {
					t.Fatalf("%s is reserved; want %s USD", r.Period.Reserved, tc.reserved)
				}
				if sent := len(w.sim.Messages(
					simulator.MessageFilter{CallbackData: id},
				)); (sent == 1) != (tc.billed != "0") {
					t.Fatalf("the upstream has %d of it", sent)
				}
				if tc.billed == "0" {
					return
				}
				w.told(id, "delivered")
				if r := w.report(); r.Period.Billed != usd(tc.billed) {
					t.Fatalf("%s is billed; want %s USD", r.Period.Billed, tc.billed)
				}
			})
		})
	}
}

// A failure that is told after a delivery is no news: what the delivery owes once the plan has a
// rate stays reserved.
func TestP3LateDeliveryThatWaitsForARateKeepsItsReservation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, blocking)
		id := w.givenUp()
		before := w.report().ConfigDigest
		last := &w.document.Plan.Revisions[len(w.document.Plan.Revisions)-1]
		last.Tiers = nil // a tier asks for the rate below it
		for i := range last.Rates {
			if last.Rates[i].Market == "France" {
				last.Rates[i].Prices = slices.DeleteFunc(
					last.Rates[i].Prices, func(p pricing.Price) bool { return p.Category == "Utility" },
				)
			}
		}
		w.writeDocument()
		w.until("the plan without the rate is served", func() bool { return w.report().ConfigDigest != before })
		for _, status := range []string{"delivered", "failed"} {
			w.told(id, status)
			if r := w.report(); r.Period.Unpriced != 1 || r.Period.Reserved != usd("0.03") {
				t.Fatalf(
					"%d unpriced and %s reserved after %q; want one and 0.03 USD", r.Period.Unpriced, r.Period.Reserved,
					status,
				)
			}
		}
	})
}

// A doubt that lasts until its message's time is over ends like any other: the ledger says how
// (P12).
func TestP12DoubtThatOutlivesItsMessageIsResolvedInTheLedger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) { d.Doubt.WaitSeconds = 400 * 24 * 3600 })
		w.doubted()
		began := w.report().Ledger.Sequence
		w.clock.Advance(30*24*time.Hour + outcomeGrace)
		r := w.settled(1)
		if r.Period.InDoubt != 0 || r.Ledger.Sequence != began+2 {
			t.Fatalf(
				"%d in doubt and %d new records; want none, and the end of the doubt beside the settlement",
				r.Period.InDoubt, r.Ledger.Sequence-began,
			)
		}
	})
}
