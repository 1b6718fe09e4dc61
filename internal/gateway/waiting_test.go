package gateway

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/simulator"
)

// A message that the upstream wants to have back in hours waits beside its customer's line: what
// comes after it, a one-time password say, goes ahead.
func TestMessageThatMustWaitForHoursHoldsUpNobody(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault, metric string
		wait          time.Duration
	}{
		"131049, a day":    {`{"code":131049,"next":1}`, `guichet_gateway_upstream_results_total{code="131049",result="retry"}`, 24 * time.Hour},
		"131048, an hour":  {`{"code":131048,"next":1}`, `guichet_gateway_upstream_results_total{code="131048",result="retry"}`, time.Hour},
		"134101, a sync's": {`{"code":134101,"next":1}`, `guichet_gateway_upstream_results_total{code="134101",result="retry"}`, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.control(http.MethodPost, "faults", tc.fault)
				sale := w.accepted(templateTo(ana, "summer_sale"))
				w.until("the upstream says to wait", func() bool { return w.metric(tc.metric) == "1" })
				later := w.accepted(templateTo(ana, "parcel_ready"))
				w.until(
					"the later message goes ahead",
					func() bool { return len(w.sim.Messages(simulator.MessageFilter{CallbackData: later})) == 1 },
				)
				if n := len(w.sim.Messages(simulator.MessageFilter{CallbackData: sale})); n != 0 {
					t.Fatalf("the message that waits was sent %d times already", n)
				}
				w.until(
					"only the one that is put off waits for the upstream",
					func() bool { return w.report().Queues.Outbound == 1 },
				)
				w.clock.Advance(tc.wait + tc.wait/4)
				w.document.Account.DisplayName = "Acme again"
				w.writeDocument() // wakes the dispatcher, which sleeps by the real clock
				w.until(
					"it is sent when its time has come",
					func() bool { return len(w.sim.Messages(simulator.MessageFilter{CallbackData: sale})) == 1 },
				)
				w.settled(2)
			})
		})
	}
}

// A payment stop holds billable messages only: what is free goes ahead of them, also to the same
// customer.
func TestFreeMessageGoesAheadOfOneThatAPaymentStopHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		w.control(http.MethodPost, "faults", `{"code":131042,"next":1}`)
		held := w.accepted(templateTo(ana, "parcel_ready"))
		w.until("the stop is reported", func() bool { return len(stopped(w.report())) == 1 })
		w.accepted(
			`{"messaging_product":"whatsapp","to":"` + ana + `","type":"reaction","reaction":{"message_id":"wamid.HBgM","emoji":"👍"}}`,
		)
		if r := w.settled(1); r.Period.Charged != 0 {
			t.Fatal("the billable message was sent against the stop")
		}
		w.document.Account.DisplayName = "Acme again"
		w.writeDocument()
		w.settled(2)
		w.until(
			"it was sent once the stop had ended",
			func() bool { return len(w.sim.Messages(simulator.MessageFilter{CallbackData: held})) == 1 },
		)
	})
}

// When a message passes that probes a payment stop, all that it held go at once: nothing else moves
// the clock here.
func TestEndOfAPaymentStopWakesWhatItHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPut, "knobs", `{"sendDelay":"300ms"}`)
		w.control(http.MethodPost, "faults", `{"code":131042,"next":3}`)
		for _, to := range []string{ana, "33612345679", "33612345680"} {
			w.accepted(templateTo(to, "parcel_ready"))
		}
		w.until("all have met the stop", func() bool {
			return w.metric(`guichet_gateway_upstream_results_total{code="131042",result="stopped"}`) == "3"
		})
		w.until("it is reported", func() bool { return len(stopped(w.report())) == 1 })
		w.clock.Advance(stopProbe)
		w.writes(ana, "hello", 0)
		w.accepted(
			`{"messaging_product":"whatsapp","to":"` + ana + `","type":"reaction","reaction":{"message_id":"wamid.HBgM","emoji":"👍"}}`,
		)
		if r := w.settled(4); r.Period.Charged != 3 {
			t.Fatalf("%d charged, want the three that were held", r.Period.Charged)
		}
	})
}

