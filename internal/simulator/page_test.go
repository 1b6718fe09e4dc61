package simulator

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// fetched is an answer whose body is closed at the test's end.
type fetched struct {
	StatusCode int
	Header     http.Header
	Body       io.Reader
}

// fetch asks the simulator's port.
func (w *world) fetch(path string, header ...string) fetched {
	w.Helper()
	return w.fetchUntil(w.Context(), path, header...)
}

func (w *world) fetchUntil(ctx context.Context, path string, header ...string) fetched {
	w.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.api.URL+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := w.api.Client().Do(request)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = response.Body.Close() })
	return fetched{response.StatusCode, response.Header, response.Body}
}

func content(t *testing.T, response fetched) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestPageAsksNobodyElse(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	page := w.fetch("/")
	if page.StatusCode != http.StatusOK || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("got %d, %s", page.StatusCode, page.Header.Get("Content-Type"))
	}
	policy := page.Header.Get("Content-Security-Policy")
	for _, rule := range []string{
		"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'",
	} {
		if !strings.Contains(policy, rule) {
			t.Errorf("the policy %q lacks %q", policy, rule)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("the policy %q allows code in the page", policy)
	}
	html := content(t, page)
	named := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(html, -1)
	if len(named) < 3 {
		t.Fatalf("the page names %d files: %s", len(named), html)
	}
	for _, file := range named {
		answer := w.fetch(file[1])
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Security-Policy") != policy {
			t.Errorf("%s: got %d", file[1], answer.StatusCode)
		}
	}
}

// next reads a part of a feed.
func next(t *testing.T, lines *bufio.Scanner) FeedPart {
	t.Helper()
	for lines.Scan() {
		data, found := strings.CutPrefix(lines.Text(), "data: ")
		if !found {
			continue
		}
		var part FeedPart
		if err := json.Unmarshal([]byte(data), &part); err != nil {
			t.Fatal(err)
		}
		return part
	}
	t.Fatal("the feed has ended")
	return FeedPart{}
}

func TestFeedTellsWhatChanges(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.write(ana, Inbound{Text: "Hello"})
	feed := w.fetch("/control/feed")
	lines := bufio.NewScanner(feed.Body)
	lines.Buffer(nil, 1<<20)
	first := next(t, lines)
	if !first.Reset || len(first.Accounts) != 1 || len(first.Accounts[0].Templates) != 1 || len(first.Chats) != 1 {
		t.Fatalf("at first: got %+v", first)
	}
	if at := first.Accounts[0]; at.ID != account1 || !at.Gateway || len(at.Numbers) != 2 {
		t.Errorf("the account: got %+v", at)
	}
	w.write("4915112345678", Inbound{Text: "Hallo"})
	second := next(t, lines)
	for len(second.Chats) == 0 { // statuses of webhooks may come between
		second = next(t, lines)
	}
	if second.Reset || second.Accounts != nil || len(second.Chats) != 1 || second.Chats[0].Person != "4915112345678" {
		t.Errorf("then: got %+v", second)
	}
	w.s.Reset()
	third := next(t, lines)
	for !third.Reset {
		third = next(t, lines)
	}
	if len(third.Chats) != 0 || len(third.Accounts) != 1 {
		t.Errorf("after a reset: got %+v", third)
	}
}

func TestFeedHidesSecrets(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lines := bufio.NewScanner(w.fetchUntil(ctx, "/control/feed").Body)
	if !lines.Scan() {
		t.Fatal("no part came")
	}
	for _, hidden := range []string{secret, "verify-1", token} {
		if strings.Contains(lines.Text(), hidden) {
			t.Errorf("the feed has %q: %s", hidden, lines.Text())
		}
	}
}

func TestPageGetsRefusalsAsAnswers(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	plain := w.fetch("/v26.0/nobody")
	if plain.StatusCode != http.StatusUnauthorized {
		t.Errorf("a client: got %d, want 401", plain.StatusCode)
	}
	quiet := w.fetch("/v26.0/nobody", AskedByPage, "1")
	if quiet.StatusCode != http.StatusOK || quiet.Header.Get(StatusForPage) != "401" {
		t.Errorf("the page: got %d with %s %q, want 200 with 401",
			quiet.StatusCode, StatusForPage, quiet.Header.Get(StatusForPage))
	}
	if !strings.Contains(content(t, quiet), `"code":190`) {
		t.Error("the page: the refusal is not in the answer")
	}
}

