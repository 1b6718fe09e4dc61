package gateway

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/dryrun"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// asDryRun makes a send a dry run.
func asDryRun(body string) string { return strings.Replace(body, "{", `{"dry_run":true,`, 1) }

// dryRun makes a dry run that must be answered with a forecast.
func (w *world) dryRun(channel, body string) (f dryrun.Answer) {
	w.t.Helper()
	a := w.sendFrom(channel, asDryRun(body))
	if a.status != http.StatusOK || a.id != "" {
		w.t.Fatalf("the dry run got %d %s", a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &f); err != nil {
		w.t.Fatal(err)
	}
	return f
}

// storeFiles are the bytes of the store's files.
func (w *world) storeFiles() map[string]string {
	w.t.Helper()
	files := map[string]string{}
	for _, name := range []string{"gateway.db", "gateway.db-wal"} {
		content, err := os.ReadFile(filepath.Join(w.directory, "data", name))
		if err != nil {
			w.t.Fatal(err)
		}
		files[name] = string(content)
	}
	return files
}

// What a dry run asks about is decided and priced, and nothing of it is kept: not a byte of the
// store changes, nothing is reserved or counted, and the upstream hears nothing.
func TestP3ADryRunKeepsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t), func(d *config.Document) {
			d.Budget = &config.Budget{Limit: usd("0.05"), Action: config.BudgetBlock}
			d.Limits.CustomersPerDay = 1
		})
		w.writes(ana, "hello", time.Hour)
		person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello"})
		synctest.Wait()
		before, files := w.report(), w.storeFiles()
		if !w.booksOf("/v26.0/" + phoneID + "/books").DryRuns {
			t.Error("the books do not tell clients that there are dry runs")
		}
		refused := w.metric(`guichet_gateway_messages_refused_total{code="131042"}`)
		submitted := len(w.sim.Messages(simulator.MessageFilter{}))
		for range 2 {
			w.dryRun(phoneID, textTo(ana, "hi"))
			w.dryRun(phoneID, templateTo(ana, "parcel_ready"))
			w.dryRun(phoneID, templateTo("33600000002", "parcel_ready"))
			w.dryRun(phoneID, templateTo("33600000003", "parcel_ready"))
			w.dryRun(pageID, messageTo(person, "hi"))
			if a := w.send(asDryRun(templateTo("4915100000001", "summer_sale"))); a.code != 131042 {
				t.Fatalf("a dry run over the budget got %d %s", a.status, a.body)
			}
		}
		synctest.Wait()
		for name, content := range w.storeFiles() {
			if content != files[name] {
				t.Errorf("%s has changed", name)
			}
		}
		after := w.report()
		if got, want := fmt.Sprint(after.Period, after.Ledger), fmt.Sprint(before.Period, before.Ledger); got != want {
			t.Errorf("the figures went from %s to %s", want, got)
		}
		if now := len(w.sim.Messages(simulator.MessageFilter{})); now != submitted {
			t.Errorf("the upstream was sent %d messages", now-submitted)
		}
		if now := w.metric(`guichet_gateway_messages_refused_total{code="131042"}`); now != refused {
			t.Errorf("refused messages went from %q to %q", refused, now)
		}
		if after.BudgetRefused != nil {
			t.Errorf("the report says that %s was refused", after.BudgetRefused)
		}
	})
}

// Shares of a message to a group are stored while they are decided on, and undone.
func TestP3ADryRunToAGroupReservesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.inGroup(ana, "hello")
		before := w.report()
		f := w.dryRun(phoneID, toGroup(templateTo(ana, "parcel_ready")))
		if f.Members != 8 || f.AtMost.Amount == "0" || f.Price != nil {
			t.Errorf("got %+v; want the most for each of 8 members, and no price", f)
		}
		after := w.report()
		if got, want := fmt.Sprint(after.Period, after.Ledger), fmt.Sprint(before.Period, before.Ledger); got != want {
			t.Errorf("the figures went from %s to %s", want, got)
		}
		if n := w.stored("SELECT count(*) FROM messages"); n != "0" {
			t.Errorf("%s messages are stored", n)
		}
	})
}

