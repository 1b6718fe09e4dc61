package controllers

import (
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// remedy is what helps after a failure.
type remedy int

const (
	// retry: trying again may help. The queue does so, after pauses that double.
	retry remedy = iota
	// wait: the cache is behind what was written a moment ago. A second look helps.
	wait
	// stall: somebody has to act. Trying again does not help until something changes.
	stall
)

// remedyOf is what helps after an error. Of several, the one that may be over soonest decides.
func remedyOf(err error) remedy {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		least := stall
		for _, one := range several.Unwrap() {
			least = min(least, remedyOf(one))
		}
		return least
	}
	var foreign *foreignError
	var refused *refusedError
	switch {
	case errors.As(err, &foreign), errors.As(err, &refused):
		return stall
	case apierrors.IsConflict(err):
		return wait
	}
	return retry
}

// foreignError says that an object of a name that an account needs belongs to somebody else. It is
// never adopted.
type foreignError struct {
	kind, name string
	gvk        schema.GroupVersionKind
}

func (e *foreignError) Error() string {
	return fmt.Sprintf(
		"%s %q exists and does not belong to this account: delete it, or give the account another name", e.kind, e.name,
	)
}

// refusedError says that the API server refused an object for what it says, so that trying again
// does not help.
type refusedError struct {
	kind, name string
	err        error
	// replaceable says that the object is there and holds nothing of its own, so that another one
	// can take its place.
	replaceable bool
}

func (e *refusedError) Error() string {
	if e.replaceable {
		return fmt.Sprintf("%s %q was refused: %s: delete it, and the operator makes it anew", e.kind, e.name, e.err)
	}
	return fmt.Sprintf("%s %q was refused: %s", e.kind, e.name, e.err)
}

func (e *refusedError) Unwrap() error { return e.err }

// refused tells whether the API server refuses a request for what it says: an invalid object, a
// quota, an admission policy or a missing right.
func refused(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err) ||
		apierrors.IsRequestEntityTooLargeError(err) || apierrors.IsMethodNotSupported(err)
}

// callError is a call to the API server that failed, and may succeed when it is tried again. Its
// call is a stable text, such as `read Secret "acme-whatsapp"`.
type callError struct {
	call  string
	reads bool
	err   error
}

func (e *callError) Error() string { return e.call + ": " + e.err.Error() }
func (e *callError) Unwrap() error { return e.err }

// reading says what a failed request was to read.
func reading(err error, format string, args ...any) error {
	return &callError{call: "read " + fmt.Sprintf(format, args...), reads: true, err: err}
}

// writing says what a failed request was to write. A request that was refused is a refusedError.
func writing(verb, kind, name string, err error) error {
	if refused(err) {
		return &refusedError{kind: kind, name: name, err: err}
	}
	return &callError{call: fmt.Sprintf("%s %s %q", verb, kind, name), err: err}
}
