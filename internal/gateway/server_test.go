package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
)

func TestBusyGatewayCountsTheSendsThatItRefuses(t *testing.T) {
	t.Parallel()
	g := &Gateway{metrics: telemetry.NewMetrics(), log: slog.New(slog.DiscardHandler)}
	serving, done := make(chan struct{}), make(chan struct{})
	served := g.bounded(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		serving <- struct{}{}
		<-done
	}))
	defer close(done)
	occupy := func(path string) {
		go served.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, path, nil))
		<-serving
	}
	for range maxConcurrent {
		occupy("/webhooks")
	}
	for range maxConcurrent { // strangers who post webhooks have taken nothing from the business
		occupy("/v26.0/1066/messages")
	}
	occupy("/webhooks") // how many of these there are is webhookRoom's to say
	answer := httptest.NewRecorder()
	served.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/v26.0/1066/messages", nil))
	if !strings.Contains(answer.Body.String(), `"code":130429`) || answer.Header().Get("Retry-After") == "" {
		t.Errorf(
			"got %s, Retry-After %q; want 130429 with a time to come back", answer.Body,
			answer.Header().Get("Retry-After"),
		)
	}
	metrics := httptest.NewRecorder()
	g.metrics.Handler().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if want := `guichet_gateway_messages_refused_total{code="130429"} 1`; !strings.Contains(
		metrics.Body.String(), want+"\n",
	) {
		t.Errorf("the metrics lack %q: a send was refused, and a webhook is none", want)
	}
}

// A client may end its half of the connection behind its request and wait: it looks as one that has
// gone, and an answer that nobody writes is a 200.
func TestP1FailureIsNoSuccessForWhoLooksGone(t *testing.T) {
	t.Parallel()
	g := &Gateway{metrics: telemetry.NewMetrics(), log: slog.New(slog.DiscardHandler)}
	gone, leave := context.WithCancel(t.Context())
	leave()
	answer := httptest.NewRecorder()
	g.fail(answer, httptest.NewRequestWithContext(gone, http.MethodPost, "/webhooks", nil), "webhook", gone.Err())
	if answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), `"code":131016`) {
		t.Errorf("got %d %q, want 503 with 131016: nothing was stored", answer.Code, answer.Body)
	}
}
