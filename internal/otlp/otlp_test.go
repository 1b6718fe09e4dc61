package otlp

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

func lookup(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestEnvironment(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	tests := map[string]struct {
		environment []string
		want        *settings
		problem     string
	}{
		"off":         {},
		"disabled":    {environment: []string{endpoint, "http://c:4318", "OTEL_SDK_DISABLED", "true"}},
		"no exporter": {environment: []string{endpoint, "http://c:4318", "OTEL_TRACES_EXPORTER", "none"}},
		"on": {
			environment: []string{endpoint, "http://c:4318/"},
			want: &settings{
				url: "http://c:4318/v1/traces", timeout: 10 * time.Second, headers: map[string]string{},
			},
		},
		"of traces first": {
			environment: []string{
				endpoint, "http://c:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://t/x",
				"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, x=y", "OTEL_EXPORTER_OTLP_TIMEOUT", "1500",
			},
			want: &settings{
				url: "https://t/x", timeout: 1500 * time.Millisecond,
				headers: map[string]string{"Api-Key": "a b", "X": "y"},
			},
		},
		"no URL":         {environment: []string{endpoint, "SECRET:4318"}, problem: "absolute URL"},
		"gRPC":           {environment: []string{endpoint, "http://c", "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}, problem: "http/protobuf"},
		"bad headers":    {environment: []string{endpoint, "http://c", "OTEL_EXPORTER_OTLP_HEADERS", "SECRET"}, problem: "name=value"},
		"endless export": {environment: []string{endpoint, "http://c", "OTEL_EXPORTER_OTLP_TIMEOUT", "0"}, problem: "milliseconds"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readSettings(lookup(tc.environment...))
			switch {
			case tc.problem != "":
				if err == nil || !strings.Contains(err.Error(), tc.problem) || strings.Contains(err.Error(), "SECRET") {
					t.Errorf("got %v; want an error with %q", err, tc.problem)
				}
			case err != nil:
				t.Error(err)
			default:
				if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(settings{})); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// What the collector decodes with the protocol's own code is what was recorded.
func TestExport(t *testing.T) {
	bodies, answer := make(chan []byte, 10), http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Api-Key") != "k" || r.URL.Path != "/v1/traces" {
			t.Errorf("%v, header %q, path %q", err, r.Header.Get("Api-Key"), r.URL.Path)
		}
		w.WriteHeader(answer)
		bodies <- body
	}))
	defer server.Close()
	var logs bytes.Buffer
	provider, err := NewProvider(
		lookup("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL, "OTEL_EXPORTER_OTLP_HEADERS", "api-key=k"), "service",
		"replica", slog.New(slog.NewTextHandler(&logs, nil)),
	)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_800_000_000, 5)
	parent := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{15: 1}, SpanID: trace.SpanID{7: 2}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	linked := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{15: 3}, SpanID: trace.SpanID{7: 4}})
	record := func() {
		_, s := provider.Tracer("scope").Start(trace.ContextWithSpanContext(
			context.Background(), parent,
		), "send", trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(at),
			trace.WithLinks(trace.Link{SpanContext: linked}))
		s.SetAttributes(
			attribute.String("s", "x"), attribute.Int("i", -1), attribute.Bool("b", true), attribute.Float64("f", 0.5),
		)
		s.SetStatus(codes.Error, "why")
		s.End(trace.WithTimestamp(at.Add(time.Second)))
		if err := provider.ForceFlush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	record()
	var request collector.ExportTraceServiceRequest
	if err := (proto.UnmarshalOptions{}).Unmarshal(<-bodies, &request); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for _, kv := range request.ResourceSpans[0].Resource.Attributes {
		if kv.Key == "service.name" || kv.Key == "service.instance.id" {
			got.WriteString(kv.Key + "=" + kv.Value.GetStringValue() + " ")
		}
	}
	scope := request.ResourceSpans[0].ScopeSpans[0]
	got.WriteString(scope.Scope.Name + " ")
	span := scope.Spans[0]
	if len(span.SpanId) != 8 {
		t.Errorf("the span's id has %d bytes; want 8", len(span.SpanId))
	}
	span.SpanId = nil
	text, err := protojson.Marshal(span)
	if err != nil {
		t.Fatal(err)
	}
	got.WriteString(strings.ReplaceAll(string(text), ", ", ","))
	const want = `service.instance.id=replica service.name=service scope ` +
		`{"traceId":"AAAAAAAAAAAAAAAAAAAAAQ==","parentSpanId":"AAAAAAAAAAI=","name":"send","kind":"SPAN_KIND_CLIENT",` +
		`"startTimeUnixNano":"1800000000000000005","endTimeUnixNano":"1800000001000000005","attributes":[{"key":"s","value":{"stringValue":"x"}},{"key":"i","value":{"intValue":"-1"}},` +
		`{"key":"b","value":{"boolValue":true}},{"key":"f","value":{"doubleValue":0.5}}],"links":[{"traceId":"AAAAAAAAAAAAAAAAAAAAAw==","spanId":"AAAAAAAAAAQ="}],` +
		`"status":{"message":"why","code":"STATUS_CODE_ERROR"}}`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	answer = http.StatusServiceUnavailable
	record()
	record()
	answer = http.StatusOK
	record()
	if err := provider.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if text := logs.String(); strings.Count(text, "Collector does not take traces") != 1 ||
		strings.Count(text, "Collector takes traces again") != 1 || strings.Contains(text, server.URL) {
		t.Errorf("the collector's absence must be logged once, without its address: %s", text)
	}
}

// A collector may take the request and refuse spans of it: what is lost is logged as any other
// batch is, without the collector's own words, which may be anything.
func TestSpansThatTheCollectorRefusesAreLoggedOnce(t *testing.T) {
	answers := make(chan []byte, 10)
	server := httptest.NewServer(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(<-answers) }),
	)
	defer server.Close()
	partly := func(refused int64) []byte {
		body, err := proto.Marshal(&collector.ExportTraceServiceResponse{
			PartialSuccess: &collector.ExportTracePartialSuccess{RejectedSpans: refused, ErrorMessage: "SECRET"},
		})
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	var logs bytes.Buffer
	provider, err := NewProvider(
		lookup("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL), "service", "replica",
		slog.New(slog.NewTextHandler(&logs, nil)),
	)
	if err != nil {
		t.Fatal(err)
	}
	// A warning refuses nothing, and what is no answer of the protocol's says nothing of any span.
	for _, answer := range [][]byte{partly(0), []byte("OK"), partly(7), partly(8), nil} {
		answers <- answer
		_, s := provider.Tracer("scope").Start(context.Background(), "send")
		s.End()
		if err := provider.ForceFlush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if err := provider.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	text := logs.String()
	if strings.Count(text, "Collector does not take traces") != 1 || !strings.Contains(text, "refused 7 spans") ||
		strings.Count(text, "takes traces again") != 1 || strings.Contains(text, "SECRET") {
		t.Errorf("refused spans must be logged once, without the collector's words: %s", text)
	}
}
