package network

import (
	"errors"
	"net/http"
	"time"
)

// Error is an error in a network's own words: what the upstream has answered, or what the gateway
// answers in its place.
type Error interface {
	error
	// Number is the network's code. It is kept with the message and told in callbacks and metrics;
	// what it means is the network's to know.
	Number() int
	// Status is the HTTP status of the answer.
	Status() int
	// Class says what becomes of a message that met the error, and Wait how long it waits at least.
	Class() Class
	Wait() time.Duration
	// Cause says what the error is about, where the gateway acts on that.
	Cause() Cause
	// HidesOutcome tells whether the network may have taken the message all the same.
	HidesOutcome() bool
	// ShowsWorkingChannel tells whether the error is one that a channel does not give which is
	// stopped by an error of another code: whatever stopped it is over.
	ShowsWorkingChannel(stopped int) bool
	// Write answers a request with the error. The id names the answer, unless it has one already.
	Write(w http.ResponseWriter, id string)
}

// AsError finds the Error in an error's chain.
func AsError(err error) (Error, bool) {
	var found Error
	ok := errors.As(err, &found)
	return found, ok
}

// Class says what becomes of a message that met an error.
type Class string

// The classes.
const (
	// Backoff: try again after 1, 2, 4 … seconds.
	Backoff Class = "Backoff"
	// PairBackoff: try again after 1, 4, 16 … seconds. Only messages from this channel to this
	// customer are held back.
	PairBackoff Class = "PairBackoff"
	// Wait: try again no earlier than the error's Wait from now.
	Wait Class = "Wait"
	// Never: the message has failed for good.
	Never Class = "Never"
	// StopTenant: nothing of this account passes until somebody acts.
	StopTenant Class = "StopTenant"
)

// RetryDelay is the pause, without jitter, before try n+1 of a message that met an error of the
// class; n counts from 0. It is at most limit.
func RetryDelay(class Class, n int, limit time.Duration) time.Duration {
	doublings := 1
	if class == PairBackoff {
		doublings = 2
	}
	delay := time.Second
	for range n {
		if delay >= limit {
			return limit
		}
		delay <<= doublings
	}
	return min(delay, limit)
}

// Cause is what an error is about, where the gateway acts on that beyond the error's class.
type Cause uint8

// The causes.
const (
	// OtherCause is whatever the gateway need not know.
	OtherCause Cause = iota
	// Unexplained: the network itself does not know. Such a message is tried once more only.
	Unexplained
	// Payment: the network takes nothing that costs, because the account does not pay.
	Payment
	// Credentials: the access token is not valid, for any call.
	Credentials
	// NoSuchChannel: the channel does not exist, or the token may not see it.
	NoSuchChannel
	// OutsideWindow: the message was taken for one outside of a service window.
	OutsideWindow
	// StoppedMarketing: the customer has stopped marketing at the network.
	StoppedMarketing
	// SaturatedMarketing: the network takes no marketing for the customer, who gets too much of it
	// already, until the customer does something or a day is over.
	SaturatedMarketing
)

// TransportError says that no answer came. Unless NotSent, the network may have received the
// request all the same.
type TransportError struct {
	// API is what was called, as the error's text names it.
	API string
	// NotSent says that no byte of the request was written.
	NotSent bool
	// Err is the cause. It names no address.
	Err error
}

// Error implements error.
func (e *TransportError) Error() string {
	if e.NotSent {
		return e.API + " could not be reached: " + e.Err.Error()
	}
	return e.API + " did not answer: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }
