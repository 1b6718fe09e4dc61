package gateway

import (
	"context"
	"net/http"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// erasePage is how many messages one operation of an erasure looks at.
const erasePage = 1000

// postErase forgets customers of a number: what they wrote, what was written to them, their windows, consent and blocks. The ledger keeps its records, which know
// a customer by a keyed hash only. Messages that are not settled yet are kept and counted, and so are the wishes and windows of whom they are for: erase again when they
// are.
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
	users, err := named("users", request.Users)
	if err != nil {
		return err
	}
	if len(users) > maxErased {
		return graph.NewError(graph.CodeInvalidValue, "users must name at most 10 people: they are looked for among all messages.")
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

// erase forgets people, page by page, so that no operation is long. It tells how many messages had to stay.
func (g *Gateway) erase(ctx context.Context, channel string, users []string) (unsettled int64, err error) {
	var customers, people []seal.CustomerHash
	for _, user := range users {
		address, _ := parseAddress(user) // was checked
		customers, people = append(customers, g.keys.seal.CustomerHash(channel, address)), append(people, g.personOf(address))
	}
	err = g.update(ctx, func(tx *store.Tx) error {
		for _, person := range people {
			if err := tx.EraseReach(person); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	var so store.Erasure
	for {
		var page store.Erasure // apart from so: an operation may be run again
		err := g.update(ctx, func(tx *store.Tx) (err error) {
			page, err = tx.Erase(channel, customers, so, erasePage)
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
