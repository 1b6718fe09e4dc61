package admission

import (
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/policy"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// acceptShares stores the shares of a message to a group: one for each member that the group may
// have beside the one whom the message itself is settled for. Each reserves what a member can cost,
// wherever the member lives, and the message is refused if one of them is not affordable (P3).
// Grant is that of the message, which is renewed: its own reservation comes on top.
func acceptShares(
	tx *durable.Tx, c *candidate, group seal.CustomerHash, message *settlement.Envelope, in *policy.Circumstances,
	grant *policy.Grant,
) error {
	for n := 1; n <= message.Shares; n++ {
		about := *message
		about.Shares, about.Share = 0, n
		text, err := about.Encode()
		if err != nil {
			return err
		}
		bound := in.Bound
		if err := tx.Queue().AcceptShare(&store.Message{
			ID: settlement.ShareID(c.id, n), Channel: c.Channel.ID, Customer: group, Lane: grant.Lane,
			AcceptedAt: c.now, ExpiresAt: grant.Expires, Bound: &bound, Covered: grant.Covered, Envelope: text,
		}); err != nil {
			return err
		}
		if in.Rise, err = tx.Figures().Rise(&in.Bound); err != nil {
			return err
		}
		if c.Tenant.Budget != nil {
			if in.Reserved, err = tx.Figures().Reserved(c.Tenant.Book.Currency()); err != nil {
				return err
			}
		}
		if grant.Covered, err = policy.Affordable(c.Tenant, c.Channel.ID, in); err != nil {
			return err
		}
	}
	return nil
}
