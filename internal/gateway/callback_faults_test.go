package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/callbacks"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

// tells posts a customer's message to the gateway as the upstream does.
func (w *world) tells(from, id, text string) {
	w.t.Helper()
	if got := w.webhook(w.inbound(phoneID, from, id, text), appSecret); got.status != http.StatusOK {
		w.t.Fatalf("the webhook got %d %s", got.status, got.body)
	}
}

// A web application firewall refuses one callback for what it says, with whatever status, and takes
// all others: it is set aside, and its customer's line goes on.
func TestCallbackThatFailsWhileOthersAreTakenIsSetAside(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 403, 404, 429, 500, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				endpoint := newPicky(w)
				endpoint.refusing.Store(int64(status))
				w.tells(ana, "wamid.1", "poison")
				w.tells(ana, "wamid.2", "after it")
				w.until("it was tried", func() bool { return endpoint.last.Load() != nil })
				for n := range 8 { // two hours
					w.tells("33612345679", fmt.Sprint("wamid.x", n), "another")
					w.until("others are told", func() bool { return len(endpoint.received("another")) > n })
					w.clock.Advance(callbacks.RefusalPatience)
				}
				// The clock may jump while it is posted: its lease ends, and it comes again.
				w.until("the line goes on", func() bool { return len(endpoint.received("after it")) > 0 })
				want := report.RefusedCallbacks{Count: 1, Status: status}
				if r := w.report().RefusedCallbacks; r == nil || *r != want {
					t.Errorf("set aside is %+v, want %+v", r, want)
				}
			})
		})
	}
}

// A callback that the endpoint never takes is the first of the only customer who writes: one behind
// it is tried before its turn, and shows what is at fault.
func TestCallbackThatFailsAloneDoesNotHoldUpItsLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		endpoint := newPicky(w)
		endpoint.refusing.Store(http.StatusForbidden)
		for n, text := range []string{"poison 1", "poison 2", "after it", "the last"} {
			w.tells(ana, fmt.Sprint("wamid.", n), text)
		}
		w.until("it was tried", func() bool { return endpoint.last.Load() != nil })
		for n := 0; len(endpoint.received("the last")) == 0; n++ {
			if n > 400 {
				t.Fatalf("after %v the line still stands", time.Duration(n)*time.Minute)
			}
			time.Sleep(time.Minute) // of the bubble's
		}
		if r := w.report(); r.RefusedCallbacks == nil || r.RefusedCallbacks.Count != 2 {
			t.Errorf("set aside is %+v, want the two", r.RefusedCallbacks)
		}
		if got := len(endpoint.received("after it")); got != 1 {
			t.Errorf("the one that was tried before its turn came %d times, want once", got)
		}
	})
}

// The endpoint is away, or answers 404 to everything, for days: nothing is set aside, the report
// says so, and all of it is delivered in order when it is back.
func TestEndpointThatTakesNothingLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.tells("33612345679", "wamid.0", "before")
		w.until("it was taken", func() bool { return len(w.business.received("before")) == 1 })
		w.business.down.Store(true)
		since := w.clock.Now().Truncate(time.Second)
		for n := range 6 {
			for _, from := range []string{ana, "33612345679", "33612345670"} {
				w.tells(from, fmt.Sprintf("wamid.%s.%d", from, n), fmt.Sprintf("%s says %d", from, n))
			}
		}
		time.Sleep(2 * time.Minute) // of the bubble's
		failure := w.report().CallbackFailure
		if failure == nil || failure.Status != http.StatusServiceUnavailable || failure.Since.Before(since) {
			t.Fatalf("the report says %+v, want 503 since %v", failure, since)
		}
		if got := w.metric("guichet_gateway_callbacks_taken"); got != "0" {
			t.Errorf("the gauge is %q, want 0", got)
		}
		for range 30 * 4 { // hours, with a try in each quarter
			w.clock.Advance(15*time.Minute - time.Second)
			time.Sleep(time.Second) // of the bubble's: what is due is tried
		}
		r := w.report()
		if r.RefusedCallbacks != nil || r.CallbackFailure == nil || r.Queues.Callbacks != 18 {
			t.Fatalf("after 30 hours %d wait, %+v is set aside, and the failure is %+v; want 18, nothing, and one",
				r.Queues.Callbacks, r.RefusedCallbacks, r.CallbackFailure)
		}
		w.business.down.Store(false)
		time.Sleep(16 * time.Minute)
		for _, from := range []string{ana, "33612345679", "33612345670"} {
			got := w.business.received(from + " says ")
			if len(got) != 6 || !slices.IsSortedFunc(got, func(a, b string) int {
				return strings.Compare(textOf(a), textOf(b))
			}) {
				t.Errorf("%d callbacks of a customer came, want 6 in their order", len(got))
			}
		}
		if r := w.report(); r.CallbackFailure != nil || r.Queues.Callbacks != 0 || r.RefusedCallbacks != nil {
			t.Errorf("the report still says that %+v, and %d wait", r.CallbackFailure, r.Queues.Callbacks)
		}
	})
}

