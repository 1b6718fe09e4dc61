package gateway

import (
	"net/http"
	"strings"
	"testing"
)

// A marketing template that goes to the endpoint for marketing reaches the upstream's, is billed as
// the optimised kind, and is stopped like any marketing (P2, P6).
func TestP2MarketingMessagesAreSentAndBilledAsSuch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	marketing := func(to string) answer {
		return w.do(
			http.MethodPost, "/v26.0/"+phoneID+"/marketing_messages", templateTo(to, "summer_sale"),
			"Idempotency-Key", "one-"+to,
		)
	}
	w.writes(ana, "hello", 0)
	got := marketing(ana)
	if got.status != http.StatusOK || got.id == "" {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	if again := marketing(ana); again.id != got.id {
		t.Errorf("the repetition has id %s; want %s", again.id, got.id)
	}
	other := w.send(templateTo(ana, "summer_sale"), idempotencyHeader, "one-"+ana)
	if other.code != 100 {
		t.Errorf("the same key at another endpoint: got %d, want 100", other.code)
	}
	plain := w.accepted(templateTo(ana, "summer_sale"))
	w.settled(2)
	w.writes(ana, "STOP", 0)
	refused := w.do(http.MethodPost, "/v26.0/"+phoneID+"/marketing_messages", templateTo(ana, "summer_sale"))
	if refused.code != 131050 {
		t.Errorf("after a stop: got %d %s, want 131050", refused.code, refused.body)
	}
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	records := w.settlements(got.id, plain)
	for id, want := range map[string]string{got.id: "marketing_lite 0.0859", plain: "marketing 0.0859"} {
		r := records[id]
		if said := r.Category + " " + r.Charge.String(); said != want || r.UpstreamVerdict != "" {
			t.Errorf("got %s, verdict %q; want %s", said, r.UpstreamVerdict, want)
		}
	}
	if log := w.logs.String(); strings.Contains(log, apiKey) {
		t.Error("the log has a token")
	}
}
