package gateway

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
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
	guessed       = graph.SignatureHeader + ": sha256=0000000000000000000000000000000000000000000000000000000000000000\n"
)

// Strangers who hold unfinished posts, however many and from wherever, keep no genuine webhook out.
func TestStrangersKeepNoWebhookOut(t *testing.T) {
	const most = whatsapp.MaxWebhookBody - 1
	declared := fmt.Sprintf("Content-Length: %d\n\n", whatsapp.MaxWebhookBody)
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
			w := newWorld(t, func(d *config.Document) { d.Callback = nil })
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

// pipes is a listener whose connections are pipes, so that their time is the test's.
type pipes struct {
	connections chan net.Conn
	closed      context.Context
	close       context.CancelFunc
}

func newPipes() pipes {
	closed, cancel := context.WithCancel(context.Background())
	return pipes{make(chan net.Conn), closed, cancel}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { p.close(); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }
func (p pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.connections <- theirs
	return ours
}

// A body that does not come at the least rate is cut off; one that does is taken, however long it
// takes.
func TestSlowBodyIsCut(t *testing.T) {
	for name, tc := range map[string]struct {
		first, each, total int
		every              time.Duration
		status             int
		after              time.Duration
	}{
		"nothing comes":                    {0, 0, 1000, time.Hour, 408, bodyGrace},
		"one byte a second":                {1, 1, 1000, time.Second, 408, bodyGrace},
		"a burst, and then nothing":        {1 << 20, 0, 2 << 20, time.Hour, 408, bodyGrace + 8*time.Second},
		"a quarter of the rate":            {0, leastRate / 4, 3 << 20, time.Second, 408, 6500 * time.Millisecond},
		"a small one within the grace":     {0, 10, 40, time.Second, 200, 4 * time.Second},
		"the largest, at twice the rate":   {0, 2 * leastRate, 3 << 20, time.Second, 200, 12 * time.Second},
		"all of it at once":                {3 << 20, 0, 3 << 20, time.Hour, 200, 0},
		"more than a webhook may have":     {3<<20 + 1, 0, 4 << 20, time.Hour, 413, 0},
		"the largest, as slowly as may be": {0, leastRate, 3 << 20, time.Second, 200, 24 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var room webhookRoom
				listener := newPipes()
				server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, done, err := room.read(w, r, whatsapp.MaxWebhookBody)
					if refused, ok := graph.AsError(err); ok {
						w.Header().Set("Connection", "close")
						w.WriteHeader(refused.HTTPStatus)
						return
					}
					done()
					if len(body) > whatsapp.MaxWebhookBody {
						w.Header().Set("Connection", "close")
						w.WriteHeader(http.StatusRequestEntityTooLarge)
					}
				}), slog.New(slog.DiscardHandler))
				go server.Serve(listener)
				began, connection := time.Now(), listener.dial()
				answered := make(chan struct{})
				go func() {
					fmt.Fprintf(
						connection, "POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: %d\r\n\r\n%s", tc.total,
						strings.Repeat("x", tc.first),
					)
					for sent := tc.first; sent < tc.total; sent += tc.each {
						select {
						case <-time.After(tc.every):
						case <-answered:
							return
						}
						if _, err := io.WriteString(
							connection, strings.Repeat("x", min(tc.each, tc.total-sent)),
						); err != nil {
							return
						}
					}
				}()
				response, err := http.ReadResponse(bufio.NewReader(connection), nil)
				close(answered)
				if err != nil {
					t.Fatal(err)
				}
				defer response.Body.Close()
				if took := time.Since(began).Truncate(
					time.Millisecond,
				); response.StatusCode != tc.status || took != tc.after {
					t.Errorf("got %d after %v, want %d after %v", response.StatusCode, took, tc.status, tc.after)
				}
				_ = connection.Close()
				_ = server.Close()
				time.Sleep(time.Second) // of the test's time: the server waits that long before it closes a connection
				synctest.Wait()
				if room.held != 0 || len(room.unfinished) != 0 {
					t.Errorf("%d bytes of %d bodies are held afterwards", room.held, len(room.unfinished))
				}
			})
		})
	}
}

// heldSince is a body that holds so much since some time ago.
func (room *webhookRoom) heldSince(t *testing.T, peer string, size int64, ago time.Duration) *heldBody {
	t.Helper()
	b := &heldBody{peer: peer, interrupt: func(time.Time) {}}
	if err := room.hold(b, size); err != nil {
		t.Fatal(err)
	}
	b.weighed = b.weighed.Add(-ago)
	return b
}

