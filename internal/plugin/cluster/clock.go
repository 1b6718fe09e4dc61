package cluster

import (
	"net/http"
	"sync"
	"time"
)

// serverClock learns from the API server's answers how far its clock is from ours.
type serverClock struct {
	now    func() time.Time
	mutex  sync.Mutex
	behind time.Duration
	known  bool
}

// listen notes the time that answers say, which are whole seconds.
func (c *serverClock) listen(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		sent := c.now()
		response, err := next.RoundTrip(request)
		if err == nil {
			c.note(response.Header.Get("Date"), sent, c.now())
		}
		return response, err
	})
}

// note takes an answer's time to be of the middle between the request and the answer. A second is
// within what rounding and the way explain, and is no difference.
func (c *serverClock) note(date string, sent, received time.Time) {
	told, err := http.ParseTime(date)
	if err != nil {
		return
	}
	behind := told.Sub(sent.Add(received.Sub(sent) / 2)).Round(time.Second)
	if behind.Abs() <= time.Second {
		behind = 0
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.behind, c.known = behind, true
}

func (c *serverClock) skew() (behind time.Duration, known bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.behind, c.known
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
