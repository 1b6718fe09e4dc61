package simulator

import (
	"errors"
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
)

// SetGroup says who is in a group: phones in digits. A group that was never set has no members, so
// that what is sent to it reaches nobody.
func (s *Simulator) SetGroup(id string, members []string) error {
	phones := make([]string, len(members))
	for i, member := range members {
		if phones[i] = digits(member); phones[i] == "" {
			return errors.New("members: give phones in digits")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.groups[id] = phones
	return nil
}

func (s *Simulator) controlGroup(w http.ResponseWriter, r *http.Request) {
	var group struct {
		Members []string `json:"members"`
	}
	err := readStrict(w, r, &group)
	if err == nil {
		err = s.SetGroup(r.PathValue("id"), group.Members)
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusOK, done())
}

// with is the number and the customer, or group, of a message.
func (st *state) with(m *Sent) pair { return pairOf(st, m.PhoneNumberID, m.To, m.Group) }

// pairOf is a number and a customer, or a group, whose window is one for all its members.
func pairOf(st *state, number, to string, group bool) pair {
	if group {
		return pair{number, identity.OfGroup(to)}
	}
	return st.pairOf(number, to)
}

// reachMembers brings a message to each phone of its group.
func (s *Simulator) reachMembers(st *state, m *Sent, now time.Time) {
	for _, member := range st.groups[m.To] {
		s.reachMember(st, m, member, now)
	}
}

func (s *Simulator) reachMember(st *state, m *Sent, member string, now time.Time) {
	p := st.phone(member)
	if p.off {
		p.parked = append(p.parked, func() { s.reachMember(st, m, member, s.stage.Now()) })
		return
	}
	s.stepOf(st, m, member, webhook.StatusDelivered, now, nil)
	if s.config.Delivery.NoRead || p.noReceipts {
		return
	}
	s.at(m, s.config.Delivery.ReadAfter, func(st *state, m *Sent, now time.Time) {
		s.stepOf(st, m, member, webhook.StatusRead, now, nil)
	})
}

// unfit refuses what does not go to groups. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups
func unfit(send *request.Send) *graph.Error {
	switch {
	case !send.Group:
		return nil
	case send.Type == request.TypeInteractive:
		return graph.NewError(graph.CodeUnsupportedType, "A message of type interactive does not go to groups.")
	case send.DirectCategory != "":
		return graph.NewError(graph.CodeInvalidParameter, "A message with a category does not go to groups.")
	}
	return nil
}
