package gateway

import (
	"errors"
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
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
	// longestBackoff and longestPairBackoff bound the pause between two tries.
	longestBackoff     = 5 * time.Minute
	longestPairBackoff = time.Hour
	// shortestWait is the pause where the upstream says to wait and not how long.
	shortestWait = time.Hour
	// stopProbe is how long a stopped channel rests before one message tries whether it goes again.
	stopProbe = time.Minute
)

// fate is what becomes of a message whose send met an error.
type fate int

const (
	fateRetry   fate = iota // again at verdict.at; later messages to the customer stay behind it
	fateFailed              // for good
	fateInDoubt             // the upstream may have it
	fateStopped             // the channel's sends are stopped; the message waits with all others
	fateParked              // again at verdict.at; later messages to the customer go ahead
)

// sendVerdict is the fate of a message, when it or its stopped channel is tried again, and the
// error that the business is told.
type sendVerdict struct {
	fate    fate
	at      time.Time
	failure *graph.Error
}

// attempt is a send that met an error.
type attempt struct {
	tries    int // how often it was tried before this time
	refusals int // how often in a row the upstream has refused the pair before this time
	accepted time.Time
	expires  time.Time
	now      time.Time
	// jitter, in [0, 1), spreads the tries of many messages.
	jitter float64
}

// judge decides what becomes of a message by the class of its error. Source of the classes:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
func (a attempt) judge(err error) sendVerdict {
	if transport, ok := errors.AsType[*network.TransportError](err); ok {
		if !transport.NotSent {
			return sendVerdict{
				fate: fateInDoubt, failure: graph.NewError(graph.CodeUnavailable, "The upstream did not answer."),
			}
		}
		return a.again(network.Backoff, 0, graph.NewError(graph.CodeUnavailable, "The upstream could not be reached."))
	}
	failure, ok := graph.AsError(err)
	if !ok {
		failure = graph.NewError(graph.CodeInternal, "The send failed inside the gateway.")
	}
	if failure.HidesOutcome() {
		return sendVerdict{fate: fateInDoubt, failure: failure}
	}
	switch class := failure.Class(); class {
	case network.Backoff, network.PairBackoff, network.Wait:
		return a.again(class, failure.Wait(), failure)
	case network.StopTenant:
		return sendVerdict{fate: fateStopped, at: a.now.Add(stopProbe), failure: failure}
	default:
		return sendVerdict{fate: fateFailed, failure: failure}
	}
}

// isOutage tells whether an answer's status says that the upstream, or what stands before it,
// cannot work now. An answer without an error in Meta's shape has the code 1 for want of a better
// one; what Meta advises for its own code 1, which comes with 400, is not meant for it.
func isOutage(e *graph.Error) bool {
	return e.HTTPStatus == http.StatusTooManyRequests || e.HTTPStatus >= http.StatusInternalServerError
}

// again puts a message off, unless it would then be too old. Code 1 is tried once more only, as
// Meta advises.
func (a attempt) again(class network.Class, least time.Duration, failure *graph.Error) sendVerdict {
	if failure.Code == graph.CodeUnknown && a.tries > 0 && !isOutage(failure) {
		return sendVerdict{fate: fateFailed, failure: failure}
	}
	var delay time.Duration
	switch class {
	case network.Wait:
		delay = shortestWait
		if least > 0 {
			delay = least
		}
	case network.PairBackoff:
		delay = network.RetryDelay(class, a.refusals, longestPairBackoff)
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
		return sendVerdict{fate: fateFailed, failure: failure}
	}
	if class == network.Wait { // for hours, and only this message: the customer's others may be taken
		return sendVerdict{fate: fateParked, at: at, failure: failure}
	}
	return sendVerdict{fate: fateRetry, at: at, failure: failure}
}
