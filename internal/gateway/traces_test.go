package gateway

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/otlp"
)

// traceCollector is an OTLP/HTTP collector of traces.
type traceCollector struct {
	server *httptest.Server
	mu     sync.Mutex
	raw    []byte
	spans  []*tracepb.Span
}

func newTraceCollector(t *testing.T) *traceCollector {
	t.Helper()
	c := &traceCollector{}
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var request collector.ExportTraceServiceRequest
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" ||
			proto.Unmarshal(body, &request) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw = append(c.raw, body...)
		for _, resource := range request.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(c.server.Close)
	return c
}

// named are the spans of a name.
func (c *traceCollector) named(name string) []*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.spans), func(s *tracepb.Span) bool { return s.Name != name })
}

func attributeOf(s *tracepb.Span, key string) string {
	for _, kv := range s.Attributes {
		if kv.Key == key {
			return kv.Value.GetStringValue()
		}
	}
	return ""
}

func TestP7OneMessageIsOneTraceWithoutNumbersAndBodies(t *testing.T) {
	t.Parallel()
	c := newTraceCollector(t)
	environment := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.server.URL}
	provider, err := otlp.NewProvider(
		func(name string) string { return environment[name] }, "guichet-gateway", "gateway-0",
		slog.New(slog.DiscardHandler),
	)
	if err != nil {
		t.Fatal(err)
	}
	w := prepareWorld(t)
	w.tracer = provider.Tracer("test")
	w.start()
	w.runSimulator()
	w.writes(ana, "CANARY-INBOUND", 0)
	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	id := w.accepted(textTo(ana, "CANARY-BODY"), "traceparent", "00-"+trace+"-"+parent+"-01")
	w.settled(1)
	refused := w.send(textTo("33699999999", "CANARY-REFUSED"))
	if refused.code != 131047 {
		t.Fatalf("the send outside a window got %d %s", refused.status, refused.body)
	}
	w.until("all is traced", func() bool {
		if err := provider.ForceFlush(context.Background()); err != nil {
			t.Fatal(err)
		}
		return len(c.named(
			"status delivered",
		)) == 1 && len(c.named("messages")) == 2 && len(c.named("callback")) > 1 && len(c.named("webhook")) > 1
	})
	accept := c.named("messages")[0]
	if got := hex.EncodeToString(accept.ParentSpanId); got != parent {
		t.Errorf("the acceptance's parent is %s; want the client's %s", got, parent)
	}
	for _, name := range []string{"messages", "send", "status sent", "status delivered"} {
		spans := c.named(name)
		if len(spans) == 0 {
			t.Errorf("there is no span %q", name)
			continue
		}
		if got := hex.EncodeToString(spans[0].TraceId); got != trace {
			t.Errorf("%s is in trace %s; want the client's %s", name, got, trace)
		}
		if got := attributeOf(spans[0], "messaging.message.id"); got != id {
			t.Errorf("%s names the message %q; want %q", name, got, id)
		}
		if name != "messages" && !bytes.Equal(spans[0].ParentSpanId, accept.SpanId) {
			t.Errorf("%s is no child of the acceptance", name)
		}
	}
	commits := slices.ContainsFunc(
		c.named("commit"), func(s *tracepb.Span) bool { return bytes.Equal(s.ParentSpanId, accept.SpanId) },
	)
	if !commits {
		t.Error("the acceptance has no commit")
	}
	if s := c.named("messages")[1]; s.Status.GetCode() != tracepb.Status_STATUS_CODE_ERROR {
		t.Errorf("the refused send has status %v; want an error", s.Status)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, canary := range []string{
		ana, ana[2:], "CANARY", "33699999999", "MzM2", apiKey, accessToken, hookSecret, appSecret,
	} {
		if strings.Contains(string(c.raw), canary) {
			t.Errorf("the traces hold %q", canary)
		}
	}
}

// Whoever has no token decides neither that a request is traced nor in whose trace it is.
func TestOnlyAnAuthenticatedCallerDecidesWhetherItsRequestIsTraced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		recorded := tracetest.NewInMemoryExporter()
		w := prepareWorld(t)
		w.tracer = sdktrace.NewTracerProvider(
			sdktrace.WithSyncer(recorded), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())),
		).Tracer("test")
		w.start()
		const sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		for _, tc := range []struct {
			name, path, authorization string
			spans                     int
		}{
			{"the business", "/v26.0/" + phoneID, "Bearer " + apiKey, 1},
			{"no token", "/v26.0/" + phoneID, "", 0},
			{"another token", "/v26.0/" + phoneID, "Bearer " + apiKey + "x", 0},
			{"a path that is not served", "/nothing", "", 0},
			{"the webhook", config.WebhookPath, "", 0},
		} {
			recorded.Reset()
			w.do(http.MethodGet, tc.path, "", "traceparent", sampled, "Authorization", tc.authorization)
			if got := len(recorded.GetSpans()); got != tc.spans {
				t.Errorf("%s: %d spans are recorded; want %d", tc.name, got, tc.spans)
			}
		}
	})
}

// A dry run commits nothing, and its trace tells of no commit that failed.
func TestADryRunsTraceHasNoErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		recorded := tracetest.NewInMemoryExporter()
		w := prepareWorld(t)
		w.tracer = sdktrace.NewTracerProvider(sdktrace.WithSyncer(recorded)).Tracer("test")
		w.start()
		w.dryRun(phoneID, templateTo(ana, "parcel_ready"))
		spans := recorded.GetSpans()
		if len(spans) == 0 {
			t.Fatal("nothing is recorded")
		}
		for _, s := range spans {
			if s.Status.Code == codes.Error {
				t.Errorf("the span %q has the status %+v", s.Name, s.Status)
			}
		}
	})
}
