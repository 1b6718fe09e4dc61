package gateway

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
)

// stranger posts a webhook that never ends, from a host, and keeps the connection until the test
// is over.
func (w *world) stranger(host, opening string, body int) {
	w.t.Helper()
	connection, err := w.network.DialFrom(w.t.Context(), host, "tcp", strings.TrimPrefix(w.api, "http://"))
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

const mostHeld = network.MaxWebhookBody - 1

// strangers are those who hold unfinished posts, spread over so many hosts.
type strangers struct {
	count, hosts int
	opening      string
	body         int
}

// keepNoWebhookOut has the strangers hold their posts, and expects 99 genuine webhooks to be taken.
func (s strangers) keepNoWebhookOut(t *testing.T, on *gatewaytest.Network) {
	t.Helper()
	w := newWorldOn(t, on, func(d *config.Document) { d.Callback = nil })
	var holding sync.WaitGroup
	for i := range s.count {
		holding.Go(func() { w.stranger(fmt.Sprintf("127.0.0.%d", 2+i%s.hosts), s.opening, s.body) })
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
}

var declaredLength = fmt.Sprintf("Content-Length: %d\n\n", network.MaxWebhookBody)

// Strangers who hold unfinished posts, however many and from wherever, keep no genuine webhook out.
func TestStrangersKeepNoWebhookOut(t *testing.T) {
	t.Parallel()
	chunked := strangersHead + guessed + "Transfer-Encoding: chunked\n\n2ffffe\n"
	for name, tc := range map[string]strangers{
		"six that hold 16 MiB":           {6, 1, strangersHead + guessed + declaredLength, mostHeld},
		"sixty":                          {60, 1, strangersHead + guessed + declaredLength, mostHeld},
		"sixty from many addresses":      {60, 60, strangersHead + guessed + declaredLength, mostHeld},
		"chunked, of no declared length": {60, 6, chunked, mostHeld},
		"six hundred that send no byte":  {600, 3, strangersHead + guessed + declaredLength, 0},
		"waiting for a word to go on": {
			60, 1, strangersHead + guessed + "Expect: 100-continue\n" + declaredLength, 0,
		},
		"without a signature":    {60, 1, strangersHead + declaredLength, 1 << 16},
		"headers that never end": {200, 1, strangersHead + guessed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tc.keepNoWebhookOut(t, gatewaytest.NewNetwork()) })
		})
	}
}

// The same with sockets, whose buffers hold what nobody reads, and which can be half closed.
func TestStrangersWithSocketsKeepNoWebhookOut(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]strangers{
		"sixty": {60, 1, strangersHead + guessed + declaredLength, mostHeld},
		"half-closed within their bodies": {
			60, 1, strangersHead + guessed + "X-Note: half-closed\n" + declaredLength, 1 << 16,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.keepNoWebhookOut(t, gatewaytest.Loopback())
		})
	}
}
