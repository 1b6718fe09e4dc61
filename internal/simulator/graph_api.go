package simulator

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/graph/parameter"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/simulator/page"
)

// maxBody bounds requests other than messages.
const maxBody = 4 << 20

// Handler serves the Graph API, the control API, the page and /healthz.
func (s *Simulator) Handler() http.Handler {
	foreign := http.NewCrossOriginProtection() // other sites' pages have no business here
	graphAPI, phones := s.graphAPI(), page.Handler()
	control, desk := foreign.Handler(s.controlAPI()), foreign.Handler(http.HandlerFunc(s.desk))
	return quietly(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/healthz":
			_, _ = w.Write([]byte("ok\n")) // the client has gone; there is nobody left to tell
		case strings.HasPrefix(r.URL.Path, "/control/"):
			control.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, SinkPath):
			s.sink(w, r)
		case strings.HasPrefix(r.URL.Path, DeskPath):
			desk.ServeHTTP(w, r)
		case r.URL.Path == "/" && r.Method == http.MethodGet, strings.HasPrefix(r.URL.Path, page.Path):
			phones.ServeHTTP(w, r)
		case r.URL.Path == mediaPath:
			s.serveFile(w, r)
		case s.Pages().Takes(r):
			s.Pages().ServeHTTP(w, r)
		default:
			graphAPI.ServeHTTP(w, r)
		}
	}))
}

func (s *Simulator) graphAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{version}/{id}/messages", s.postMessage)
	mux.HandleFunc("POST /{version}/{id}/marketing_messages", s.postMarketing)
	mux.HandleFunc("GET /{version}/{id}/message_templates", s.listTemplates)
	mux.HandleFunc("POST /{version}/{id}/message_templates", s.createTemplate)
	mux.HandleFunc("DELETE /{version}/{id}/message_templates", s.deleteTemplate)
	mux.HandleFunc("POST /{version}/{id}/unpause", s.unpauseTemplate)
	mux.HandleFunc("GET /{version}/{id}", s.getObject)
	mux.HandleFunc("POST /{version}/{id}", s.editObject)
	mux.HandleFunc("DELETE /{version}/{id}", s.forgetObject)
	mux.HandleFunc("POST /{version}/{id}/media", s.uploadMedia)
	s.objectsAPI(mux)
	mux.HandleFunc("POST /{version}/{id}/block_users", s.blockUsers)
	mux.HandleFunc("DELETE /{version}/{id}/block_users", s.unblockUsers)
	mux.HandleFunc("GET /{version}/{id}/block_users", s.listBlocked)
	mux.HandleFunc("POST /{version}/{id}/subscribed_apps", s.subscribe)
	mux.HandleFunc("GET /{version}/{id}/subscribed_apps", s.subscription)
	mux.HandleFunc("GET /{version}/{id}/subscriptions", s.appSubscriptions)
	mux.HandleFunc("GET /{version}/debug_token", s.debugToken)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		failure := graph.NewError(
			graph.CodeInvalidParameter,
			"This path and method are not simulated. docs/simulator.md lists those that are.",
		)
		failure.HTTPStatus = http.StatusNotFound
		s.refuse(w, failure)
	})
	return graph.WithVersion(withBearer(mux))
}

// withBearer finds a request's token in the query or the body too, as the Graph API does.
func withBearer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			token := r.URL.Query().Get(parameter.Token)
			if token == "" && r.Body != nil {
				head, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
				if err != nil {
					return // the client has gone; there is nobody left to tell
				}
				token = clientbody.Token(r.Header.Get("Content-Type"), head)
				r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(head), r.Body))
			}
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// authorize checks the bearer token against the account that the object belongs
// to: a number, a template or the account itself.
func (s *Simulator) authorize(r *http.Request, id string) *graph.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	header := r.Header.Get("Authorization")
	owner := s.state.owner(id)
	if owner == nil {
		if s.state.knowsToken(header) {
			return whatsapp.UnknownPhoneNumberID()
		}
		return whatsapp.InvalidToken()
	}
	if !owner.authorized(header) {
		return whatsapp.InvalidToken()
	}
	return nil
}