func TestDeskLeadsToTheGateway(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.RequestURI()+" "+r.Header.Get("Authorization"))
	}))
	defer gateway.Close()
	config := testConfig()
	config.Accounts[0].CallbackURL, config.Accounts[0].VerifyToken = gateway.URL+"/webhooks", ""
	s, err := New(config, Options{})
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(s.Handler())
	defer api.Close()
	w := &world{T: t, s: s, api: api}
	got := content(t, w.fetch(DeskPath+account1+"/v26.0/5?fields=id", "Authorization", "Bearer key"))
	if want := "/v26.0/5?fields=id Bearer key"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := w.fetch(DeskPath + "unknown/v26.0/5"); got.StatusCode != http.StatusBadRequest {
		t.Errorf("an unknown account: got %d", got.StatusCode)
	}
	foreign := w.fetch(DeskPath+account1+"/v26.0/5", "Sec-Fetch-Site", "cross-site")
	if foreign.StatusCode != http.StatusOK {
		t.Errorf("reading from elsewhere changes nothing: got %d", foreign.StatusCode)
	}
}

func TestSinkShowsCallbacks(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	lines := bufio.NewScanner(w.fetch("/control/feed").Body)
	lines.Buffer(nil, 1<<20)
	next(t, lines)
	var told []Callback
	for i := range maxCallbacks + 1 {
		body := fmt.Sprintf(`{"n":%d}`, i)
		request, err := http.NewRequestWithContext(
			t.Context(), http.MethodPost, w.api.URL+SinkPath+account1, strings.NewReader(body),
		)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Hub-Signature-256", "sha256=1")
		response, err := w.api.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("got %d", response.StatusCode)
		}
		if i == 0 { // it would be gone after the others
			told = next(t, lines).Callbacks
		}
	}
	for len(told) == 0 || told[len(told)-1].Body != `{"n":50}` {
		told = append(told, next(t, lines).Callbacks...)
	}
	if first := told[0]; first.Account != account1 || first.Signature != "sha256=1" || first.Body != `{"n":0}` {
		t.Errorf("got %+v", first)
	}
	if len(told) != maxCallbacks+1 {
		t.Errorf("%d callbacks were told, want each once", len(told))
	}
	var listed struct{ Callbacks []Callback }
	if err := json.Unmarshal([]byte(content(t, w.fetch(SinkPath))), &listed); err != nil {
		t.Fatal(err)
	}
	if kept := len(listed.Callbacks); kept != maxCallbacks || listed.Callbacks[kept-1].Body != `{"n":50}` {
		t.Errorf("%d callbacks are kept, want %d with the newest at the end", kept, maxCallbacks)
	}
}

func TestOtherSitesCannotControl(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.api.URL+"/control/reset", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := w.api.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("got %d, want 403", response.StatusCode)
	}
}

func TestFilesForThePageCannotRun(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	for kind, shown := range map[string]bool{"image/png": true, "text/html": false} {
		sent := InboundFile{To: number1, Type: "document", MIMEType: kind, Content: []byte("<b>")}
		if _, err := w.s.Send(ana, sent); err != nil {
			t.Fatal(err)
		}
		chats := w.s.Chats()
		entries := chats[len(chats)-1].Entries
		var message struct{ Document struct{ ID string } }
		if err := json.Unmarshal(entries[len(entries)-1].Message, &message); err != nil {
			t.Fatal(err)
		}
		file := w.fetch("/control/media/" + message.Document.ID)
		header := file.Header
		if header.Get("Content-Type") != kind || !strings.Contains(header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: got %v", kind, header)
		}
		if inline := header.Get("Content-Disposition") == ""; inline != shown {
			t.Errorf("%s: shown %t, want %t", kind, inline, shown)
		}
	}
}
