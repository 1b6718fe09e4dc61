// Package connections bounds the connections of a server, so that strangers who hold some keep
// nobody else out.
package connections

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// Max bounds the connections of a server while any of them waits for a request: anybody
// may open one, and each holds memory and a descriptor until it has been idle for long.
const Max = 2000

// Bounded are the connections of a server. Above the bound, the one goes that has waited longest
// for a request, of the peer that has most of those that wait. Strangers go first: those who were
// never answered with a success, which takes a token or a signature. It is safe for concurrent use.
type Bounded struct {
	most int
	mu   sync.Mutex
	open map[net.Conn]*connection
	// waited counts how often a connection began to wait.
	waited uint64
}

// connection is one that is open.
type connection struct {
	peer string
	// trusted says that a request on it has succeeded.
	trusted bool
	// waits says that no request of it is being served. The lower its turn, the longer it has
	// waited.
	waits bool
	turn  uint64
}

// Bound lets a server hold so many connections at most.
func Bound(server *http.Server, most int) *Bounded {
	c := &Bounded{most: most, open: map[net.Conn]*connection{}}
	server.ConnState = c.changed
	server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, conn)
	}
	server.Handler = c.following(server.Handler)
	return c
}

type connectionKey struct{}

// changed follows a connection from its beginning to its end. One of which a part of a request has
// come waits on: following says when a request is served.
func (c *Bounded) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		peer, _, _ := net.SplitHostPort(conn.RemoteAddr().String()) // a listener without ports has one peer
		c.open[conn] = &connection{peer: peer}
		c.waiting(conn)
		if len(c.open) > c.most {
			c.closeOne(conn)
		}
	case http.StateIdle:
		c.waiting(conn)
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	case http.StateActive:
	}
}

// waiting notes that a connection waits for a request from now on.
func (c *Bounded) waiting(conn net.Conn) {
	if known := c.open[conn]; known != nil {
		c.waited++
		known.waits, known.turn = true, c.waited
	}
}

// closeOne closes the connection that is to go for the newest one; none if no other one waits.
func (c *Bounded) closeOne(newest net.Conn) {
	strangers, peers := 0, map[string]int{}
	for _, known := range c.open {
		if known.waits && !known.trusted {
			strangers++
		}
	}
	// whoever has just come is a stranger too, and is not asked to go
	mayGo := func(known *connection) bool { return known.waits && (strangers <= 1 || !known.trusted) }
	for _, known := range c.open {
		if mayGo(known) {
			peers[known.peer]++
		}
	}
	var victim net.Conn
	for conn, known := range c.open {
		if conn == newest || !mayGo(known) {
			continue
		}
		if victim == nil || known.goesBefore(c.open[victim], peers) {
			victim = conn
		}
	}
	if victim == nil {
		return
	}
	delete(c.open, victim)
	_ = victim.Close() // whatever comes of it, the server ends it
}

// goesBefore tells whether a connection goes before another one, by how many each peer has.
func (k *connection) goesBefore(other *connection, peers map[string]int) bool {
	if more := peers[k.peer] - peers[other.peer]; more != 0 {
		return more > 0
	}
	return k.turn < other.turn
}

// following tells of each connection when its requests are served, and whether one succeeds.
func (c *Bounded) following(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := r.Context().Value(connectionKey{}).(net.Conn)
		c.serving(conn)
		answer := &answerWriter{ResponseWriter: w}
		next.ServeHTTP(answer, r)
		if answer.status >= 200 && answer.status <= 299 {
			c.succeeded(conn)
		}
	})
}

func (c *Bounded) serving(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.open[conn]; known != nil {
		known.waits = false
	}
}

func (c *Bounded) succeeded(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.open[conn]; known != nil {
		known.trusted = true
	}
}

// answerWriter remembers the status of an answer.
type answerWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (a *answerWriter) WriteHeader(status int) {
	if a.status < 200 { // those below are not the answer yet
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answerWriter) Write(p []byte) (int, error) {
	if a.status < 200 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p) //nolint:wrapcheck // it is the answer's own writer
}

// Unwrap lets an http.ResponseController reach the connection.
func (a *answerWriter) Unwrap() http.ResponseWriter { return a.ResponseWriter }
