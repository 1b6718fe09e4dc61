package gateway

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/graph"
)

func TestStoppedChannelWaitsAndGoesOnWithNewCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.document.Channels[0].AccessToken = "expired"
		w.writeDocument()
		w.until(
			"the document is served", func() bool {
				return w.report().ConfigDigest == config.Digest(
					mustRead(t, w.directory),
				)
			},
		)
		w.accepted(templateTo(ana, "parcel_ready"))
		w.until("the stop is reported", func() bool {
			r := w.report()
			return len(stopped(r)) == 1 && stopped(r)[0].Obstacle.Code == graph.CodeInvalidToken
		})
		if r := w.report(); stopped(r)[0].Name != "main" || r.Queues.Outbound != 1 {
			t.Fatalf("stopped %+v with %d waiting, want main and the message", stopped(r), r.Queues.Outbound)
		}
		w.document.Channels[0].AccessToken = accessToken
		w.writeDocument()
		w.settled(1)
		// a delivery can be told before the answer to its send is recorded, which ends the stop
		w.until("the channel resumes", func() bool { return len(stopped(w.report())) == 0 })
	})
}

func TestPaymentStopHoldsBillableMessagesOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		w.control(http.MethodPost, "faults", `{"code":131042,"next":1}`)
		w.accepted(templateTo(ana, "parcel_ready"))
		w.until("the stop is reported", func() bool {
			r := w.report()
			return len(stopped(r)) == 1 && stopped(r)[0].Obstacle.Code == graph.CodePayment
		})
		got := w.send(templateTo(ana, "parcel_ready"))
		const want = "The upstream takes no billable message: its payment method must be mended first."
		if got.code != 131042 || got.details != want {
			t.Fatalf("got %s, want 131042 and %q", got.body, want)
		}
		reaction := `{"messaging_product":"whatsapp","to":"33612345679","type":"reaction",` +
			`"reaction":{"message_id":"wamid.HBgM","emoji":"👍"}}`
		w.writes("33612345679", "hello", 0)
		w.accepted(reaction)
		if r := w.settled(1); r.Period.Charged != 0 {
			t.Fatalf("%d charged, want the free reaction only", r.Period.Charged)
		}
		if r := w.report(); len(stopped(r)) != 1 {
			t.Fatal("a free message ended the stop")
		}
		w.clock.Advance(stopProbe)
		w.accepted(reaction)
		w.until("a billable message probes and ends the stop", func() bool { return len(stopped(w.report())) == 0 })
		if r := w.settled(3); r.Period.Charged != 1 {
			t.Fatalf("%d charged, want the billable one", r.Period.Charged)
		}
	})
}

func TestStopHoldsForMarketingThatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`)
		id := w.accepted(templateTo(ana, "summer_sale"))
		w.writes(ana, "STOP", 0)
		w.control(http.MethodDelete, "faults", "")
		w.until("the business is told", func() bool { return len(w.business.statuses(id)) == 1 })
		if told := w.business.received(id); !strings.Contains(told[0], `"code":131050`) {
			t.Fatalf("the business was told %s, want 131050", told[0])
		}
	})
}

func TestFreeMessageThatMeetsAPaymentStopWaitsForTheProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		w.writes("33612345679", "hello", 0)
		w.control(http.MethodPost, "faults", `{"code":131042,"rate":1}`)
		const metric = `guichet_gateway_upstream_results_total{code="131042",result="stopped"}`
		reaction := `{"messaging_product":"whatsapp","to":"` + ana + `","type":"reaction",` +
			`"reaction":{"message_id":"wamid.HBgM","emoji":"👍"}}`
		w.accepted(reaction)
		w.until("the stop is reported", func() bool { return len(stopped(w.report())) == 1 })
		w.accepted(strings.Replace(reaction, ana, "33612345679", 1))
		w.until("the second message met the stop", func() bool { return w.metric(metric) != "1" })
		if n := w.metric(metric); n != "2" {
			t.Fatalf("the upstream was asked %s times, want once for each message", n)
		}
		w.control(http.MethodDelete, "faults", "")
		w.clock.Advance(stopProbe)
		// wakes the dispatcher, which sleeps by the real clock
		w.accepted(strings.Replace(reaction, ana, "33612345679", 1))
		w.settled(2)
	})
}

func TestChannelStoppedIsZeroAfterANewConfiguration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const metric = `guichet_gateway_channel_stopped{channel="main"}`
		w.control(http.MethodPost, "faults", `{"code":190,"next":1}`)
		w.accepted(templateTo(ana, "parcel_ready"))
		w.until("the stop is counted", func() bool { return w.metric(metric) == "1" })
		w.document.Account.DisplayName = "Acme again"
		w.writeDocument()
		w.settled(1)
		if got := w.metric(metric); got != "0" {
			t.Fatalf("the metric is %q", got)
		}
	})
}

// The upstream may take a message and tell later that nobody pays for it: that stops the channel
// too, and shows wherever a stop does.
func TestPaymentStopThatAStatusTellsShowsInMetricAndLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":131042,"async":true,"next":1}`)
		w.accepted(templateTo(ana, "parcel_ready"))
		w.until("the stop is reported", func() bool { return len(stopped(w.report())) == 1 })
		w.settled(1)
		if got := w.metric(`guichet_gateway_channel_stopped{channel="main"}`); got != "1" {
			t.Errorf("the metric is %q", got)
		}
		if !strings.Contains(w.logs.String(), "Channel stopped by the upstream") {
			t.Error("the log does not tell")
		}
	})
}

func TestRefusalOfAnOpenWindowIsCountedWhereverTheUpstreamSaysIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, fault := range []string{`{"code":131047,"next":1}`, `{"code":131047,"async":true,"next":1}`} {
			w := newWorld(t)
			w.writes(ana, "hello", 0)
			w.control(http.MethodPost, "faults", fault)
			w.accepted(textTo(ana, "hi"))
			w.settled(1)
			if n := w.metric(`guichet_gateway_verdict_differences_total{verdict="window"}`); n != "1" {
				t.Errorf("%s: counted %q", fault, n)
			}
		}
	})
}
