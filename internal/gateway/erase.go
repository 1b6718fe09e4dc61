package gateway

import (
	"net/http"

	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/network"
)

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
		Users []people.Named `json:"users"`
	}
	if err := g.readPeople(r, &request); err != nil {
		return err
	}
	users, err := people.ReadNamed(from.channel.Network, "users", request.Users)
	if err != nil {
		return err
	}
	if len(users) > maxErased {
		return network.Refuse(
			network.InvalidValue, "users must name at most 10 people: they are looked for among all messages.",
		)
	}
	unsettled, err := g.people.Erase(r.Context(), from.channel.ID, users)
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