// A stopped channel is probed by a message that is sent. One whose window has closed while it
// waited is given up, and the next one probes at once: otherwise a long stop would go on for a
// minute for each of them. Nothing moves the clock once the upstream takes messages again.
func TestMessageThatIsGivenUpProbesNoStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		late := []string{ana, "33612345679", "33612345680"}
		for _, from := range late {
			w.writes(from, "hello", 23*time.Hour)
		}
		w.control(http.MethodPost, "faults", `{"code":368,"rate":1}`)
		for _, to := range late {
			w.accepted(textTo(to, "in time"))
		}
		w.until("the stop is reported", func() bool { return len(stopped(w.report())) == 1 })
		w.control(http.MethodDelete, "faults", "")
		w.clock.Advance(2 * time.Hour)
		w.accepted(templateTo("33612345681", "parcel_ready")) // wakes the dispatcher, which sleeps by the real clock
		if r := w.settled(4); r.Period.Charged != 1 || len(stopped(r)) != 0 {
			t.Fatalf(
				"%d charged and %d channels stopped, want the template and none", r.Period.Charged, len(stopped(r)),
			)
		}
	})
}

// The same goes for a payment stop, which a billable message probes: here three customers have
// stopped marketing while it held theirs.
func TestMessageThatIsGivenUpProbesNoPaymentStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPut, "knobs", `{"sendDelay":"300ms"}`)
		w.control(http.MethodPost, "faults", `{"code":131042,"next":4}`)
		stopping := []string{ana, "33612345679", "33612345680"}
		for _, to := range stopping {
			w.accepted(templateTo(to, "summer_sale"))
		}
		w.accepted(templateTo("33612345681", "parcel_ready"))
		w.until("all have met the stop", func() bool {
			return w.metric(`guichet_gateway_upstream_results_total{code="131042",result="stopped"}`) == "4"
		})
		for _, from := range stopping {
			w.writes(from, "STOP", 0)
		}
		w.clock.Advance(stopProbe)
		w.accepted(`{"messaging_product":"whatsapp","to":"` + ana + `","type":"reaction","reaction":{"message_id":"wamid.HBgM","emoji":"👍"}}`) // wakes the dispatcher
		if r := w.settled(5); r.Period.Charged != 1 || len(stopped(r)) != 0 {
			t.Fatalf(
				"%d charged and %d channels stopped, want the notice of the parcel and none", r.Period.Charged,
				len(stopped(r)),
			)
		}
	})
}

// A payment stop is probed by a billable message. Where none waits any more, because the one that
// met the stop has ended, the next one that comes is it: otherwise the channel would refuse them
// until somebody changes the configuration.
func TestPaymentStopIsProbedByANewMessageWhereNoneWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":131042,"async":true,"next":1}`)
		w.accepted(templateTo(ana, "parcel_ready"))
		w.until("the stop is reported", func() bool { return len(stopped(w.report())) == 1 })
		if got := w.send(templateTo(ana, "parcel_ready")); got.code != 131042 {
			t.Fatalf("got %d %s, want 131042 before a probe is due", got.status, got.body)
		}
		w.clock.Advance(stopProbe)
		w.accepted(templateTo(ana, "parcel_ready"))
		if r := w.settled(2); r.Period.Charged != 1 || len(stopped(r)) != 0 {
			t.Fatalf("%d charged and %d channels stopped, want the probe and none", r.Period.Charged, len(stopped(r)))
		}
	})
}