// textOf is the text of a message in a callback.
func textOf(body string) string {
	_, text, _ := strings.Cut(body, `"body":"`)
	text, _, _ = strings.Cut(text, `"`)
	return text
}

// What could not be delivered for seven days is set aside, and can be replayed.
func TestCallbackIsSetAsideAfterSevenDays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.business.down.Store(true)
		for n := range 3 {
			w.tells(ana, fmt.Sprint("wamid.", n), fmt.Sprint("old ", n))
		}
		w.until("the first is tried", func() bool {
			return w.metric(`guichet_gateway_callbacks_total{result="retry"}`) != ""
		})
		w.clock.Advance(callbacks.RetryFor + time.Minute)
		w.until("all are set aside", func() bool {
			r := w.report().RefusedCallbacks
			return r != nil && r.Count == 3 && r.Status == http.StatusServiceUnavailable
		})
		if got := w.metric(`guichet_gateway_callbacks_total{result="dropped"}`); got != "" {
			t.Errorf("%s callbacks were dropped, want none", got)
		}
		w.business.down.Store(false)
		path := "/v26.0/" + phoneID + "/refused_callbacks"
		if got := w.do(http.MethodPost, path, `{"ids":["1","2","3"]}`); got.body != `{"success":true,"callbacks":3}` {
			t.Fatalf("the replay got %d %s", got.status, got.body)
		}
		w.until("all are delivered", func() bool { return len(w.business.received("old ")) == 3 })
	})
}

// What waits and what is set aside share one bound. The oldest that are set aside go for a new one;
// how many is counted, and over when the endpoint takes callbacks and none is set aside.
func TestWhatIsSetAsideMakesPlaceForWhatIsNew(t *testing.T) {
	g := resting(t, noonClock())
	add := func() {
		t.Helper()
		if err := g.store.Update(t.Context(), func(tx *durable.Tx) error {
			customer := g.keys.Seal().CustomerHash(phoneID, ana)
			return g.callbacks.Add(tx, g.config.Tenant(), phoneID, customer, []byte(`{}`), g.store.Now())
		}); err != nil {
			t.Fatal(err)
		}
	}
	lost := func() (lost int64) {
		t.Helper()
		if err := g.store.View(t.Context(), func(tx *store.Tx) error {
			e, err := tx.Callbacks().Endpoint()
			lost = e.Lost
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return lost
	}
	for range 12 {
		add()
		if err := g.store.Update(t.Context(), func(tx *durable.Tx) error {
			now := g.store.Now()
			claimed, err := tx.Callbacks().Claim(now, now.Add(time.Minute), 1)
			if err != nil || len(claimed) != 1 {
				return fmt.Errorf("claimed %d: %w", len(claimed), err)
			}
			_, err = tx.Callbacks().SetAside(claimed[0], 404, now)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	g.tamper(t, `INSERT INTO counters (name, value) VALUES ('depth/callbacks', 999990)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
	add()
	aside, waiting := storedDepth(t, g, store.RefusedCallbacks), storedDepth(t, g, store.Callbacks)
	if aside != 2 || waiting != 999_991 || lost() != 10 {
		t.Fatalf("%d are set aside, %d wait, %d are lost; want 2, one more, the 10 oldest", aside, waiting, lost())
	}
	g.tamper(t, `UPDATE counters SET value = 1000000 WHERE name = 'depth/callbacks'`)
	add()
	if aside, waiting := storedDepth(t, g, store.RefusedCallbacks), storedDepth(t, g, store.Callbacks); aside != 0 ||
		waiting != 1_000_000 || lost() != 13 {
		t.Fatalf("%d are set aside, %d wait and %d are lost; want none, no more, and 13", aside, waiting, lost())
	}
}
