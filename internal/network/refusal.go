package network

import (
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/template"
)

// Refusal is why the gateway does not do what a client asks. It is an error that the client hears
// in the network's words, see Refuser.
type Refusal struct { //nolint:errname // what it is comes before that it is an error
	Reason Reason
	// Details is one sentence for people: what was wrong and what to do. It names no number, body
	// or token. Where the reason says enough it is empty, and the network has a sentence of its
	// own.
	Details string
	// Closed is when the service window closed, for OutOfWindow; zero if it has never been open.
	Closed time.Time
	// After is when the client may come back, for reasons that pass; zero where that is not known.
	After time.Duration
	// Needed and Left are amounts with their currency, for OverBudget, such as "0.0130 USD".
	Needed, Left string
	// By is whose words it is told in, where that is not the network of the request's channel.
	By Refuser
	// Mismatch says how the parameters do not fit, for TemplateMismatch.
	Mismatch *template.Mismatch
}

// Refuse is a refusal with a sentence of the gateway's.
func Refuse(reason Reason, details string) *Refusal {
	return &Refusal{Reason: reason, Details: details}
}

// Error implements error.
func (r *Refusal) Error() string {
	if r.Details == "" {
		return string(r.Reason)
	}
	return string(r.Reason) + ": " + r.Details
}

// Reason is what a refusal is for.
type Reason string

// Requests that cannot be served as they are. Details are needed unless said otherwise.
const (
	// Malformed: the request as a whole cannot be read, or is none for this path.
	Malformed Reason = "malformed request"
	// InvalidValue: a field holds what it does not take.
	InvalidValue Reason = "invalid value"
	// TooLarge: the body is.
	TooLarge Reason = "body too large"
	// TooSlow: the body arrived so slowly that it was not waited for.
	TooSlow Reason = "body too slow"
	// NoSuchPath: nothing is served there.
	NoSuchPath Reason = "no such path"
	// NoMethod: the path has no such method. It needs no details, as the next four.
	NoMethod Reason = "no such method"
	// NoMedia: the channel has no files.
	NoMedia Reason = "media are not served"
	// Unauthenticated: the request has no good token.
	Unauthenticated Reason = "unauthenticated"
	// UnknownChannel: the account has no such channel.
	UnknownChannel Reason = "unknown channel"
	// UnknownObject: the account has no such object: no channel, file, template or other.
	UnknownObject Reason = "unknown object"
	// Forbidden: the webhook's signature or verify token is not good, or the call is not passed on.
	Forbidden Reason = "forbidden"
)

// Messages that may not go.
const (
	// OutOfWindow: a free-form message without an open window; see Closed. It needs no details.
	OutOfWindow Reason = "outside the service window"
	// OptedOut: marketing, which the customer has stopped. It needs no details.
	OptedOut Reason = "marketing stopped"
	// Promotional: marketing, where nothing promotional is sent.
	Promotional Reason = "promotion refused"
	// Undeliverable: the message cannot reach the customer any more, or must not.
	Undeliverable Reason = "undeliverable"
	// Suspended: the account may send nothing at all.
	Suspended Reason = "sending is suspended"
	// NoConsent: the account's policy wants a consent that is not there.
	NoConsent Reason = "no consent"
	// CustomerLimit: too many customers were written to today; see After.
	CustomerLimit Reason = "customer limit"
	// SubscriptionLimit: the customer's subscription gets no other message yet; see After.
	SubscriptionLimit Reason = "subscription limit"
	// Unpaid: the message may cost something, and that is not to be had.
	Unpaid Reason = "payment"
	// OverBudget: the same for the account's budget; see Needed and Left. It needs no details.
	OverBudget Reason = "budget exhausted"
	// NoTemplate, PausedTemplate and DisabledTemplate: there is no such approved template. They
	// need no details.
	NoTemplate       Reason = "template not found"
	PausedTemplate   Reason = "template paused"
	DisabledTemplate Reason = "template disabled"
	// TemplateMismatch: the parameters do not fit the template; see Mismatch, which has the
	// details.
	TemplateMismatch Reason = "template mismatch"
)

// What the gateway, or the upstream, cannot do now.
const (
	// Busy: too much waits already; see After. It needs no details.
	Busy Reason = "busy"
	// Unavailable: the message could not be stored; see After. It needs no details.
	Unavailable Reason = "unavailable"
	// OutcomeUnknown: whether it was stored is not known; see After. It needs no details.
	OutcomeUnknown Reason = "outcome unknown"
	// Fault: a fault of the gateway kept it from being stored. It needs no details.
	Fault Reason = "fault"
	// Silent: the upstream did not take it.
	Silent Reason = "no answer of the upstream"
	// Broken: the gateway cannot tell what has become of the message, or what it was.
	Broken Reason = "internal error"
)

// InWords finds the error that a client hears: an Error as it is, and a Refusal in a network's
// words. It is false for any other error.
func InWords(of Refuser, err error) (Error, bool) {
	if found, ok := AsError(err); ok {
		return found, true
	}
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		if refusal.By != nil {
			of = refusal.By
		}
		return of.Refuse(refusal), true
	}
	return nil, false
}
