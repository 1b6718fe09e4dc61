package gatewaytest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// Network is a network in memory, for tests whose time is synctest's: a goroutine that waits for a
// real socket would hold the bubble's clock. What is not on it is dialled for real.
type Network struct {
	sockets   bool
	mu        sync.Mutex
	listeners map[string]*listener
}

// NewNetwork returns a network in memory on which nobody listens.
func NewNetwork() *Network { return &Network{listeners: map[string]*listener{}} }

// Loopback returns the machine's own network, which other processes reach.
func Loopback() *Network { return &Network{sockets: true} }

// Listen returns a listener on a port of its own.
func (n *Network) Listen(tb testing.TB) net.Listener {
	tb.Helper()
	if n.sockets {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		return l
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.listen(address("127.0.0.1:" + strconv.Itoa(len(n.listeners)+1)))
}

// ListenAgain listens where a listener was that is closed.
func (n *Network) ListenAgain(at net.Addr) net.Listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.listen(address(at.String()))
}

func (n *Network) listen(at address) net.Listener {
	l := &listener{address: at, accepted: make(chan net.Conn), closed: make(chan struct{})}
	n.listeners[string(at)] = l
	return l
}

// Dial opens a connection to a listener.
func (n *Network) Dial(ctx context.Context, network, to string) (net.Conn, error) {
	return n.DialFrom(ctx, "127.0.0.1", network, to)
}

// DialFrom opens a connection to a listener from a host, which the listener sees as its peer. On
// the machine's own network the host is an address of the loopback.
func (n *Network) DialFrom(ctx context.Context, host, network, to string) (net.Conn, error) {
	from := address(net.JoinHostPort(host, "0"))
	if n.sockets {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
		return dialer.DialContext(ctx, network, to)
	}
	refused := &net.OpError{
		Op: "dial", Net: network, Addr: address(to), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED),
	}
	n.mu.Lock()
	l := n.listeners[to]
	n.mu.Unlock()
	if l == nil {
		return (&net.Dialer{}).DialContext(ctx, network, to)
	}
	near, far := net.Pipe()
	select {
	case <-l.closed:
		return nil, refused
	default:
	}
	select {
	case l.accepted <- connection{far, l.address, from}:
		return connection{near, from, l.address}, nil
	case <-l.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: network, Addr: address(to), Err: ctx.Err()}
	}
}

// Client returns a client of the servers on the network, which lasts as long as the test and
// believes every certificate.
func (n *Network) Client(tb testing.TB) *http.Client {
	tb.Helper()
	transport := &http.Transport{DialContext: n.Dial, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// Serve serves a handler on the network until the test ends.
func (n *Network) Serve(tb testing.TB, handler http.Handler) *httptest.Server {
	tb.Helper()
	server := &httptest.Server{Listener: n.Listen(tb), Config: &http.Server{Handler: handler}}
	server.Start()
	tb.Cleanup(server.Close)
	return server
}

type listener struct {
	address  address
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.address, Err: net.ErrClosed}
	}
}

func (l *listener) Close() error {
	err := errors.New("the listener is closed already")
	l.once.Do(func() {
		close(l.closed)
		err = nil
	})
	return err
}

func (l *listener) Addr() net.Addr { return l.address }

// address is a host and port of the network.
type address string

func (address) Network() string { return "tcp" }

func (a address) String() string { return string(a) }

// connection is one end of a pipe.
type connection struct {
	net.Conn
	local, remote address
}

func (c connection) LocalAddr() net.Addr { return c.local }

func (c connection) RemoteAddr() net.Addr { return c.remote }
