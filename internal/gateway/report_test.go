package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/simulator"
)

func TestReportNeedsItsTokenAndCostsNothingWhileNothingChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, authorization := range []string{"", "Bearer ", "Bearer " + apiKey, w.token} {
			if status, body, _ := w.fetchReport(
				authorization, "",
			); status != http.StatusUnauthorized || strings.Contains(body, "period") {
				t.Fatalf("%q got %d %s, want 401", authorization, status, body)
			}
		}
		_, _, tag := w.fetchReport("Bearer "+w.token, "")
		if status, body, _ := w.fetchReport("Bearer "+w.token, tag); status != http.StatusNotModified || body != "" {
			t.Fatalf("the same report got %d %q, want 304", status, body)
		}
		w.accepted(templateTo(ana, "parcel_ready"))
		w.settled(1)
		if status, _, other := w.fetchReport("Bearer "+w.token, tag); status != http.StatusOK || other == tag {
			t.Fatalf("after a settlement it got %d and tag %s, want 200 and another one", status, other)
		}
	})
}

// The operator gives what it has published last, and the report says whether that is on the
// ledger's chain. While it is, that changes nothing.
func TestP5ReportSaysWhetherWhatWasPublishedIsOnItsChain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.accepted(templateTo(ana, "parcel_ready"))
		first := w.settled(1).Ledger
		w.accepted(templateTo(ana, "parcel_ready"))
		second := w.settled(2).Ledger
		plain, tag := w.reportURL, ""
		ask := func(sequence int64, hash, tag string) (status int, l report.Ledger) {
			t.Helper()
			w.reportURL = plain + "?" + url.Values{
				report.QueryPublishedSequence: {strconv.FormatInt(sequence, 10)}, report.QueryPublishedHash: {hash},
			}.Encode()
			status, body, _ := w.fetchReport("Bearer "+w.token, tag)
			var r report.Report
			if status == http.StatusOK {
				if err := json.Unmarshal([]byte(body), &r); err != nil {
					t.Fatal(err)
				}
			}
			return status, r.Ledger
		}
		for _, published := range []report.Ledger{first, second} {
			if status, l := ask(
				published.Sequence, published.Hash, "",
			); status != http.StatusOK || l.Published == nil ||
				*l.Published != (report.LedgerRecord{Sequence: published.Sequence, Hash: published.Hash}) {
				t.Errorf(
					"asked for record %d it got %d and %+v; want that record", published.Sequence, status, l.Published,
				)
			}
			w.until("asked for that record, an unchanged report costs a 304", func() bool {
				w.reportURL = plain
				_, _, tag = w.fetchReport("Bearer "+w.token, "")
				status, _ := ask(published.Sequence, published.Hash, tag)
				return status == http.StatusNotModified
			})
		}
		for name, published := range map[string]report.LedgerRecord{
			"another record": {Sequence: first.Sequence, Hash: second.Hash}, "one that is not there": {Sequence: 4711, Hash: first.Hash},
		} {
			want := map[int64]string{first.Sequence: first.Hash}[published.Sequence]
			if status, l := ask(
				published.Sequence, published.Hash, tag,
			); status != http.StatusOK || l.Published == nil || l.Published.Hash != want {
				t.Errorf("%s: got %d and %+v; want 200, and the hash %q", name, status, l.Published, want)
			}
		}
		if status, _ := ask(-1, "", ""); status != http.StatusBadRequest {
			t.Errorf("a negative sequence got %d; want 400", status)
		}
	})
}

