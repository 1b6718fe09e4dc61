package gateway

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
)

// stranger posts a webhook that never ends, from an address of the loopback, and keeps the
// connection until the test is over.
func (w *world) stranger(from byte, opening string, body int) {
	w.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, from)}}
	connection, err := dialer.DialContext(w.t.Context(), "tcp", strings.TrimPrefix(w.api, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = connection.Close() })
	_ = connection.SetWriteDeadline(time.Now().Add(time.Second)) // what is cut off takes no more
	_, err = io.WriteString(connection, strings.ReplaceAll(opening, "\n", "\r\n")+strings.Repeat("x", body))
	if err != nil && body == 0 {
		w.t.Fatal(err)
	}
	if half, ok := connection.(*net.TCPConn); ok && strings.Contains(opening, "half-closed") {
		_ = half.CloseWrite()
	}
}

const (
	strangersHead = "POST " + config.WebhookPath + " HTTP/1.1\nHost: gateway\nContent-Type: application/json\n"
	guessed       = graph.SignatureHeader + ": sha256=" +
		"0000000000000000000000000000000000000000000000000000000000000000\n"
)

// Strangers who hold unfinished posts, however many and from wherever, keep no genuine webhook out.
func TestStrangersKeepNoWebhookOut(t *testing.T) {
	const most = network.MaxWebhookBody - 1
	declared := fmt.Sprintf("Content-Length: %d\n\n", network.MaxWebhookBody)
	for name, tc := range map[string]struct {
		strangers, peers int
		opening          string
		body             int
	}{
		"six that hold 16 MiB":            {6, 1, strangersHead + guessed + declared, most},
		"sixty":                           {60, 1, strangersHead + guessed + declared, most},
		"sixty from many addresses":       {60, 60, strangersHead + guessed + declared, most},
		"chunked, of no declared length":  {60, 6, strangersHead + guessed + "Transfer-Encoding: chunked\n\n2ffffe\n", most},
		"six hundred that send no byte":   {600, 3, strangersHead + guessed + declared, 0},
		"waiting for a word to go on":     {60, 1, strangersHead + guessed + "Expect: 100-continue\n" + declared, 0},
		"without a signature":             {60, 1, strangersHead + declared, 1 << 16},
		"headers that never end":          {200, 1, strangersHead + guessed, 0},
		"half-closed within their bodies": {60, 1, strangersHead + guessed + "X-Note: half-closed\n" + declared, 1 << 16},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorldOn(t, gatewaytest.Loopback(), func(d *config.Document) { d.Callback = nil })
			var holding sync.WaitGroup
			for i := range tc.strangers {
				holding.Go(func() { w.stranger(byte(2+i%tc.peers), tc.opening, tc.body) })
			}
			holding.Wait()
			began := time.Now()
			var genuine sync.WaitGroup
			for i := range 99 {
				genuine.Go(func() {
					body := w.inbound(phoneID, ana, fmt.Sprintf("wamid.%d", i), "hello")
					if i == 0 {
						body = w.batch(1000, phoneID) // a large one among them
					}
					if got := w.webhook(body, appSecret); got.status != http.StatusOK {
						t.Errorf("webhook %d got %d %s", i, got.status, got.body)
					}
				})
			}
			genuine.Wait()
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("99 webhooks took %v", took)
			}
		})
	}
}
