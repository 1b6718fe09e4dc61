package rig

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/onsi/gomega"
)

// greeter serves one name on loopback: it answers each line with its name.
func greeter(t *testing.T, name string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					_, _ = io.WriteString(conn, name+"\n") // the client reads it, or has gone
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// caller is a connection through a proxy.
type caller struct {
	net.Conn
	t       *testing.T
	answers *bufio.Reader
}

func call(t *testing.T, p *Proxy) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &caller{Conn: conn, t: t, answers: bufio.NewReader(conn)}
}

func (c *caller) ask() {
	c.t.Helper()
	if _, err := io.WriteString(c, "who are you?\n"); err != nil {
		c.t.Fatal(err)
	}
}

// answer returns the next answer within a time.
func (c *caller) answer(within time.Duration) (string, error) {
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		c.t.Fatal(err)
	}
	return c.answers.ReadString('\n')
}

func (c *caller) expect(want string) {
	c.t.Helper()
	if got, err := c.answer(time.Minute); got != want+"\n" || err != nil {
		c.t.Fatalf("the answer is %q (%v), not %q", got, err, want)
	}
}

func (c *caller) expectSilence() {
	c.t.Helper()
	if got, err := c.answer(50 * time.Millisecond); got != "" || !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("through a black hole came %q (%v)", got, err)
	}
}

func proxy(t *testing.T, targets ...string) *Proxy {
	t.Helper()
	p, err := NewProxy(targets...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestProxyPassesConnectionsOnInTurn(t *testing.T) {
	p := proxy(t, greeter(t, "first"), greeter(t, "second"))
	for _, want := range []string{"first", "second", "first"} {
		c := call(t, p)
		c.ask()
		c.expect(want)
		c.ask()
		c.expect(want)
	}
}

func TestSilentProxyHoldsEverythingBack(t *testing.T) {
	p := proxy(t, greeter(t, "server"))
	before := call(t, p)
	before.ask()
	before.expect("server")
	p.Silence()
	before.ask()
	before.expectSilence()
	during := call(t, p)
	during.ask()
	during.expectSilence()
	gomega.NewWithT(t).Eventually(p.Held, "1m", "1ms").Should(
		gomega.BeEquivalentTo(2), "one piece of each connection is held back",
	)
	p.Speak()
	before.expect("server")
	during.expect("server")
}

func TestForgetfulProxyLosesWhatItHeldBack(t *testing.T) {
	p := proxy(t, greeter(t, "server"))
	before := call(t, p)
	before.ask()
	before.expect("server")
	p.Silence()
	before.ask()
	before.expectSilence()
	p.Forget()
	if got, err := before.answer(10 * time.Second); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the connection was not ended: %q, %v", got, err)
	}
	after := call(t, p)
	after.ask()
	after.expect("server")
}