// The price of a dry run is what the real send is billed: in windows and outside of them, for
// countries, categories and plans.
func TestP2ADryRunsPriceIsWhatIsBilled(t *testing.T) {
	t.Parallel()
	plans := map[string]func(*config.Document){
		"2026-11-10": func(*config.Document) {},
		"2026-08-10": func(*config.Document) {}, // utility is free within the service window
		"2026-11-11": func(d *config.Document) {
			for i := range d.Plan.Revisions {
				d.Plan.Revisions[i].Allowances = []pricing.Allowance{
					{Name: "starter", Count: 3, Of: []string{"Utility", "Marketing"}, Per: "Account", Period: "Month"},
				}
			}
		},
	}
	seed := seedOf(t)
	for date, change := range plans {
		t.Run(date, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, random := newWorldAt(t, date+"T12:00:00Z", change), rand.New(rand.NewPCG(seed, 1))
				results := map[string]int{}
				for i := range 40 {
					country := []string{"336", "4915", "9198", "5511"}[random.IntN(4)]
					to := fmt.Sprintf("%s%08d", country, i)
					w.writes(to, "hello", time.Duration(random.IntN(48*60))*time.Minute)
					result := w.foretellsWhatIsBilled([]string{
						textTo(to, "hi"), templateTo(to, "parcel_ready"), templateTo(to, "summer_sale"),
					}[random.IntN(3)])
					results[result]++
				}
				t.Logf("seed %d: %v", seed, results)
				if results[dryrun.Charged] == 0 || results[dryrun.Free]+results["refused"] == 0 {
					t.Errorf("seed %d: the sends had the results %v", seed, results)
				}
			})
		})
	}
}

// foretellsWhatIsBilled compares a dry run with the real send behind it, and returns the result of
// both.
func (w *world) foretellsWhatIsBilled(body string) (result string) {
	w.t.Helper()
	dry, sent := w.send(asDryRun(body)), w.send(body)
	if dry.status != sent.status || dry.code != sent.code || dry.details != sent.details {
		w.t.Fatalf("the dry run got %d %s, the real send %d %s", dry.status, dry.body, sent.status, sent.body)
	}
	if sent.status != http.StatusOK {
		return "refused"
	}
	var foretold dryrun.Answer
	if err := json.Unmarshal([]byte(dry.body), &foretold); err != nil {
		w.t.Fatal(err)
	}
	var last *ledger.Record
	w.until("the message is settled", func() bool {
		for _, last = range w.records() {
			if last.MessageID == sent.id {
				return true
			}
		}
		return false
	})
	got := fmt.Sprint(foretold.Price.Amount, " ", foretold.Price.FreeReason, " by ", foretold.Price.Revision)
	if want := fmt.Sprint(last.Charge, " ", last.FreeReason, " by ", last.Revision); got != want {
		w.t.Fatalf("%s was foretold for %s, and %s billed", got, body, want)
	}
	return foretold.Price.Result
}

// Literal sentences, by the prices of November 2026 and by those of August 2026, when a template of
// utility was free within the service window.
func TestDryRunSaysWhatASendWouldMean(t *testing.T) {
	t.Parallel()
	const erik = "33600000002"
	for date, sentences := range map[string]map[string]string{
		"2026-11-10": {
			textTo(ana, "hi"): "free: within the allowance free-service; " +
				"the window closes at 12:00 on 11 November.",
			templateTo(ana, "summer_sale"): "0.0859 USD now; " +
				"cheapest that may go out: a text, free: within the allowance free-service.",
			templateTo(erik, "parcel_ready"): "0.03 USD now; nothing cheaper may go out.",
			templateTo(erik, "summer_sale"): "0.0859 USD now; " +
				"cheapest that may go out: the template parcel_ready (en_US), 0.03 USD.",
		},
		"2026-08-10": {
			textTo(ana, "hi"): "free: the service window is open; " +
				"the window closes at 13:00 on 11 August.",
			templateTo(erik, "parcel_ready"): "0.03 USD now; free if the customer writes before it is delivered, " +
				"which may be until 14:00 on 9 September; nothing cheaper may go out.",
		},
	} {
		t.Run(date, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorldAt(t, date+"T12:00:00Z")
				w.writes(ana, "hello", time.Hour)
				w.writes(erik, "hello", 25*time.Hour)
				for body, want := range sentences {
					if f := w.dryRun(phoneID, body); f.Sentence != want {
						t.Errorf("%s: got %q, want %q", body, f.Sentence, want)
					}
				}
			})
		})
	}
}