// knows tells whether a request's token is one of some account.
func (s *Simulator) knows(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.knowsToken(r.Header.Get("Authorization"))
}

// owner returns the account that an id belongs to, or nil.
func (st *state) owner(id string) *account {
	if a := st.accounts[id]; a != nil {
		return a
	}
	if n := st.numbers[id]; n != nil {
		return n.account
	}
	if held := st.templates[id]; held != nil {
		return st.accounts[held.account]
	}
	if f := st.media.byID[id]; f != nil && st.numbers[f.number] != nil {
		return st.numbers[f.number].account
	}
	if flow := st.objects.flows[id]; flow != nil {
		return st.accounts[flow.account]
	}
	return nil
}

func (st *state) knowsToken(header string) bool {
	for _, a := range st.accounts {
		if a.authorized(header) {
			return true
		}
	}
	return false
}

// refuse answers with an error and counts it.
func (s *Simulator) refuse(w http.ResponseWriter, failure *graph.Error) {
	s.mu.Lock()
	s.state.Record.Counts.Refused[failure.Code]++
	failure.TraceID = s.state.TraceID()
	s.mu.Unlock()
	failure.Write(w, "")
}

func (s *Simulator) getObject(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if strings.HasPrefix(id, uploadPrefix) {
		s.continueUpload(w, r)
		return
	}
	failure := s.authorize(r, id)
	number := r.URL.Query().Get("phone_number_id")
	s.mu.Lock()
	f := s.state.media.byID[id]
	s.mu.Unlock()
	if failure == nil && f != nil && number != "" && number != f.number {
		failure = whatsapp.UnknownObject()
	}
	if failure != nil && s.knows(r) { // the object is another account's, or nobody's
		failure = whatsapp.UnknownObject()
	}
	if failure != nil {
		s.refuse(w, failure)
		return
	}
	s.mu.Lock()
	var answer map[string]any
	fields := r.URL.Query().Get("fields")
	var err error
	switch start, end, asked := analyticsBounds(fields); {
	case f != nil:
		answer = s.state.described("http://"+r.Host, f, s.stage.Now())
	case asked && s.state.accounts[id] != nil:
		answer, err = s.state.analyticsOf(id, start, end)
	default:
		answer = selectedFields(s.state.fieldsOf(id), fields)
	}
	s.mu.Unlock()
	if err != nil {
		s.refuse(w, graph.NewError(graph.CodeInvalidParameter, "The costs cannot be added: "+err.Error()))
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// editObject edits a template or a flow, or sets a number's PIN.
func (s *Simulator) editObject(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if strings.HasPrefix(id, uploadPrefix) {
		s.continueUpload(w, r)
		return
	}
	s.mu.Lock()
	flow, number := s.state.objects.flows[id], s.state.numbers[id]
	s.mu.Unlock()
	if flow == nil && number == nil {
		s.editTemplate(w, r)
		return
	}
	s.ofObject(func(_ *http.Request, given map[string]any) any {
		if flow != nil {
			maps.Copy(flow.fields, given)
		}
		return whatsapp.Success()
	})(w, r)
}

// object is what GET /{id} tells of an id that has an owner.
func (st *state) object(id string) any {
	if n := st.numbers[id]; n != nil {
		return whatsapp.PhoneNumber{
			ID:                 n.ID,
			DisplayPhoneNumber: n.DisplayPhoneNumber,
			VerifiedName:       n.VerifiedName,
			QualityRating:      n.QualityRating,
			Status:             n.Status,
			Throughput:         &whatsapp.Throughput{Level: n.Throughput},
		}
	}
	if held := st.templates[id]; held != nil {
		return held.wire()
	}
	return st.accounts[id].wire()
}

// display is the number as webhooks write it, in digits.
func (n *number) display() string { return digits(n.DisplayPhoneNumber) }

func writeJSON(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone; there is nobody left to tell
}

// readJSON reads a bounded body.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	return decoder.Decode(into)
}
