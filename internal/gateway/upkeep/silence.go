package upkeep

import (
	"context"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

// SilentFrom is the instant from which on a channel may have been silent without being missed: one
// that is silent since then, or longer, is silent for too long. The time runs from the send, or
// from when the gateway and its store were up again: while they were down, nothing could come. It
// is the zero time while nothing can be missed yet.
func (u *Upkeep) SilentFrom(now time.Time) time.Time {
	reachable := u.reachableSince.Load()
	if reachable == nil || now.Sub(*reachable) < report.SilentAfter {
		return time.Time{}
	}
	return now.Add(-report.SilentAfter)
}

// findSilences remembers in the store from which channels nothing comes, and that webhooks were
// refused meanwhile: other replicas report it too, and this one after a restart.
func (u *Upkeep) findSilences(ctx context.Context, now time.Time) error {
	from, refused := u.SilentFrom(now), u.Intake.SignatureRefusedAt()
	var found, told bool
	if err := u.Store.View(ctx, func(tx *store.Tx) error {
		silences, err := tx.Intake().Silences()
		for _, s := range silences {
			found = found || s.FoundAt.IsZero() && !s.Since.After(from)
			told = told || refused.After(s.RefusedAt) && !refused.Before(s.Since)
		}
		return err
	}); err != nil || !found && !told {
		return err
	}
	return u.Store.Update(ctx, func(tx *durable.Tx) error {
		if told {
			if err := tx.Intake().RefuseWebhook(refused); err != nil {
				return err
			}
		}
		return tx.Intake().FindSilences(from, now)
	})
}
