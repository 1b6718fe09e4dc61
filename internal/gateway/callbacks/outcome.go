package callbacks

import (
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	// RefusalPatience is how long a callback must have failed, while others were delivered, until
	// it is set aside and its line goes on.
	RefusalPatience = 15 * time.Minute
	// longestPause bounds the pause between two tries.
	longestPause = 15 * time.Minute
	// probePause is the least pause between two probes: callbacks that are tried before their turn.
	// At an outage each of them could be delivered before the one that it stands behind.
	probePause = 15 * time.Minute
	// failingAfter is how long an endpoint must have taken nothing that was tried to be reported,
	// failingAloneAfter if that was one callback only.
	failingAfter      = time.Minute
	failingAloneAfter = 5 * time.Minute
)

// outcome is what came of a delivery.
type outcome struct {
	result string
	// status is that of the answer to what was not delivered; 0 for no answer.
	status int
	retry  time.Duration
	// atFault says that the callback is at fault, and not the endpoint.
	atFault bool
	// probe says that one of those behind it is to be tried, which shows what is at fault.
	probe bool
	// recorded is false if another claim has the callback by now.
	recorded bool
}

// judge decides what follows from a delivery. What fails is judged by comparison, whatever the
// answer: it is set aside once it has failed for a while and the endpoint has taken others since.
// While nothing gets through, the endpoint is at fault: everything waits, for RetryFor at most.
func judge(c *store.Callback, err error, e *store.Endpoint, now time.Time) outcome {
	if err == nil {
		return outcome{result: telemetry.ResultDelivered}
	}
	o := outcome{
		result: telemetry.ResultRetry, retry: network.RetryDelay(network.Backoff, c.Attempts-1, longestPause),
	}
	if answer, ok := errors.AsType[*answerError](err); ok {
		o.status = answer.status
	}
	since := c.FailedAt
	if since.IsZero() || since.Before(e.Since) { // what another address did not take says nothing of this one
		since = now
	}
	switch failing := now.Sub(since); {
	case failing < RefusalPatience:
		o.retry = min(o.retry, RefusalPatience-failing)
	case takesOthers(c, e, since):
		o.atFault = true
	default:
		o.probe = now.Sub(e.ProbedAt) >= probePause
	}
	if o.atFault || now.Sub(c.CreatedAt) > RetryFor {
		o.result, o.probe = telemetry.ResultSetAside, false
	}
	return o
}

// takesOthers tells whether the endpoint has taken another callback since the given time, and since
// then has failed for none but this one.
func takesOthers(c *store.Callback, e *store.Endpoint, since time.Time) bool {
	if e.DeliveredAt.IsZero() || e.DeliveredAt.Before(since) {
		return false
	}
	return e.FailingSince.IsZero() || !e.Several && e.Failing == c.Seq
}

// at is what is known of the endpoint at an address.
func at(e store.Endpoint, address [32]byte, now time.Time) store.Endpoint {
	if e.Address == address {
		return e
	}
	return store.Endpoint{Address: address, Since: now, Lost: e.Lost}
}

// learn is what is known of the endpoint after a delivery.
func learn(e store.Endpoint, c *store.Callback, o outcome, now time.Time) store.Endpoint {
	switch {
	case o.result == telemetry.ResultDelivered || o.atFault:
		if !o.atFault {
			e.DeliveredAt = now
		}
		e.FailingSince, e.Failing, e.Several, e.FailedAt, e.Status = time.Time{}, 0, false, time.Time{}, 0
		return e
	case e.FailingSince.IsZero() || now.Sub(e.FailedAt) > 2*longestPause: // nothing was tried for long
		e.FailingSince, e.Failing, e.Several = now, c.Seq, false
	case e.Failing != c.Seq:
		e.Several = true
	}
	e.FailedAt, e.Status = now, o.status
	return e
}

// IsFailing tells whether the endpoint takes nothing, as far as was tried lately.
func IsFailing(e *store.Endpoint, now time.Time) bool {
	if e.FailingSince.IsZero() || now.Sub(e.FailedAt) > 2*longestPause {
		return false
	}
	failing := now.Sub(e.FailingSince)
	return failing >= failingAloneAfter || e.Several && failing >= failingAfter
}

// record writes what came of the delivery of a callback.
func (q *Queue) record(
	tx *durable.Tx, c *store.Callback, address [32]byte, failure error, now time.Time,
) (o outcome, err error) {
	e, err := tx.Callbacks().Endpoint()
	if err != nil {
		return o, err
	}
	e = at(e, address, now)
	o = judge(c, failure, &e, now)
	e = learn(e, c, o, now)
	switch o.result {
	case telemetry.ResultDelivered:
		o.recorded, err = tx.Callbacks().Finish(c, now)
	case telemetry.ResultSetAside:
		o.recorded, err = tx.Callbacks().SetAside(c, o.status, now)
	default:
		o.recorded, err = putOff(tx, c, o, &e, now)
	}
	if err != nil {
		return o, err
	}
	if o.result == telemetry.ResultDelivered && e.Lost > 0 {
		aside, err := tx.Depth(store.RefusedCallbacks)
		if err != nil {
			return o, err
		}
		if aside == 0 {
			e.Lost = 0 // it is over
		}
	}
	return o, tx.Callbacks().PutEndpoint(e)
}

// putOff lets a callback wait for its next try, and one behind it go if that shows what is at
// fault.
func putOff(
	tx *durable.Tx, c *store.Callback, o outcome, e *store.Endpoint, now time.Time,
) (recorded bool, err error) {
	if err := tx.Callbacks().RecordFailure(c, e.Since, now); err != nil {
		return false, err
	}
	if o.probe {
		probed, err := tx.Callbacks().Probe(c, now)
		if err != nil {
			return false, err
		}
		if probed {
			e.ProbedAt = now
		}
	}
	return tx.Callbacks().Retry(c, now.Add(o.retry))
}
