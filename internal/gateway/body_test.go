package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
)

func TestBodiesShareABoundAndGiveItBack(t *testing.T) {
	t.Parallel()
	var b bodies
	request := func(size int) error {
		_, _, err := b.read(
			httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", size))),
			network.MaxWebhookBody,
		)
		return err
	}
	for i := range 5 {
		if err := request(network.MaxWebhookBody); err != nil {
			t.Fatalf("body %d of 3 MiB: %v", i, err)
		}
	}
	told, _ := network.InWords(meta.Common(), request(network.MaxWebhookBody))
	refused, ok := graph.AsError(told)
	if !ok || refused.Code != 130429 || refused.RetryAfter == 0 {
		t.Fatalf("the sixth got %v, want 130429 with a time to come back", refused)
	}
	if held := b.held.Load(); held != 5*network.MaxWebhookBody {
		t.Fatalf("%d bytes are held after the refusal, want those of five bodies", held)
	}
	if err := request(1 << 19); err != nil {
		t.Fatalf("a small one: %v", err)
	}
	_, done, err := b.read(httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")), 10)
	if err != nil {
		t.Fatal(err)
	}
	before := b.held.Load()
	done()
	if held := b.held.Load(); held != before-1 {
		t.Fatalf("%d bytes are held, want %d", held, before-1)
	}
}
