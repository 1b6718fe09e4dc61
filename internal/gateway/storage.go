package gateway

import (
	"context"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/store"
)

// rate is this replica's part of the number's messages per second: the upstream counts all
// replicas' together.
func (g *Gateway) rate(t *served.Tenant) int32 {
	return max(t.Limits.MessagesPerSecond/int32(g.store.Replicas()), 1)
}

// stillOurs asks whether a message whose lease may have run out before it was sent is still this
// replica's. Asking renews the lease.
func (g *Gateway) stillOurs(ctx context.Context, p parcel) bool {
	ours := false
	asked := g.persist(ctx, "ask", func(tx *durable.Tx) error {
		m, found, err := tx.Queue().Claimed(p.id, p.tries+1)
		ours = err == nil && found && m.State == store.Sending
		return err
	})
	return asked && ours
}
