package simulator

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/template"
)

const defaultPage = 25

func (s *Simulator) createTemplate(w http.ResponseWriter, r *http.Request) {
	accountID := r.PathValue("id")
	if failure := s.authorize(r, accountID); failure != nil {
		s.refuse(w, failure)
		return
	}
	var definition template.Definition
	if readJSON(w, r, &definition) != nil {
		s.refuse(w, graph.NewError(graph.CodeInvalidParameter, "The body is not a template definition."))
		return
	}
	// Meta takes these words in either case; its own examples have both.
	definition.Category = strings.ToUpper(definition.Category)
	definition.ParameterFormat = strings.ToUpper(definition.ParameterFormat)
	s.mu.Lock()
	held, failure := s.submit(s.state, accountID, definition)
	s.mu.Unlock()
	if failure != nil {
		s.refuse(w, failure)
		return
	}
	writeJSON(
		w, http.StatusOK, graph.CreatedTemplate{ID: held.ID, Status: statusPending, Category: definition.Category},
	)
}

func (s *Simulator) editTemplate(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if failure := s.authorize(r, id); failure != nil {
		s.refuse(w, failure)
		return
	}
	var change template.Definition
	if readJSON(w, r, &change) != nil {
		s.refuse(w, graph.NewError(graph.CodeInvalidParameter, "The body must be an object with components."))
		return
	}
	s.mu.Lock()
	failure := graph.NewError(graph.CodeInvalidParameter, "This object cannot be edited here.")
	if held := s.state.templates[id]; held != nil {
		failure = s.edit(s.state, held, change)
	}
	s.mu.Unlock()
	s.succeed(w, failure)
}

func (s *Simulator) unpauseTemplate(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if failure := s.authorize(r, id); failure != nil {
		s.refuse(w, failure)
		return
	}
	s.mu.Lock()
	failure := graph.NewError(graph.CodeInvalidParameter, "Only a paused template can be unpaused.")
	if held := s.state.templates[id]; held != nil && held.Status == statusPaused {
		s.conclude(s.state, held, statusApproved, "", "")
		failure = nil
	}
	s.mu.Unlock()
	s.succeed(w, failure)
}

func (s *Simulator) deleteTemplate(w http.ResponseWriter, r *http.Request) {
	accountID, query := r.PathValue("id"), r.URL.Query()
	if failure := s.authorize(r, accountID); failure != nil {
		s.refuse(w, failure)
		return
	}
	s.mu.Lock()
	failure := graph.NewError(
		graph.CodeInvalidParameter, "No template has this name, or it is disabled and cannot be deleted.",
	)
	for _, held := range s.state.ofAccount(accountID) {
		chosen := held.Name == query.Get("name") && (query.Get("hsm_id") == "" || query.Get("hsm_id") == held.ID)
		if chosen && held.Status != statusDisabled {
			s.state.forget(held)
			s.accountsChanged()
			failure = nil
		}
	}
	s.mu.Unlock()
	s.succeed(w, failure)
}

func (s *Simulator) listTemplates(w http.ResponseWriter, r *http.Request) {
	accountID, query := r.PathValue("id"), r.URL.Query()
	if failure := s.authorize(r, accountID); failure != nil {
		s.refuse(w, failure)
		return
	}
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit <= 0 || limit > 250 {
		limit = defaultPage
	}
	s.mu.Lock()
	page := []graph.UpstreamTemplate{}
	more := false
	for _, held := range s.state.ofAccount(accountID) {
		if held.ID <= query.Get("after") || !selected(held, query.Get) {
			continue
		}
		if len(page) == limit {
			more = true
			break
		}
		page = append(page, held.wire())
	}
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, templatePage(r, page, more))
}

// selected applies the filters of a list.
func selected(held *heldTemplate, filter func(string) string) bool {
	matches := func(name, value string) bool { return filter(name) == "" || filter(name) == value }
	return matches("name", held.Name) && matches("status", held.Status) &&
		matches("category", held.Category) && matches("language", held.Language)
}

func templatePage(r *http.Request, page []graph.UpstreamTemplate, more bool) map[string]any {
	answer := map[string]any{"data": page}
	if len(page) == 0 {
		return answer
	}
	paging := map[string]any{"cursors": map[string]string{"before": page[0].ID, "after": page[len(page)-1].ID}}
	if more {
		next := *r.URL
		query := next.Query()
		query.Set("after", page[len(page)-1].ID)
		next.RawQuery = query.Encode()
		paging["next"] = "http://" + r.Host + next.String()
	}
	answer["paging"] = paging
	return answer
}

// succeed answers {"success":true}, or the failure.
func (s *Simulator) succeed(w http.ResponseWriter, failure *graph.Error) {
	if failure != nil {
		s.refuse(w, failure)
		return
	}
	writeJSON(w, http.StatusOK, whatsapp.Success())
}
