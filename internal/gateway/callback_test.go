package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/store"
)

func TestBusinessSeesOneIDAndItsOwnCallbackData(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.accepted(`{"messaging_product":"whatsapp","to":"` + ana + `","type":"template","biz_opaque_callback_data":"job=42","template":{"name":"parcel_ready",` +
			`"language":{"code":"en_US"},"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]}}`)
		w.until("every status is told", func() bool { return len(w.business.statuses(id)) == 3 })
		upstream := w.submittedID(id)
		if n := len(w.business.received(upstream)); n != 0 {
			t.Fatalf("the business sees the upstream's id %d times", n)
		}
		if n := len(w.business.received(`"biz_opaque_callback_data":"job=42"`)); n != 3 {
			t.Fatalf("%d of 3 callbacks carry the business's own data", n)
		}
		plain := w.accepted(templateTo(ana, "parcel_ready"))
		w.until("every status is told", func() bool { return len(w.business.statuses(plain)) == 3 })
		if n := len(w.business.received("biz_opaque_callback_data")); n != 3 {
			t.Fatalf("a message without callback data got some: %d callbacks have it", n)
		}
	})
}

func TestCallbacksWaitForTheBusinessAndKeepTheOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.business.down.Store(true)
		for i := range 5 {
			at := w.clock.Now().Add(time.Duration(i-10) * time.Second)
			if _, err := w.sim.Write(
				ana, simulator.Inbound{To: phoneID, Text: fmt.Sprintf("message %d", i), Timestamp: &at},
			); err != nil {
				t.Fatal(err)
			}
		}
		w.until(
			"a delivery was tried",
			func() bool { return w.metric(`guichet_gateway_callbacks_total{result="retry"}`) != "" },
		)
		w.until("all of them wait", func() bool { return w.report().Queues.Callbacks == 5 })
		w.business.down.Store(false)
		w.until("all are delivered", func() bool { return len(w.business.received("message ")) == 5 })
		for i, body := range w.business.received("message ") {
			if !strings.Contains(body, fmt.Sprintf("message %d", i)) {
				t.Fatalf("delivery %d is %s", i, body)
			}
		}
		w.until("nothing waits any more", func() bool { return w.report().Queues.Callbacks == 0 })
	})
}

// A callback whose Secret is not known yet loses nothing: what cannot be signed waits.
func TestCallbacksWaitForTheirSecret(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) { d.Callback.Secret = "" })
		if _, err := w.sim.Write(ana, simulator.Inbound{To: phoneID, Text: "early"}); err != nil {
			t.Fatal(err)
		}
		w.until("it waits", func() bool { return w.report().Queues.Callbacks == 1 })
		w.document.Callback.Secret = hookSecret
		w.writeDocument()
		w.until("it is delivered", func() bool { return len(w.business.received("early")) == 1 })
		if tried := w.metric(`guichet_gateway_callbacks_total{result="retry"}`); tried != "" && tried != "0" {
			t.Errorf("an unsigned delivery was tried %s times", tried)
		}
	})
}

// The last token is revoked like any other: within seconds, and nobody is let in then.
func TestTheLastTokenIsRevoked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.accepted(templateTo(ana, "parcel_ready"))
		w.document.APITokens = []config.APIToken{}
		w.writeDocument()
		var refused answer
		w.until("the token is refused", func() bool {
			refused = w.send(templateTo(ana, "parcel_ready"))
			return refused.status != http.StatusOK
		})
		if refused.status != http.StatusUnauthorized || refused.code != 190 {
			t.Errorf("got %d with code %d, want 401 with code 190", refused.status, refused.code)
		}
	})
}

func TestRefusalOfTheUpstreamIsToldInMetasShape(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":131026,"next":1}`)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		w.until("the business is told", func() bool { return len(w.business.statuses(id)) == 1 })
		body := w.business.received(id)[0]
		for _, want := range []string{
			`"object":"whatsapp_business_account"`, `"phone_number_id":"` + phoneID + `"`, `"status":"failed"`, `"recipient_id":"` + ana + `"`,
			`"code":131026,"title":"Message undeliverable"`,
		} {
			if !strings.Contains(body, want) {
				t.Errorf("%s is missing in %s", want, body)
			}
		}
		if r := w.settled(1); r.Period.Charged != 0 || !r.Period.Reserved.Amount.IsZero() {
			t.Fatalf("charged %d, reserved %s; want nothing", r.Period.Charged, r.Period.Reserved)
		}
	})
}

func TestSendIsTriedAgainAndOrderIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		w.control(http.MethodPost, "faults", `{"code":130429,"next":1}`)
		var ids []string
		for i := range 5 {
			ids = append(ids, w.accepted(textTo(ana, fmt.Sprintf("part %d", i))))
		}
		w.settled(5)
		var order []string
		for _, m := range w.sim.Messages(simulator.MessageFilter{}) {
			order = append(order, m.CallbackData)
		}
		if strings.Join(order, " ") != strings.Join(ids, " ") {
			t.Fatalf("sent %v, want %v", order, ids)
		}
		if n := w.metric(`guichet_gateway_upstream_results_total{code="130429",result="retry"}`); n != "1" {
			t.Fatalf("%q retries, want 1", n)
		}
	})
}

func TestQuotedMessageIsKnownUpstreamByItsOwnID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		first := w.accepted(textTo(ana, "one"))
		w.accepted(
			`{"messaging_product":"whatsapp","to":"` + ana + `","context":{"message_id":"` + first + `"},"text":{"body":"two"}}`,
		)
		w.settled(2)
		sent := w.sim.Messages(simulator.MessageFilter{})
		if want := `"context":{"message_id":"` + sent[0].ID + `"}`; !strings.Contains(string(sent[1].Body), want) {
			t.Fatalf("the upstream got %s, want %s in it", sent[1].Body, want)
		}
	})
}

func TestIdempotencyKeyNamesOneMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const key = "order-4711"
		first := w.accepted(templateTo(ana, "parcel_ready"), idempotencyHeader, key)
		if again := w.accepted(templateTo(ana, "parcel_ready"), idempotencyHeader, key); again != first {
			t.Fatalf("the repetition got %s, want %s", again, first)
		}
		if other := w.send(templateTo(ana, "summer_sale"), idempotencyHeader, key); other.code != 100 {
			t.Fatalf("another request under the key got %s, want 100", other.body)
		}
		if second := w.accepted(templateTo(ana, "parcel_ready"), idempotencyHeader, "order-4712"); second == first {
			t.Fatal("another key got the same message")
		}
		w.settled(2)
		if n := len(w.sim.Messages(simulator.MessageFilter{})); n != 2 {
			t.Fatalf("%d messages were sent, want 2", n)
		}
	})
}

func TestMessageThatOutlivesItsTimeToLiveIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		w.clock.Advance(30*24*time.Hour - time.Minute)
		w.clock.Advance(2 * time.Minute)
		w.until("the business is told", func() bool {
			told := w.business.statuses(id)
			return len(told) == 1 && told[0] == "failed"
		})
		r := w.report()
		if !r.Period.Reserved.Amount.IsZero() || r.Queues.Unsettled != 0 {
			t.Fatalf("%s reserved and %d unsettled, want none", r.Period.Reserved, r.Queues.Unsettled)
		}
	})
}

func TestP2MessageWithoutAnOutcomeIsSettledAfterTheGrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.quiet(ana)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		w.submittedID(id)
		w.clock.Advance(30*24*time.Hour + 7*24*time.Hour)
		if r := w.report(); r.Queues.Unsettled != 1 {
			t.Fatalf("%d unsettled before the grace is over, want 1", r.Queues.Unsettled)
		}
		w.clock.Advance(25 * time.Hour)
		w.until("it is settled", func() bool { return w.report().Queues.Unsettled == 0 })
		if r := w.report(); !r.Period.Reserved.Amount.IsZero() || r.Ledger.Sequence != 1 {
			t.Fatalf("%s reserved, %d records; want nothing and one", r.Period.Reserved, r.Ledger.Sequence)
		}
	})
}

