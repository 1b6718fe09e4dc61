package store

import (
	"errors"
	"log/slog"
	"time"
)

// calm is how long no transaction may have failed before the store calls itself available again: on a full disk small writes succeed between large ones that fail.
const calm = 10 * time.Second

// health says in the log what has changed, and not every failure of a store that is unavailable anyhow. Only the writer uses it.
type health struct {
	log    *slog.Logger
	failed time.Time // the last failure; zero while the store is available
}

// note takes the outcome of a transaction at now.
func (h *health) note(err error, now time.Time) {
	switch {
	case errors.Is(err, ErrLeaseLost):
		h.log.Warn("Lease was lost", "error", err)
	case err != nil:
		if h.failed.IsZero() {
			h.log.Error("Store became unavailable", "error", err)
		}
		h.failed = now
	case !h.failed.IsZero() && now.Sub(h.failed) >= calm:
		h.log.Info("Store is available again")
		h.failed = time.Time{}
	}
}