// An account that pays in advance gets a 200 for what it cannot pay, and a failed status later: the
// answer to a probe, or to a send that was under way, ends no stop that a status has told. The
// status of a probe that is sent does.
func TestPaymentStopThatAStatusTellsEndsWithOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const failed = `guichet_gateway_settlements_total{outcome="undelivered"}`
		w.control(http.MethodPut, "knobs", `{"webhookDelay":"300ms"}`)
		w.control(http.MethodPost, "faults", `{"code":131042,"async":true,"rate":1}`)
		w.accepted(templateTo(ana, "parcel_ready"))
		w.until("the first one has failed", func() bool { return w.metric(failed) == "1" })
		w.clock.Advance(stopProbe)
		w.accepted(templateTo(ana, "parcel_ready"))
		w.until("the probe has failed", func() bool { return w.metric(failed) == "2" })
		if strings.Contains(w.logs.String(), "Channel resumed") {
			t.Error("the answer to the probe ended the stop")
		}
		w.control(http.MethodDelete, "faults", "")
		w.clock.Advance(stopProbe)
		w.accepted(templateTo(ana, "parcel_ready"))
		if r := w.settled(3); r.Period.Charged != 1 || len(stopped(r)) != 0 {
			t.Fatalf(
				"%d charged and %d channels stopped, want the last one and none", r.Period.Charged, len(stopped(r)),
			)
		}
	})
}

// The pauses after 131056 grow with the refusals of the pair in a row, whatever else the message
// has met before.
func TestPairBackOffDoesNotCountOtherTries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":131016,"next":3}`)
		w.accepted(templateTo(ana, "parcel_ready"))
		w.until("it was tried three times", func() bool {
			return w.metric(`guichet_gateway_upstream_results_total{code="131016",result="retry"}`) == "3"
		})
		w.control(http.MethodPost, "faults", `{"code":131056,"next":1}`)
		w.until("the pair is refused", func() bool {
			return w.metric(`guichet_gateway_upstream_results_total{code="131056",result="retry"}`) == "1"
		})
		w.settled(1) // within a second or two, and not after 64
	})
}

// A message that is taken ends the row of its pair's refusals: the next one is waited for a second,
// and not for the 64 that follow three before it.
func TestPairBackOffBeginsAnewAfterAMessageThatIsTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		refused := func(n int) {
			w.until("the pair is refused", func() bool {
				return w.metric(
					`guichet_gateway_upstream_results_total{code="131056",result="retry"}`,
				) == strconv.Itoa(n)
			})
		}
		w.control(http.MethodPost, "faults", `{"code":131056,"next":3}`)
		w.accepted(templateTo(ana, "parcel_ready"))
		for n := range 3 {
			refused(n + 1)
			w.clock.Advance(20 * time.Second) // the pauses are 1, 4 and 16 seconds, and a quarter
			w.document.Account.DisplayName = fmt.Sprintf("Acme %d", n)
			w.writeDocument() // wakes the dispatcher, which sleeps by the real clock
		}
		w.settled(1)
		w.control(http.MethodPost, "faults", `{"code":131056,"next":1}`)
		w.accepted(templateTo(ana, "parcel_ready"))
		refused(4)
		w.settled(2)
	})
}

// A message that found no slot is sent when one is given back, whichever number's message has had
// it: nothing else rings here.
func TestMessageOfOneNumberGetsTheSlotThatAnotherNumbersMessageHad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) { d.Callback = nil })
		w.control(http.MethodPut, "knobs", `{"sendDelay":"3s"}`)
		var clients sync.WaitGroup
		for n := range dispatchers {
			clients.Go(func() { w.accepted(templateTo(fmt.Sprintf("+336124%05d", n), "parcel_ready")) })
		}
		clients.Wait()
		late := w.do(http.MethodPost, "/v26.0/"+secondPhone+"/messages", templateTo(ana, "parcel_ready"))
		if late.status != http.StatusOK {
			t.Fatalf("the send got %d %s", late.status, late.body)
		}
		w.until(
			"the other number's message is sent",
			func() bool { return len(w.sim.Messages(simulator.MessageFilter{CallbackData: late.id})) == 1 },
		)
	})
}
