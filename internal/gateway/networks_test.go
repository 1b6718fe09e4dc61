package gateway

import (
	"fmt"
	"iter"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// networkCase is a network as the tests of the promises use it: a channel, people who write to it,
// and answers to them. What is delivered costs 0.01 USD on each.
type networkCase struct {
	channel string
	// writes has somebody write some time ago, and returns the id by which the channel knows them.
	writes func(w *world, who int, text string, ago time.Duration) (id string)
	// text is a free-form message.
	text func(to, text string) string
	// heard is a webhook of the upstream's with a message, and secret what signs it.
	heard  func(w *world, from, id, text string) string
	secret string
	// closed, unpaid and suspended are the codes of a window that is closed, of a budget that is
	// used up, and of an account that may send nothing.
	closed, unpaid, suspended int
}

func networkCases() map[string]networkCase {
	return map[string]networkCase{
		"WhatsApp": {
			channel: phoneID, secret: appSecret, closed: 131047, unpaid: 131042, suspended: 131031,
			writes: func(w *world, who int, text string, ago time.Duration) string {
				from := fmt.Sprintf("336123456%02d", who)
				w.writes(from, text, ago)
				return from
			},
			text:  textTo,
			heard: func(w *world, from, id, text string) string { return w.inbound(phoneID, from, id, text) },
		},
		"Messenger": pageCase(pageID, "page"),
		"Instagram": pageCase(instagramID, "instagram"),
	}
}

func pageCase(channel, object string) networkCase {
	return networkCase{
		channel: channel, secret: gatewaytest.PageSecret, closed: 10, unpaid: 200, suspended: 200,
		text: messageTo,
		writes: func(w *world, who int, text string, ago time.Duration) string {
			at := w.clock.Now().Add(-ago)
			acted, err := w.sim.Pages().Act(
				fmt.Sprintf("somebody-%d", who), pages.Act{To: channel, Text: text, Timestamp: &at},
			)
			if err != nil {
				w.t.Fatal(err)
			}
			w.until("the business is told", func() bool { return len(w.business.received(acted.ID)) == 1 })
			return acted.Person
		},
		heard: func(w *world, from, id, text string) string {
			return fmt.Sprintf(
				`{"object":%q,"entry":[{"id":%q,"time":1760000000123,"messaging":[{"sender":{"id":%q},`+
					`"recipient":{"id":%q},"timestamp":%d,"message":{"mid":%q,"text":%q}}]}]}`,
				object, channel, from, channel, w.clock.Now().UnixMilli(), id, text,
			)
		},
	}
}

// sends has a message accepted, and returns its id.
func (n networkCase) sends(w *world, to, text string) string {
	w.t.Helper()
	got := w.sendFrom(n.channel, n.text(to, text))
	if got.status != http.StatusOK || got.id == "" {
		w.t.Fatalf("the send got %d %s", got.status, got.body)
	}
	return got.id
}

// onEveryNetwork runs a test for each network, in a world of its own.
func onEveryNetwork(t *testing.T, test func(*testing.T, *world, networkCase), changes ...func(*config.Document)) {
	t.Helper()
	t.Parallel()
	for name, n := range networkCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				all := []func(*config.Document){gatewaytest.WithPages(t), func(d *config.Document) {
					d.Channels[0].PlanName = gatewaytest.MessengerPlan // so that the figures are the same
				}}
				test(t, newWorld(t, append(all, changes...)...), n)
			})
		})
	}
}

// A webhook is answered once it is stored, however long the business's endpoint and the upstream
// take with everything else: Meta waits for five seconds. Time stands still in this test while the
// gateway computes, so that what counts is what it waits for.
func TestP1WebhooksAreAnsweredWhileEverythingElseHangs(t *testing.T) {
	onEveryNetwork(t, func(t *testing.T, w *world, n networkCase) {
		const webhooks, within = 100, 5 * time.Second
		to := n.writes(w, 0, "hello", 0)
		let := make(chan struct{})
		var posts atomic.Int64
		hangs := w.network.Serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			posts.Add(1)
			<-let
		}))
		t.Cleanup(func() { close(let) })
		w.document.Callback.URL = hangs.URL
		w.writeDocument()
		w.control(http.MethodPost, "faults", `{"effect":"hang","delay":"10m","rate":1}`)
		w.until("the endpoint hangs", func() bool {
			w.webhook(n.heard(w, to, fmt.Sprintf("first.%d", time.Now().UnixNano()), "hello"), n.secret)
			return posts.Load() > 0
		})
		n.sends(w, to, "an answer that the upstream keeps waiting")
		before := w.report().OpenWindows
		var all sync.WaitGroup
		for i := range webhooks {
			all.Go(func() {
				began := time.Now()
				got := w.webhook(n.heard(w, fmt.Sprintf("3369999%04d", i), fmt.Sprintf("id.%d", i), "hello"), n.secret)
				if took := time.Since(began); got.status != http.StatusOK || took >= within {
					t.Errorf("webhook %d got %d after %v; want 200 within %v", i, got.status, took, within)
				}
			})
		}
		all.Wait()
		if got := w.report().OpenWindows - before; got != webhooks {
			t.Errorf("%d windows were opened as the answers came; want %d", got, webhooks)
		}
	})
}

