package gateway

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/simulator"
)

// status is a signed status of the upstream.
func (w *world) status(upstreamID, status, rest string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"` + waba + `","changes":[{"field":"messages",` +
		`"value":{"messaging_product":"whatsapp",` +
		`"metadata":{"display_phone_number":"15550783881","phone_number_id":"` + phoneID + `"},` +
		`"statuses":[{"id":"` + upstreamID + `","status":"` + status +
		`","timestamp":"` + unixSeconds(w.clock.Now()) + `","recipient_id":"` + ana + `"` + rest + `}]}}]}]}`
}

// quiet keeps the simulator from telling anything by itself: its phones are off, so that the test
// tells.
func (w *world) quiet(number string) {
	off := true
	w.sim.SetPhone(number, simulator.PhoneState{Off: &off})
}

// submittedID waits until the upstream has the message, and returns its id.
func (w *world) submittedID(id string) string {
	w.t.Helper()
	var upstream string
	w.until("the upstream has the message", func() bool {
		for _, m := range w.sim.Messages(simulator.MessageFilter{CallbackData: id}) {
			upstream = m.ID
		}
		return upstream != ""
	})
	return upstream
}

func TestP3BlockingBudgetHoldsUnderConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) {
			d.Budget = &config.Budget{Limit: usd("0.30"), Action: config.BudgetBlock, WarnAtPercent: []int32{50, 100}}
		})
		var accepted, refused atomic.Int64
		var sends sync.WaitGroup
		for i := range 40 {
			sends.Go(func() {
				switch got := w.send(templateTo(fmt.Sprintf("+3361234%04d", i), "parcel_ready")); {
				case got.status == http.StatusOK:
					accepted.Add(1)
				case got.code == 131042:
					refused.Add(1)
				default:
					t.Errorf("got %d %s", got.status, got.body)
				}
			})
		}
		sends.Wait()
		if accepted.Load() != 10 || refused.Load() != 30 {
			t.Fatalf(
				"%d accepted and %d refused, want 10 and 30: 0.30 USD are ten times 0.03 USD", accepted.Load(),
				refused.Load(),
			)
		}
		r := w.settled(10)
		if r.Period.Billed != usd("0.3") {
			t.Fatalf("billed %s, want 0.3 USD", r.Period.Billed)
		}
		w.until("the whole budget is warned of", func() bool { return w.report().Period.BudgetWarned == 100 })
		got := w.send(templateTo(ana, "parcel_ready"))
		want := "The account's budget does not cover this message: it can cost 0.03 USD and 0 USD is left. " +
			"Raise the budget or wait for the next period."
		if got.code != 131042 || got.details != want {
			t.Fatalf("got %s, want 131042 and %q", got.body, want)
		}
		w.document.Budget.Limit = usd("0.33")
		w.writeDocument()
		w.until(
			"the raised budget counts",
			func() bool { return w.send(templateTo(ana, "parcel_ready")).status == http.StatusOK },
		)
		w.document.Budget.Action = config.BudgetWarn
		w.writeDocument()
		w.until(
			"a warning budget lets through",
			func() bool { return w.send(templateTo(ana, "parcel_ready")).status == http.StatusOK },
		)
	})
}

// places are all that the gateway keeps and tells: the log, the report, the metrics, and each file
// of the store.
func (w *world) places() map[string]string {
	w.t.Helper()
	_, reported, _ := w.fetchReport("Bearer "+w.token, "")
	response, err := w.client.Get(w.metrics + "/metrics")
	if err != nil {
		w.t.Fatal(err)
	}
	places := w.atRest()
	places["the log"], places["the report"], places["the metrics"] = w.logs.String(), reported, readAll(w.t, response)
	if len(places) < 4 || places["the log"] == "" {
		w.t.Fatalf("only %d places were looked at", len(places))
	}
	return places
}

