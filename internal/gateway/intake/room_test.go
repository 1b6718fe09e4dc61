package intake

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
)

// serverOf serves a handler with the time-outs of the gateway's server.
func serverOf(handler http.Handler) *http.Server {
	return &http.Server{Handler: handler, ReadTimeout: ReadTimeout, WriteTimeout: WriteTimeout}
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
				var room bodyRoom
				listener := newPipes()
				server := serverOf(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, done, err := room.read(w, r, network.MaxWebhookBody)
					if refused, ok := network.InWords(meta.Common(), err); ok {
						w.Header().Set("Connection", "close")
						w.WriteHeader(refused.Status())
						return
					}
					done()
					if len(body) > network.MaxWebhookBody {
						w.Header().Set("Connection", "close")
						w.WriteHeader(http.StatusRequestEntityTooLarge)
					}
				}))
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
				took := time.Since(began).Truncate(time.Millisecond)
				if response.StatusCode != tc.status || took != tc.after {
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
func (room *bodyRoom) heldSince(t *testing.T, peer string, size int64, ago time.Duration) *heldBody {
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
		hold func(t *testing.T, room *bodyRoom) (loses, stays *heldBody)
	}{
		"the older of two of one peer": {func(t *testing.T, room *bodyRoom) (*heldBody, *heldBody) {
			return room.heldSince(t, "a", half, time.Minute), room.heldSince(t, "a", half, time.Second)
		}},
		"the larger of two of one peer": {func(t *testing.T, room *bodyRoom) (*heldBody, *heldBody) {
			return room.heldSince(t, "a", 3*half/2, time.Second), room.heldSince(t, "a", half/2, time.Second)
		}},
		"a small one of the peer that holds most": {func(t *testing.T, room *bodyRoom) (*heldBody, *heldBody) {
			for range 3 {
				room.heldSince(t, "b", half/4, time.Minute)
			}
			return room.heldSince(t, "b", half/4, 2*time.Minute), room.heldSince(t, "a", half, time.Minute/2)
		}},
		"never one that has arrived": {func(t *testing.T, room *bodyRoom) (*heldBody, *heldBody) {
			stays := room.heldSince(t, "a", half, time.Hour)
			if err := room.finish(stays); err != nil {
				t.Fatal(err)
			}
			return room.heldSince(t, "a", half, time.Second), stays
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var room bodyRoom
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
		var room bodyRoom
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
	var room bodyRoom
	for _, size := range []int{0, 1, firstRead, firstRead + 1, 1 << 20, network.MaxWebhookBody} {
		sent := bytes.Repeat([]byte("x"), size)
		for _, declared := range []int64{int64(size), -1} {
			r := &http.Request{
				RemoteAddr: "192.0.2.1:1", ContentLength: declared, Body: io.NopCloser(bytes.NewReader(sent)),
			}
			body, done, err := room.read(nil, r, network.MaxWebhookBody)
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