// Repetitions and disorder change nothing: each message is settled once, in a ledger that verifies.
func TestP2P5EveryMessageIsSettledOnceInAChainThatVerifies(t *testing.T) {
	onEveryNetwork(t, func(t *testing.T, w *world, n networkCase) {
		w.control(http.MethodPut, "knobs", `{"duplicateRate":0.5,"reorderRate":0.5,"reorderWithin":"200ms"}`)
		ids := map[string]int{}
		for who := range 3 {
			to := n.writes(w, who, "hello", time.Hour)
			for _, text := range []string{"one", "two", "three"} {
				ids[n.sends(w, to, text)] = 0
			}
		}
		r := w.settled(int64(len(ids)))
		if len(ids) != 9 || r.Period.Billed != usd("0.09") || r.Period.Messages != 9 {
			t.Fatalf("%d of %d settled for %s; want 9 for 0.09 USD", r.Period.Messages, len(ids), r.Period.Billed)
		}
		for _, record := range w.records() {
			if record.Kind == ledger.Settlement {
				ids[record.MessageID]++
			}
		}
		for id, times := range ids {
			if times != 1 {
				t.Errorf("message %s is settled %d times; want once", id, times)
			}
		}
		if _, totals, err := ledger.Verify(w.document.Account.UID, w.entries()); err != nil {
			t.Errorf("the ledger does not verify: %v", err)
		} else if len(totals) == 0 {
			t.Error("the ledger has no totals")
		}
	})
}

// entries are the ledger's, as they are stored.
func (w *world) entries() iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		db := w.database()
		defer db.Close()
		rows, err := db.QueryContext(w.t.Context(), "SELECT sequence, record, hash FROM ledger ORDER BY sequence")
		if err != nil {
			yield(ledger.Entry{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var e ledger.Entry
			var hash []byte
			err := rows.Scan(&e.Sequence, &e.Canonical, &hash)
			copy(e.Hash[:], hash)
			if !yield(e, err) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(ledger.Entry{}, err)
		}
	}
}

func TestP3BlockingBudgetHoldsOnEveryNetwork(t *testing.T) {
	onEveryNetwork(t, func(t *testing.T, w *world, n networkCase) {
		to := n.writes(w, 0, "hello", time.Hour)
		var accepted, refused atomic.Int64
		var sends sync.WaitGroup
		for i := range 20 {
			sends.Go(func() {
				switch got := w.sendFrom(n.channel, n.text(to, fmt.Sprintf("text %d", i))); {
				case got.status == http.StatusOK:
					accepted.Add(1)
				case got.code == n.unpaid:
					refused.Add(1)
				default:
					t.Errorf("got %d %s", got.status, got.body)
				}
			})
		}
		sends.Wait()
		if accepted.Load() != 5 || refused.Load() != 15 {
			t.Fatalf("%d accepted and %d refused; want 5 and 15: 0.05 USD are five times 0.01 USD",
				accepted.Load(), refused.Load())
		}
		if r := w.settled(5); r.Period.Billed != usd("0.05") {
			t.Fatalf("%s is billed; want 0.05 USD", r.Period.Billed)
		}
	}, func(d *config.Document) {
		d.Budget = &config.Budget{Limit: usd("0.05"), Action: config.BudgetBlock}
	})
}

func TestP4NoFreeFormMessageLeavesOutsideItsWindow(t *testing.T) {
	onEveryNetwork(t, func(t *testing.T, w *world, n networkCase) {
		began := w.clock.Now()
		to := n.writes(w, 0, "hello", 0)
		w.clock.Advance(began.Add(24*time.Hour - time.Second).Sub(w.clock.Now()))
		n.sends(w, to, "in time")
		w.settled(1)
		w.control(http.MethodPost, "faults", `{"code":1200,"rate":1}`)
		n.sends(w, to, "accepted in time, and kept by the upstream's faults")
		w.clock.Advance(2 * time.Second)
		if got := w.sendFrom(n.channel, n.text(to, "too late")); got.code != n.closed {
			t.Fatalf("a second after: %d %s; want code %d", got.status, got.body, n.closed)
		}
		w.clock.Advance(time.Hour)
		w.control(http.MethodDelete, "faults", "")
		w.settled(2)
		if sent := w.sim.Messages(simulator.MessageFilter{}); len(sent) != 1 {
			t.Fatalf("%d messages have left; want that which was in time", len(sent))
		}
	})
}

