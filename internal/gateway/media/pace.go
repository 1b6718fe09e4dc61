package media

import (
	"io"
	"sync/atomic"
	"time"
)

const (
	// leastRate is how many bytes a peer must take or give for each second, and grace how far it
	// may fall behind that.
	grace     = 20 * time.Second
	leastRate = 16 << 10
	// piece is how much is passed on at once, in bytes.
	piece = 64 << 10
)

// pace makes a peer move bytes at a least rate. Only the time counts that is spent waiting for this
// peer, so that none pays for the other's slowness.
type pace struct {
	// behind is how long ago, at the least rate, the peer should have moved what it has. To have
	// been faster earlier does not count: it would allow a long silence.
	behind time.Duration
	// moved is how many bytes the peer has moved. It may be read while a transport, whose upstream
	// has answered early, goes on reading.
	moved atomic.Int64
	// until sets the instant by which the peer must have moved something; zero is no deadline. A
	// peer without it has no pace to keep.
	until func(time.Time)
}

// move waits for the peer to take or give bytes.
func (p *pace) move(do func() (int, error)) (int, error) {
	if p.until == nil {
		return do()
	}
	began := time.Now()
	p.until(began.Add(grace - p.behind))
	n, err := do()
	p.until(time.Time{})
	p.moved.Add(int64(n))
	p.behind = max(0, p.behind+time.Since(began)-time.Duration(n)*time.Second/leastRate)
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
