package telemetry

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
)

// Traces begins spans. Without a tracer it begins none, and costs nothing. No attribute names a
// customer, a number, a body or an id of the upstream's, which holds a number (P7).
//
// A message's whole life is one trace, although its parts may be days apart: its envelope keeps the
// context of its acceptance, so that each attempt to send it and each status is a child of that, is
// sampled as that is, and is found under the business's own trace.
type Traces struct{ Tracer trace.Tracer }

// Span is a span, or none: then its methods do nothing.
type Span struct{ of trace.Span }

// Attributes, by OpenTelemetry's semantic conventions where these have a name
// (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/).
const (
	// AttributeMessage is our id of a message.
	AttributeMessage = attribute.Key("messaging.message.id")
	// AttributeResult is what came of a call, AttributeCode the error's code, AttributeAttempt
	// which try it was, AttributeChannel the channel's name.
	AttributeResult  = attribute.Key("guichet.result")
	AttributeCode    = attribute.Key("guichet.error.code")
	AttributeAttempt = attribute.Key("guichet.attempt")
	AttributeChannel = attribute.Key("guichet.channel")
)

// Begin begins a span within that of ctx, if it has one.
func (t Traces) Begin(ctx context.Context, name string, kind trace.SpanKind) (context.Context, Span) {
	if t.Tracer == nil {
		return ctx, Span{}
	}
	ctx, of := t.Tracer.Start(ctx, name, trace.WithSpanKind(kind))
	return ctx, Span{of}
}

// Request begins the span of a request. A trace of the business's own goes on in it; that of a
// caller whom known does not know is not taken over, because its sampled flag would make the
// gateway record and export whatever anybody posts.
func (t Traces) Request(r *http.Request, name string, known func(*http.Request) bool) (*http.Request, Span) {
	if t.Tracer == nil {
		return r, Span{}
	}
	ctx := r.Context()
	if r.Header.Get(traceParent) != "" && known(r) {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	ctx, s := t.Begin(ctx, name, trace.SpanKindServer)
	return r.WithContext(ctx), s
}

// Child begins a span within another one; where there is none, or it is not recorded, it begins
// none.
func (t Traces) Child(ctx context.Context, name string) Span {
	if t.Tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return Span{}
	}
	_, s := t.Begin(ctx, name, trace.SpanKindInternal)
	return s
}

// OfMessage begins a span in the trace of a message's acceptance, or where that is not known, in
// one of its own.
func (t Traces) OfMessage(ctx context.Context, parent, name, id string, kind trace.SpanKind) (context.Context, Span) {
	if t.Tracer == nil {
		return ctx, Span{}
	}
	if parent != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceParent: parent})
	}
	ctx, s := t.Begin(ctx, name, kind)
	s.SetAttributes(AttributeMessage.String(id))
	return ctx, s
}

// traceParent is the W3C header's name (https://www.w3.org/TR/trace-context/), as MapCarrier looks
// it up.
const traceParent = "traceparent"

// ParentOf is the span of a context in the form of the W3C header, for a message's envelope; empty
// if there is none.
func ParentOf(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[traceParent]
}

// PassOn tells whom the gateway calls about the trace that the call is a part of.
func PassOn(ctx context.Context, header http.Header) {
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(header))
}

// Recording tells whether what the span is told is kept, so that nothing is made up for nobody.
func (s Span) Recording() bool { return s.of != nil && s.of.IsRecording() }

// SetAttributes adds attributes to the span.
func (s Span) SetAttributes(attributes ...attribute.KeyValue) {
	if s.of != nil {
		s.of.SetAttributes(attributes...)
	}
}

// End ends the span. Of an error it keeps the code only: its words may name the customer.
func (s Span) End(err error) {
	if s.of == nil {
		return
	}
	if err != nil {
		s.of.SetStatus(codes.Error, "")
		if failure, ok := network.InWords(meta.Common(), err); ok {
			s.of.SetAttributes(AttributeCode.Int(failure.Number()))
		}
	}
	s.of.End()
}

// TracedStatus is a status whose span is drawn once the status is durable.
type TracedStatus struct {
	// Parent is the span of the message's acceptance, see ParentOf; empty if there was none.
	Parent string
	// Message is our id of it, and Status the status's name.
	Message, Status string
}

// Statuses draws the statuses of a webhook into their messages' traces, each linked to the webhook
// that brought it.
func (t Traces) Statuses(ctx context.Context, began time.Time, list []TracedStatus) {
	for _, one := range list {
		if one.Parent == "" {
			continue
		}
		within := propagation.TraceContext{}.Extract(
			context.Background(), propagation.MapCarrier{traceParent: one.Parent},
		)
		_, of := t.Tracer.Start(
			within, "status "+one.Status, trace.WithSpanKind(trace.SpanKindConsumer),
			trace.WithTimestamp(began), trace.WithLinks(trace.LinkFromContext(ctx)),
			trace.WithAttributes(AttributeMessage.String(one.Message)),
		)
		of.End()
	}
}
