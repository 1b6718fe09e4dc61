package gateway

import (
	"maps"
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
)

// channelStops remembers which channels the upstream has stopped, by phone number id. A stop ends
// when its probe passes or when the configuration changes: it is not kept over a restart, because
// the first message finds it again. It is safe for concurrent use.
type channelStops struct {
	mu      sync.Mutex
	stopped map[string]channelStop
	// ended are channels whose stop has ended and whose held messages have not been released yet.
	ended map[string]bool
}

// channelStop is one stop.
type channelStop struct {
	code  int
	since time.Time
	// until is when one message may try again. A payment stop holds up billable messages only, at
	// their acceptance.
	until time.Time
	// told is when a failed status told it last; the zero time if the answer to a send did. What
	// the upstream takes and fails later does not end such a stop.
	told time.Time
}

func newChannelStops() *channelStops {
	return &channelStops{stopped: map[string]channelStop{}, ended: map[string]bool{}}
}

// stop records an error that stops a channel. It tells whether the channel was going until now.
func (s *channelStops) stop(channel string, stop channelStop) (isNew bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, stopped := s.stopped[channel]
	same := stopped && known.code == stop.code
	if same {
		stop.since = known.since
	}
	s.stopped[channel] = stop
	return !same
}

// passed records that the upstream has taken a message of the channel, and tells whether that ended
// a stop. A payment stop ends with a billable message only.
func (s *channelStops) passed(channel string, billable bool) (ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	if !stopped || stop.code == graph.CodePayment && !billable || !stop.told.IsZero() {
		return false
	}
	s.end(channel)
	return true
}

// refused records that the upstream has refused one message of the channel, and tells whether that
// ended a stop: a refusal that only a working channel gives does.
func (s *channelStops) refused(channel string, failure *graph.Error) (ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	if !stopped || !failure.ShowsWorkingChannel(stop.code) {
		return false
	}
	s.end(channel)
	return true
}

// confirmed records that the upstream has sent a billable message of the channel that was claimed
// at an instant, and tells whether that ended a stop that a status has told.
func (s *channelStops) confirmed(channel string, claimed time.Time) (ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	if !stopped || stop.told.IsZero() || !claimed.After(stop.told) {
		return false
	}
	s.end(channel)
	return true
}

// authorized records that the upstream accepts the channel's credentials, and tells whether that
// ended a stop for them.
func (s *channelStops) authorized(channel string) (ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	if !stopped || !credentialsRefused(stop.code) {
		return false
	}
	s.end(channel)
	return true
}

func (s *channelStops) end(channel string) {
	delete(s.stopped, channel)
	s.ended[channel] = true
}

// resume ends every stop: the configuration has changed, so it is worth another try. The channels
// are all that are served: what an earlier process has held waits too.
func (s *channelStops) resume(channels []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.stopped)
	for _, channel := range channels {
		s.ended[channel] = true
	}
}

// releases tells, once, that a stop of the channel has ended and that what it held may go; again is
// called if that could not be done.
func (s *channelStops) releases(channel string) (held bool, again func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held = s.ended[channel]
	delete(s.ended, channel)
	return held, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended[channel] = s.ended[channel] || held
	}
}

// limit is how many messages of the channel may be sent at once: all, none while it is stopped, and
// one when the stop is to be probed. Until is when to look again if none may. A payment stop limits
// nothing here: it holds billable messages only.
func (s *channelStops) limit(channel string, now time.Time, all int) (n int, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	switch {
	case !stopped || stop.code == graph.CodePayment || all == 0:
		return all, time.Time{}
	case now.Before(stop.until):
		return 0, stop.until
	default:
		stop.until = now.Add(stopProbe) // while the probe is under way, nothing else goes
		s.stopped[channel] = stop
		return 1, time.Time{}
	}
}

// holdsBillable is until when a billable message of the channel must wait, because the upstream
// lacks a means of payment; the zero time if it may go, be it as the probe.
func (s *channelStops) holdsBillable(channel string, now time.Time) (until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	switch {
	case !stopped || stop.code != graph.CodePayment:
		return time.Time{}
	case now.Before(stop.until):
		return stop.until
	default:
		stop.until = now.Add(stopProbe)
		s.stopped[channel] = stop
		return time.Time{}
	}
}

// unprobed gives a probe back that limit or holdsBillable has granted at an instant, because the
// message that was to be the probe is not sent: the next one may try.
func (s *channelStops) unprobed(channel string, granted time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	if !stopped || !stop.until.Equal(granted.Add(stopProbe)) {
		return
	}
	stop.until = granted
	s.stopped[channel] = stop
}

// isStopped tells whether the upstream has stopped the channel, for some messages or for all.
func (s *channelStops) isStopped(channel string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, stopped := s.stopped[channel]
	return stopped
}

// paymentStopped tells whether the upstream takes no billable message of the channel, as far as is
// known: once a probe is due, a new one may be it, since none may wait.
func (s *channelStops) paymentStopped(channel string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	return stopped && stop.code == graph.CodePayment && now.Before(stop.until)
}

// all are the stops by phone number id.
func (s *channelStops) all() map[string]channelStop {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.stopped)
}
