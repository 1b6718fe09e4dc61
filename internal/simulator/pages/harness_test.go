package pages

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

const (
	pageID  = "108181820024680"
	otherID = "108181820024681"
	ana     = "24680135"
	token   = "page-token"
	secret  = "app-secret"
)

// world is pages at work, with a business that keeps its webhooks. Its time is synctest's.
type world struct {
	*testing.T
	pages *Pages
	scene *stage.Scene
	stage *stage.Stage

	mu     sync.Mutex
	bodies []string
}

// run has a test in a world whose settings and first page it may change.
func run(t *testing.T, change func(*Settings, *Page), test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		settings := Settings{
			SentAfter: 10 * time.Millisecond, DeliveredAfter: 100 * time.Millisecond, ReadAfter: time.Second,
			ReviewAfter: 2 * time.Second, AdWindow: 7 * 24 * time.Hour,
		}
		shop := Page{
			ID: pageID, Name: "Shop", AppID: "77", AppSecret: secret, CallbackURL: "http://shop.example/webhooks",
			Tokens: []string{token},
		}
		if change != nil {
			change(&settings, &shop)
		}
		w := &world{T: t}
		w.stage = stage.New(stage.Options{
			Clock: clock.New(nil), Log: slog.New(slog.DiscardHandler), Transport: w,
			Webhooks: stage.Webhooks{MaxBatch: 100, Workers: 1, MaxPending: 1000, Timeout: stage.Duration(time.Second)},
		})
		w.scene = stage.NewScene(stage.RecordFull, 7)
		other := Page{ID: otherID, Name: "Other", Tokens: []string{"other-token"}}
		w.pages = New(w.stage, w.scene, settings, []Page{shop, other})
		ctx, cancel := context.WithCancel(t.Context())
		var workers sync.WaitGroup
		w.pages.Start(ctx, &workers)
		workers.Go(func() { w.stage.Schedule.Run(ctx) })
		test(w)
		cancel()
		workers.Wait()
	})
}

// RoundTrip implements http.RoundTripper: it is the business's endpoint.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if !graph.VerifySignature(body, r.Header.Get(graph.SignatureHeader), secret) {
		w.Errorf("the signature does not fit %s", body)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bodies = append(w.bodies, string(body))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
}

// call asks the Graph API with the page's token and wants a status.
func (w *world) call(method, path, body string, want int) map[string]any {
	w.Helper()
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	return w.ask(request, want)
}

func (w *world) ask(request *http.Request, want int) map[string]any {
	w.Helper()
	response := httptest.NewRecorder()
	w.pages.ServeHTTP(response, request)
	if response.Code != want {
		w.Fatalf("%s %s: got %d %s, want %d", request.Method, request.URL, response.Code, response.Body, want)
	}
	var answer map[string]any
	if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil {
		w.Fatalf("%s: %v", response.Body, err)
	}
	return answer
}

// refused wants an error of a code and a subcode.
func (w *world) refused(method, path, body string, code, subcode int) {
	w.Helper()
	w.wantError(w.call(method, path, body, 400), code, subcode)
}

func (w *world) wantError(answer map[string]any, code, subcode int) {
	w.Helper()
	failure := w.failure(answer)
	number := func(name string) int {
		value, _ := failure[name].(float64)
		return int(value)
	}
	if number("code") != code || number("error_subcode") != subcode {
		w.Fatalf("got %v, want %d/%d", answer, code, subcode)
	}
}

// failure is the error of an answer.
func (w *world) failure(answer map[string]any) map[string]any {
	w.Helper()
	failure, ok := answer["error"].(map[string]any)
	if !ok {
		w.Fatalf("got %v, want an error", answer)
	}
	return failure
}

func (w *world) send(body string) string {
	w.Helper()
	id, _ := w.call("POST", "/v26.0/me/messages", body, 200)["message_id"].(string)
	return id
}

func text(to string) string { return `{"recipient":{"id":"` + to + `"},"message":{"text":"hello"}}` }

func (w *world) act(who string, act Act) Acted {
	w.Helper()
	if act.To == "" {
		act.To = pageID
	}
	acted, err := w.pages.Act(who, act)
	if err != nil {
		w.Fatal(err)
	}
	return acted
}

// writes has Ana write so long ago.
func (w *world) writes(ago time.Duration) {
	w.Helper()
	at := time.Now().Add(-ago)
	w.act(ana, Act{Text: "hi", Timestamp: &at})
}

// events returns what was posted since the last call, one line for each event, once all is quiet.
func (w *world) events() (lines []string) {
	w.Helper()
	if err := w.stage.Activity.Wait(w.Context()); err != nil {
		w.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, body := range w.bodies {
		var webhook struct {
			Entry []map[string]json.RawMessage `json:"entry"`
		}
		if err := json.Unmarshal([]byte(body), &webhook); err != nil {
			w.Fatalf("%s: %v", body, err)
		}
		for _, entry := range webhook.Entry {
			for _, list := range []string{"messaging", "standby", "changes"} {
				var events []map[string]json.RawMessage
				if json.Unmarshal(entry[list], &events) == nil {
					for _, e := range events {
						lines = append(lines, list+" "+line(e))
					}
				}
			}
		}
	}
	w.bodies = nil
	return lines
}

// line is an event without who, whom and when.
func line(e map[string]json.RawMessage) string {
	for _, name := range []string{"sender", "recipient", "timestamp"} {
		delete(e, name)
	}
	raw, err := json.Marshal(e)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
