package dispatch

import (
	"errors"
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/network"
)

// What becomes of a message whose send met an error.
const (
	// retryFor is how long after its acceptance a message is tried again, but for its first
	// fewTries: it may have waited for its channel or its turn, and not for them.
	retryFor = 24 * time.Hour
	fewTries = 10
	// fewWaits is the same where the upstream wants a message back in hours: every such try is a
	// day's, or an hour's.
	fewWaits = 3
	// longestBackoff bounds the pause between two tries, but for those of a pair that the upstream
	// refuses for its own limit: see upstream.LongestPairBackoff.
	longestBackoff = 5 * time.Minute
	// shortestWait is the pause where the upstream says to wait and not how long.
	shortestWait = time.Hour
)

// fate is what becomes of a message whose send met an error.
type fate int

const (
	fateRetry   fate = iota // again at outcome.at; later messages to the customer stay behind it
	fateFailed              // for good
	fateInDoubt             // the upstream may have it
	fateStopped             // the channel's sends are stopped; the message waits with all others
	fateParked              // again at outcome.at; later messages to the customer go ahead
)

// outcome is the fate of a message, when it or its stopped channel is tried again, and the error
// that the business is told.
type outcome struct {
	fate    fate
	at      time.Time
	failure network.Error
}

// attempt is a send that met an error.
type attempt struct {
	words    network.Refuser // of the channel's network
	tries    int             // how often it was tried before this time
	refusals int             // how often in a row the upstream has refused the pair before this time
	accepted time.Time
	expires  time.Time
	now      time.Time
	// jitter, in [0, 1), spreads the tries of many messages.
	jitter float64
}

// judge decides what becomes of a message by the class of its error. Source of the classes:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
func (a *attempt) judge(err error) outcome {
	if transport, ok := errors.AsType[*network.TransportError](err); ok {
		if !transport.NotSent {
			return outcome{fate: fateInDoubt, failure: a.say(network.Silent, "The upstream did not answer.")}
		}
		return a.again(network.Backoff, 0, a.say(network.Silent, "The upstream could not be reached."))
	}
	failure, ok := network.AsError(err)
	if !ok {
		failure = a.say(network.Broken, "The send failed inside the gateway.")
	}
	if failure.HidesOutcome() {
		return outcome{fate: fateInDoubt, failure: failure}
	}
	switch class := failure.Class(); class {
	case network.Backoff, network.PairBackoff, network.Wait:
		return a.again(class, failure.Wait(), failure)
	case network.StopTenant:
		return outcome{fate: fateStopped, at: a.now.Add(upstream.StopRest), failure: failure}
	default:
		return outcome{fate: fateFailed, failure: failure}
	}
}

// say is a failure that the gateway tells itself, in the network's words.
func (a *attempt) say(reason network.Reason, details string) network.Error {
	return a.words.Refuse(network.Refuse(reason, details))
}

// isOutage reports whether an answer's status says that the upstream, or what stands before it,
// cannot work now. Such an answer has no error in the network's shape, and counts as unexplained
// for want of a better word; what the network advises for its own is not meant for it.
func isOutage(e network.Error) bool {
	return e.Status() == http.StatusTooManyRequests || e.Status() >= http.StatusInternalServerError
}

// again puts a message off, unless it would then be too old. One whose failure the network cannot
// explain itself is tried once more only.
func (a *attempt) again(class network.Class, least time.Duration, failure network.Error) outcome {
	if failure.Cause() == network.Unexplained && a.tries > 0 && !isOutage(failure) {
		return outcome{fate: fateFailed, failure: failure}
	}
	var delay time.Duration
	switch class {
	case network.Wait:
		delay = shortestWait
		if least > 0 {
			delay = least
		}
	case network.PairBackoff:
		delay = network.RetryDelay(class, a.refusals, upstream.LongestPairBackoff)
	default:
		delay = network.RetryDelay(class, a.tries, longestBackoff)
	}
	delay = max(delay, least)
	at := a.now.Add(delay + time.Duration(a.jitter*float64(delay)/4))
	lastTry, few := a.accepted.Add(retryFor), fewTries
	if class == network.Wait {
		lastTry, few = a.accepted.Add(2*retryFor+delay), fewWaits // a day's wait is advice, not a failed try
	}
	if a.tries >= few && at.After(lastTry) || at.After(a.expires) {
		return outcome{fate: fateFailed, failure: failure}
	}
	if class == network.Wait { // for hours, and only this message: the customer's others may be taken
		return outcome{fate: fateParked, at: at, failure: failure}
	}
	return outcome{fate: fateRetry, at: at, failure: failure}
}

// label is the fate in metrics and logs.
func (f fate) label() string {
	switch f {
	case fateRetry, fateParked:
		return telemetry.ResultRetry
	case fateInDoubt:
		return telemetry.ResultInDoubt
	case fateStopped:
		return telemetry.ResultStopped
	default:
		return telemetry.ResultFailed
	}
}