func TestP7NothingOfAPersonIsReadableOnAnyNetwork(t *testing.T) {
	onEveryNetwork(t, func(t *testing.T, w *world, n networkCase) {
		const text = "canary-of-the-text-4242"
		w.business.down.Store(true) // so that callbacks stay in the store
		const from = "33698765432"
		if got := w.webhook(n.heard(w, from, "m_1", text), n.secret); got.status != http.StatusOK {
			t.Fatalf("the webhook got %d %s", got.status, got.body)
		}
		w.control(http.MethodPost, "faults", `{"code":1200,"rate":1}`) // so that messages stay in the queue
		n.sends(w, from, text)
		w.sendFrom(n.channel, n.text("33698765499", text)) // refused
		w.webhook(n.heard(w, from, "m_2", text), "guessed")
		w.until("the send was tried", func() bool {
			return w.metric(`guichet_gateway_upstream_results_total{code="1200",result="retry"}`) != ""
		})
		for place, content := range w.places() {
			for _, canary := range []string{text, from, "33698765499", n.secret} {
				if strings.Contains(content, canary) {
					t.Errorf("%s holds %q in plain text", place, canary)
				}
			}
		}
	})
}

// An answer that is lost is a doubt. What the upstream tells of the message ends it: it is neither
// lost nor sent twice.
func TestP12LostAnswerIsADoubtThatTheUpstreamsWordEnds(t *testing.T) {
	onEveryNetwork(t, func(t *testing.T, w *world, n networkCase) {
		to := n.writes(w, 0, "hello", time.Hour)
		w.control(http.MethodPost, "faults", `{"effect":"dropAfter","next":1}`)
		n.sends(w, to, "hi")
		if r := w.settled(1); r.Period.InDoubt != 0 || r.Period.Billed != usd("0.01") {
			t.Fatalf("%d in doubt and %s billed; want none and 0.01 USD", r.Period.InDoubt, r.Period.Billed)
		}
		if sent := len(w.sim.Messages(simulator.MessageFilter{})); sent != 1 {
			t.Fatalf("the upstream has %d messages; want 1", sent)
		}
	})
}

// A doubt of which the upstream tells nothing is resolved by the account's rule.
func TestP12DoubtIsResolvedByRuleOnEveryNetwork(t *testing.T) {
	for rule, want := range map[string]int{config.DoubtFail: 0, config.DoubtResend: 1} {
		t.Run(rule, func(t *testing.T) {
			onEveryNetwork(t, func(t *testing.T, w *world, n networkCase) {
				to := n.writes(w, 0, "hello", time.Hour)
				w.control(http.MethodPost, "faults", `{"effect":"dropBefore","next":1}`)
				n.sends(w, to, "hi")
				w.until("it is in doubt", func() bool { return w.report().Period.InDoubt == 1 })
				w.clock.Advance(301 * time.Second)
				r := w.settled(1)
				if r.Period.InDoubt != 0 || r.Period.Charged != int64(want) {
					t.Fatalf("%d in doubt and %d charged; want none and %d", r.Period.InDoubt, r.Period.Charged, want)
				}
				if sent := len(w.sim.Messages(simulator.MessageFilter{})); sent != want {
					t.Fatalf("the upstream has %d messages; want %d", sent, want)
				}
			}, func(d *config.Document) { d.Doubt.Resolution = rule })
		})
	}
}

// The same digits are a number on one network and an id on the others: nobody's window opens on
// another network.
func TestP13NobodyIsOnePersonOnTwoNetworks(t *testing.T) {
	onEveryNetwork(t, func(t *testing.T, w *world, n networkCase) {
		const digits = "33612345678"
		if got := w.webhook(n.heard(w, digits, "m_1", "hello"), n.secret); got.status != http.StatusOK {
			t.Fatalf("the webhook got %d %s", got.status, got.body)
		}
		for name, other := range networkCases() {
			want := other.closed
			if other.channel == n.channel {
				want = 0
			}
			if got := w.sendFrom(other.channel, other.text(digits, "hi")); got.code != want {
				t.Errorf("on %s: %d %s; want code %d", name, got.status, got.body, want)
			}
		}
	})
}
