package listeners

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
)

// isDropped tells whether a listener was dropped.
func isDropped(l *listener) bool {
	select {
	case <-l.dropped:
		return true
	default:
		return false
	}
}

// Who does not read is dropped, by the number of callbacks and by their size, and keeps nobody
// waiting: Tell returns, and the others hear of everything.
func TestSlowListenersAreDropped(t *testing.T) {
	for name, tc := range map[string]struct{ callbacks, size int }{
		"too many": {maxWaiting + 1, 10},
		"too much": {maxBytes/(1<<20) + 1, 1 << 20},
	} {
		var l Listeners
		slow, quick := l.join(), l.join()
		body := make([]byte, tc.size)
		for range tc.callbacks {
			l.Tell(Told{Body: body})
			read := <-quick.told
			quick.waiting.Add(-int64(len(read.Body)))
		}
		if !isDropped(slow) || isDropped(quick) || !l.Any() {
			t.Errorf("%s: the slow one is dropped: %t, the quick one: %t", name, isDropped(slow), isDropped(quick))
		}
		l.leave(slow) // it goes later than it is dropped
		l.leave(quick)
		if l.Any() {
			t.Errorf("%s: somebody still listens", name)
		}
	}
}

// What a listener has not read yet does not change, whatever becomes of the callback's bytes.
func TestListenersHaveACopy(t *testing.T) {
	var l Listeners
	joined, body := l.join(), []byte("callback")
	l.Tell(Told{Body: body})
	copy(body, "XXXXXXXX")
	if told := <-joined.told; string(told.Body) != "callback" {
		t.Errorf("got %s", told.Body)
	}
}

func TestListenersAreBounded(t *testing.T) {
	var l Listeners
	for range maxListeners {
		if l.join() == nil {
			t.Fatal("there is no room")
		}
	}
	err := l.Answer(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), "", nil)
	if refusal, ok := errors.AsType[*network.Refusal](err); !ok || refusal.Reason != network.Busy {
		t.Errorf("one more got %v", err)
	}
}

// deadlines is an answer that takes deadlines, as a connection's does.
type deadlines struct{ *httptest.ResponseRecorder }

func (deadlines) SetReadDeadline(time.Time) error  { return nil }
func (deadlines) SetWriteDeadline(time.Time) error { return nil }

// A token is checked again with every beat.
func TestListeningEndsWithItsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Listeners
		began, answer := time.Now(), deadlines{httptest.NewRecorder()}
		good := func() bool { return time.Since(began) < time.Minute }
		err := l.Answer(answer, httptest.NewRequest(http.MethodGet, "/", nil), "gateway-0", good)
		if took := time.Since(began); err != nil || took != time.Minute || l.Any() {
			t.Errorf("it ended after %s with %v", took, err)
		}
		const greeting = "event: listening\ndata: {\"replica\":\"gateway-0\"}\n\n"
		if said := answer.Body.String(); !strings.HasPrefix(said, greeting) ||
			strings.Count(said, ": still here\n\n") != 5 {
			t.Errorf("it said %q", said)
		}
	})
}
