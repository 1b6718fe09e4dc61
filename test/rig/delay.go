package rig

import (
	"context"
	"net"
	"sync"
	"time"
)

// Delay is a TCP proxy to one address that lets everything arrive later: a network with a round
// trip, of any bandwidth. It is precise to some hundredths of a millisecond where a processor is
// free.
type Delay struct {
	listener net.Listener
	to       string
	oneWay   time.Duration
	over     sync.WaitGroup
	stopped  context.CancelFunc
}

// NewDelay starts a proxy to an address with a round trip.
func NewDelay(to string, roundTrip time.Duration) (*Delay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	d := &Delay{listener: listener, to: to, oneWay: roundTrip / 2, stopped: stop}
	d.over.Go(func() { d.serve(ctx) })
	return d, nil
}

// Address is where the proxy listens.
func (d *Delay) Address() string { return d.listener.Addr().String() }

// Stop ends the proxy and all its connections.
func (d *Delay) Stop() {
	d.stopped()
	_ = d.listener.Close()
	d.over.Wait()
}

func (d *Delay) serve(ctx context.Context) {
	for {
		client, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.over.Go(func() { d.pass(ctx, client) })
	}
}

// pass passes a connection's bytes on in both directions.
func (d *Delay) pass(ctx context.Context, client net.Conn) {
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.to)
	if err != nil {
		_ = client.Close()
		return
	}
	end := context.AfterFunc(ctx, func() {
		_ = client.Close()
		_ = server.Close()
	})
	defer end()
	var both sync.WaitGroup
	both.Go(func() { d.later(server, client) })
	both.Go(func() { d.later(client, server) })
	both.Wait()
}

// piece is what came in at once, and when it is due.
type piece struct {
	bytes []byte
	due   time.Time
}

// later copies what comes in, each piece when it is due.
func (d *Delay) later(to, from net.Conn) {
	pieces := make(chan piece, 1024)
	go func() {
		defer close(pieces)
		for {
			b := make([]byte, 16<<10)
			n, err := from.Read(b)
			if n > 0 {
				pieces <- piece{b[:n], time.Now().Add(d.oneWay)}
			}
			if err != nil {
				return
			}
		}
	}()
	d.deliver(to, pieces)
	closeWrite(to)
	for range pieces {
		continue // nobody is to wait for room
	}
}

// deliver writes each piece when it is due, until one cannot be written.
func (d *Delay) deliver(to net.Conn, pieces <-chan piece) {
	wait, err := newAlarm()
	if err != nil {
		return
	}
	defer wait.close()
	for p := range pieces {
		if wait.sleepUntil(p.due) != nil {
			return
		}
		if _, err := to.Write(p.bytes); err != nil {
			return
		}
	}
}

func closeWrite(c net.Conn) {
	if tcp, is := c.(*net.TCPConn); is {
		_ = tcp.CloseWrite()
	}
}
