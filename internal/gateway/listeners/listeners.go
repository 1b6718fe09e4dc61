// Package listeners lets a business follow its callbacks: whoever listens gets a copy of each once
// what it tells is durable, and the callback goes its way. Nothing is stored for a listener, and
// none is waited for.
package listeners

import (
	"bytes"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxListeners bounds those who listen at once.
	maxListeners = 8
	// maxWaiting and maxBytes bound what waits for a listener. One who has more to read is dropped.
	maxWaiting = 256
	maxBytes   = 8 << 20
)

// Told is a callback as a listener gets it.
type Told struct {
	// Channel is the id of the number or page that it is about; empty if it is about none.
	Channel string
	At      time.Time
	// Body is the webhook, byte for byte.
	Body []byte
}

// Listeners are those who listen. The zero value is nobody. It is safe for concurrent use.
type Listeners struct {
	count  atomic.Int32
	ending <-chan struct{}

	mu   sync.Mutex
	open map[*listener]struct{}
}

// listener is one who listens.
type listener struct {
	told chan Told
	// waiting is the size of what is in told, in bytes.
	waiting atomic.Int64
	// dropped is closed when the listener had too much to read.
	dropped chan struct{}
}

// Any reports whether anybody listens.
func (l *Listeners) Any() bool { return l.count.Load() > 0 }

// EndWith has all end once a channel is closed. It is called before anybody listens.
func (l *Listeners) EndWith(ending <-chan struct{}) { l.ending = ending }

// Tell gives a copy of a callback to each who listens. It never waits.
func (l *Listeners) Tell(told Told) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) == 0 {
		return
	}
	told.Body = bytes.Clone(told.Body) // it may be a part of a request that is over before it is read
	for each := range l.open {
		if each.waiting.Add(int64(len(told.Body))) <= maxBytes && each.take(told) {
			continue
		}
		l.remove(each)
		close(each.dropped)
	}
}

func (l *listener) take(told Told) bool {
	select {
	case l.told <- told:
		return true
	default:
		return false
	}
}

// join lets somebody listen; nil if there are too many.
func (l *Listeners) join() *listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= maxListeners {
		return nil
	}
	joined := &listener{told: make(chan Told, maxWaiting), dropped: make(chan struct{})}
	if l.open == nil {
		l.open = map[*listener]struct{}{}
	}
	l.open[joined] = struct{}{}
	l.count.Store(int32(len(l.open))) // #nosec G115 -- at most maxListeners
	return joined
}

func (l *Listeners) leave(gone *listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove(gone)
}

// remove removes a listener. The caller holds mu.
func (l *Listeners) remove(gone *listener) {
	delete(l.open, gone)
	l.count.Store(int32(len(l.open))) // #nosec G115 -- at most maxListeners
}
