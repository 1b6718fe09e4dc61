package gateway

import (
	"net/http"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/simulator"
)

// A message that the upstream wants to have back in hours waits beside its customer's line: what comes after it, a one-time password say, goes ahead.
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
			w := newWorld(t)
			w.control(http.MethodPost, "faults", tc.fault)
			sale := w.accepted(templateTo(ana, "summer_sale"))
			w.until("the upstream says to wait", func() bool { return w.metric(tc.metric) == "1" })
			later := w.accepted(templateTo(ana, "parcel_ready"))
			w.until("the later message goes ahead", func() bool { return len(w.sim.Messages(simulator.MessageFilter{CallbackData: later})) == 1 })
			if n := len(w.sim.Messages(simulator.MessageFilter{CallbackData: sale})); n != 0 {
				t.Fatalf("the message that waits was sent %d times already", n)
			}
			w.until("only the one that is put off waits for the upstream", func() bool { return w.report().Queues.Outbound == 1 })
			w.clock.advance(tc.wait + tc.wait/4)
			w.document.Account.DisplayName = "Acme again"
			w.writeDocument() // wakes the dispatcher, which sleeps by the real clock
			w.until("it is sent when its time has come", func() bool { return len(w.sim.Messages(simulator.MessageFilter{CallbackData: sale})) == 1 })
			w.settled(2)
		})
	}
}
