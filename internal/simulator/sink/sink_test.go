package sink_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/simulator/sink"
)

const delivered = `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":` +
	`{"statuses":[{"id":"wamid.1","status":"delivered"}]}}]}]}`

func TestSinkShowsCallbacksWithTheirBytes(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	server := httptest.NewServer(sink.New(func() time.Time { return noon }))
	defer server.Close()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	watch, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	watch.Header.Set("Accept", "text/event-stream")
	events, err := http.DefaultClient.Do(watch)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()

	want := []sink.Callback{
		{ID: 2, At: noon, Summary: "no webhook", Signature: "sha256=02", Bytes: 5, Body: "hello"},
		{ID: 1, At: noon, Summary: "status delivered", Signature: "sha256=01", Bytes: 153, Body: delivered},
	}
	for i := len(want) - 1; i >= 0; i-- {
		post, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader(want[i].Body))
		if err != nil {
			t.Fatal(err)
		}
		post.Header.Set("X-Hub-Signature-256", want[i].Signature)
		response, err := http.DefaultClient.Do(post)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("the callback was not taken: %v, %v", response, err)
		}
		response.Body.Close()
	}

	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got struct{ Callbacks []sink.Callback }
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Callbacks); diff != "" {
		t.Errorf("the last callbacks (-want +got):\n%s", diff)
	}

	lines := bufio.NewScanner(events.Body)
	for i := len(want) - 1; i >= 0; {
		if !lines.Scan() {
			t.Fatalf("the events ended: %v", lines.Err())
		}
		data, isData := strings.CutPrefix(lines.Text(), "data: ")
		if !isData {
			continue
		}
		var told sink.Callback
		if err := json.Unmarshal([]byte(data), &told); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[i], told); diff != "" {
			t.Errorf("an event (-want +got):\n%s", diff)
		}
		i--
	}
}
