package upstream

import (
	"maps"
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
)

// StopRest is how long a stopped channel rests before one message probes whether the upstream takes
// messages again.
const StopRest = time.Minute

// stops remembers which channels the upstream has stopped, by id. A stop ends when its probe passes
// or when the configuration changes. It is not kept over a restart, because the first message finds
// it again. It is safe for concurrent use.
type stops struct {
	mu      sync.Mutex
	stopped map[string]Stop
	// probes counts the probes, so that one that is cancelled gives back itself and no later one.
	probes int64
	// ended are channels whose stop has ended and whose held messages have not been released yet.
	ended map[string]bool
}

// Stop is one stop of a channel.
type Stop struct {
	// Code is the network's, and Cause is what it is about.
	Code  int
	Cause network.Cause
	Since time.Time
	// until is when one message may probe it. A stop for payment holds up billable messages only,
	// at their acceptance.
	until time.Time
	// probe is the number of the probe that is under way; 0 if none is.
	probe int64
	// told is when a failed status told it last; the zero time if the answer to a send did. What
	// the upstream takes and fails later does not end such a stop.
	told time.Time
}

func newStops() *stops {
	return &stops{stopped: map[string]Stop{}, ended: map[string]bool{}}
}

// stop records an error that stops a channel. It tells whether the channel was going until now.
func (s *stops) stop(channel string, stop Stop) (isNew bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, stopped := s.stopped[channel]
	same := stopped && known.Code == stop.Code
	if same {
		stop.Since = known.Since
	}
	s.stopped[channel] = stop
	return !same
}

// passed records that the upstream has taken a message of the channel, and tells whether that ended
// a stop. A payment stop ends with a billable message only.
func (s *stops) passed(channel string, billable bool) (ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	if !stopped || stop.Cause == network.Payment && !billable || !stop.told.IsZero() {
		return false
	}
	s.end(channel)
	return true
}

// refused records that the upstream has refused one message of the channel, and tells whether that
// ended a stop: a refusal that only a working channel gives does.
func (s *stops) refused(channel string, failure network.Error) (ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	if !stopped || !failure.ShowsWorkingChannel(stop.Code) {
		return false
	}
	s.end(channel)
	return true
}

// confirmed records that the upstream has sent a billable message of the channel that was claimed
// at an instant, and tells whether that ended a stop that a status has told.
func (s *stops) confirmed(channel string, claimed time.Time) (ended bool) {
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
func (s *stops) authorized(channel string) (ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	if !stopped || stop.Cause != network.Credentials {
		return false
	}
	s.end(channel)
	return true
}

// lift ends a stop that is not for payment, and tells whether there was one.
func (s *stops) lift(channel string) (ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	if !stopped || stop.Cause == network.Payment {
		return false
	}
	s.end(channel)
	return true
}

func (s *stops) end(channel string) {
	delete(s.stopped, channel)
	s.ended[channel] = true
}

// resume ends every stop: the configuration has changed, so it is worth another try. The channels
// are all that are served: what an earlier process has held waits too.
func (s *stops) resume(channels []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.stopped)
	for _, channel := range channels {
		s.ended[channel] = true
	}
}

// releases tells, once, that a stop of the channel has ended and that what it held may go; again is
// called if that could not be done.
func (s *stops) releases(channel string) (held bool, again func()) {
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
// one as the stop's probe, whose number is not 0. Until is when to look again if none may. A stop
// for payment limits nothing here: it holds billable messages only.
func (s *stops) limit(channel string, now time.Time, all int) (n int, until time.Time, probe int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	if !stopped || stop.Cause == network.Payment || all == 0 {
		return all, time.Time{}, 0
	}
	until, probe = s.tryProbe(channel, stop, now)
	if probe == 0 {
		return 0, until, 0
	}
	return 1, time.Time{}, probe
}

// holdsBillable is until when a billable message of the channel must wait, because the upstream
// lacks a means of payment; the zero time if it may go, be it as the stop's probe, whose number is
// not 0.
func (s *stops) holdsBillable(channel string, now time.Time) (until time.Time, probe int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	if !stopped || stop.Cause != network.Payment {
		return time.Time{}, 0
	}
	return s.tryProbe(channel, stop, now)
}

// tryProbe grants the probe of a stop, if it is due: while it is under way nothing else goes.
func (s *stops) tryProbe(channel string, stop Stop, now time.Time) (until time.Time, probe int64) {
	if now.Before(stop.until) {
		return stop.until, 0
	}
	stop.until = now.Add(StopRest)
	s.probes++
	stop.probe = s.probes
	s.stopped[channel] = stop
	return time.Time{}, stop.probe
}

// cancelProbe gives a probe back, because the message that was to be it is not sent: the next one
// may be. A stop that was told again since rests.
func (s *stops) cancelProbe(channel string, probe int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	if !stopped || probe == 0 || stop.probe != probe {
		return
	}
	stop.until, stop.probe = time.Time{}, 0
	s.stopped[channel] = stop
}

// isStopped tells whether the upstream has stopped the channel, for some messages or for all.
func (s *stops) isStopped(channel string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, stopped := s.stopped[channel]
	return stopped
}

// paymentStopped tells whether the upstream takes no billable message of the channel, as far as is
// known: once a probe is due, a new one may be it, since none may wait.
func (s *stops) paymentStopped(channel string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, stopped := s.stopped[channel]
	return stopped && stop.Cause == network.Payment && now.Before(stop.until)
}

// all are the stops by phone number id.
func (s *stops) all() map[string]Stop {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.stopped)
}
