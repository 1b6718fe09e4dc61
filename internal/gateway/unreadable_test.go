package gateway

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	_ "modernc.org/sqlite" // to change bytes in a store that is closed

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/simulator"
)

// database is the gateway's store, for what the gateway does not do. It waits while the gateway
// writes.
func (w *world) database() *sql.DB {
	w.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(w.directory, "data", "gateway.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		w.t.Fatal(err)
	}
	return db
}

// damage changes the store behind the gateway's back.
func (w *world) damage(statement string, args ...any) {
	w.t.Helper()
	db := w.database()
	defer db.Close()
	result, err := db.ExecContext(w.t.Context(), statement, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		w.t.Fatalf("%s changed %d rows, %v", statement, n, err)
	}
}

// stored reads a text from the store.
func (w *world) stored(query string, args ...any) (text string) {
	w.t.Helper()
	db := w.database()
	defer db.Close()
	if err := db.QueryRowContext(w.t.Context(), query, args...).Scan(&text); err != nil {
		w.t.Fatal(err)
	}
	return text
}

// batched is one webhook with all that several tell.
func batched(t *testing.T, webhooks ...string) string {
	t.Helper()
	type envelope struct {
		Object string            `json:"object"`
		Entry  []json.RawMessage `json:"entry"`
	}
	all := envelope{Object: webhook.Object}
	for _, webhook := range webhooks {
		var one envelope
		if err := json.Unmarshal([]byte(webhook), &one); err != nil {
			t.Fatal(err)
		}
		all.Entry = append(all.Entry, one.Entry...)
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// restart stops the gateway, lets change do what it wants, and starts it again.
func (w *world) restart(change func()) {
	w.t.Helper()
	if err := w.stop(); err != nil {
		w.t.Fatal(err)
	}
	change()
	w.listenAgain()
	w.start()
}

// submitted is a message that the upstream has, by both its ids.
func (w *world) submitted() (id, upstream string) {
	w.t.Helper()
	id = w.accepted(templateTo(ana, "parcel_ready"))
	upstream = w.submittedID(id)
	w.until("the answer is recorded", func() bool { return w.report().Queues.Outbound == 0 })
	return id, upstream
}

// One message of which a byte was lost or changed on the disk is given up, and settled as
// undelivered; those beside it and behind it go on.
func TestDamagedMessageIsGivenUpAndHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	const cut = "UPDATE messages SET %[1]s = substr(%[1]s, 1, length(%[1]s) - 1) WHERE id = ?"
	for column, statement := range map[string]string{
		"envelope": cut, "content": cut,
		"reserved": "UPDATE messages SET %s = '0.0x' WHERE id = ?",
		"times":    "UPDATE messages SET %s = 'x' WHERE id = ?",
	} {
		t.Run(column, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`)
				damaged := w.accepted(templateTo(ana, "parcel_ready"))
				others := []string{
					w.accepted(templateTo(ana, "parcel_ready")), w.accepted(templateTo("33612345679", "parcel_ready")),
				}
				w.restart(func() {
					w.damage(fmt.Sprintf(statement, column), damaged)
					w.control(http.MethodDelete, "faults", "")
				})
				r := w.settled(3)
				reserved := usd("0") // what cannot be read, or may have been in doubt, stays reserved (P3)
				if column == "reserved" || column == "times" {
					reserved = usd("0.03")
				}
				if r.Period.Charged != 2 || r.Period.Reserved != reserved {
					t.Fatalf(
						"%d charged and %s reserved, want the other two and %s", r.Period.Charged, r.Period.Reserved,
						reserved,
					)
				}
				for _, id := range others {
					if n := len(w.sim.Messages(simulator.MessageFilter{CallbackData: id})); n != 1 {
						t.Errorf("another message was sent %d times", n)
					}
				}
				w.until("the business is told", func() bool { return len(w.business.statuses(damaged)) == 1 })
				if told := w.business.received(damaged); !strings.Contains(told[0], `"code":131000`) {
					t.Errorf("the business was told %s, want 131000", told[0])
				}
				if n := w.metric(`guichet_gateway_unreadable_rows_total{kind="message"}`); n != "1" {
					t.Errorf("counted %q, want 1", n)
				}
				if !strings.Contains(w.logs.String(), "Stored row cannot be read") {
					t.Error("the log says nothing of it")
				}
				if err := w.stop(); err != nil {
					t.Fatal(err)
				}
				if record := w.settlements(damaged)[damaged]; record == nil || record.FreeReason != "undelivered" {
					t.Errorf("the ledger says %+v, want undelivered", record)
				}
			})
		})
	}
}

// A delivery that is told after the message was given up is owed, also where the times cannot be
// read that say that it was given up (P2).
func TestP2LateDeliveryOfAMessageWithDamagedTimesIsBilled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, blocking)
		id := w.givenUp()
		w.restart(func() { w.damage("UPDATE messages SET times = 'x' WHERE id = ?", id) })
		for range 2 {
			w.told(id, "delivered")
		}
		if r := w.report(); r.Period.Billed != usd("0.03") || !r.Period.Reserved.Amount.IsZero() {
			t.Fatalf(
				"billed %s and reserved %s after the late delivery; want 0.03 USD and none", r.Period.Billed,
				r.Period.Reserved,
			)
		}
	})
}

// A message to a customer whose conversation cannot be read is given up, because nobody knows what
// the customer has stopped; one that is delivered has no price that is known, because windows
// decide it. Neither holds up the messages of others.
func TestDamagedConversationHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		w.quiet(ana)
		_, upstream := w.submitted()
		w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`)
		waits, other := w.accepted(templateTo(ana, "parcel_ready")), w.accepted(
			templateTo("33612345679", "parcel_ready"),
		)
		w.restart(func() {
			w.damage(
				"UPDATE conversations SET state = x'00' WHERE customer = (SELECT customer FROM messages WHERE id = ?)",
				waits,
			)
			w.control(http.MethodDelete, "faults", "")
		})
		w.until(
			"the business is told that it failed",
			func() bool { return slices.Contains(w.business.statuses(waits), "failed") },
		)
		w.until(
			"the other is sent",
			func() bool { return len(w.sim.Messages(simulator.MessageFilter{CallbackData: other})) == 1 },
		)
		if n := len(w.sim.Messages(simulator.MessageFilter{CallbackData: waits})); n != 0 {
			t.Errorf("the message was sent %d times, want never", n)
		}
		if got := w.webhook(w.status(upstream, "delivered", ""), appSecret); got.status != http.StatusOK {
			t.Fatalf("the webhook got %d %s", got.status, got.body)
		}
		w.until("the delivered one is unpriced", func() bool { return w.report().Period.Unpriced == 1 })
		if strings.Contains(w.logs.String(), "invalid character") {
			t.Error("the log holds bytes of the row")
		}
	})
}

