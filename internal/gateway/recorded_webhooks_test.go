package gateway

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Webhooks of every field, type, status and era come to the business as they came from Meta, byte
// for byte. Each line of testdata/webhooks is one, in the form in which Meta writes them.
func TestEveryWebhookReachesTheBusinessAsItCame(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/webhooks/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no webhooks: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			t.Parallel()
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				for line := range strings.Lines(string(content)) {
					w.passesOn(strings.TrimSuffix(line, "\n"))
				}
			})
		})
	}
}

// passesOn posts a webhook twice, as Meta may, and expects one callback of the same bytes.
func (w *world) passesOn(body string) {
	w.t.Helper()
	for range 2 {
		if got := w.webhook(body, appSecret); got.status != http.StatusOK {
			w.t.Errorf("got %d %s for %s", got.status, got.body, body)
			return
		}
	}
	w.until("no callback waits", func() bool { return w.report().Queues.Callbacks == 0 })
	synctest.Wait()
	w.business.mu.Lock()
	defer w.business.mu.Unlock()
	got := w.business.bodies
	w.business.bodies = nil
	if len(got) != 1 || got[0] != body {
		w.t.Errorf("the business got %s\nof %s", got, body)
	}
}

// The statuses of a business's own messages come as they came from Meta, but for the id, which is
// the one that the business was given, and for its own callback data.
func TestStatusesOfOwnMessagesComeAsTheyCameButForTheirIDs(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/webhooks/statuses.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	const customer = "5511999990000"
	at := regexp.MustCompile(`"id":"(wamid\.[^"]+)","status":"([a-z]+)","timestamp":"\d+"`)
	data := regexp.MustCompile(`,"biz_opaque_callback_data":"[^"]*"`)
	synctest.Test(t, func(t *testing.T) {
		w := prepareWorld(t)
		upstream := w.network.Serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			sent, _ := rawjson.ParseObject(body)
			_, _ = rw.Write([]byte(`{"messages":[{"id":"wamid.up.` + sent.Text("biz_opaque_callback_data") + `"}]}`))
		}))
		for i := range w.document.Channels {
			w.document.Channels[i].BaseURL = upstream.URL
		}
		w.writeDocument()
		w.start()
		for i, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
			if strings.Contains(line, `"recipient_type":"group"`) || strings.Contains(line, `"code":131042`) {
				continue // it is of no message to a customer, or none is sent after it
			}
			line = data.ReplaceAllString(line, "")
			body, given := templateTo("+"+customer, "parcel_ready"), ""
			if i%2 == 1 {
				given = `,"biz_opaque_callback_data":"caf\u00e9 ` + strconv.Itoa(i) + `"`
				body = strings.Replace(body, `,`, given+",", 1)
			}
			ours := w.accepted(body)
			synctest.Wait() // it is sent
			of := func(id, data string) string {
				now := `"id":"` + id + `","status":"$2","timestamp":"` + unixSeconds(w.clock.Now()) + `"`
				return at.ReplaceAllString(line, now+data)
			}
			want := of(ours, given)
			if got := w.webhook(
				of("wamid.up."+ours, `,"biz_opaque_callback_data":"`+ours+`"`), appSecret,
			); got.status != http.StatusOK {
				t.Fatalf("got %d %s", got.status, got.body)
			}
			w.until("the business is told", func() bool { return len(w.business.received(ours)) > 0 })
			if got := w.business.received(ours); len(got) != 1 || got[0] != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
	})
}
