package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/report"
)

// Whatever keeps messages from leaving shows in the report before the first send, and is gone when
// it is over.
func TestObstaclesShowBeforeTheFirstSend(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*testing.T, *config.Channel, *gatewaytest.Network)
		cause  report.ObstacleCause
		code   int
	}{
		"a wrong access token":       {func(_ *testing.T, c *config.Channel, _ *gatewaytest.Network) { c.AccessToken = "wrong" }, report.Refused, 190},
		"a mistyped phone number id": {func(_ *testing.T, c *config.Channel, _ *gatewaytest.Network) { c.ID = "106540352242999" }, report.Refused, 100},
		"an upstream that is away": {func(t *testing.T, c *config.Channel, n *gatewaytest.Network) {
			closed := n.Listen(t)
			closed.Close()
			c.BaseURL = "http://" + closed.Addr().String()
		}, report.Unreachable, 0},
		"a host name that is unknown": {func(_ *testing.T, c *config.Channel, _ *gatewaytest.Network) { c.BaseURL = "http://graph.invalid" }, report.NameNotResolved, 0},
		"a server without TLS": {func(t *testing.T, c *config.Channel, n *gatewaytest.Network) {
			c.BaseURL = "https://" + n.Serve(t, http.NotFoundHandler()).Listener.Addr().String()
		}, report.CertificateInvalid, 0},
		"a proxy's 503": {func(t *testing.T, c *config.Channel, n *gatewaytest.Network) {
			c.BaseURL = n.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusServiceUnavailable)
			})).URL
		}, report.Outage, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.until("the upstream was asked", func() bool { return w.report().Channels[0].Checked })
				good := w.document.Channels[0]
				tc.change(t, &w.document.Channels[0], w.network)
				w.writeDocument()
				w.until("the obstacle shows", func() bool {
					w.clock.Advance(time.Second) // between looks
					found := w.report().Channels[0].Obstacle
					return found != nil && found.Cause == tc.cause && found.Code == tc.code
				})
				w.document.Channels[0] = good
				w.writeDocument()
				w.until(
					"it is gone",
					func() bool { r := w.report(); return r.Channels[0].Checked && r.Channels[0].Obstacle == nil },
				)
				if sends := w.sim.Counts().Accepted; sends != 0 {
					t.Fatalf("the probes have sent %d messages", sends)
				}
			})
		})
	}
}

// An outage that ends is over in the report without a new configuration and without a message.
func TestEndedOutageIsFoundByAProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.until("the upstream was asked", func() bool { return w.report().Channels[0].Checked })
		address := w.upstream.Listener.Addr()
		w.upstream.Close()
		w.clock.Advance(probeInterval)
		w.until("the outage shows", func() bool { w.clock.Advance(time.Second); return len(stopped(w.report())) > 0 })
		again := &httptest.Server{
			Listener: w.network.ListenAgain(address), Config: &http.Server{Handler: w.sim.Handler()},
		}
		again.Start()
		t.Cleanup(again.Close)
		w.until("it is over", func() bool { w.clock.Advance(time.Second); return len(stopped(w.report())) == 0 })
	})
}

func TestReportSaysWhatWaitsAndForWhat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":131031,"rate":1}`)
		first := w.clock.Now()
		w.accepted(templateTo(ana, "parcel_ready"))
		w.accepted(templateTo(ana, "parcel_ready"))
		w.until("the stop shows", func() bool { return len(stopped(w.report())) == 1 })
		if r := w.report(); len(r.Waiting) != 0 {
			t.Fatalf("%+v waits after a moment, want nothing yet", r.Waiting)
		}
		w.clock.Advance(report.WaitingAfter)
		var got []report.Waiting
		w.until(
			"the messages wait", func() bool { got = w.report().Waiting; return len(got) == 1 && got[0].Messages == 2 },
		)
		if got[0].Channel != "main" || got[0].Reason != report.WaitingForUpstream || got[0].Oldest.Before(
			first.Add(-time.Second),
		) {
			t.Fatalf("%+v waits, want both of main since %v for its upstream", got, first)
		}
		w.document.Channels = w.document.Channels[1:]
		w.writeDocument()
		w.until("the messages of a removed channel wait for it", func() bool {
			got = w.report().Waiting
			return len(got) == 1 && got[0].Channel == "" && got[0].Reason == report.WaitingForChannel &&
				got[0].Messages == 2
		})
	})
}

func TestPairLimitShowsInTheReport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range pairBurst + 10 {
			w.accepted(templateTo(ana, "parcel_ready"))
		}
		w.settled(pairBurst)
		found := false
		w.until("the pair's limit is what is waited for", func() bool {
			for _, waiting := range w.report().Waiting {
				found = found || waiting.Reason == report.WaitingForPair
			}
			return found
		})
	})
}

// A store that is away does not keep the report from saying so.
func TestReportIsServedWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	w := prepareWorld(
		t, onDatabase("postgres://guichet:secret@127.0.0.1:1/guichet?sslmode=disable&connect_timeout=1"),
	)
	w.run()
	w.until("the report says that the database is away", func() bool {
		status, _, _ := w.fetchReport("Bearer "+w.token, "")
		return status == http.StatusOK && w.report().StoreOutage != nil
	})
	r := w.report()
	if r.StoreOutage.Cause != report.StoreUnreachable || r.Period.Name != "" || len(r.Channels) == 0 {
		t.Fatalf("the report is %+v, want an unreachable database, no figures and the channels", r)
	}
}

// The budget refuses what is dearer than what is left of it, and the report says from which amount
// on.
func TestReportSaysWhatTheBudgetRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(
			t, func(d *config.Document) { d.Budget = &config.Budget{Limit: usd("0.08"), Action: config.BudgetBlock} },
		)
		if r := w.report(); r.BudgetRefused != nil {
			t.Fatalf("%s was refused before the first send", r.BudgetRefused)
		}
		if got := w.send(templateTo(ana, "summer_sale")); got.code != graph.CodePayment {
			t.Fatalf("got %d %s, want 131042", got.status, got.body)
		}
		w.accepted(templateTo(ana, "parcel_ready"))
		if r := w.report(); r.BudgetRefused == nil || *r.BudgetRefused != usd("0.0859") {
			t.Fatalf("%v was refused, want the marketing message's 0.0859 USD", r.BudgetRefused)
		}
		w.document.Budget.Limit = usd("1")
		w.writeDocument()
		w.until("the new limit has refused nothing", func() bool { return w.report().BudgetRefused == nil })
	})
}
