package otlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// exporter posts batches of spans to a collector. A batch that the collector refuses is dropped:
// traces must never hold up messages.
type exporter struct {
	settings
	client *http.Client
	log    *slog.Logger
	away   atomic.Bool
}

func newExporter(s settings, log *slog.Logger) *exporter {
	return &exporter{settings: s, log: log, client: &http.Client{
		Timeout:       s.timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// ExportSpans implements sdktrace.SpanExporter. It returns no error, which OpenTelemetry would log
// for each batch in its own way.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.post(ctx, encode(spans))
	switch {
	case err != nil && !e.away.Swap(true):
		e.log.Warn("Collector does not take traces; they are dropped", "error", err)
	case err == nil && e.away.Swap(false):
		e.log.Info("Collector takes traces again")
	}
	return nil
}

// post sends one request. Its errors do not quote the address, which may hold a secret.
func (e *exporter) post(ctx context.Context, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("build the export: %T", err)
	}
	for name, value := range e.headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := e.client.Do(request)
	if err != nil {
		return errors.New("the collector did not answer")
	}
	defer func() { _ = response.Body.Close() }() // it is read to the end
	const longestAnswer = 64 << 10
	// to its end, so that the connection can be used again
	answer, _ := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("the collector answered %d", response.StatusCode)
	}
	if refused := refusedSpans(answer); refused > 0 {
		return fmt.Errorf("the collector refused %d spans", refused)
	}
	return nil
}

// Shutdown implements sdktrace.SpanExporter.
func (e *exporter) Shutdown(context.Context) error {
	e.client.CloseIdleConnections()
	return nil
}
