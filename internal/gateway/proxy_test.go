package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/simulator"
)

// through puts a proxy before the upstream, which passes every request on. The first request that
// holds one of the numbers is answered in its own words, as if the answer had been lost behind it.
func through(tb testing.TB, answers map[string]http.HandlerFunc) func(*config.Document) {
	return func(d *config.Document) {
		target, err := url.Parse(d.Channels[0].BaseURL)
		if err != nil {
			tb.Fatal(err)
		}
		pass := httputil.NewSingleHostReverseProxy(target)
		var mu sync.Mutex
		answered := map[string]bool{}
		own := func(body string) http.HandlerFunc {
			mu.Lock()
			defer mu.Unlock()
			for number, answer := range answers {
				if strings.Contains(body, number) && !answered[number] {
					answered[number] = true
					return answer
				}
			}
			return nil
		}
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			answer := own(string(body))
			if answer == nil {
				pass.ServeHTTP(w, r)
				return
			}
			pass.ServeHTTP(httptest.NewRecorder(), r)
			answer(w, r)
		}))
		tb.Cleanup(proxy.Close)
		d.Channels[0].BaseURL = proxy.URL
	}
}

// records are the ledger's records, in order.
func (w *world) records() (records []*ledger.Record) {
	w.t.Helper()
	db := w.database()
	defer db.Close()
	rows, err := db.QueryContext(w.t.Context(), "SELECT record FROM ledger ORDER BY sequence")
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var canonical []byte
		if err := rows.Scan(&canonical); err != nil {
			w.t.Fatal(err)
		}
		record, err := ledger.ParseCanonical(canonical)
		if err != nil {
			w.t.Fatal(err)
		}
		records = append(records, record)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return records
}

// notes are the notes of the ledger's records of a message, in order.
func (w *world) notes(id string) (notes []string) {
	w.t.Helper()
	for _, record := range w.records() {
		if record.MessageID == id && record.Kind == ledger.Doubt {
			notes = append(notes, record.Note)
		}
	}
	return notes
}

// An answer that is not the upstream's own leaves it open whether the upstream has the message.
// Such a message is not simply sent again: whatever the rule, no copy reaches the upstream that the
// ledger does not tell of (P12), and none is settled twice (P2).
func TestP12AnswerOfSomethingOnTheWaySendsNothingTwiceWithoutATrace(t *testing.T) {
	t.Parallel()
	plain := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	answers := map[string]http.HandlerFunc{
		"33600000001": plain(
			503, "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
		),
		"33600000002": plain(500, "<html><h1>500 Internal Server Error</h1></html>"),
		"33600000003": plain(408, ""),
		"33600000004": plain(202, ""),
		"33600000005": plain(302, ""),
		"33600000006": plain(503, `{"error":{"code":503,"message":"unavailable","status":"UNAVAILABLE"}}`),
		"33600000007": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "500") // which never come
			_, _ = io.WriteString(w, `{"messaging_product":"whatsapp","messages":[{"id":"wamid.1"}]`)
		},
	}
	for rule, want := range map[string]struct {
		copies int
		notes  []string
	}{
		config.DoubtFail:   {1, []string{ledger.NoteDoubtBegan, ledger.NoteDoubtFailed}},
		config.DoubtResend: {2, []string{ledger.NoteDoubtBegan, ledger.NoteDoubtResent}},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			w := listenOn(
				t, gatewaytest.Loopback(), through(t, answers), func(d *config.Document) { d.Doubt.Resolution = rule },
			)
			w.start() // the simulator does not run: it takes messages and tells nothing of them
			sent := map[string]string{}
			for number := range answers {
				sent[number] = w.accepted(templateTo(number, "parcel_ready"))
			}
			w.until("all are in doubt", func() bool { return w.report().Period.InDoubt == int64(len(answers)) })
			w.until("no doubt is left", func() bool {
				r := w.report()
				if r.Period.InDoubt > 0 {
					// the time that a doubt is given begins when the gateway first looks
					w.clock.Advance(301 * time.Second)
				}
				return r.Period.InDoubt == 0 && r.Queues.Outbound == 0
			})
			for number, id := range sent {
				if n := len(w.sim.Messages(simulator.MessageFilter{CallbackData: id})); n != want.copies {
					t.Errorf("the upstream has %d copies of the message to %s, want %d", n, number, want.copies)
				}
				if got := w.notes(id); !slices.Equal(got, want.notes) {
					t.Errorf("the ledger notes %q of the message to %s, want %q", got, number, want.notes)
				}
				w.told(id, "delivered") // of whichever copy: it is charged once
			}
			if r := w.settled(
				int64(len(answers)),
			); r.Period.Charged != int64(len(answers)) || !r.Period.Reserved.Amount.IsZero() {
				t.Errorf(
					"%d charged and %s reserved, want %d and nothing", r.Period.Charged, r.Period.Reserved,
					len(answers),
				)
			}
		})
	}
}
