package dispatch

import (
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

// encode is the client's request as the upstream gets it: with our id, so that any status
// tells which message it is about (P12), and with the upstream's ids in place of ours where the
// client quotes or reacts to a message that it sent itself. It returns network.ErrUnreadable for a
// damaged row: one must not hold up the others.
func encode(tx *durable.Tx, c *served.Channel, m *store.Message) ([]byte, error) {
	if m.Condition != store.Whole {
		return nil, network.ErrUnreadable
	}
	return c.Network.Encode(m.Content, m.ID, func(id string) (string, error) {
		quoted, found, err := tx.Messages().ByID(id)
		if err != nil || !found {
			return "", err
		}
		return quoted.UpstreamID, nil
	})
}
