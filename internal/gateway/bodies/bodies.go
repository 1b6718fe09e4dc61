// Package bodies reads the bodies of clients' requests within bounds that all of them share.
package bodies

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
)

// maxBuffered bounds the bytes of all request bodies of the API that are held at once. It counts
// what has arrived, not what was announced. Their senders have shown a token; see intake for
// webhooks.
const maxBuffered = 16 << 20

// Bounds of what is read for strangers, whose token may be in the body: the beginning of one body,
// and of all at once. Whoever sends the token in the header or the query needs no room here.
const (
	maxTokenHead = 256 << 10
	maxStrangers = 4 << 20
)

// Room reads request bodies within a common bound. It is safe for concurrent use; the zero room is
// empty.
type Room struct{ held, strangers atomic.Int64 }

// errTooManyBodies says that the common bound is reached.
var errTooManyBodies = errors.New("too many bytes of request bodies are held")

// Read reads a body, one byte more than the limit at most, so that the caller can tell one that is
// too large. Done gives its bytes back.
func (room *Room) Read(r *http.Request, limit int64) (body []byte, done func(), err error) {
	counted := &countedReader{from: io.LimitReader(r.Body, limit+1), held: &room.held, most: maxBuffered}
	done = func() { room.held.Add(-counted.taken) }
	if body, err = counted.readAll(); err != nil {
		done()
		return nil, nil, err
	}
	return body, done, nil
}

// Token looks for an access token in the beginning of a body, and leaves the body to be read as if
// nobody had.
func (room *Room) Token(r *http.Request) (string, error) {
	if r.Body == nil || r.ContentLength == 0 {
		return "", nil
	}
	counted := &countedReader{from: io.LimitReader(r.Body, maxTokenHead), held: &room.strangers, most: maxStrangers}
	defer func() { room.strangers.Add(-counted.taken) }()
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

// busyRetry is when a client may come again after the gateway had no room for its request.
const busyRetry = time.Second

// Busy refuses a request for which there is no room.
func Busy() error {
	return &network.Refusal{
		Reason: network.Busy, After: busyRetry,
		Details: "The gateway serves too many requests at once. Slow down and send this one again later.",
	}
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
		return nil, Busy()
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