func TestReportTellsThePeriodInTheAccountsZone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.accepted(templateTo(ana, "parcel_ready"))
		w.accepted(templateTo(ana, "summer_sale"))
		r := w.settled(2)
		if r.Replica != "gateway-0" || r.Currency != "USD" ||
			r.ConfigDigest != config.Digest(mustRead(t, w.directory)) || !strings.HasPrefix(r.Ledger.Hash, "sha256:") {
			t.Fatalf("the report is of another gateway: %+v", r)
		}
		p := r.Period
		if p.Name != "2026-11" || p.Start.Format(time.RFC3339) != "2026-10-31T23:00:00Z" ||
			p.End.Format(time.RFC3339) != "2026-11-30T23:00:00Z" {
			t.Fatalf("the period is %s from %v to %v, want November in Paris", p.Name, p.Start, p.End)
		}
		want := []report.Category{
			{Name: "marketing", Messages: 1, Charged: 1, Billed: usd("0.0859")},
			{Name: "utility", Messages: 1, Charged: 1, Billed: usd("0.03")},
		}
		if diff := cmp.Diff(
			want, p.Categories, cmp.Comparer(func(a, b report.Category) bool { return a == b }),
		); diff != "" {
			t.Fatalf("categories (-want +got):\n%s", diff)
		}
		if p.Billed != usd("0.1159") || p.Cost != usd("0.1159") {
			t.Fatalf("billed %s at a cost of %s, want 0.1159 USD", p.Billed, p.Cost)
		}
		if diff := cmp.Diff(map[string][]string{"whatsapp": {"pmp-2026-10"}}, r.UsedRevisions); diff != "" {
			t.Fatalf("used revisions (-want +got):\n%s", diff)
		}
		w.clock.Advance(11 * 24 * time.Hour)
		r = w.report()
		if r.Period.Name != "2026-12" || r.Period.Messages != 0 || len(r.History) != 1 ||
			r.History[0].Name != "2026-11" ||
			r.History[0].Billed != usd("0.1159") {
			t.Fatalf("in December: %+v and %+v, want an empty period and November as history", r.Period, r.History)
		}
	})
}

func TestP11ReportBeforeThereAreFiguresSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := prepareWorld(t)
		w.writeRaw([]byte(`{"format":7}`))
		w.run()
		w.until("it reports", func() bool { r := w.report(); return r.ConfigError != "" && r.Period.Name == "" })
		if got := w.send(textTo(ana, "hi")); got.status != http.StatusServiceUnavailable || got.code != 131016 {
			t.Fatalf("got %d %s, want 503", got.status, got.body)
		}
		response, err := w.client.Get(w.metrics + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		if body := readAll(t, response); response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(
			body, "format is 7",
		) {
			t.Fatalf("/readyz got %d %s", response.StatusCode, body)
		}
		w.writeDocument()
		w.becomesReady()
		if r := w.report(); r.ConfigError != "" || r.Period.Name != "2026-11" {
			t.Fatalf("after a good document: %+v", r)
		}
	})
}

// priceLikeFrance adds a market to the plan's last revision, at the rates of France.
func (w *world) priceLikeFrance(market string) {
	w.t.Helper()
	last := &w.document.Plan.Revisions[len(w.document.Plan.Revisions)-1]
	for _, rates := range last.Rates {
		if rates.Market == "France" {
			rates.Market = market
			last.Rates = append(last.Rates, rates)
			break
		}
	}
	w.writeDocument()
}

func TestUnpricedMessageIsHeldUntilThePlanHasItsRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const poland = "48601234567"
		w := newWorld(t)
		w.accepted(templateTo(poland, "parcel_ready"))
		w.until("it is unpriced", func() bool { return w.report().Period.Unpriced == 1 })
		if r := w.report(); r.Period.Messages != 0 || r.Queues.Unsettled != 1 {
			t.Fatalf("%d settled and %d unsettled, want none and one", r.Period.Messages, r.Queues.Unsettled)
		}
		lacking := []report.Unpriced{{Market: "Poland", Category: "Utility", Messages: 1}}
		if diff := cmp.Diff(lacking, w.report().Unpriced); diff != "" {
			t.Fatalf("what it waits for (-want +got):\n%s", diff)
		}
		w.priceLikeFrance("Poland")
		if r := w.settled(1); r.Period.Unpriced != 0 || r.Period.Billed != usd("0.03") {
			t.Fatalf("%d unpriced, %s billed; want none and 0.03 USD", r.Period.Unpriced, r.Period.Billed)
		}
		if left := w.report().Unpriced; len(left) != 0 {
			t.Fatalf("%+v still waits for a rate", left)
		}
	})
}