// What a webhook says of others is stored although it is about a customer whose conversation cannot
// be read, too; it is refused all the same, so that the upstream tells it again until the row is
// restored.
func TestWebhookAboutADamagedConversationIsStoredForTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const other = "33612345679"
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		var state string
		w.restart(func() {
			state = w.stored("SELECT hex(state) FROM conversations")
			w.damage("UPDATE conversations SET state = x'00'")
		})
		body := batched(t, w.inbound(
			phoneID, other, "wamid.before", "hello",
		), w.inbound(phoneID, ana, "wamid.of-ana", "STOP"),
			w.inbound(phoneID, other, "wamid.behind", "hello"))
		tell := func(status int) {
			t.Helper()
			if got := w.webhook(body, appSecret); got.status != status {
				t.Fatalf("the webhook got %d %s, want %d", got.status, got.body, status)
			}
		}
		tell(http.StatusServiceUnavailable)
		for _, id := range []string{"wamid.before", "wamid.behind"} {
			w.until(
				"the business is told of the other's message", func() bool { return len(w.business.received(id)) == 1 },
			)
		}
		if n := len(w.business.received("wamid.of-ana")); n != 0 {
			t.Fatalf("the business was told %d times of what is not stored", n)
		}
		w.accepted(textTo(other, "hi"))
		if n := w.metric(`guichet_gateway_unreadable_rows_total{kind="conversation"}`); n != "1" {
			t.Errorf("counted %q, want 1", n)
		}
		w.restart(func() { w.damage("UPDATE conversations SET state = unhex(?) WHERE state = x'00'", state) })
		tell(http.StatusOK)
		w.until(
			"the business is told of ana's message", func() bool {
				return len(w.business.received(
					"wamid.of-ana",
				)) == 1
			},
		)
		if n := len(w.business.received("wamid.before")); n != 1 {
			t.Errorf("the business was told %d times of the other's message, want once", n)
		}
		if got := w.send(templateTo(ana, "summer_sale")); got.code != graph.CodeMarketingStopped {
			t.Errorf(
				"marketing to ana got %d %s, want %d: she stopped it", got.status, got.body, graph.CodeMarketingStopped,
			)
		}
	})
}

// A status that would open a free entry point, and a refusal that says what the customer has
// stopped, end their message also where the conversation cannot be read.
func TestDamagedConversationHoldsUpNoEndingOfAMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		w.quiet(ana)
		_, upstream := w.submitted()
		w.control(http.MethodPut, "knobs", `{"sendDelay":"2s"}`)
		w.control(http.MethodPost, "faults", `{"code":131050,"next":1}`)
		refused := w.accepted(templateTo(ana, "summer_sale"))
		w.until(
			"it is being sent", func() bool {
				return w.stored("SELECT state FROM messages WHERE id = ?", refused) == "1"
			},
		)
		w.damage("UPDATE conversations SET state = x'00'")
		w.until(
			"the business is told that it failed",
			func() bool { return slices.Contains(w.business.statuses(refused), "failed") },
		)
		rest := `,"conversation":{"id":"1","origin":{"type":"referral_conversion"},"expiration_timestamp":"` +
			unixSeconds(
				w.clock.Now().Add(time.Hour),
			) + `"}`
		if got := w.webhook(w.status(upstream, "delivered", rest), appSecret); got.status != http.StatusOK {
			t.Fatalf("the webhook got %d %s", got.status, got.body)
		}
		w.until("the delivered one is unpriced", func() bool { return w.report().Period.Unpriced == 1 })
	})
}