// newWorldAt is newWorld at another instant.
func newWorldAt(t *testing.T, instant string, changes ...func(*config.Document)) *world {
	t.Helper()
	at, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		t.Fatal(err)
	}
	network, by := gatewaytest.NewNetwork(), clock.New(nil)
	by.Advance(at.Sub(by.Now()))
	listeners := Listeners{API: network.Listen(t), Metrics: network.Listen(t), Report: network.Listen(t)}
	w := prepareWorldOn(t, network, by, "http://"+listeners.API.Addr().String(), changes...)
	w.serveOn(listeners)
	w.start()
	w.runSimulator()
	return w
}

// inParts is a message as a form in parts, with one more of a name and a value.
func inParts(message, name, value string) string {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(message), &fields); err != nil {
		panic(err)
	}
	var body strings.Builder
	part := func(name, value string) {
		fmt.Fprintf(&body, "--b\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", name, value)
	}
	for name, value := range fields {
		part(name, strings.Trim(string(value), `"`))
	}
	part(name, value)
	body.WriteString("--b--\r\n")
	return body.String()
}

// A request that says in any other way that it is a dry run is refused, and never sent.
func TestDryRunIsNeverSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", time.Hour)
		plain := textTo(ana, "hi")
		form := "messaging_product=whatsapp&to=" + ana + "&type=text&text=%7B%22body%22%3A%22hi%22%7D"
		for name, tc := range map[string]struct {
			body, header string
			code         int
		}{
			"member":           {strings.Replace(plain, "{", `{"dry_run":true,`, 1), "", 0},
			"escaped member":   {strings.Replace(plain, "{", `{"dry\u005frun":true,`, 1), "", 0},
			"twice":            {strings.Replace(plain, "{", `{"dry_run":true,"dry_run":false,`, 1), "", 0},
			"header":           {plain, "true", 0},
			"form":             {form + "&dry_run=true", "", 0},
			"semicolon":        {strings.Replace(form, "hi", "hi;ho", 1) + "&dry_run=true", "", 0},
			"parts":            {inParts(plain, "dry_run", "true"), "", 131009},
			"parts and header": {inParts(plain, "biz_opaque_callback_data", "\\u0031"), "true", 0},
			"other value":      {strings.Replace(plain, "{", `{"dry_run":"yes",`, 1), "", 131009},
			"other case":       {strings.Replace(plain, "{", `{"Dry_Run":true,`, 1), "", 131009},
			"other header":     {plain, "yes", 131009},
			"other form value": {form + "&dry_run=1", "", 131009},
			"read receipt": {
				`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.x","dry_run":true}`, "", 100,
			},
		} {
			a := w.send(tc.body, dryrun.Header, tc.header)
			if a.code != tc.code || tc.code == 0 && !strings.Contains(a.body, `"dry_run":true`) {
				t.Errorf("%s got %d %s; want code %d", name, a.status, a.body, tc.code)
			}
		}
		if n := len(w.sim.Messages(simulator.MessageFilter{})); n != 0 {
			t.Errorf("%d messages were sent", n)
		}
		id := w.accepted(strings.Replace(plain, "{", `{"dry_run":false,`, 1))
		w.submittedID(id)
		for _, m := range w.sim.Messages(simulator.MessageFilter{}) {
			if strings.Contains(string(m.Body), "dry_run") {
				t.Errorf("the upstream was sent %s", m.Body)
			}
		}
	})
}