func TestRoomIsTakenFromWhoHoldsMostForLongest(t *testing.T) {
	const half = roomBytes / 2
	for name, tc := range map[string]struct {
		hold func(t *testing.T, room *webhookRoom) (loses, stays *heldBody)
	}{
		"the older of two of one peer": {func(t *testing.T, room *webhookRoom) (*heldBody, *heldBody) {
			return room.heldSince(t, "a", half, time.Minute), room.heldSince(t, "a", half, time.Second)
		}},
		"the larger of two of one peer": {func(t *testing.T, room *webhookRoom) (*heldBody, *heldBody) {
			return room.heldSince(t, "a", 3*half/2, time.Second), room.heldSince(t, "a", half/2, time.Second)
		}},
		"a small one of the peer that holds most": {func(t *testing.T, room *webhookRoom) (*heldBody, *heldBody) {
			for range 3 {
				room.heldSince(t, "b", half/4, time.Minute)
			}
			return room.heldSince(t, "b", half/4, 2*time.Minute), room.heldSince(t, "a", half, time.Minute/2)
		}},
		"never one that has arrived": {func(t *testing.T, room *webhookRoom) (*heldBody, *heldBody) {
			stays := room.heldSince(t, "a", half, time.Hour)
			if err := room.finish(stays); err != nil {
				t.Fatal(err)
			}
			return room.heldSince(t, "a", half, time.Second), stays
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var room webhookRoom
			loses, stays := tc.hold(t, &room)
			newcomer := &heldBody{peer: "c", interrupt: func(time.Time) {}}
			if err := room.hold(newcomer, bodyOverhead); err != nil {
				t.Fatalf("who has just come got %v", err)
			}
			if !loses.dropped || stays.dropped || room.held > roomBytes {
				t.Errorf(
					"dropped %t and %t, %d bytes held; want the first one only", loses.dropped, stays.dropped,
					room.held,
				)
			}
		})
	}
	t.Run("a full room of those that have arrived", func(t *testing.T) {
		var room webhookRoom
		b := room.heldSince(t, "a", roomBytes, time.Second)
		if err := room.finish(b); err != nil {
			t.Fatal(err)
		}
		if err := room.hold(&heldBody{interrupt: func(time.Time) {}}, bodyOverhead); !errors.Is(err, errDropped) {
			t.Fatalf("got %v, want errDropped: what waits for the store is kept", err)
		}
		room.leave(b)
		if room.held != 0 {
			t.Fatalf("%d bytes are held at the end", room.held)
		}
	})
}

// Memory is taken for what has arrived, not for what was announced.
func TestBodyTakesRoomAsItArrives(t *testing.T) {
	for _, tc := range []struct {
		arrived         int
		declared, limit int64
		want            int
	}{
		{0, 3 << 20, 3<<20 + 1, firstRead},
		{0, 100, 3<<20 + 1, 101},
		{0, -1, 3<<20 + 1, firstRead},
		{1 << 20, 3 << 20, 3<<20 + 1, 2 << 20},
		{2 << 20, 3 << 20, 3<<20 + 1, 3<<20 + 1},
		{2 << 20, -1, 3<<20 + 1, 3<<20 + 1},
		{2 << 20, 16 << 20, 3<<20 + 1, 3<<20 + 1},
	} {
		if got := nextSize(tc.arrived, tc.declared, tc.limit); got != tc.want {
			t.Errorf("after %d bytes of %d the buffer has %d, want %d", tc.arrived, tc.declared, got, tc.want)
		}
	}
	var room webhookRoom
	for _, size := range []int{0, 1, firstRead, firstRead + 1, 1 << 20, whatsapp.MaxWebhookBody} {
		sent := bytes.Repeat([]byte("x"), size)
		for _, declared := range []int64{int64(size), -1} {
			r := &http.Request{
				RemoteAddr: "192.0.2.1:1", ContentLength: declared, Body: io.NopCloser(bytes.NewReader(sent)),
			}
			body, done, err := room.read(nil, r, whatsapp.MaxWebhookBody)
			if err != nil || !bytes.Equal(body, sent) {
				t.Fatalf("of %d bytes %d were read: %v", size, len(body), err)
			}
			done()
		}
	}
	if room.held != 0 {
		t.Errorf("%d bytes are held at the end", room.held)
	}
}