// A delivered message whose envelope cannot be read has no price that is known: it is held as
// unpriced, and its webhook is no failure.
func TestDeliveryOfADamagedMessageIsHeldAsUnpriced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.quiet(ana)
		id, upstream := w.submitted()
		w.restart(func() { w.damage("UPDATE messages SET envelope = zeroblob(40) || envelope WHERE id = ?", id) })
		if got := w.webhook(w.status(upstream, "delivered", ""), appSecret); got.status != http.StatusOK {
			t.Fatalf("the webhook got %d %s", got.status, got.body)
		}
		w.until("it is unpriced", func() bool { return w.report().Period.Unpriced == 1 })
		if got := w.report().Unpriced; len(got) != 1 || got[0] != (report.Unpriced{Unreadable: true, Messages: 1}) {
			t.Errorf("the report says that %+v waits, want one that cannot be read", got)
		}
		if r := w.report(); r.Period.Reserved != usd("0.03") {
			t.Fatalf("%s reserved, want 0.03 USD until it is settled", r.Period.Reserved)
		}
		w.until(
			"the business is told",
			func() bool { s := w.business.statuses(id); return len(s) > 0 && s[len(s)-1] == "delivered" },
		)
	})
}

// What is sealed with a key that is missing waits for the key: nothing of it is given up.
func TestMessagesUnderAMissingKeyWaitForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		keyset := w.readKeyFile(config.KeysetFile)
		other, err := seal.NewKeys()
		if err != nil {
			t.Fatal(err)
		}
		w.restart(func() {
			w.writeKeyFile(config.KeysetFile, other.Keyset)
			w.control(http.MethodDelete, "faults", "")
		})
		w.clock.Advance(10 * time.Minute)
		w.accepted(templateTo("33612345679", "parcel_ready"))
		w.settled(1)
		w.until(
			"the log says that a key is missing",
			func() bool { return strings.Contains(w.logs.String(), "sealed with a key that the keyset lacks") },
		)
		w.restart(func() { w.writeKeyFile(config.KeysetFile, keyset) })
		w.clock.Advance(10 * time.Minute)
		w.document.Account.DisplayName = "Acme again"
		w.writeDocument() // wakes the dispatcher, which sleeps by the real clock
		w.until(
			"it is sent when the key is back",
			func() bool { return len(w.sim.Messages(simulator.MessageFilter{CallbackData: id})) == 1 },
		)
	})
}

// What was delivered while the key of its message was missing is billed once the key is back.
func TestP2DeliveryUnderAMissingKeyIsBilledWhenTheKeyIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.quiet(ana)
		before := w.readKeyFile(config.KeysetFile)
		w.rotate(seal.AddKey, w)
		w.rotate(seal.PromoteKey, w)
		promoted := w.readKeyFile(config.KeysetFile)
		_, upstream := w.submitted()
		w.restart(func() { w.writeKeyFile(config.KeysetFile, before) })
		if got := w.webhook(w.status(upstream, "delivered", ""), appSecret); got.status != http.StatusOK {
			t.Fatalf("the webhook got %d %s", got.status, got.body)
		}
		met := func() string { return w.metric(`guichet_gateway_unreadable_rows_total{kind="message"}`) }
		first := met()
		w.until("a price was looked for in vain", func() bool { return met() > first })
		w.writeKeyFile(config.KeysetFile, promoted)
		if r := w.settled(1); r.Period.Billed != usd("0.03") || r.Period.Unpriced != 0 {
			t.Fatalf(
				"%s is billed and %d messages are unpriced, want 0.03 USD and none", r.Period.Billed, r.Period.Unpriced,
			)
		}
	})
}

func TestDamagedCallbackHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.business.down.Store(true)
		for _, id := range []string{"wamid.1", "wamid.2"} {
			if got := w.webhook(w.inbound(phoneID, ana, id, "hello"), appSecret); got.status != http.StatusOK {
				t.Fatalf("the webhook got %d %s", got.status, got.body)
			}
		}
		w.restart(func() {
			w.damage(
				"UPDATE callbacks SET payload = substr(payload, 1, length(payload) - 1) WHERE seq = (SELECT MIN(seq) " +
					"FROM callbacks)",
			)
			w.business.down.Store(false)
		})
		w.until("the one behind it is delivered", func() bool { return len(w.business.received("wamid.2")) == 1 })
		if n := w.metric(`guichet_gateway_unreadable_rows_total{kind="callback"}`); n != "1" {
			t.Errorf("counted %q, want 1", n)
		}
		w.until("nothing waits", func() bool { return w.report().Queues.Callbacks == 0 })
	})
}
