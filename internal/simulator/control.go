package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// controlAPI serves what scripts a test. docs/simulator.md shows each call.
func (s *Simulator) controlAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /control/reset", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		writeJSON(w, http.StatusOK, done())
	})
	mux.HandleFunc("GET /control/counts", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, s.Counts())
	})
	mux.HandleFunc("GET /control/idle", s.controlIdle)
	mux.HandleFunc("GET /control/clock", s.controlReadClock)
	mux.HandleFunc("POST /control/clock", s.controlClock)
	mux.HandleFunc("GET /control/messages", s.controlMessages)
	mux.HandleFunc("GET /control/feed", s.controlFeed)
	mux.HandleFunc("GET /control/media/{id}", s.controlMedia)
	mux.HandleFunc("POST /control/phones/{number}/messages", s.controlInbound)
	mux.HandleFunc("POST /control/phones/{number}/media", s.controlFile)
	mux.HandleFunc("POST /control/phones/{number}/preferences", s.controlPreference)
	mux.HandleFunc("PUT /control/phones/{number}", s.controlPhone)
	mux.HandleFunc("PUT /control/groups/{id}", s.controlGroup)
	mux.HandleFunc("GET /control/knobs", s.controlReadKnobs)
	mux.HandleFunc("PUT /control/knobs", s.controlKnobs)
	mux.HandleFunc("PUT /control/analytics", s.controlAnalytics)
	mux.HandleFunc("POST /control/faults", s.controlFault)
	mux.HandleFunc("DELETE /control/faults", s.controlClearFaults)
	mux.HandleFunc("PUT /control/templates/{id}", s.controlTemplate)
	mux.HandleFunc("PUT /control/accounts/{id}", s.controlAccount)
	mux.HandleFunc("POST /control/webhooks", s.controlWebhook)
	s.pagesControl(mux)
	return mux
}

func done() json.RawMessage { return json.RawMessage(`{"ok":true}`) }

// badRequest says in a sentence what the control API did not understand.
func badRequest(w http.ResponseWriter, err error) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
}

// controlIdle answers once nothing is planned or on its way, or with 504.
func (s *Simulator) controlIdle(w http.ResponseWriter, r *http.Request) {
	timeout := 10 * time.Second
	if text := r.URL.Query().Get("timeout"); text != "" {
		parsed, err := time.ParseDuration(text)
		if err != nil || parsed <= 0 || parsed > 10*time.Minute {
			badRequest(w, errors.New(`timeout: use a duration such as "10s", at most 10m`))
			return
		}
		timeout = parsed
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	if s.WaitIdle(ctx) != nil {
		pending := s.stage.Activity.Pending()
		writeJSON(w, http.StatusGatewayTimeout, map[string]any{"error": "still busy", "pending": pending})
		return
	}
	writeJSON(w, http.StatusOK, done())
}

func (s *Simulator) controlMessages(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	filter := MessageFilter{
		PhoneNumberID: query.Get("phone_number_id"),
		To:            digits(query.Get("to")),
		CallbackData:  query.Get("callback_data"),
	}
	for name, into := range map[string]*int{"after": &filter.After, "limit": &filter.Limit} {
		if text := query.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				badRequest(w, errors.New(name+": use a whole number from 0"))
				return
			}
			*into = n
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"messages": s.Messages(filter)})
}

func (s *Simulator) controlReadKnobs(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	knobs := s.state.Knobs
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, knobs)
}

func (s *Simulator) controlKnobs(w http.ResponseWriter, r *http.Request) {
	var knobs Knobs
	if err := readStrict(w, r, &knobs); err != nil {
		badRequest(w, err)
		return
	}
	if err := s.SetKnobs(knobs); err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusOK, knobs)
}

func (s *Simulator) controlFault(w http.ResponseWriter, r *http.Request) {
	var fault Fault
	if err := readStrict(w, r, &fault); err != nil {
		badRequest(w, err)
		return
	}
	if err := s.AddFault(fault); err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusOK, done())
}

func (s *Simulator) controlClearFaults(w http.ResponseWriter, _ *http.Request) {
	s.ClearFaults()
	writeJSON(w, http.StatusOK, done())
}

// controlTemplate decides on a template, by its id.
func (s *Simulator) controlTemplate(w http.ResponseWriter, r *http.Request) {
	var decision struct {
		Status   string `json:"status"`
		Reason   string `json:"reason"`
		Category string `json:"category"`
	}
	if err := readStrict(w, r, &decision); err != nil {
		badRequest(w, err)
		return
	}
	s.mu.Lock()
	if id := r.PathValue("id"); s.state.pages.HasTemplate(id) {
		err := s.state.pages.Judge(id, decision.Status, decision.Reason)
		s.mu.Unlock()
		answerControl(w, err)
		return
	}
	held := s.state.templates[r.PathValue("id")]
	if held != nil {
		s.conclude(s.state, held, orElse(decision.Status, held.Status), decision.Reason, decision.Category)
	}
	s.mu.Unlock()
	if held == nil {
		badRequest(w, errors.New("no template has this id: GET /{version}/{account}/message_templates lists them"))
		return
	}
	writeJSON(w, http.StatusOK, done())
}

func (s *Simulator) controlAccount(w http.ResponseWriter, r *http.Request) {
	var config Account
	if err := readStrict(w, r, &config); err != nil {
		badRequest(w, err)
		return
	}
	config.ID = r.PathValue("id")
	if err := s.replace(config); err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusOK, done())
}

// readStrict reads a bounded body without unknown fields.
func readStrict(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return errors.New("the body is not understood: " + err.Error())
	}
	return nil
}