// atRest are the files in which the gateway stores.
func (w *world) atRest() map[string]string {
	w.t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(filepath.Join(w.directory, "data"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[filepath.Base(path)] = string(content)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}

func TestP7NothingOfACustomerIsReadableAnywhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const body, data, number = "canary-of-the-body-4242", "canary-of-the-data-4242", "33698765432"
		w := newWorld(t)
		w.business.down.Store(true) // so that callbacks stay in the store
		if _, err := w.sim.Write(number, simulator.Inbound{To: phoneID, Text: body}); err != nil {
			t.Fatal(err)
		}
		w.until("the window opens", func() bool { return w.report().OpenWindows == 1 })
		w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`) // so that messages stay in the queue
		message := `{"messaging_product":"whatsapp","to":"+` + number + `","text":{"body":"` + body +
			`"},"biz_opaque_callback_data":"` + data + `"}`
		w.accepted(message)
		w.accepted(message)
		repeatable := templateTo(number, "parcel_ready")
		w.accepted(repeatable, idempotencyHeader, "parcel-of-"+number)
		w.send(textTo("+33698765499", body))
		w.do(http.MethodPost, "/v26.0/"+phoneID+"/messages", message, "Authorization", "Bearer "+body)
		w.webhook(w.inbound(phoneID, number, "wamid.9", body), "guessed")
		w.until("the send was tried", func() bool {
			return w.metric(`guichet_gateway_upstream_results_total{code="131016",result="retry"}`) != ""
		})
		places := w.places()
		// Ten billion numbers are soon tried out: what tells a repetition must be no hash that
		// anybody could compute.
		request := sha256.Sum256([]byte(repeatable))
		name := sha256.Sum256([]byte(fmt.Sprintf(
			"%d:%s%d:%s%d:%s", len(phoneID), phoneID, len("client"), "client", len("parcel-of-"+number),
			"parcel-of-"+number,
		)))
		for place, content := range places {
			if strings.Contains(content, string(request[:])) || strings.Contains(content, string(name[:])) {
				t.Errorf("%s holds a hash without a key of a request or its idempotency key", place)
			}
			for _, canary := range []string{
				body, data, number, number[2:], apiKey, accessToken, appSecret, hookSecret, verifyToken, w.token,
			} {
				if strings.Contains(content, canary) {
					t.Errorf("%s holds %q in plain text", place, canary)
				}
			}
		}
	})
}

func TestP10ReloadNeedsNoRestartAndABadDocumentIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first := w.report().ConfigDigest
		sale := gatewaytest.BodyTemplate("winter_sale", "MARKETING", "Hello {{1}}, winter is here.")
		if got := w.send(templateTo(ana, "winter_sale")); got.code != 132001 {
			t.Fatalf("got %s, want 132001", got.body)
		}
		w.document.Templates = append(w.document.Templates, gatewaytest.Approved(sale))
		w.writeDocument()
		w.until(
			"the new template is served",
			func() bool { return w.send(templateTo(ana, "winter_sale")).status == http.StatusOK },
		)
		second := w.report().ConfigDigest
		if first == second {
			t.Fatal("the digest did not change")
		}

		w.writeRaw([]byte(`{"format":1,"apiTokens":[{"name":"x","sha256":"canary-secret"`))
		w.until("the bad document is refused", func() bool { return w.report().ConfigError != "" })
		r := w.report()
		if r.ConfigDigest != second || !strings.HasPrefix(r.RefusedDigest, "sha256:") ||
			strings.Contains(r.ConfigError, "canary") {
			t.Fatalf(
				"served %s, refused %s, error %q; want the last good one to be served", r.ConfigDigest, r.RefusedDigest,
				r.ConfigError,
			)
		}
		w.accepted(templateTo(ana, "parcel_ready"))

		w.document.Templates[0].UpstreamStatus = "PAUSED"
		w.document.Templates[1].UpstreamStatus = "DISABLED"
		w.writeDocument()
		w.until(
			"the paused template is refused", func() bool {
				return w.send(
					templateTo(ana, "parcel_ready"),
				).code == 132015
			},
		)
		if got := w.send(templateTo(ana, "summer_sale")); got.code != 132016 {
			t.Fatalf("got %s, want 132016", got.body)
		}
		if r := w.report(); r.ConfigError != "" || r.RefusedDigest != "" {
			t.Fatalf("the error stays after a good document: %+v", r.ConfigError)
		}
	})
}

