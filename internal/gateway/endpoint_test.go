package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
)

// business is the business's own webhook endpoint. It takes only what is signed with its secret.
type business struct {
	server *httptest.Server
	mu     sync.Mutex
	bodies []string
	forged int
	down   atomic.Bool
}

func newBusiness(tb testing.TB, network *gatewaytest.Network) *business {
	tb.Helper()
	b := &business{}
	b.server = network.Serve(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || b.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if !graph.VerifySignature(body, r.Header.Get(graph.SignatureHeader), hookSecret) {
			b.forged++
			w.WriteHeader(http.StatusForbidden)
			return
		}
		b.bodies = append(b.bodies, string(body))
	}))
	return b
}

// statuses are the statuses that the business was told of a message, in order.
func (b *business) statuses(id string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var names []string
	for _, body := range b.bodies {
		webhook, err := webhook.Parse([]byte(body))
		if err != nil {
			continue
		}
		for _, change := range webhook.Changes {
			for _, s := range change.Statuses {
				if s.ID == id {
					names = append(names, s.Status)
				}
			}
		}
	}
	return names
}

// received are the bodies that hold a text.
func (b *business) received(text string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	for _, body := range b.bodies {
		if strings.Contains(body, text) {
			found = append(found, body)
		}
	}
	return found
}
