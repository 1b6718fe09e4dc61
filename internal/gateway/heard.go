package gateway

import (
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/store"
)

// heard is what the dispatch of messages hears from webhooks. It implements intake.Dispatch.
type heard struct{ *Gateway }

// Notify implements intake.Dispatch.
func (h heard) Notify() { h.sends.Notify() }

// Confirmed implements intake.Dispatch.
func (h heard) Confirmed(c *served.Channel, claimed time.Time) {
	if h.channels.confirmed(c.ID, claimed) {
		h.goesAgain(c)
	}
}

// Unpaid implements intake.Dispatch.
func (h heard) Unpaid(c *served.Channel, code int, now time.Time) {
	h.stop(c, channelStop{code: code, since: now, until: now.Add(stopProbe), told: now})
}

// United implements intake.Dispatch: what is kept in memory follows the store.
func (h heard) United(unions []store.Union) { h.united(unions) }

// united lets what is kept in memory follow the store.
func (g *Gateway) united(unions []store.Union) {
	if len(unions) == 0 {
		return
	}
	now, moved := g.store.Now(), false
	for _, u := range unions {
		g.pacer.unite(pair{u.Gone.Channel, u.Gone.Customer}, pair{u.Kept.Channel, u.Kept.Customer}, now)
		moved = moved || u.Known
	}
	if moved { // another message may be the first of its line now
		g.sends.Notify()
		g.callbacks.Notify()
	}
}