func TestBusinessKnowsTheMessageThatACustomerAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		id := w.accepted(textTo(ana, "yours?"))
		w.settled(1)
		upstream := w.submittedID(id)
		for kind, in := range map[string]simulator.Inbound{
			"a reply":    {To: phoneID, Text: "yes", ReplyTo: upstream},
			"a reaction": {To: phoneID, Message: map[string]json.RawMessage{"type": json.RawMessage(`"reaction"`), "reaction": json.RawMessage(`{"message_id":"` + upstream + `","emoji":"x"}`)}},
		} {
			inbound, err := w.sim.Write(ana, in)
			if err != nil {
				t.Fatal(err)
			}
			w.until("the business is told", func() bool { return len(w.business.received(inbound)) == 1 })
			if body := w.business.received(inbound)[0]; !strings.Contains(body, `"`+id+`"`) ||
				strings.Contains(body, upstream) {
				t.Errorf("%s: the business got %s, want %s in it", kind, body, id)
			}
		}
	})
}

func TestRepetitionGetsItsAnswerAlsoWhenTheTemplateIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first := w.accepted(templateTo(ana, "parcel_ready"), idempotencyHeader, "order-4711")
		w.document.Templates[0].UpstreamStatus = "PAUSED"
		w.writeDocument()
		w.until(
			"the pause is served",
			func() bool { return w.send(templateTo(ana, "parcel_ready")).code == graph.CodeTemplatePaused },
		)
		if again := w.accepted(templateTo(ana, "parcel_ready"), idempotencyHeader, "order-4711"); again != first {
			t.Fatalf("the repetition got %s, want %s", again, first)
		}
		if other := w.send(
			templateTo(ana, "parcel_ready"), idempotencyHeader, "order-4712",
		); other.code != graph.CodeTemplatePaused {
			t.Fatalf("a new message got %s", other.body)
		}
	})
}

// However long the business's endpoint is away, its queue takes a million callbacks and 256 MiB at
// most: more are dropped and counted.
func TestQueueOfCallbacksIsBoundedInNumberAndBytes(t *testing.T) {
	t.Parallel()
	const body = `{"object":"whatsapp_business_account"}` // 38 bytes
	g := resting(t, noonClock())
	dropped := func() int {
		metrics := httptest.NewRecorder()
		g.metrics.Handler().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		_, after, _ := strings.Cut(metrics.Body.String(), "\nguichet_gateway_callbacks_total{result=\"dropped\"} ")
		count, _, _ := strings.Cut(after, "\n")
		n, _ := strconv.Atoi(count)
		return n
	}
	for _, tc := range []struct {
		name           string
		waiting, bytes int64
		queued         bool
	}{
		{"both have room", 999_999, 256<<20 - 38, true},
		{"a million wait", 1_000_000, 0, false},
		{"its bytes are one too many", 0, 256<<20 - 37, false},
	} {
		for name, value := range map[string]int64{"depth/callbacks": tc.waiting, "depth/callback_bytes": tc.bytes} {
			g.tamper(t, `INSERT INTO counters (name, value) VALUES (?, ?)
				ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
		}
		before := dropped()
		if err := g.store.Update(t.Context(), func(tx *durable.Tx) error {
			customer := g.keys.Seal().CustomerHash(phoneID, ana)
			return g.callbacks.Add(tx, g.config.Tenant(), phoneID, customer, []byte(body), g.store.Now())
		}); err != nil {
			t.Fatal(err)
		}
		waiting, bytes := storedDepth(t, g, store.Callbacks), storedDepth(t, g, store.CallbackBytes)
		counted := dropped() - before
		if queued := waiting > tc.waiting; queued != tc.queued || queued != (bytes > tc.bytes) ||
			queued == (counted == 1) {
			t.Errorf("%s: queued %t, %d bytes, %d counted as dropped; want queued %t",
				tc.name, queued, bytes, counted, tc.queued)
		}
	}
}

// storedDepth is a depth of the store's queues.
func storedDepth(t *testing.T, g *Gateway, of store.Depth) (depth int64) {
	t.Helper()
	if err := g.store.View(t.Context(), func(tx *store.Tx) (err error) {
		depth, err = tx.Depth(of)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return depth
}
