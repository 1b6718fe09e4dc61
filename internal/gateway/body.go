package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
)

// maxBuffered bounds the bytes of all request bodies of the API that are held at once. It counts
// what has arrived, not what was announced. Their senders have shown a token; see webhookRoom for
// the others.
const maxBuffered = 16 << 20

// Bounds of what is read for strangers, whose token may be in the body: the beginning of one body,
// and of all at once. Whoever sends the token in the header or the query needs no room here.
const (
	maxTokenHead = 256 << 10
	maxStrangers = 4 << 20
)

// bodies reads request bodies within a common bound. It is safe for concurrent use.
type bodies struct{ held, strangers atomic.Int64 }

// errTooManyBodies says that the common bound is reached.
var errTooManyBodies = errors.New("too many bytes of request bodies are held")

// read reads a body, one byte more than the limit at most, so that the caller can tell one that is
// too large. Done gives its bytes back.
func (b *bodies) read(r *http.Request, limit int64) (body []byte, done func(), err error) {
	counted := &countedReader{from: io.LimitReader(r.Body, limit+1), held: &b.held, most: maxBuffered}
	done = func() { b.held.Add(-counted.taken) }
	if body, err = counted.readAll(); err != nil {
		done()
		return nil, nil, err
	}
	return body, done, nil
}

// token looks for an access token in the beginning of a body, and leaves the body to be read as if
// nobody had.
func (b *bodies) token(r *http.Request) (string, error) {
	if r.Body == nil || r.ContentLength == 0 {
		return "", nil
	}
	counted := &countedReader{from: io.LimitReader(r.Body, maxTokenHead), held: &b.strangers, most: maxStrangers}
	defer func() { b.strangers.Add(-counted.taken) }()
	head, err := counted.readAll()
	if err != nil {
		return "", err
	}
	type unread struct {
		io.Reader
		io.Closer
	}
	r.Body = unread{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
	return meta.TokenIn(r.Header.Get("Content-Type"), head), nil
}

// countedReader takes what it reads from a common bound.
type countedReader struct {
	from  io.Reader
	held  *atomic.Int64
	most  int64 // that all may hold
	taken int64
}

// readAll reads to the end, and fails in words for the client.
func (c *countedReader) readAll() ([]byte, error) {
	body, err := io.ReadAll(c)
	switch {
	case errors.Is(err, errTooManyBodies):
		return nil, busy()
	case err != nil:
		return nil, network.Refuse(network.Malformed, "The body could not be read to its end. Send it again.")
	}
	return body, nil
}

// Read implements io.Reader.
func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.taken += int64(n)
	if c.held.Add(int64(n)) > c.most {
		return n, errTooManyBodies
	}
	return n, err
}
