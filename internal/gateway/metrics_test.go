package gateway

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/postgrestest"
)

// What docs/metrics.md lists is measured, on either engine.
func TestMessagesAreMeasured(t *testing.T) {
	t.Parallel()
	engines := map[string]func(*testing.T) []func(*config.Document){
		"sqlite": func(*testing.T) []func(*config.Document) { return nil },
		"postgres": func(t *testing.T) []func(*config.Document) {
			return []func(*config.Document){onDatabase(postgrestest.Database(t))}
		},
	}
	for engine, changes := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, changes(t)...)
			w.writes(ana, "hello", 0)
			w.accepted(textTo(ana, "answered"))
			w.settled(1)
			w.send(textTo("33699999999", "outside a window"))
			w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`)
			w.accepted(textTo(ana, "waits"))
			w.until("the send is tried", func() bool {
				return w.metric(`guichet_gateway_upstream_results_total{code="131016",result="retry"}`) != ""
			})
			w.clock.Advance(time.Minute)
			w.until("it waits for a minute", func() bool {
				age, err := strconv.ParseFloat(w.metric("guichet_gateway_queue_oldest_seconds"), 64)
				return err == nil && age >= 60
			})
			w.until("the business has been told everything", func() bool {
				return w.metric(`guichet_gateway_queue_bytes{queue="callbacks"}`) == "0"
			})
			for name, want := range map[string]string{
				`messages_accepted_total{form="freeform"}`:              "2",
				`messages_refused_total{code="131047"}`:                 "1",
				`upstream_results_total{code="0",result="sent"}`:        "1",
				`settlements_total{outcome="allowance"}`:                "1",
				`settlement_lag_seconds_count`:                          "1",
				`queue_depth{queue="outbound"}`:                         "1",
				`queue_depth{queue="unsettled"}`:                        "1",
				`queue_depth{queue="in_doubt"}`:                         "0",
				`queue_depth{queue="unpriced"}`:                         "0",
				`queue_bytes{queue="callbacks"}`:                        "0",
				`open_windows`:                                          "1",
				`billed_amount{category="service",currency="USD"}`:      "0",
				`reserved_amount{currency="USD"}`:                       "0",
				`budget_amount{currency="USD"}`:                         "",
				`webhook_events_total{kind="message",result="applied"}`: "1",
			} {
				if got := w.metric("guichet_gateway_" + name); got != want {
					t.Errorf("%s is %q; want %s", name, got, want)
				}
			}
			for _, name := range []string{"commit_seconds_count", "sync_seconds_count"} {
				if got := w.metric("guichet_gateway_" + name); len(got) < 1 || got == "0" {
					t.Errorf("%s is %q; want some", name, got)
				}
			}
		})
	}
}

// Money is measured as near as a float is, so that somebody can be alerted of it.
func TestMoneyIsMeasured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) {
			d.Budget = &config.Budget{Limit: usd("12.5"), Action: config.BudgetBlock}
		})
		w.accepted(templateTo(ana, "parcel_ready"))
		w.settled(1)
		w.quiet("33699999999")
		w.submittedID(w.accepted(templateTo("33699999999", "parcel_ready")))
		for name, want := range map[string]string{
			`billed_amount{category="utility",currency="USD"}`: "0.03",
			`reserved_amount{currency="USD"}`:                  "0.03",
			`budget_amount{currency="USD"}`:                    "12.5",
		} {
			if got := w.metric("guichet_gateway_" + name); got != want {
				t.Errorf("%s is %q; want %s", name, got, want)
			}
		}
	})
}
