package gateway

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
)

// Four messages that are refused for their own sake stand before a good one. The first of the
// refusals shows that the channel works again, and ends the stop: nothing but one probe moves the
// clock here, and the good one does not wait for a probe of each of the others.
func TestRefusalOfOneMessageEndsAStopForCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, reads := newWorldWithReads(t)
		w.until("the upstream was asked", func() bool { return w.report().Channels[0].Checked })
		reads.Store(false) // a probe that is answered would end the stop too
		w.control(http.MethodPost, "faults", `{"code":190,"next":1}`)
		w.accepted(templateTo("33600000001", "parcel_ready"))
		w.until("the stop is reported", func() bool { return len(stopped(w.report())) == 1 })
		for _, to := range []string{"33600000002", "33600000003", "33600000004"} {
			w.accepted(templateTo(to, "parcel_ready"))
		}
		w.control(http.MethodPost, "faults", `{"code":132000,"next":4}`)
		w.clock.Advance(upstream.StopRest)
		w.accepted(templateTo(ana, "parcel_ready")) // wakes the dispatcher
		if r := w.settled(5); r.Period.Charged != 1 || len(stopped(r)) != 0 {
			t.Fatalf(
				"%d charged and %d channels stopped, want the good one and none", r.Period.Charged, len(stopped(r)),
			)
		}
	})
}

// newWorldWithReads is newWorld with an upstream that answers reads with 500 while told not to
// serve them.
func newWorldWithReads(t *testing.T) (w *world, serves *atomic.Bool) {
	t.Helper()
	network := gatewaytest.NewNetwork()
	serves = &atomic.Bool{}
	serves.Store(true)
	front := network.Serve(t, http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && !serves.Load() {
			answer.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.sim.Handler().ServeHTTP(answer, r)
	}))
	w = listenOn(t, network, func(d *config.Document) {
		for i := range d.Channels {
			d.Channels[i].BaseURL = front.URL
		}
	})
	w.start()
	w.runSimulator()
	return w, serves
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
