package gateway

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/gateway/upstream"
)

// Four messages that are refused for their own sake stand before a good one. The first of the
// refusals shows that the channel works again, and ends the stop: nothing but one probe moves the
// clock here, and the good one does not wait for a probe of each of the others.
func TestRefusalOfOneMessageEndsAStopForCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":190,"next":1}`)
		w.accepted(templateTo("33600000001", "parcel_ready"))
		w.until("the stop is reported", func() bool { return len(stopped(w.report())) == 1 })
		for _, to := range []string{"33600000002", "33600000003", "33600000004"} {
			w.accepted(templateTo(to, "parcel_ready"))
		}
		w.control(http.MethodPost, "faults", `{"code":132000,"next":4}`)
		w.clock.advance(upstream.StopRest)
		w.accepted(templateTo(ana, "parcel_ready")) // wakes the dispatcher
		if r := w.settled(5); r.Period.Charged != 1 || len(stopped(r)) != 0 {
			t.Fatalf(
				"%d charged and %d channels stopped, want the good one and none", r.Period.Charged, len(stopped(r)),
			)
		}
	})
}

// A plan no longer allows the account's namespace while messages wait behind a stop. The new
// configuration ends the stop, and what has not left must not leave any more if it may cost
// something.
func TestStoppedBillingHoldsWhatHasNotLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":190,"rate":1}`)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		w.until("the stop is reported", func() bool { return len(stopped(w.report())) == 1 })
		before := w.report().ConfigDigest
		w.document.BillingStopped = "Ask the platform team."
		w.writeDocument()
		w.until("it is served", func() bool { return w.report().ConfigDigest != before })
		w.control(http.MethodDelete, "faults", "")
		r := w.settled(1)
		if r.Period.Charged != 0 || !r.Period.Reserved.Amount.IsZero() {
			t.Errorf("%d charged, %s reserved, want nothing", r.Period.Charged, r.Period.Reserved)
		}
		w.until("the business is told", func() bool { return slices.Contains(w.business.statuses(id), "failed") })
	})
}
