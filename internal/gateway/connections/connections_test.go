package connections

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

const goodToken = "token-of-the-business"

// bounded is a server on the loopback with a bound on its connections, which answers 200 to whoever
// has the token and 401 to others.
func bounded(t *testing.T, most int) (address string, open *Bounded) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+goodToken {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, "welcome")
		}),
	}
	open = Bound(server, most)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String(), open
}

func (c *Bounded) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}

// peerFrom is a client with one connection from an address of the loopback.
type peerFrom struct {
	t    *testing.T
	conn net.Conn
	read *bufio.Reader
}

func dialFrom(t *testing.T, host, address string) *peerFrom {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &peerFrom{t, conn, bufio.NewReader(conn)}
}

// asks makes a request and returns the status of its answer; 0 if the connection was closed.
func (p *peerFrom) asks(header string) int {
	p.t.Helper()
	if _, err := io.WriteString(p.conn, "GET / HTTP/1.1\r\nHost: gateway\r\n"+header+"\r\n"); err != nil {
		return 0
	}
	answer, err := http.ReadResponse(p.read, nil)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// closed waits until the server has closed the connection.
func (p *peerFrom) closed() bool {
	_ = p.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, err := p.read.ReadByte()
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

const withToken = "Authorization: Bearer " + goodToken + "\r\n"

// Strangers open connections and say nothing, or a part of a request, or are refused: theirs are
// closed, the longest waiting first, and those of whoever was ever served stay.
func TestStrangersConnectionsGoFirst(t *testing.T) {
	t.Parallel()
	const most = 40
	hosts := map[string]func(n int) string{
		"one host":   func(int) string { return "127.0.0.2" },
		"many hosts": func(n int) string { return fmt.Sprintf("127.0.1.%d", 1+n) },
	}
	openings := map[string]string{"nothing": "", "a part": "GET / HTTP/1.1\r\nHost: gat", "refused": "whole"}
	for where, host := range hosts {
		for what, opening := range openings {
			t.Run(where+" and "+what, func(t *testing.T) {
				t.Parallel()
				address, open := bounded(t, most)
				business := make([]*peerFrom, 10)
				for i := range business { // all of one host, and idle for longest
					business[i] = dialFrom(t, "127.0.0.1", address)
					if got := business[i].asks(withToken); got != http.StatusOK {
						t.Fatalf("the business got %d", got)
					}
				}
				strangers := make([]*peerFrom, 3*most)
				for i := range strangers {
					strangers[i] = dialFrom(t, host(i), address)
					if opening == "whole" {
						if got := strangers[i].asks(""); got != http.StatusUnauthorized {
							t.Fatalf("a stranger got %d, want 401", got)
						}
						continue
					}
					_, _ = io.WriteString(strangers[i].conn, opening)
				}
				newest := dialFrom(t, "127.0.0.3", address)
				if got := newest.asks(withToken); got != http.StatusOK {
					t.Errorf("a new client got %d", got)
				}
				if got := open.count(); got > most {
					t.Errorf("%d connections are open, want %d at most", got, most)
				}
				for i, b := range business {
					if got := b.asks(withToken); got != http.StatusOK {
						t.Errorf("connection %d of the business got %d", i, got)
					}
				}
				if !strangers[0].closed() {
					t.Error("the stranger who has waited longest is still connected")
				}
			})
		}
	}
}

// Who has most connections loses the one that has been idle for longest, also if all are known.
func TestHeaviestPeerLosesItsLongestIdleConnection(t *testing.T) {
	t.Parallel()
	address, open := bounded(t, 10)
	var heavy, light []*peerFrom
	for i := range 10 {
		host, peers := "127.0.0.2", &heavy
		if i%3 == 0 {
			host, peers = "127.0.0.3", &light
		}
		p := dialFrom(t, host, address)
		if got := p.asks(withToken); got != http.StatusOK {
			t.Fatalf("a client got %d", got)
		}
		*peers = append(*peers, p)
	}
	if got := heavy[0].asks(withToken); got != http.StatusOK { // the second one is the longest idle now
		t.Fatalf("a client got %d", got)
	}
	if got := dialFrom(t, "127.0.0.4", address).asks(withToken); got != http.StatusOK {
		t.Fatalf("a new client got %d", got)
	}
	if !heavy[1].closed() {
		t.Error("the longest idle connection of the heaviest peer is still open")
	}
	for _, p := range append(append(light, heavy[0]), heavy[2:]...) {
		if got := p.asks(withToken); got != http.StatusOK {
			t.Errorf("another connection got %d", got)
		}
	}
	if got := open.count(); got != 10 {
		t.Errorf("%d connections are open, want 10", got)
	}
}

// A request that is being served is never cut off.
func TestConnectionsThatAreServedStay(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const most = 4
	serving, release := make(chan struct{}, 2*most), make(chan struct{})
	server := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			serving <- struct{}{}
			<-release
		}),
	}
	Bound(server, most)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	answers := make(chan int, 2*most)
	for range 2 * most {
		p := dialFrom(t, "127.0.0.2", listener.Addr().String())
		go func() { answers <- p.asks("") }()
		<-serving
	}
	close(release)
	for range 2 * most {
		if got := <-answers; got != http.StatusOK {
			t.Errorf("a request that was being served got %d", got)
		}
	}
}
