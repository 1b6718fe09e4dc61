package store

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

// recoveryDelay is how long no transaction may have failed before the store calls itself available
// again: on a full disk small writes succeed between large ones that fail.
const recoveryDelay = 10 * time.Second

// health says in the log what has changed, and not every failure of a store that is unavailable
// anyhow. Only the writer uses it.
type health struct {
	log     *slog.Logger
	causeOf func(error) OutageCause
	outage  *atomic.Pointer[Outage] // for others to read
	onFault func(constraint string)
	failed  time.Time             // the last failure; zero while the store is available
	faults  map[string]faultCount // by constraint
}

// faultCount is what is known of an operation's faults with one constraint.
type faultCount struct {
	unlogged int
	next     time.Time // when the log may speak of it again
}

// faultInterval is how often the log speaks of one constraint.
const faultInterval = time.Minute

// recordFault counts and logs the outcome of an operation at now if it is a fault.
func (h *health) recordFault(err error, now time.Time) {
	var fault *FaultError
	if !errors.As(err, &fault) {
		return
	}
	if h.onFault != nil {
		h.onFault(fault.Constraint)
	}
	count := h.faults[fault.Constraint]
	count.unlogged++
	if !now.Before(count.next) {
		h.log.Error(
			"Store refused a change", "constraint", fault.Constraint, "operations", count.unlogged, "error", err,
		)
		count = faultCount{next: now.Add(faultInterval)}
	}
	if h.faults == nil {
		h.faults = map[string]faultCount{}
	}
	h.faults[fault.Constraint] = count
}

// recordOutcome takes the outcome of a transaction at now.
func (h *health) recordOutcome(err error, now time.Time) {
	switch {
	case errors.Is(err, ErrFault): // the engine works
	case errors.Is(err, ErrSuperseded):
		h.log.Error("Store was taken over", "error", err)
	case errors.Is(err, ErrLeaseLost):
		h.log.Warn("Lease was lost", "error", err)
	case err != nil:
		outage := Outage{Cause: h.causeOf(err), Since: now}
		if h.failed.IsZero() {
			h.log.Error("Store became unavailable", "error", err)
		} else {
			outage.Since = h.outage.Load().Since
		}
		h.failed = now
		h.outage.Store(&outage)
	case !h.failed.IsZero() && now.Sub(h.failed) >= recoveryDelay:
		h.log.Info("Store is available again")
		h.failed = time.Time{}
		h.outage.Store(nil)
	}
}
