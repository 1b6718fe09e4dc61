package rig

import (
	"net"
	"sync"
	"sync/atomic"
)

// Proxy passes TCP connections on to its targets, in turn, as a Kubernetes Service does. It can
// fall silent, as a network does that has lost a route: connections are accepted and stay open, and
// nothing comes through, not even their end.
type Proxy struct {
	listener net.Listener
	targets  []string
	next     atomic.Int64
	held     atomic.Int64
	work     sync.WaitGroup

	mu sync.Mutex
	// speaking is closed while bytes are passed on.
	speaking chan struct{}
	silent   bool
	closed   bool
	open     map[net.Conn]bool
}

// NewProxy listens on a loopback address of its own and passes connections on until it is closed.
func NewProxy(targets ...string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, targets: targets, speaking: make(chan struct{}), open: map[net.Conn]bool{}}
	close(p.speaking)
	p.work.Go(p.accept)
	return p, nil
}

// Address returns where the proxy listens.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Held returns how often something was held back by a silence so far: a piece of a stream, or the
// end of one.
func (p *Proxy) Held() int64 { return p.held.Load() }

// Silence lets nothing through any more.
func (p *Proxy) Silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.silent && !p.closed {
		p.silent, p.speaking = true, make(chan struct{})
	}
}

// Speak ends the silence: what was held back arrives late.
func (p *Proxy) Speak() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.speak()
}

func (p *Proxy) speak() {
	if p.silent {
		p.silent = false
		close(p.speaking)
	}
}

// Forget ends the silence as a network does that has forgotten its connections: they are reset, and
// what was held back is lost.
func (p *Proxy) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reset()
	p.speak()
}

// reset ends all connections with a TCP reset.
func (p *Proxy) reset() {
	for conn := range p.open {
		_ = conn.(*net.TCPConn).SetLinger(0) // it may have ended
		_ = conn.Close()
	}
}

// Close ends the proxy and its connections.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.reset()
	p.speak()
	p.mu.Unlock()
	_ = p.listener.Close()
	p.work.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // it is closed
		}
		target := p.targets[int(p.next.Add(1)-1)%len(p.targets)]
		p.work.Go(func() { p.connect(client, target) })
	}
}

// connect passes a connection on, in both directions, until both ends of it have ended.
func (p *Proxy) connect(client net.Conn, target string) {
	defer p.drop(client)
	if !p.keep(client) {
		return
	}
	p.wait()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer p.drop(server)
	if !p.keep(server) {
		return
	}
	var directions sync.WaitGroup
	directions.Go(func() { p.pass(server, client) })
	directions.Go(func() { p.pass(client, server) })
	directions.Wait()
}

// pass copies one direction, and its end.
func (p *Proxy) pass(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.wait()
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			break
		}
	}
	_ = to.(*net.TCPConn).CloseWrite() // it may have ended
}

// wait blocks its caller during a silence.
func (p *Proxy) wait() {
	p.mu.Lock()
	speaking, silent := p.speaking, p.silent
	p.mu.Unlock()
	if silent {
		p.held.Add(1)
		<-speaking
	}
}

// keep remembers a connection, unless the proxy is closed.
func (p *Proxy) keep(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.open[conn] = true
	}
	return !p.closed
}

func (p *Proxy) drop(conn net.Conn) {
	p.mu.Lock()
	delete(p.open, conn)
	p.mu.Unlock()
	_ = conn.Close()
}
