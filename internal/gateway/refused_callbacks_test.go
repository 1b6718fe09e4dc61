package gateway

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/callbacks"
	"github.com/guichet-dev/guichet/internal/graph"
)

// picky is a business's endpoint that refuses what holds a word for as long as it is told to.
type picky struct {
	*business
	refusing atomic.Int64 // the status
	last     atomic.Value // the body that was refused last
}

func newPicky(w *world) *picky {
	p := &picky{business: w.business}
	taking := p.server.Config.Handler
	p.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if status := p.refusing.Load(); status != 0 && strings.Contains(string(body), "poison") {
			p.last.Store(string(body))
			w.WriteHeader(int(status))
			return
		}
		again := httptest.NewRequest(r.Method, r.URL.Path, strings.NewReader(string(body)))
		again.Header = r.Header
		taking.ServeHTTP(w, again)
	})
	return p
}

// A callback that the endpoint never takes stands in its customer's line for a quarter of an hour,
// and nobody else's; it is kept, told of, and can be replayed or dropped.
func TestCallbackThatIsRefusedIsSetAsideAndCanBeReplayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		endpoint := newPicky(w)
		endpoint.refusing.Store(http.StatusBadRequest)
		const bob = "33612345679"
		// the neighbours within one webhook
		body := w.batch(1, phoneID)
		for i, text := range []string{"the last", "poison 2", "after it", "poison 1"} { // each is put before the others
			inbound := w.inbound(phoneID, ana, fmt.Sprintf("wamid.%d", i), text)
			_, change, _ := strings.Cut(inbound, `"changes":[`)
			body = strings.Replace(body, `"changes":[`, `"changes":[`+strings.TrimSuffix(change, `]}]}`)+",", 1)
		}
		if got := w.webhook(body, appSecret); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if got := w.webhook(w.inbound(phoneID, bob, "wamid.bob", "hello"), appSecret); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		w.until("the neighbours are told at once", func() bool { return len(endpoint.received("wamid.")) == 2 })
		path := "/v26.0/" + phoneID + "/refused_callbacks"
		// each has its quarter of an hour at the head of the line
		for i, text := range []string{"poison 1", "poison 2"} {
			w.until(
				"it was tried",
				func() bool { last, _ := endpoint.last.Load().(string); return strings.Contains(last, text) },
			)
			w.until(
				"that is noted",
				func() bool { return w.stored(`SELECT COUNT(*) FROM callbacks WHERE failed_at > 0`) == "1" },
			)
			w.clock.Advance(callbacks.RefusalPatience + time.Minute)
			w.until("it is set aside", func() bool {
				r := w.report().RefusedCallbacks
				return r != nil && r.Count == int64(i+1) && r.Status == http.StatusBadRequest
			})
		}
		w.until(
			"the rest is told",
			func() bool { return len(endpoint.received("the last")) == 1 && len(endpoint.received("after it")) == 1 },
		)
		if n := w.metric(`guichet_gateway_callbacks_total{result="set_aside"}`); n != "2" {
			t.Errorf("%q callbacks are counted as set aside, want 2", n)
		}
		if n := w.metric(`guichet_gateway_queue_depth{queue="refused_callbacks"}`); n != "2" {
			t.Errorf("the gauge says %q, want 2", n)
		}
		list := w.do(http.MethodGet, path, "")
		if list.status != http.StatusOK || strings.Count(list.body, `"status":400`) != 2 ||
			strings.Contains(list.body, "poison") {
			t.Fatalf("the list is %d %s", list.status, list.body)
		}
		if got := w.do(
			http.MethodGet, path, "", "Authorization", "Bearer guessed",
		); got.code != graph.CodeInvalidToken {
			t.Fatalf("without the token the list is %d %s", got.status, got.body)
		}
		if got := w.do(http.MethodGet, "/v26.0/"+secondPhone+"/refused_callbacks", ""); got.body != `{"data":[]}` {
			t.Fatalf("of another number the list is %s", got.body)
		}
		endpoint.refusing.Store(0)
		if got := w.do(http.MethodPost, path, `{"ids":["1"]}`); got.body != `{"success":true,"callbacks":1}` {
			t.Fatalf("the replay got %d %s", got.status, got.body)
		}
		w.until("it is delivered", func() bool { return len(endpoint.received("poison 1")) == 1 })
		if got := w.do(http.MethodDelete, path, `{"ids":["1","2"]}`); got.body != `{"success":true,"callbacks":1}` {
			t.Fatalf("the drop got %d %s", got.status, got.body)
		}
		w.until("nothing is left", func() bool {
			r := w.report()
			return r.RefusedCallbacks == nil && r.Queues.Callbacks == 0
		})
		for _, bad := range []string{`{}`, `{"ids":[]}`, `{"ids":["x"]}`, `{"ids":[1]}`} {
			if got := w.do(http.MethodPost, path, bad); got.status != http.StatusBadRequest {
				t.Errorf("%s got %d %s, want 400", bad, got.status, got.body)
			}
		}
	})
}
