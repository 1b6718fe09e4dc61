package upstream

import (
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/report"
)

// suspicion is how long an obstacle that may pass by itself, such as a refused connection, must
// have lasted before it is reported.
const suspicion = 2 * time.Second

// obstacles remembers of each channel, by id, whether the upstream takes its messages.
// It learns from sends and from probes, which read the number and send nothing. What is known
// belongs to a channel's credentials: with other ones it begins anew. It holds up nothing, which is
// what stops are for. It is safe for concurrent use.
type obstacles struct {
	mu    sync.Mutex
	known map[string]*channelState
}

// channelState is what is known of one channel's upstream.
type channelState struct {
	access  access
	checked bool
	// obstacle is the zero value if there is none. It is reported when it is certain.
	obstacle obstacle
	certain  bool
	probeAt  time.Time
}

// access is what a channel's calls are made with.
type access struct{ id, baseURL, version, token string }

// obstacle is what keeps a channel's messages from leaving.
type obstacle struct {
	cause report.ObstacleCause
	// code is the network's, and about what it is about.
	code  int
	about network.Cause
	since time.Time
	// probed says that a probe meets it too, so that a probe can tell that it is over. Otherwise
	// only a message can.
	probed bool
}

// passing tells whether an obstacle may be over within seconds.
func (o *obstacle) passing() bool { return o.cause != "" && o.cause != report.Refused }

func newObstacles() *obstacles { return &obstacles{known: map[string]*channelState{}} }

// serve takes over the channels of a configuration. Those with other credentials are due for a
// probe.
func (u *obstacles) serve(t *served.Tenant, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	served := make(map[string]*channelState, len(t.Channels))
	for _, c := range t.Channels {
		with := access{c.ID, c.BaseURL, c.APIVersion, c.AccessToken}
		if known := u.known[c.ID]; known != nil && known.access == with {
			served[c.ID] = known
			continue
		}
		served[c.ID] = &channelState{access: with, probeAt: now}
	}
	u.known = served
}

// met records an obstacle that a call has met at met.since. A channel at rest is probed soon again.
func (u *obstacles) met(channel string, met obstacle) {
	u.mu.Lock()
	defer u.mu.Unlock()
	state := u.known[channel]
	if state == nil {
		return
	}
	at := met.since
	known := &state.obstacle
	switch {
	case !met.passing():
		if known.code == met.code && !known.passing() {
			met.since, met.probed = known.since, met.probed || known.probed
		}
		state.obstacle, state.certain = met, true
	case known.cause == "":
		state.obstacle, state.certain = met, false
	case known.passing(): // the outage goes on, if with another symptom
		state.certain = state.certain || met.since.Sub(known.since) >= suspicion
		known.cause, known.code, known.about = met.cause, met.code, met.about
	default: // what needs somebody to act says more
	}
	state.checked = state.checked || state.certain
	if soon := at.Add(state.rest()); soon.Before(state.probeAt) {
		state.probeAt = soon
	}
}

// rest is the pause before the next probe while there is an obstacle.
func (s *channelState) rest() time.Duration {
	switch {
	case !s.obstacle.passing():
		return StopRest
	case s.certain:
		return outageProbe
	}
	return suspicion
}

// proof is what a call has shown of a channel's upstream.
type proof int

const (
	// proofReached is any answer of the upstream's own.
	proofReached proof = iota
	// proofAuthorized is an answer that the upstream gives with good credentials only, such as to a
	// probe.
	proofAuthorized
	// proofTaken is a message that was taken, proofPaid one that can cost something.
	proofTaken
	proofPaid
)

// shown records what a call has shown, and ends the obstacles that it disproves.
func (u *obstacles) shown(channel string, p proof) {
	u.mu.Lock()
	defer u.mu.Unlock()
	state := u.known[channel]
	if state == nil {
		return
	}
	state.checked = state.checked || p >= proofAuthorized
	if state.obstacle.disproved(p) {
		state.obstacle, state.certain = obstacle{}, false
	}
}

func (o *obstacle) disproved(p proof) bool {
	switch {
	case o.passing():
		return true
	case o.about == network.Payment:
		return p == proofPaid
	case p == proofAuthorized:
		return o.probed || o.about == network.Credentials
	default:
		return p >= proofTaken
	}
}

// due are the channels that are to be probed at now, and when the next one is. A probe that is due
// is put off by interval, until its outcome says more.
func (u *obstacles) due(now time.Time, interval time.Duration) (channels []string, next time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	next = now.Add(interval)
	for id, state := range u.known {
		if !state.probeAt.After(now) {
			channels = append(channels, id)
			state.probeAt = now.Add(interval)
		}
		if state.probeAt.Before(next) {
			next = state.probeAt
		}
	}
	return channels, next
}

// probed says when a channel is probed next, by what is known after a probe.
func (u *obstacles) probed(channel string, now time.Time, interval time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	state := u.known[channel]
	switch {
	case state == nil:
	case state.obstacle.cause != "":
		state.probeAt = now.Add(state.rest())
	default:
		state.probeAt = now.Add(interval)
	}
}

// report lists the channels of a configuration.
func (u *obstacles) report(t *served.Tenant) []report.Channel {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := make([]report.Channel, 0, len(t.Channels))
	for _, c := range t.Channels {
		shown := report.Channel{Name: c.Name}
		if state := u.known[c.ID]; state != nil {
			shown.Checked = state.checked
			if o := state.obstacle; state.certain {
				shown.Obstacle = &report.Obstacle{
					Cause: o.cause, Code: o.code, Since: o.since.UTC().Truncate(time.Second),
				}
			}
		}
		list = append(list, shown)
	}
	return list
}