func TestP12DroppedAnswerIsADoubtThatAStatusResolves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"effect":"dropAfter","next":1}`)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		r := w.settled(1)
		if r.Period.Billed != usd("0.03") {
			t.Fatalf("billed %s, want 0.03 USD", r.Period.Billed)
		}
		w.until("the business is told", func() bool { return len(w.business.statuses(id)) == 3 })
		if n := len(w.sim.Messages(simulator.MessageFilter{})); n != 1 {
			t.Fatalf("the upstream has %d messages, want 1: a doubt must not send again", n)
		}
	})
}

func TestP12UnresolvedDoubtFollowsTheAccountsRule(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		rule               string
		upstream, messages int
		last               string
		charged            int64
	}{
		{config.DoubtFail, 0, 1, "failed", 0},
		{config.DoubtResend, 1, 1, "read", 1},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(d *config.Document) { d.Doubt.Resolution = tc.rule })
				w.control(http.MethodPost, "faults", `{"effect":"dropBefore","next":1}`)
				id := w.accepted(templateTo(ana, "parcel_ready"))
				w.until("it is in doubt", func() bool { return w.report().Period.InDoubt == 1 })
				w.clock.Advance(301 * time.Second)
				r := w.settled(1)
				if r.Period.InDoubt != 0 || r.Period.Charged != tc.charged {
					t.Fatalf(
						"%d in doubt and %d charged, want none and %d", r.Period.InDoubt, r.Period.Charged, tc.charged,
					)
				}
				if n := len(w.sim.Messages(simulator.MessageFilter{})); n != tc.upstream {
					t.Fatalf("the upstream has %d messages, want %d", n, tc.upstream)
				}
				w.until("the business hears how it ended", func() bool {
					told := w.business.statuses(id)
					return len(told) > 0 && told[len(told)-1] == tc.last
				})
				if r.Ledger.Sequence != 3 {
					t.Fatalf("%d records, want the doubt, its resolution and the settlement", r.Ledger.Sequence)
				}
			})
		})
	}
}

func TestP4MessageWhoseWindowClosesWhileItWaitsNeverLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 23*time.Hour)
		w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`)
		id := w.accepted(textTo(ana, "in time"))
		w.until("it was tried", func() bool {
			return w.metric(`guichet_gateway_upstream_results_total{code="131016",result="retry"}`) != ""
		})
		w.clock.Advance(2 * time.Hour)
		w.control(http.MethodDelete, "faults", "")
		w.until("the business is told", func() bool { return len(w.business.statuses(id)) == 1 })
		if told := w.business.received(id); !strings.Contains(told[0], `"code":131047`) || !strings.Contains(
			told[0], "The service window closed at 2026-11-20T13:00:0",
		) {
			t.Fatalf("the business was told %s, want 131047 and when the window closed", told[0])
		}
		if n := len(w.sim.Messages(simulator.MessageFilter{})); n != 0 {
			t.Fatalf("%d messages left the gateway", n)
		}
	})
}

// P3: a replica whose clock is behind at the turn of a month, or an operation that waited over it,
// is asked about the old period while what it accepts is billed in the new one: what that was
// charged weighs too.
func TestP3SlowClockAtTheTurnOfAMonthSpendsNothingTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(
			t, func(d *config.Document) { d.Budget = &config.Budget{Limit: usd("0.03"), Action: config.BudgetBlock} },
		)
		december := time.Date(2026, 11, 30, 23, 0, 1, 0, time.UTC) // midnight in Paris, and a second
		w.clock.Advance(december.Sub(w.clock.Now()))
		w.accepted(templateTo(ana, "parcel_ready"))
		if r := w.settled(1); r.Period.Name != "2026-12" || r.Period.Billed != usd("0.0300") {
			t.Fatalf("%s is billed in %s; want 0.03 in 2026-12", r.Period.Billed, r.Period.Name)
		}
		w.clock.Advance(-time.Hour)
		if got := w.send(templateTo(ana, "parcel_ready")); got.code != 131042 {
			t.Errorf("a send got %d %s; want 131042, as December has no budget left", got.status, got.body)
		}
	})
}
