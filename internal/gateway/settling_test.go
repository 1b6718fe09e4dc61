package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

func TestP2StatusesInAnyOrderAndNumberSettleOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.quiet(ana)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		upstream := w.submittedID(id)
		w.until("the business is told that it was sent", func() bool { return len(w.business.statuses(id)) == 1 })
		for _, status := range []string{
			"read", "delivered", "sent", "read", "delivered", "failed", "delivered", "sent",
		} {
			if got := w.webhook(w.status(upstream, status, ""), appSecret); got.status != http.StatusOK {
				t.Fatalf("%s got %d", status, got.status)
			}
		}
		r := w.settled(1)
		if r.Period.Messages != 1 || r.Period.Billed != usd("0.03") || r.Ledger.Sequence != 1 {
			t.Fatalf(
				"%d settlements, %s billed, %d records; want one of 0.03 USD", r.Period.Messages, r.Period.Billed,
				r.Ledger.Sequence,
			)
		}
		w.until("the business is told of everything", func() bool { return w.report().Queues.Callbacks == 0 })
		if got := strings.Join(w.business.statuses(id), " "); got != "sent read" {
			t.Fatalf("the business was told %q, want only what moved forward", got)
		}
	})
}

func TestP2ConcurrentDuplicatesOfAWebhookCountOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.quiet(ana)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		delivered := w.status(w.submittedID(id), "delivered", "")
		inbound := w.inbound(phoneID, ana, "wamid.same", "hello")
		var posts sync.WaitGroup
		for range 16 {
			posts.Go(func() { w.webhook(delivered, appSecret) })
			posts.Go(func() { w.webhook(inbound, appSecret) })
		}
		posts.Wait()
		if r := w.settled(1); r.Period.Messages != 1 || r.Ledger.Sequence != 1 {
			t.Fatalf("%d settlements and %d records, want one", r.Period.Messages, r.Ledger.Sequence)
		}
		w.until("the business is told", func() bool { return len(w.business.received("wamid.same")) > 0 })
		w.until("nothing waits any more", func() bool { return w.report().Queues.Callbacks == 0 })
		if n := len(w.business.received("wamid.same")); n != 1 {
			t.Fatalf("the business was told of the message %d times", n)
		}
	})
}

func TestP2FailedMessageIsFreeAndALateDeliveryIsACorrection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.quiet(ana)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		upstream := w.submittedID(id)
		w.webhook(
			w.status(upstream, "failed", `,"errors":[{"code":131026,"title":"Message undeliverable"}]`), appSecret,
		)
		r := w.settled(1)
		if r.Period.Charged != 0 || !r.Period.Reserved.Amount.IsZero() {
			t.Fatalf("%d charged and %s reserved after the failure, want none", r.Period.Charged, r.Period.Reserved)
		}
		w.webhook(w.status(upstream, "delivered", ""), appSecret)
		r = w.report()
		if r.Period.Messages != 1 || r.Period.Charged != 1 || r.Period.Billed != usd("0.03") || r.Ledger.Sequence != 2 {
			t.Fatalf(
				"after the late delivery: %+v, ledger %d; want one message charged 0.03 USD by a second record", r.Period,
				r.Ledger.Sequence,
			)
		}
	})
}

func TestP2StatusOfAnUnknownIDIsKeptUntilItIsKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.quiet(ana)
		w.control(http.MethodPut, "knobs", `{"sendDelay":"300ms","webhookDelay":"5s"}`)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		upstream := w.submittedID(id) // the upstream has it; its answer is still under way
		w.webhook(w.status(upstream, "delivered", ""), appSecret)
		if r := w.settled(1); r.Period.Billed != usd("0.03") {
			t.Fatalf("billed %s, want 0.03 USD", r.Period.Billed)
		}
		if n := w.metric(`guichet_gateway_webhook_events_total{kind="status",result="unknown"}`); n != "1" {
			t.Fatalf("%q statuses were kept, want 1: the answer came before the status and the test shows nothing", n)
		}
	})
}

// timeless is a test without a deadline, which a bubble of synctest has none of.
type timeless struct{ testing.TB }

func TestP2AnyOrderOfStatusesSettlesTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		settled, charged := int64(0), int64(0)
		rapid.Check(timeless{t}, func(rt *rapid.T) {
			customer := fmt.Sprintf("336123%05d", settled)
			w.quiet(customer)
			id := w.accepted(templateTo(customer, "parcel_ready"))
			upstream := w.submittedID(id)
			told := rapid.SliceOfN(
				rapid.SampledFrom([]string{"sent", "delivered", "read", "failed"}), 1, 8,
			).Draw(rt, "statuses")
			ended, delivered := false, false
			for _, status := range told {
				w.webhook(w.status(upstream, status, ""), appSecret)
				ended = ended || status != "sent"
				delivered = delivered || status == "delivered" || status == "read"
			}
			if !ended {
				w.webhook(w.status(upstream, "failed", ""), appSecret)
			}
			settled++
			if delivered {
				charged++
			}
			// A status that overtakes the answer to the send is applied with the answer. What would
			// be counted too often shows in the next case at the latest.
			w.until(
				fmt.Sprintf("%v settles once", told),
				func() bool { p := w.report().Period; return p.Messages == settled && p.Charged == charged },
			)
		})
		if p := w.report().Period; p.Messages != settled || p.Charged != charged {
			t.Fatalf("%d settled and %d charged, want %d and %d", p.Messages, p.Charged, settled, charged)
		}
	})
}
