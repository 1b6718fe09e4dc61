package gateway

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// ear is somebody who listens to the callbacks.
type ear struct {
	mu     sync.Mutex
	bodies []string
	ended  bool
}

// listens lets somebody listen, and returns once they do.
func (w *world) listens() *ear {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.api+"/callbacks", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+apiKey)
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	if response.StatusCode != http.StatusOK || !lines.Scan() || lines.Text() != "event: listening" {
		w.t.Fatalf("got %d %s", response.StatusCode, lines.Text())
	}
	e := &ear{}
	go func() {
		for lines.Scan() {
			data, found := strings.CutPrefix(lines.Text(), "data: ")
			var told struct {
				Channel string `json:"channel"`
				Body    string `json:"body"`
			}
			if found && json.Unmarshal([]byte(data), &told) == nil && told.Body != "" {
				e.mu.Lock()
				e.bodies = append(e.bodies, told.Channel+" "+told.Body)
				e.mu.Unlock()
			}
		}
		e.mu.Lock()
		e.ended = true
		e.mu.Unlock()
	}()
	return e
}

func (e *ear) heard() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.bodies...)
}

func (e *ear) hasEnded() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ended
}

// Who listens gets the bytes that the endpoint gets, of every network, while the endpoint gets them
// as before. It goes on for longer than a request may take.
func TestListenersGetACopy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		e := w.listens()
		w.writes(ana, "Grüße 👋", 0)
		id := w.accepted(textTo(ana, "hello"))
		w.until("all statuses are told", func() bool { return len(w.business.statuses(id)) == 3 })
		synctest.Wait()
		w.chats(pageID, 0, pages.Act{Text: "hi"})
		w.until("all is heard", func() bool { return len(e.heard()) == 5 })
		var told []string
		for _, body := range w.business.received("") {
			channel := phoneID
			if strings.Contains(body, `"object":"page"`) {
				channel = pageID
			}
			told = append(told, channel+" "+body)
		}
		if diff := cmp.Diff(told, e.heard()); diff != "" {
			t.Errorf("heard (-told +heard):\n%s", diff)
		}
	})
}

// An account without an endpoint can be listened to. Nothing is kept for whoever listens, nor for
// anybody else.
func TestListenersNeedNoEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) { d.Callback = nil })
		write := func(text string) {
			if _, err := w.sim.Write(ana, simulator.Inbound{To: phoneID, Text: text}); err != nil {
				t.Fatal(err)
			}
		}
		write("before")
		w.until("the first is taken", func() bool {
			return w.metric(`guichet_gateway_webhook_events_total{kind="message",result="applied"}`) == "1"
		})
		e := w.listens()
		write("while")
		w.until("it is heard", func() bool { return len(e.heard()) == 1 })
		if heard := e.heard()[0]; !strings.Contains(heard, `"body":"while"`) {
			t.Errorf("heard %s", heard)
		}
		if waiting := w.report().Queues.Callbacks; waiting != 0 {
			t.Errorf("%d callbacks wait for nobody", waiting)
		}
	})
}

// Listening takes a token of the account's, for as long as it is one. A gateway that stops does not
// wait for whoever listens.
func TestListenersNeedAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, header := range []string{"", "Bearer " + accessToken} {
			if got := w.do(http.MethodGet, "/callbacks", "", "Authorization", header); got.status != 401 {
				t.Errorf("with %q: got %d %s", header, got.status, got.body)
			}
		}
		revoked := w.listens()
		tokens := w.document.APITokens
		w.document.APITokens = []config.APIToken{}
		w.writeDocument()
		w.until("the listener is sent away", revoked.hasEnded)
		w.document.APITokens = tokens
		w.writeDocument()
		w.until("the token is one again", func() bool { return w.do(http.MethodGet, booksPath, "").status == 200 })
		e := w.listens()
		if err := w.stop(); err != nil {
			t.Error(err)
		}
		w.until("the last one ends with the gateway", e.hasEnded)
		if logs := w.logs.String(); strings.Count(logs, `"msg":"Callbacks are listened to","token":"client"`) != 2 {
			t.Errorf("who listens is not in the log:\n%s", logs)
		}
	})
}
