package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

type blockBody struct {
	BlockUsers []struct {
		User string `json:"user"`
	} `json:"block_users"`
}

type failedUser struct {
	whatsapp.BlockedUser
	Errors []map[string]any `json:"errors"`
}

func (s *Simulator) blockUsers(w http.ResponseWriter, r *http.Request) {
	s.changeBlocks(w, r, "added_users", func(c *customer) bool {
		if !c.windowOpen(s.stage.Now()) {
			return false
		}
		c.blocked = true
		return true
	})
}

func (s *Simulator) unblockUsers(w http.ResponseWriter, r *http.Request) {
	s.changeBlocks(w, r, "removed_users", func(c *customer) bool {
		c.blocked = false
		return true
	})
}

// changeBlocks applies change to each user; those for whom it returns false have
// not written within 24 hours.
func (s *Simulator) changeBlocks(w http.ResponseWriter, r *http.Request, done string, change func(*customer) bool) {
	numberID := r.PathValue("id")
	if failure := s.authorize(r, numberID); failure != nil {
		s.refuse(w, failure)
		return
	}
	var body blockBody
	if readJSON(w, r, &body) != nil || len(body.BlockUsers) == 0 {
		s.refuse(w, graph.NewError(graph.CodeMissingParameter, "block_users is missing: give a list of users."))
		return
	}
	changed, failed := []whatsapp.BlockedUser{}, []failedUser{}
	s.mu.Lock()
	for _, entry := range body.BlockUsers {
		user := whatsapp.BlockedUser{Input: entry.User, WAID: digits(entry.User)}
		if identity.IsUserID(entry.User) {
			user.WAID = ""
		}
		with := s.state.pairOf(numberID, cmp.Or(user.WAID, entry.User))
		c := s.state.customer(with)
		if change(c) {
			c.blockedAs = cmp.Or(user.WAID, entry.User)
			s.state.Chats.Touch(with.chat())
			changed = append(changed, user)
			continue
		}
		failed = append(failed, failedUser{user, []map[string]any{{
			"message": "Re-engagement required", "code": graph.CodeReEngagement,
			"error_data": map[string]string{"details": "The user has not written within 24 hours."},
		}}})
	}
	trace := s.state.TraceID()
	s.mu.Unlock()
	users := map[string]any{done: changed}
	answer := map[string]any{"messaging_product": "whatsapp", "block_users": users}
	if len(failed) == 0 {
		writeJSON(w, http.StatusOK, answer)
		return
	}
	users["failed_users"] = failed
	failure := graph.NewError(
		graph.CodeBlockUsersFailed, "Some users could not be blocked or unblocked; failed_users tells why.",
	)
	answer["error"] = map[string]any{
		"message": failure.Message, "type": failure.Type, "code": failure.Code, "fbtrace_id": trace,
		"error_data": map[string]string{"details": failure.Details},
	}
	writeJSON(w, failure.HTTPStatus, answer)
}

func (s *Simulator) listBlocked(w http.ResponseWriter, r *http.Request) {
	numberID := r.PathValue("id")
	if failure := s.authorize(r, numberID); failure != nil {
		s.refuse(w, failure)
		return
	}
	blocked := []string{}
	s.mu.Lock()
	for key, c := range s.state.customers {
		if key.number == numberID && c.blocked {
			blocked = append(blocked, c.blockedAs)
		}
	}
	s.mu.Unlock()
	slices.Sort(blocked)
	data := []map[string]string{}
	for _, user := range blocked {
		data = append(data, map[string]string{"messaging_product": "whatsapp", "wa_id": user})
	}
	writeJSON(w, http.StatusOK, map[string]any{"data": data})
}

// digits is a phone number as wa_id writes it.
func digits(number string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
}
