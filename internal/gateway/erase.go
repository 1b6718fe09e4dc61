package gateway

import (
	"context"
	"net/http"
	"slices"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// erasePage is how many messages one operation of an erasure looks at.
const erasePage = 1000

// postErase forgets customers of a number, each under all addresses: what they wrote, what was
// written to them, their windows, consent and blocks. The ledger keeps its records, which know a
// customer by a keyed hash only. Messages that are not settled yet are kept, and so are the wishes
// and windows of whom they are for: erase again when they are. They are counted over all numbers of
// the account.
//
//	{"messaging_product":"whatsapp","users":[{"user":"+33612345678"}]}
//
// The answer is {"success":true,"unsettled":0}.
func (g *Gateway) postErase(w http.ResponseWriter, r *http.Request) error {
	from, err := g.admit(r)
	if err != nil {
		return err
	}
	var request struct {
		Users []person `json:"users"`
	}
	if err := g.readPeople(r, &request); err != nil {
		return err
	}
	users, err := named(from.channel.Network, "users", request.Users)
	if err != nil {
		return err
	}
	if len(users) > maxErased {
		return network.Refuse(
			network.InvalidValue, "users must name at most 10 people: they are looked for among all messages.",
		)
	}
	unsettled, err := g.erase(r.Context(), from.channel.ID, users)
	if err != nil {
		return err
	}
	g.log.Info("Customers erased", "channel", from.channel.Name, "customers", len(users), "unsettled", unsettled)
	return writeJSON(w, struct {
		Success   bool  `json:"success"`
		Unsettled int64 `json:"unsettled"`
	}{true, unsettled})
}

// maxErased is how many people one request may erase.
const maxErased = 10

// erase forgets people, page by page, so that no operation is long. It tells how many messages are
// open.
func (g *Gateway) erase(
	ctx context.Context, channel string, users []identity.Address,
) (unsettled int64, err error) {
	known, err := g.eraseReach(ctx, users)
	if err != nil {
		return 0, err
	}
	customers := make([]seal.CustomerHash, 0, len(known))
	for _, primary := range known {
		customers = append(customers, g.keys.Seal().CustomerHash(channel, string(primary)))
	}
	var so store.Erasure
	for {
		var page store.Erasure // apart from so: an operation may be run again
		err := g.store.Update(ctx, func(tx *durable.Tx) (err error) {
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
	return g.forget(ctx, known)
}

// forget forgets the addresses of those people of whom no message is left with any number of the
// account: until then the messages are found by them. It tells how many messages are open.
func (g *Gateway) forget(ctx context.Context, known []identity.Address) (unsettled int64, err error) {
	var so store.Remains
	for {
		var page store.Remains // apart from so: an operation may be run again
		err := g.store.Update(ctx, func(tx *durable.Tx) (err error) {
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
func (g *Gateway) eraseReach(
	ctx context.Context, users []identity.Address,
) (known []identity.Address, err error) {
	err = g.store.Update(ctx, func(tx *durable.Tx) error {
		known = nil
		for _, user := range users {
			unions, err := tx.People().Adopt(user, g.store.Now())
			if err != nil {
				return err
			}
			g.gate.Follow(tx, unions)
			primary, err := tx.People().Primary(user)
			if err != nil {
				return err
			}
			if slices.Contains(known, primary) {
				continue
			}
			known = append(known, primary)
			if err := tx.People().EraseReach(people.Person(g.keys.Seal(), primary)); err != nil {
				return err
			}
		}
		return nil
	})
	return known, err
}