// Where conversations are billed, a delivered message opens its conversation whether the plan has
// its price or not. It is the one that pays for it, also when others have made it begin earlier.
func TestP2UnpricedMessageOpensItsConversation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var french pricing.MarketRates
		w := newWorld(t, func(d *config.Document) {
			at := slices.IndexFunc(d.Plan.Revisions, func(r pricing.Revision) bool {
				return r.Unit == "Conversation" && r.ClassifyBy == "Category"
			})
			again := d.Plan.Revisions[at]
			again.Name, again.EffectiveDate = "conversations-again", "2026-11-01"
			again.Rates = slices.DeleteFunc(slices.Clone(again.Rates), func(of pricing.MarketRates) bool {
				if of.Market == "France" {
					french = of
				}
				return of.Market == "France" || of.Market == "Any"
			})
			d.Plan.Revisions = append(d.Plan.Revisions, again)
		})
		w.accepted(templateTo(ana, "parcel_ready"))
		w.until("it is unpriced", func() bool { return w.report().Period.Unpriced == 1 })
		w.clock.Advance(time.Hour)
		w.accepted(templateTo(ana, "parcel_ready"))
		if r := w.settled(1); r.Period.Unpriced != 1 || r.Period.Charged != 0 {
			t.Fatalf("%d unpriced, %d charged; want the first one, and the second one to join it", r.Period.Unpriced,
				r.Period.Charged)
		}
		last := &w.document.Plan.Revisions[len(w.document.Plan.Revisions)-1]
		last.Rates = append(last.Rates, french)
		w.writeDocument()
		if r := w.settled(2); r.Period.Unpriced != 0 || r.Period.Charged != 1 || r.Period.Billed != usd("0.0768") {
			t.Fatalf("%d unpriced, %d charged, %s billed; want none, one and 0.0768 USD", r.Period.Unpriced,
				r.Period.Charged, r.Period.Billed)
		}
	})
}

func TestTemplateEventReachesTheReportAndTheBusiness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		body := `{"object":"whatsapp_business_account","entry":[{"id":"` + waba + `","time":` + unixSeconds(
			w.clock.Now(),
		) + `,"changes":[{"field":"message_template_status_update",` +
			`"value":{"event":"PAUSED","message_template_id":1689556908129832,"message_template_name":"parcel_ready","message_template_language":"en_US","reason":"NONE"}}]}]}`
		if got := w.webhook(body, appSecret); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		events := w.report().TemplateEvents
		if len(events) != 1 || events[0].UpstreamID != "1689556908129832" || events[0].Event != "PAUSED" ||
			events[0].Name != "parcel_ready" {
			t.Fatalf("the report has %+v, want the pause", events)
		}
		w.until(
			"the business is told", func() bool {
				return len(w.business.received(
					"message_template_status_update",
				)) == 1
			},
		)
	})
}

func TestRestartKeepsWhatWasStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`)
		id := w.accepted(textTo(ana, "hi"))
		if err := w.stop(); err != nil {
			t.Fatalf("the stop failed: %v", err)
		}
		w.control(http.MethodDelete, "faults", "")
		w.listenAgain()
		w.start()
		w.until(
			"it is sent", func() bool { return len(w.sim.Messages(simulator.MessageFilter{CallbackData: id})) == 1 },
		)
		if r := w.report(); r.OpenWindows != 1 || r.Period.InDoubt != 0 {
			t.Fatalf(
				"%d windows open and %d in doubt, want 1 and none: the stop waited for what was under way", r.OpenWindows,
				r.Period.InDoubt,
			)
		}
	})
}

func TestMissingKeysAreNamed(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	gatewaytest.WriteKeys(t, directory)
	for _, name := range []string{config.KeysetFile, config.CustomerKeyFile, config.ReportTokenFile} {
		path := filepath.Join(directory, name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		err = Run(context.Background(), Options{KeysDirectory: directory}, Listeners{})
		if want := name + " is missing in " + directory; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A template that the upstream has put into another category since it was sent is billed as the
// plan's categoryAt says; both prices are covered by the reservation.
func TestP6CategoryOfATemplateIsThatOfThePlansInstant(t *testing.T) {
	t.Parallel()
	for categoryAt, want := range map[string]string{"": "0.03", "Send": "0.03", "Delivery": "0.0859"} {
		t.Run(categoryAt, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(
					t, func(d *config.Document) { d.Plan.Revisions[len(d.Plan.Revisions)-1].CategoryAt = categoryAt },
				)
				w.quiet(ana)
				upstream := w.submittedID(w.accepted(templateTo(ana, "parcel_ready")))
				if r := w.report(); r.Period.Reserved != usd(want) {
					t.Errorf("%s reserved, want %s USD", r.Period.Reserved, want)
				}
				before := w.report().ConfigDigest
				w.document.Templates[0].BilledCategory = "marketing"
				w.writeDocument()
				w.until("the new category is served", func() bool { return w.report().ConfigDigest != before })
				w.webhook(w.status(upstream, "delivered", ""), appSecret)
				if r := w.settled(1); r.Period.Billed != usd(want) {
					t.Errorf("%s billed, want %s USD", r.Period.Billed, want)
				}
			})
		})
	}
}
