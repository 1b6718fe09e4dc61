package simulator

import (
	"errors"
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// ofPages are the settings that matter to pages.
func (c Config) ofPages() pages.Settings {
	return pages.Settings{
		SentAfter:      time.Duration(c.Delivery.SentAfter),
		DeliveredAfter: time.Duration(c.Delivery.DeliveredAfter),
		ReadAfter:      time.Duration(c.Delivery.ReadAfter),
		NoRead:         c.Delivery.NoRead,
		ReviewAfter:    time.Duration(c.Review.After),
		ManualReview:   c.Review.Manual,
		AdWindow:       time.Duration(c.AdWindow),
		CampaignWarmUp: time.Duration(c.CampaignWarmUp),
		EnforceRates:   c.EnforceRates,
	}
}

// Pages are the pages since the last reset.
func (s *Simulator) Pages() *pages.Pages {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.pages
}

// pagesControl adds the calls that script pages and people.
func (s *Simulator) pagesControl(mux *http.ServeMux) {
	mux.HandleFunc("POST /control/people/{person}", s.controlAct)
	mux.HandleFunc("PUT /control/people/{person}", s.controlPerson)
	mux.HandleFunc("PUT /control/pages/{id}", s.controlPage)
	mux.HandleFunc("POST /control/pages/{id}/policy", s.controlPolicy)
}

func (s *Simulator) controlAct(w http.ResponseWriter, r *http.Request) {
	var act pages.Act
	if err := readStrict(w, r, &act); err != nil {
		badRequest(w, err)
		return
	}
	acted, err := s.Pages().Act(r.PathValue("person"), act)
	if err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusOK, acted)
}

func (s *Simulator) controlPerson(w http.ResponseWriter, r *http.Request) {
	var change pages.PersonState
	err := readStrict(w, r, &change)
	if err == nil {
		err = s.Pages().SetPerson(r.PathValue("person"), change)
	}
	answerControl(w, err)
}

// controlPage adds a page, or replaces one.
func (s *Simulator) controlPage(w http.ResponseWriter, r *http.Request) {
	var config pages.Page
	if err := readStrict(w, r, &config); err != nil {
		badRequest(w, err)
		return
	}
	config.ID = r.PathValue("id")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.accounts[config.ID] != nil || s.state.numbers[config.ID] != nil {
		badRequest(w, errors.New("id: give an id that nothing else has"))
		return
	}
	if err := config.Validate(map[string]bool{}); err != nil {
		badRequest(w, err)
		return
	}
	added := s.state.pages.Replace(config)
	s.accountsChanged()
	if s.running != nil {
		added.Start(s.running, &s.workers)
	}
	writeJSON(w, http.StatusOK, done())
}

// controlPolicy has the platform warn, block or unblock a page.
func (s *Simulator) controlPolicy(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Action string `json:"action"`
		Reason string `json:"reason"`
	}
	err := readStrict(w, r, &in)
	if err == nil {
		err = s.Pages().Enforce(r.PathValue("id"), in.Action, in.Reason)
	}
	answerControl(w, err)
}

func answerControl(w http.ResponseWriter, err error) {
	if err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusOK, done())
}
