package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/simulator"
)

func TestAnswerWithinTheWindowIsFreeAndATemplateIsBilledOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "where is my parcel", 0)
		free := w.accepted(textTo("+"+ana, "it is on its way"))
		billed := w.accepted(templateTo("+"+ana, "parcel_ready"))

		r := w.settled(2)
		if r.Period.Billed != usd("0.03") || r.Period.Charged != 1 || r.Period.Messages != 2 {
			t.Fatalf(
				"billed %s for %d of %d messages, want 0.03 USD for 1 of 2", r.Period.Billed, r.Period.Charged,
				r.Period.Messages,
			)
		}
		if !r.Period.Reserved.Amount.IsZero() {
			t.Fatalf("%s stays reserved after settlement", r.Period.Reserved)
		}
		if len(r.Period.Allowances) == 0 || r.Period.Allowances[0].Used != 1 || r.Period.Allowances[0].Scope != "main" {
			t.Fatalf("allowances %+v: the free answer must have used one of main's", r.Period.Allowances)
		}
		for _, id := range []string{free, billed} {
			w.until("the business is told every status", func() bool { return len(w.business.statuses(id)) == 3 })
			if diff := cmp.Diff([]string{"sent", "delivered", "read"}, w.business.statuses(id)); diff != "" {
				t.Fatalf("statuses (-want +got):\n%s", diff)
			}
		}
		if w.business.forged != 0 {
			t.Fatalf("%d callbacks were not signed", w.business.forged)
		}
		w.until("the open window is reported", func() bool { return w.report().OpenWindows == 1 })
	})
}

func TestP4RefusalSaysWhenTheWindowClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		silent := w.clock.Now().Add(-25 * time.Hour)
		w.writes(ana, "hello", 25*time.Hour)
		got := w.send(textTo(ana, "are you there"))
		want := "The service window closed at " + silent.Add(24*time.Hour).UTC().Format(time.RFC3339)
		if got.status != http.StatusBadRequest || got.code != 131047 || !strings.HasPrefix(got.details, want) {
			t.Fatalf("got %d %s, want 131047 and %q", got.status, got.body, want)
		}
		stranger := w.send(textTo("+5511987654321", "hello"))
		if stranger.code != 131047 || !strings.HasPrefix(
			stranger.details, "No service window: the customer has not written to this number.",
		) {
			t.Fatalf("got %s, want 131047 and that the customer never wrote", stranger.body)
		}
		if other := w.do(
			http.MethodPost, "/v26.0/"+secondPhone+"/messages", textTo(ana, "hello"),
		); other.code != 131047 {
			t.Fatalf("got %s: windows belong to one number", other.body)
		}
		if sent := len(w.sim.Messages(simulator.MessageFilter{})); sent != 0 {
			t.Fatalf("%d messages left the gateway", sent)
		}
	})
}

func TestP4LateWebhookOpensNoWindowInTheFuture(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "late", 23*time.Hour+59*time.Minute)
		w.accepted(textTo(ana, "still in time"))
		w.clock.Advance(2 * time.Minute)
		if got := w.send(textTo(ana, "too late")); got.code != 131047 {
			t.Fatalf("got %s, want 131047: the window counts from the message, not from its arrival", got.body)
		}
	})
}

// What the upstream states with "sent" is nothing where the plan fixes the length of an entry
// point: it lasts 72 hours from the delivery of the reply.
func TestFixedEntryPointBeginsWithTheDelivery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) {
			entry := d.Plan.Revisions[len(d.Plan.Revisions)-1].EntryPoint
			entry.Expiry, entry.DurationSeconds = "Fixed", 72*3600
		})
		_, err := w.sim.Write(ana, simulator.Inbound{
			To: phoneID, Text: "is it still on sale", Referral: json.RawMessage(
				`{"source_type":"ad","source_id":"1202"}`,
			),
		})
		if err != nil {
			t.Fatal(err)
		}
		w.until("the window opens", func() bool { return w.report().OpenWindows == 1 })
		w.quiet(ana)
		delivered := func(after time.Duration) {
			id := w.accepted(templateTo(ana, "parcel_ready"))
			w.until("the business is told that it is sent", func() bool { return len(w.business.statuses(id)) == 1 })
			w.clock.Advance(after)
			w.webhook(w.status(w.submittedID(id), "delivered", ""), appSecret)
		}
		delivered(20 * time.Hour)
		w.clock.Advance(60 * time.Hour)
		delivered(time.Hour)
		if r := w.report(); r.Period.Messages != 2 || r.Period.Charged != 0 {
			t.Fatalf("%d charged of %d; want none of two", r.Period.Charged, r.Period.Messages)
		}
	})
}

// TestReplyToAnAdvertisementOpensAFreeEntryPoint follows the rule that a customer who comes through
// an advertisement and is answered within a day is written to for free from then on, here for seven
// days, while free-form messages still need the service window. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing
func TestReplyToAnAdvertisementOpensAFreeEntryPoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		_, err := w.sim.Write(ana, simulator.Inbound{
			To: phoneID, Text: "is it still on sale", Referral: json.RawMessage(
				`{"source_type":"ad","source_id":"1202"}`,
			),
		})
		if err != nil {
			t.Fatal(err)
		}
		w.until("the window opens", func() bool { return w.report().OpenWindows == 1 })
		w.accepted(templateTo(ana, "summer_sale"))
		w.settled(1)
		w.clock.Advance(6 * 24 * time.Hour)
		w.accepted(templateTo(ana, "summer_sale"))
		if r := w.settled(2); r.Period.Charged != 0 {
			t.Fatalf("%d charged within the entry point, want none", r.Period.Charged)
		}
		if got := w.send(textTo(ana, "hi")); got.code != 131047 {
			t.Fatalf("got %s, want 131047: an entry point changes the price, never the permission", got.body)
		}
		w.clock.Advance(25 * time.Hour)
		w.accepted(templateTo(ana, "summer_sale"))
		if r := w.settled(3); r.Period.Charged != 1 || r.Period.Billed != usd("0.0859") {
			t.Fatalf("%d charged, %s; want the one after seven days, 0.0859 USD", r.Period.Charged, r.Period.Billed)
		}
	})
}
