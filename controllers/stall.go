package controllers

import (
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Pauses before what was refused is tried again although nothing has changed that the operator
// knows of: a quota or an admission policy may have.
const (
	firstStall   = 15 * time.Second
	longestStall = 10 * time.Minute
)

// stalledPass is a pass that met a refusal which a retry does not fix: the API server rejects an
// object, or the account's keys are gone. Nothing is compiled or applied until the pause is over or
// an input changes.
type stalledPass struct {
	fingerprint string
	// cause is what was refused; nil if lost keys are all that is wrong.
	cause error
	// decision is what the refused pass came to, for the status.
	decision decision
	pause    time.Duration
	until    time.Time
}

// isStalled tells whether the pass would meet the refusal of an earlier one again.
func (s *accountScope) isStalled() bool {
	known := &s.memory.stall
	return known.fingerprint != "" && s.now.Before(known.until) && known.fingerprint == s.fingerprint
}

// unstuck reports whether the foreign object that stalled an account is gone. The caches do not
// hold it, so no watch event tells.
func (r *BusinessAccountReconciler) unstuck(ctx context.Context, scope *accountScope) bool {
	var foreign *foreignError
	if !errors.As(scope.memory.stall.cause, &foreign) {
		return false
	}
	live := metadataOf(foreign.gvk)
	err := r.Live.Get(ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: foreign.name}, live)
	return err != nil || metav1.IsControlledBy(live, scope.account)
}

// rememberStall remembers whether a pass was refused what it needs. The pauses double while the
// inputs stay.
func (s *accountScope) rememberStall(failure error) {
	if (failure == nil || remedyOf(failure) != stall) && s.withheld == nil {
		s.memory.stall = stalledPass{}
		return
	}
	fingerprint, pause := s.identify(), firstStall
	if before := &s.memory.stall; before.fingerprint == fingerprint {
		pause = min(2*before.pause, longestStall)
	}
	s.memory.stall = stalledPass{
		fingerprint: fingerprint, cause: failure, decision: s.decision.outcome(), pause: pause, until: s.now.Add(pause),
	}
}
