package simulator

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
)

// noFunding is the FundingID of an account without a means of payment.
const noFunding = "none"

// wire is the account as GET /{id} tells of it. Meta leaves out what is not there.
func (a *account) wire() map[string]string {
	answer := map[string]string{"id": a.ID, "name": a.Name}
	if a.FundingID != noFunding {
		answer["primary_funding_id"] = orElse(a.FundingID, a.ID)
	}
	return answer
}

// subscribe sets an account's own callback after the handshake, or without one removes it: the
// webhooks go to the configured one, which stands for the app's.
func (s *Simulator) subscribe(w http.ResponseWriter, r *http.Request) {
	accountID := r.PathValue("id")
	if failure := s.authorize(r, accountID); failure != nil {
		s.refuse(w, failure)
		return
	}
	var body struct {
		Callback *string `json:"override_callback_uri"`
		Verify   string  `json:"verify_token"`
	}
	err := readJSON(w, r, &body)
	overrides := body.Callback != nil
	switch {
	case err != nil && !errors.Is(err, io.EOF),
		overrides && (!isHTTP(*body.Callback) || len(*body.Callback) > graph.MaxCallbackURL):
		s.refuse(w, graph.NewError(graph.CodeInvalidParameter, "override_callback_uri must be an http or https URL."))
		return
	case overrides:
		s.mu.Lock()
		scene := s.state.Scene
		s.mu.Unlock()
		if err := s.stage.ShakeHands(r.Context(), scene, *body.Callback, body.Verify); err != nil {
			s.refuse(w, graph.NewError(graph.CodeCallbackVerification, "The handshake failed: "+err.Error()+"."))
			return
		}
	}
	s.mu.Lock()
	failure := graph.NewError(graph.CodeInvalidParameter, "This id is not a WhatsApp Business account.")
	if a := s.state.accounts[accountID]; a != nil {
		failure = nil
		if overrides {
			a.outbox.Redirect(*body.Callback, body.Verify)
		} else {
			a.outbox.Redirect(a.CallbackURL, a.VerifyToken)
		}
	}
	s.mu.Unlock()
	s.succeed(w, failure)
}

// subscription lists the account's one app, with the callback that its webhooks go to.
func (s *Simulator) subscription(w http.ResponseWriter, r *http.Request) {
	accountID := r.PathValue("id")
	if failure := s.authorize(r, accountID); failure != nil {
		s.refuse(w, failure)
		return
	}
	data := []map[string]any{}
	s.mu.Lock()
	if a := s.state.accounts[accountID]; a != nil {
		app := map[string]any{"whatsapp_business_api_data": map[string]string{"id": a.ID, "name": a.Name}}
		if address := a.outbox.Address(); address != "" {
			app["override_callback_uri"] = address
		}
		data = append(data, app)
	}
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{"data": data})
}

// appSubscriptions lists the webhook fields of an app, whose id is its account's, to whoever has
// the app's token.
func (s *Simulator) appSubscriptions(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	a := s.state.accounts[r.PathValue("id")]
	s.mu.Unlock()
	if a == nil || r.Header.Get("Authorization") != "Bearer "+string(graph.AppToken(a.ID, a.AppSecret)) {
		s.refuse(w, whatsapp.InvalidToken())
		return
	}
	names := a.Fields
	if names == nil {
		names = webhook.NeededFields()
	}
	fields := []map[string]string{}
	for _, name := range names {
		fields = append(fields, map[string]string{"name": name, "version": graph.DefaultVersion})
	}
	writeJSON(w, http.StatusOK, map[string]any{"data": []map[string]any{{
		"object": "whatsapp_business_account", "callback_url": a.CallbackURL, "active": true, "fields": fields,
	}}})
}

// debugToken tells of a token to whoever has one of the same account.
func (s *Simulator) debugToken(w http.ResponseWriter, r *http.Request) {
	input := "Bearer " + r.URL.Query().Get("input_token")
	s.mu.Lock()
	var of *account
	known := false
	for _, a := range s.state.accounts {
		if a.authorized(r.Header.Get("Authorization")) {
			known = true
			if of == nil || a.ID < of.ID || a.authorized(input) && !of.authorized(input) {
				of = a
			}
		}
	}
	s.mu.Unlock()
	if !known {
		s.refuse(w, whatsapp.InvalidToken())
		return
	}
	expires := int64(0)
	if of.TokensExpire != nil {
		expires = of.TokensExpire.Unix()
	}
	writeJSON(w, http.StatusOK, map[string]any{"data": map[string]any{
		"app_id": of.ID, "type": "SYSTEM_USER", "application": of.Name, "is_valid": of.authorized(input),
		"expires_at": expires, "data_access_expires_at": json.Number("0"),
		"scopes": []string{graph.PermissionManagement, graph.PermissionMessaging},
	}})
}
