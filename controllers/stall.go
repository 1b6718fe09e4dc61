package controllers

import (
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/internal/tenant"
)

// Pauses before what was refused is tried again although nothing has changed that the operator
// knows of: a quota or an admission policy may have.
const (
	firstStall   = 15 * time.Second
	longestStall = 10 * time.Minute
)

// stall is a refusal that trying again does not mend: of the API server to take an object, or of
// the operator to go on without the account's keys. Until then, or until an input changes, nothing
// is compiled or applied.
type stall struct {
	fingerprint string
	// cause is what was refused; nil if keysProblem says it.
	cause       error
	keysProblem *tenant.Problem
	keysForeign bool
	// compilation is what the refused pass came to, for the status.
	compilation compilation
	pause       time.Duration
	until       time.Time
}

// stalled tells whether the pass would meet the refusal of an earlier one again.
func (s *accountScope) stalled() bool {
	known := &s.memory.stall
	return known.fingerprint != "" && s.now.Before(known.until) && known.fingerprint == s.fingerprint()
}

// takeStall takes over what the refused pass has found.
func (s *accountScope) takeStall() {
	known := &s.memory.stall
	s.compilation, s.keysProblem, s.keysForeign = known.compilation, known.keysProblem, known.keysForeign
}

// unstuck tells whether the foreign object that a stalled account has met is out of the way. The
// caches do not hold it, so no event tells.
func (r *BusinessAccountReconciler) unstuck(ctx context.Context, scope *accountScope) bool {
	var foreign *foreignError
	if !errors.As(scope.memory.stall.cause, &foreign) {
		return false
	}
	live := metadataOf(foreign.gvk)
	err := r.Live.Get(ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: foreign.name}, live)
	return err != nil || metav1.IsControlledBy(live, scope.account)
}

// noteStall remembers whether a pass was refused what it needs. The pauses double while the inputs
// stay.
func (s *accountScope) noteStall(failure error) {
	if !terminal(failure) && s.keysProblem == nil {
		s.memory.stall = stall{}
		return
	}
	fingerprint, pause := s.fingerprint(), firstStall
	if before := &s.memory.stall; before.fingerprint == fingerprint {
		pause = min(2*before.pause, longestStall)
	}
	refused := s.compilation
	refused.objects = nil // they hold credentials, and are not kept
	s.memory.stall = stall{
		fingerprint: fingerprint, cause: failure, keysProblem: s.keysProblem, keysForeign: s.keysForeign, compilation: refused,
		pause: pause, until: s.now.Add(pause),
	}
}
