package people

import (
	"context"
	"fmt"
	"slices"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// Registry records what a business tells about people, and forgets them.
type Registry struct {
	Store *durable.Store
	Keys  *seal.Keys
	// Follow is told of people who were found to be one.
	Follow func(tx *durable.Tx, unions []store.Union)
}

// RecordBlocks records what the upstream has done, of the people whom it says that it knows.
func (r *Registry) RecordBlocks(ctx context.Context, c *served.Channel, done []network.Known, blocked bool) error {
	if len(done) == 0 {
		return nil
	}
	now := r.Store.Now()
	return r.Store.Update(ctx, func(tx *durable.Tx) error {
		for _, user := range done {
			unions, err := LearnAnswer(tx, user.Input, user, now)
			if err != nil {
				return err
			}
			r.Follow(tx, unions)
			address := First(append(slices.Clip(user.Addresses), user.Input))
			err = r.change(tx, c, address, func(s *conversation.State) {
				// the later request counts, be it within the same second
				s.SetBlocked(blocked, max(now.Unix(), s.Block.At+1))
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// RecordConsents records what customers have said, each once it is checked; nothing of it if one of
// them cannot be recorded.
func (r *Registry) RecordConsents(ctx context.Context, c *served.Channel, consents []Consent) error {
	users := make([]string, 0, len(consents))
	for i, consent := range consents {
		if err := consent.Check(i); err != nil {
			return err
		}
		users = append(users, consent.User)
	}
	addresses, err := ReadNames(c.Network, "consents", users)
	if err != nil {
		return err
	}
	now := r.Store.Now()
	return r.Store.Update(ctx, func(tx *durable.Tx) error {
		for i, consent := range consents {
			err := r.change(tx, c, addresses[i], func(s *conversation.State) {
				s.RecordConsent(consent.IsGranted(), consent.At(now))
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// change changes what is known of one person.
func (r *Registry) change(
	tx *durable.Tx, c *served.Channel, address identity.Address, change func(*conversation.State),
) error {
	unions, err := Adopt(tx, r.Store.Now(), c.ID, address)
	if err != nil {
		return err
	}
	r.Follow(tx, unions)
	customer, err := Customer(tx, r.Keys, c.ID, address)
	if err != nil {
		return err
	}
	if customer == (seal.CustomerHash{}) {
		return fmt.Errorf("a customer of channel %s has no address that can be read", c.Name)
	}
	state, err := tx.People().Conversation(c.ID, customer)
	if err != nil {
		return err
	}
	change(&state)
	return tx.People().PutConversation(c.ID, customer, &state)
}
