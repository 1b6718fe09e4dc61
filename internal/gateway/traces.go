package gateway

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/guichet-dev/guichet/internal/graph"
)

// traces begins spans; without a tracer it begins none, and costs nothing. No attribute names a
// customer, a number, a body or an id of the upstream's, which holds a number (P7).
//
// A message's whole life is one trace, although its parts may be days apart: its envelope keeps the
// context of its acceptance, so that each attempt to send it and each status is a child of that, is
// sampled as that is, and is found under the business's own trace.
type traces struct{ tracer trace.Tracer }

// span is one that may not be: its methods then do nothing.
type span struct{ of trace.Span }

// Attributes, by OpenTelemetry's semantic conventions where these have a name
// (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/).
const (
	attributeMessage = attribute.Key("messaging.message.id")
	attributeResult  = attribute.Key("guichet.result")
	attributeCode    = attribute.Key("guichet.error.code")
	attributeAttempt = attribute.Key("guichet.attempt")
	attributeChannel = attribute.Key("guichet.channel")
)

func (t traces) begin(ctx context.Context, name string, kind trace.SpanKind) (context.Context, span) {
	if t.tracer == nil {
		return ctx, span{}
	}
	ctx, of := t.tracer.Start(ctx, name, trace.WithSpanKind(kind))
	return ctx, span{of}
}

// request begins the span of a request. A trace of the business's own goes on in it; that of a
// caller whom known does not know is not taken over, because its sampled flag would make the
// gateway record and export whatever anybody posts.
func (t traces) request(r *http.Request, name string, known func(*http.Request) bool) (*http.Request, span) {
	if t.tracer == nil {
		return r, span{}
	}
	ctx := r.Context()
	if r.Header.Get(traceParent) != "" && known(r) {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	ctx, s := t.begin(ctx, name, trace.SpanKindServer)
	return r.WithContext(ctx), s
}

// child begins a span within another one; where there is none, or it is not recorded, it begins
// none.
func (t traces) child(ctx context.Context, name string) span {
	if t.tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return span{}
	}
	_, s := t.begin(ctx, name, trace.SpanKindInternal)
	return s
}

// ofMessage begins a span in the trace of a message's acceptance, or where that is not known, in
// one of its own.
func (t traces) ofMessage(ctx context.Context, parent, name, id string, kind trace.SpanKind) (context.Context, span) {
	if t.tracer == nil {
		return ctx, span{}
	}
	if parent != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceParent: parent})
	}
	ctx, s := t.begin(ctx, name, kind)
	s.note(attributeMessage.String(id))
	return ctx, s
}

// traceParent is the W3C header's name (https://www.w3.org/TR/trace-context/), as MapCarrier looks
// it up.
const traceParent = "traceparent"

// parentOf is the span of a context in the form of the W3C header, for a message's envelope; empty
// if there is none.
func parentOf(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[traceParent]
}

// passOn tells whom the gateway calls about the trace that the call is a part of.
func passOn(ctx context.Context, header http.Header) {
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(header))
}

// recording tells whether what the span is told is kept, so that nothing is made up for nobody.
func (s span) recording() bool { return s.of != nil && s.of.IsRecording() }

func (s span) note(attributes ...attribute.KeyValue) {
	if s.of != nil {
		s.of.SetAttributes(attributes...)
	}
}

// end ends the span. Of an error it keeps the code only: its words may name the customer.
func (s span) end(err error) {
	if s.of == nil {
		return
	}
	if err != nil {
		s.of.SetStatus(codes.Error, "")
		if failure, ok := graph.AsError(err); ok {
			s.of.SetAttributes(attributeCode.Int(failure.Code))
		}
	}
	s.of.End()
}

// tracedStatus is a status whose span is drawn once the status is durable.
type tracedStatus struct{ parent, id, status string }

// statuses draws the statuses of a webhook into their messages' traces, each linked to the webhook
// that brought it.
func (t traces) statuses(ctx context.Context, began time.Time, list []tracedStatus) {
	for _, one := range list {
		if one.parent == "" {
			continue
		}
		within := propagation.TraceContext{}.Extract(
			context.Background(), propagation.MapCarrier{traceParent: one.parent},
		)
		_, of := t.tracer.Start(within, "status "+one.status, trace.WithSpanKind(
			trace.SpanKindConsumer,
		), trace.WithTimestamp(began),
			trace.WithLinks(trace.LinkFromContext(ctx)), trace.WithAttributes(attributeMessage.String(one.id)))
		of.End()
	}
}
