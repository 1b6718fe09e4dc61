// Package otlp sends OpenTelemetry traces to a collector by OTLP over HTTP, in protobuf
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
//
// OpenTelemetry's own exporter links gRPC with the protocol's generated code, which costs a gateway
// 5.6 MB of binary and 4 MiB of idle memory. The messages are few and frozen, so they are written
// here, on OpenTelemetry's SDK; see docs/decisions/0012-traces-without-grpc.md.
package otlp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// defaultTimeout bounds an export unless OTEL_EXPORTER_OTLP_TIMEOUT is set. Source:
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
const defaultTimeout = 10 * time.Second

// settings are the environment's settings for an export.
type settings struct {
	url     string
	headers map[string]string
	timeout time.Duration
}

// NewProvider returns a provider that exports as the environment says, or nil if
// OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) is not set, OTEL_SDK_DISABLED is true or
// OTEL_TRACES_EXPORTER is none. Service and replica name the process unless OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES do; sampling and batches follow OTEL_TRACES_SAMPLER and OTEL_BSP_…. A
// collector that does not answer is logged once, and the spans are dropped. The caller must shut
// the provider down.
func NewProvider(
	getenv func(string) string, service, replica string, log *slog.Logger,
) (*sdktrace.TracerProvider, error) {
	s, err := readSettings(getenv)
	if err != nil || s == nil {
		return nil, err
	}
	about, err := resource.New(context.Background(),
		resource.WithAttributes(
			attribute.String("service.name", service), attribute.String("service.instance.id", replica),
		),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, errors.New("OTEL_RESOURCE_ATTRIBUTES must be name=value pairs with commas between them")
	}
	return sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithBatcher(newExporter(*s, log))), nil
}

// readSettings reads the standard variables. Those for traces take precedence over the general
// ones. Its errors do not quote values, which may be secret.
func readSettings(getenv func(string) string) (*settings, error) {
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") || getenv("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil //nolint:nilnil // Nothing is to be exported, which is no error.
	}
	of := func(name string) string {
		return cmp.Or(getenv("OTEL_EXPORTER_OTLP_TRACES_"+name), getenv("OTEL_EXPORTER_OTLP_"+name))
	}
	address := getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	if address == "" {
		base := getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
		if base == "" {
			return nil, nil //nolint:nilnil // Nothing is to be exported, which is no error.
		}
		address = strings.TrimSuffix(base, "/") + "/v1/traces"
	}
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, errors.New(
			"OTEL_EXPORTER_OTLP_ENDPOINT must be an absolute URL such as http://collector.observability:4318",
		)
	}
	if protocol := of("PROTOCOL"); protocol != "" && protocol != "http/protobuf" {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL is %q: only http/protobuf is spoken here", protocol)
	}
	s := &settings{url: address, timeout: defaultTimeout, headers: map[string]string{}}
	if text := of("TIMEOUT"); text != "" {
		ms, err := strconv.ParseUint(text, 10, 31)
		if err != nil || ms == 0 {
			return nil, errors.New("OTEL_EXPORTER_OTLP_TIMEOUT must be a number of milliseconds")
		}
		s.timeout = time.Duration(ms) * time.Millisecond
	}
	for pair := range strings.SplitSeq(of("HEADERS"), ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, encoded, found := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(encoded))
		if !found || err != nil {
			return nil, errors.New("OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs with commas between them")
		}
		s.headers[http.CanonicalHeaderKey(strings.TrimSpace(name))] = value
	}
	return s, nil
}
