package intake

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
)

// Anybody may post a webhook, and whether it is genuine is known only when all of it has arrived.
// So no stranger may hold room that a genuine one needs: a body must arrive at a least rate, and
// when room is short the heaviest unfinished body goes. See
// docs/decisions/0016-room-for-webhooks.md.
const (
	// roomBytes bounds what all webhooks that are read or stored hold at once.
	roomBytes = 24 << 20
	// bodyOverhead is what a request holds beside its body: its connection, goroutine and headers.
	bodyOverhead = 16 << 10
	// bodyGrace is how long a body may take in any case, and leastRate how many more bytes must
	// have arrived for each second beyond that. The largest webhook then has just under
	// ReadTimeout.
	bodyGrace = 5 * time.Second
	leastRate = 128 << 10
	// ReadTimeout and WriteTimeout are those of the server that the intake is served by; the second
	// is longer than a call to the upstream.
	ReadTimeout  = 30 * time.Second
	WriteTimeout = 40 * time.Second
	// firstRead is the first buffer of a body: most webhooks fit.
	firstRead = 4 << 10
)

// bodyRoom holds the bodies of webhooks. It is safe for concurrent use; the zero room is empty.
type bodyRoom struct {
	mu   sync.Mutex
	held int64
	// unfinished are the bodies that still arrive, any of which may be dropped.
	unfinished map[*heldBody]struct{}
}

// heldBody is a body's share of the room.
type heldBody struct {
	peer  string
	began time.Time
	// interrupt sets the deadline of the connection's reads. It may be called while the body is
	// unfinished.
	interrupt func(time.Time)

	size int64
	// weight is the sum of size × time, in byte-nanoseconds, up to weighed.
	weight  float64
	weighed time.Time
	dropped bool
}

// errDropped says that a body was dropped to make room for others.
var errDropped = errors.New("the body was dropped to make room")

// read reads the body of a webhook, one byte more than the limit at most, so that the caller can
// tell one that is too large. Memory is taken as the body arrives, whatever length was declared.
// Done gives the room back. After an error the connection cannot be used again.
func (room *bodyRoom) read(
	w http.ResponseWriter, r *http.Request, limit int64,
) (body []byte, done func(), err error) {
	connection := http.NewResponseController(w)
	peer, _, _ := net.SplitHostPort(r.RemoteAddr) // a listener without ports has one peer
	b := &heldBody{
		peer: peer, began: time.Now(),
		interrupt: func(at time.Time) {
			_ = connection.SetReadDeadline(at) // where that is not possible, the server's time-out holds
		},
	}
	body, err = room.fill(b, r, limit)
	switch {
	case err == nil:
		return body, func() { room.leave(b) }, nil
	case errors.Is(err, errDropped) || room.leave(b):
		return nil, nil, busy()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, nil, tooSlow()
	default:
		return nil, nil, network.Refuse(
			network.Malformed, "The body could not be read to its end. Send it again.",
		)
	}
}

func (room *bodyRoom) fill(b *heldBody, r *http.Request, limit int64) ([]byte, error) {
	if err := room.hold(b, bodyOverhead); err != nil {
		return nil, err
	}
	var body []byte
	for {
		if len(body) == cap(body) {
			size := nextSize(len(body), r.ContentLength, limit+1)
			if err := room.hold(b, bodyOverhead+int64(size)); err != nil {
				return nil, err
			}
			body = append(make([]byte, 0, size), body...)
		}
		if err := room.expect(b, len(body)); err != nil {
			return nil, err
		}
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) || err == nil && int64(len(body)) > limit {
			return body, room.finish(b)
		}
		if err != nil {
			return nil, err
		}
	}
}

// nextSize is the size of the next buffer of a body of which so much has arrived: twice as large,
// up to what was declared and one byte, in which the end is met.
func nextSize(arrived int, declared, limit int64) int {
	size := max(firstRead, 2*int64(arrived))
	if declared >= int64(arrived) {
		size = min(size, declared+1)
	}
	return int(min(size, limit))
}

// hold sets what a body holds, and drops others for it if room is short.
func (room *bodyRoom) hold(b *heldBody, size int64) error {
	room.mu.Lock()
	defer room.mu.Unlock()
	if b.dropped {
		return errDropped
	}
	now := time.Now()
	b.weigh(now)
	room.held += size - b.size
	b.size = size
	if room.unfinished == nil {
		room.unfinished = map[*heldBody]struct{}{}
	}
	room.unfinished[b] = struct{}{}
	for room.held > roomBytes {
		heaviest := room.heaviest(b, now)
		room.drop(heaviest)
		if heaviest == b {
			return errDropped
		}
	}
	return nil
}

// heaviest is the unfinished body that goes when room is short: of the peer whose bodies have held
// the most for the longest, the one that has. Behind a proxy all have one address; then it is
// simply the heaviest of all. A body that has just come weighs nothing, and what ends soon stays
// light.
func (room *bodyRoom) heaviest(newest *heldBody, now time.Time) *heldBody {
	peers := map[string]float64{}
	for b := range room.unfinished {
		b.weigh(now)
		peers[b.peer] += b.weight
	}
	heaviest := newest
	for b := range room.unfinished {
		more := peers[b.peer] - peers[heaviest.peer]
		if more > 0 || more == 0 && b.weight >= heaviest.weight && b != newest {
			heaviest = b
		}
	}
	return heaviest
}

// weigh adds what the body has held since it was last weighed.
func (b *heldBody) weigh(now time.Time) {
	if !b.weighed.IsZero() {
		b.weight += float64(b.size) * float64(now.Sub(b.weighed))
	}
	b.weighed = now
}

// drop takes a body's room away and ends its reading.
func (room *bodyRoom) drop(b *heldBody) {
	delete(room.unfinished, b)
	room.held -= b.size
	b.dropped = true
	b.interrupt(time.Unix(1, 0))
}

// expect lets the connection wait for more of a body for as long as its rate allows.
func (room *bodyRoom) expect(b *heldBody, arrived int) error {
	room.mu.Lock()
	defer room.mu.Unlock()
	if b.dropped {
		return errDropped
	}
	b.interrupt(b.began.Add(patience(arrived)))
	return nil
}

// patience is how long a body may have taken when so many bytes of it have arrived.
func patience(arrived int) time.Duration {
	return min(bodyGrace+time.Duration(arrived)*time.Second/leastRate, ReadTimeout)
}

// finish keeps a body that has arrived: it is not dropped any more.
func (room *bodyRoom) finish(b *heldBody) error {
	room.mu.Lock()
	defer room.mu.Unlock()
	if b.dropped {
		return errDropped
	}
	delete(room.unfinished, b)
	b.interrupt(b.began.Add(ReadTimeout + WriteTimeout)) // whoever waits for the store is not cut off
	return nil
}

// leave gives back what a body holds, and tells whether it was dropped before.
func (room *bodyRoom) leave(b *heldBody) (dropped bool) {
	room.mu.Lock()
	defer room.mu.Unlock()
	if b.dropped {
		return true
	}
	delete(room.unfinished, b)
	room.held -= b.size
	b.size = 0
	return false
}

func tooSlow() *network.Refusal {
	return network.Refuse(network.TooSlow, fmt.Sprintf(
		"The body arrived too slowly: after %d seconds it must bring %d KiB a second. Send it again.",
		bodyGrace/time.Second, leastRate>>10,
	))
}

func busy() *network.Refusal {
	return &network.Refusal{
		Reason: network.Busy, After: time.Second,
		Details: "The gateway serves too many requests at once. Slow down and send this one again later.",
	}
}
