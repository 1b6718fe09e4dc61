package telemetry

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestTracingThatIsOffAllocatesNothing(t *testing.T) {
	request := httptest.NewRequest(http.MethodPost, "/v26.0/1/messages", nil)
	var off Traces
	ctx := context.Background()
	allocations := testing.AllocsPerRun(1000, func() {
		r, s := off.Request(request, "messages", nil)
		_ = ParentOf(r.Context())
		off.Child(r.Context(), "commit").End(nil)
		_, sending := off.OfMessage(ctx, "", "send", "id", 3)
		if sending.Recording() {
			t.Error("a span is recorded")
		}
		sending.End(nil)
		off.Statuses(ctx, time.Time{}, nil)
		PassOn(ctx, request.Header)
		s.End(nil)
	})
	if allocations != 0 {
		t.Errorf("%v allocations for a message that is not traced; want none", allocations)
	}
}
