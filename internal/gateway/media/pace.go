package media

import (
	"io"
	"time"
)

const (
	// grace is how long a peer may take in any case, and leastRate how many bytes it must take or
	// give for each second beyond that.
	grace     = 20 * time.Second
	leastRate = 16 << 10
	// piece is how much is passed on at once, in bytes.
	piece = 64 << 10
)

// pace makes a peer move bytes at a least rate. Only the time counts that is spent waiting for this
// peer, so that none pays for the other's slowness.
type pace struct {
	moved  int64
	waited time.Duration
	// until sets the instant by which the peer must have moved something; zero is no deadline.
	until func(time.Time)
}

// move waits for the peer to take or give bytes.
func (p *pace) move(do func() (int, error)) (int, error) {
	began := time.Now()
	p.until(began.Add(grace + time.Duration(p.moved)*time.Second/leastRate - p.waited))
	n, err := do()
	p.until(time.Time{})
	p.waited += time.Since(began)
	p.moved += int64(n)
	return n, err
}

// pacedReader is a reader at a least rate.
type pacedReader struct {
	io.ReadCloser
	pace pace
}

// Read implements io.Reader.
func (r *pacedReader) Read(p []byte) (int, error) {
	return r.pace.move(func() (int, error) { return r.ReadCloser.Read(p) })
}
