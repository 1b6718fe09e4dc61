package otlp

import (
	"math"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/protowire"
)

// encode writes spans of one process as an ExportTraceServiceRequest. Field numbers and types are
// those of
// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/trace/v1/trace.proto;
// events, which gateways do not record, are left out.
func encode(spans []sdktrace.ReadOnlySpan) []byte {
	if len(spans) == 0 {
		return nil
	}
	scope := spans[0].InstrumentationScope()
	scopeSpans := message{}.message(1, message{}.text(1, scope.Name).text(2, scope.Version))
	for _, s := range spans {
		scopeSpans = scopeSpans.message(2, encodeSpan(s))
	}
	resourceSpans := message{}.message(1, encodeResource(spans[0].Resource())).message(2, scopeSpans)
	return message{}.message(1, resourceSpans)
}

func encodeResource(r *resource.Resource) message { return message{}.attributes(1, r.Attributes()) }

func encodeSpan(s sdktrace.ReadOnlySpan) message {
	m := message{}.context(1, s.SpanContext()).text(3, s.SpanContext().TraceState().String())
	if parent := s.Parent(); parent.HasSpanID() {
		id := parent.SpanID()
		m = m.bytes(4, id[:])
	}
	m = m.text(5, s.Name()).number(6, uint64(s.SpanKind())). // OpenTelemetry's kinds have the protocol's numbers
									instant(7, s.StartTime()).instant(8, s.EndTime()).attributes(9, s.Attributes())
	for _, link := range s.Links() {
		m = m.message(13, message{}.context(1, link.SpanContext).attributes(4, link.Attributes))
	}
	if s.Status().Code == codes.Error {
		const statusError = 2
		m = m.message(15, message{}.text(2, s.Status().Description).number(3, statusError))
	}
	return m
}

// message is a protobuf message to which fields are appended. Empty texts and zeros are left out,
// as in proto3.
type message []byte

func (m message) bytes(field protowire.Number, value []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), value)
}

func (m message) message(field protowire.Number, value message) message { return m.bytes(field, value) }

func (m message) text(field protowire.Number, value string) message {
	if value == "" {
		return m
	}
	return m.bytes(field, []byte(value))
}

func (m message) number(field protowire.Number, value uint64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), value)
}

func (m message) instant(field protowire.Number, at time.Time) message {
	return protowire.AppendFixed64(protowire.AppendTag(m, field, protowire.Fixed64Type), uint64(at.UnixNano()))
}

// context writes a trace's and a span's id into a field and the next one.
func (m message) context(field protowire.Number, c trace.SpanContext) message {
	traceID, spanID := c.TraceID(), c.SpanID()
	return m.bytes(field, traceID[:]).bytes(field+1, spanID[:])
}

// attributes writes each attribute as a KeyValue. A list is written as text; gateways have none.
func (m message) attributes(field protowire.Number, list []attribute.KeyValue) message {
	for _, kv := range list {
		var value message
		switch kv.Value.Type() {
		case attribute.BOOL:
			value = value.number(2, protowire.EncodeBool(kv.Value.AsBool()))
		case attribute.INT64:
			value = value.number(3, uint64(kv.Value.AsInt64()))
		case attribute.FLOAT64:
			value = protowire.AppendFixed64(
				protowire.AppendTag(value, 4, protowire.Fixed64Type), math.Float64bits(kv.Value.AsFloat64()),
			)
		default:
			value = value.bytes(1, []byte(kv.Value.Emit()))
		}
		m = m.message(field, message{}.text(1, string(kv.Key)).message(2, value))
	}
	return m
}
