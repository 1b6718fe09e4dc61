package bodies

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
	var b Room
	request := func(size int) error {
		_, _, err := b.Read(
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
	_, done, err := b.Read(httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")), 10)
	if err != nil {
		t.Fatal(err)
	}
	before := b.held.Load()
	done()
	if held := b.held.Load(); held != before-1 {
		t.Fatalf("%d bytes are held, want %d", held, before-1)
	}
}

// What strangers send is held within a bound of its own: the bodies of those who have shown a token
// are read all the same.
func TestBodiesOfStrangersAreBounded(t *testing.T) {
	t.Parallel()
	var b Room
	b.strangers.Store(maxStrangers - 10)
	stranger := func(body string) error {
		r, err := http.NewRequest(http.MethodPost, "http://gateway/1/messages", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Token(r)
		return err
	}
	if err := stranger("0123456789"); err != nil {
		t.Errorf("what still fits was refused: %v", err)
	}
	if err := stranger("0123456789a"); err == nil {
		t.Error("one byte more than the bound was held")
	}
	if held := b.strangers.Load(); held != maxStrangers-10 {
		t.Errorf("%d bytes are held after both, want %d", held, maxStrangers-10)
	}
}
