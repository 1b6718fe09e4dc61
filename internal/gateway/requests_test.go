package gateway

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/simulator"
)

// control makes a request to the simulator's control API.
func (w *world) control(method, path, body string) {
	w.t.Helper()
	request, err := http.NewRequest(method, w.upstream.URL+"/control/"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		content, _ := io.ReadAll(response.Body)
		w.t.Fatalf("control %s got %d %s", path, response.StatusCode, content)
	}
}

// answer is what a request to the gateway got.
type answer struct {
	status int
	header http.Header
	body   string
	// id is that of the accepted message; code and details are of the error.
	id, details string
	code        int
}

// do makes a request to the gateway's API.
func (w *world) do(method, path, body string, header ...string) answer {
	w.t.Helper()
	request, err := http.NewRequest(method, w.api+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+apiKey)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(content)}
	if parsed, err := whatsapp.ParseSendResponse(content); err == nil {
		a.id = parsed.Messages[0].ID
	}
	if object, err := rawjson.ParseObject(content); err == nil && a.id == "" {
		a.id = object.Text("message_id")
	}
	if a.status >= 400 {
		e := graph.ParseError(a.status, response.Header, content)
		a.code, a.details = e.Code, e.Details
	}
	return a
}

// send posts a message of the main number.
func (w *world) send(body string, header ...string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v26.0/"+phoneID+"/messages", body, header...)
}

// accepted posts a message that must be accepted, and returns its id.
func (w *world) accepted(body string, header ...string) string {
	w.t.Helper()
	a := w.send(body, header...)
	if a.status != http.StatusOK || a.id == "" {
		w.t.Fatalf("the send got %d %s", a.status, a.body)
	}
	return a.id
}

// writes has a customer write to the main number, and waits until the business was told.
func (w *world) writes(from, text string, ago time.Duration) {
	w.t.Helper()
	at := w.clock.Now().Add(-ago)
	id, err := w.sim.Write(from, simulator.Inbound{To: phoneID, Text: text, Timestamp: &at})
	if err != nil {
		w.t.Fatal(err)
	}
	w.until("the business is told of the customer's message", func() bool { return len(w.business.received(id)) == 1 })
}

// report fetches the report as the operator does.
func (w *world) report() report.Report {
	w.t.Helper()
	var r report.Report
	status, body, _ := w.fetchReport("Bearer "+w.token, "")
	if status != http.StatusOK {
		w.t.Fatalf("the report got %d %s", status, body)
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// stopped are a report's channels with an obstacle.
func stopped(r report.Report) []report.Channel {
	return slices.DeleteFunc(slices.Clone(r.Channels), func(c report.Channel) bool { return c.Obstacle == nil })
}

func (w *world) fetchReport(authorization, tag string) (status int, body, newTag string) {
	w.t.Helper()
	request, err := http.NewRequest(http.MethodGet, w.reportURL, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", authorization)
	if tag != "" {
		request.Header.Set("If-None-Match", tag)
	}
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(content), response.Header.Get("ETag")
}

// settled waits until so many messages are settled, and returns the report.
func (w *world) settled(messages int64) report.Report {
	w.t.Helper()
	var r report.Report
	w.until("the messages are settled", func() bool { r = w.report(); return r.Period.Messages >= messages })
	return r
}

// metric reads a sample from /metrics, such as `guichet_gateway_open_windows`; absent is "".
func (w *world) metric(name string) string {
	w.t.Helper()
	response, err := w.client.Get(w.metrics + "/metrics")
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			return value
		}
	}
	return ""
}

func readAll(tb testing.TB, response *http.Response) string {
	tb.Helper()
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return string(content)
}

// unixSeconds is an instant as webhooks write it.
func unixSeconds(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
