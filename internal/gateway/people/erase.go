package people

import (
	"context"
	"slices"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// erasePage is how many messages one operation of an erasure looks at.
const erasePage = 1000

// Erase forgets people, page by page, so that no operation is long. It tells how many messages are
// open.
func (r *Registry) Erase(
	ctx context.Context, channel string, users []identity.Address,
) (unsettled int64, err error) {
	known, err := r.eraseReach(ctx, users)
	if err != nil {
		return 0, err
	}
	customers := make([]seal.CustomerHash, 0, len(known))
	for _, primary := range known {
		customers = append(customers, r.Keys.CustomerHash(channel, string(primary)))
	}
	var so store.Erasure
	for {
		var page store.Erasure // apart from so: an operation may be run again
		err := r.Store.Update(ctx, func(tx *durable.Tx) (err error) {
			page, err = tx.People().Erase(channel, customers, so, erasePage)
			return err
		})
		if err != nil {
			return 0, err
		}
		if so = page; so.Next == 0 {
			break
		}
	}
	return r.forget(ctx, known)
}

// forget forgets the addresses of those people of whom no message is left with any number of the
// account: until then the messages are found by them. It tells how many messages are open.
func (r *Registry) forget(ctx context.Context, known []identity.Address) (unsettled int64, err error) {
	var so store.Remains
	for {
		var page store.Remains // apart from so: an operation may be run again
		err := r.Store.Update(ctx, func(tx *durable.Tx) (err error) {
			page, err = tx.People().Remains(known, so, erasePage)
			for i := range known {
				if err == nil && page.Next == 0 && page.Messages[i] == 0 {
					err = tx.People().Forget(known[i])
				}
			}
			return err
		})
		if err != nil {
			return 0, err
		}
		if so = page; so.Next == 0 {
			break
		}
	}
	for _, open := range so.Open {
		unsettled += open
	}
	return unsettled, nil
}

// eraseReach forgets that people were written to in the last 24 hours, and tells who they are, each
// once and by the primary address.
func (r *Registry) eraseReach(
	ctx context.Context, users []identity.Address,
) (known []identity.Address, err error) {
	err = r.Store.Update(ctx, func(tx *durable.Tx) error {
		known = nil
		for _, user := range users {
			unions, err := tx.People().Adopt(user, r.Store.Now())
			if err != nil {
				return err
			}
			r.Follow(tx, unions)
			primary, err := tx.People().Primary(user)
			if err != nil {
				return err
			}
			if slices.Contains(known, primary) {
				continue
			}
			known = append(known, primary)
			if err := tx.People().EraseReach(Person(r.Keys, primary)); err != nil {
				return err
			}
		}
		return nil
	})
	return known, err
}
