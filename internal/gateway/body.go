package gateway

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/guichet-dev/guichet/internal/network"
)

// maxBuffered bounds the bytes of all request bodies of the API that are held at once. It counts
// what has arrived, not what was announced. Their senders have shown a token; see webhookRoom for
// the others.
const maxBuffered = 16 << 20

// bodies reads request bodies within a common bound. It is safe for concurrent use.
type bodies struct{ held atomic.Int64 }

// errTooManyBodies says that the common bound is reached.
var errTooManyBodies = errors.New("too many bytes of request bodies are held")

// read reads a body, one byte more than the limit at most, so that the caller can tell one that is
// too large. Done gives its bytes back.
func (b *bodies) read(r *http.Request, limit int64) (body []byte, done func(), err error) {
	counted := &countedReader{from: io.LimitReader(r.Body, limit+1), held: &b.held}
	done = func() { b.held.Add(-counted.taken) }
	body, err = io.ReadAll(counted)
	switch {
	case errors.Is(err, errTooManyBodies):
		done()
		return nil, nil, busy()
	case err != nil:
		done()
		return nil, nil, network.Refuse(
			network.Malformed, "The body could not be read to its end. Send it again.",
		)
	}
	return body, done, nil
}

// countedReader takes what it reads from a common bound.
type countedReader struct {
	from  io.Reader
	held  *atomic.Int64
	taken int64
}

// Read implements io.Reader.
func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.taken += int64(n)
	if c.held.Add(int64(n)) > maxBuffered {
		return n, errTooManyBodies
	}
	return n, err
}
