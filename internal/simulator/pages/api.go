package pages

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
)

// Takes tells whether a request is about a page: its path names one, or something of one, or its
// token is a page's.
func (p *Pages) Takes(r *http.Request) bool {
	p.stage.Mu.Lock()
	defer p.stage.Mu.Unlock()
	if len(p.pages) == 0 {
		return false
	}
	first := object(r.URL.Path)
	switch first {
	case "", "me", "message_template_library":
		return true
	case "debug_token":
		page := p.ofToken(r.URL.Query().Get("input_token"))
		return page != nil && len(page.Tokens) > 0
	}
	if p.owner(first) != nil || p.app(first) != nil || p.payer(first, tokenOf(r)) != nil {
		return true
	}
	page := p.ofToken(tokenOf(r))
	return page != nil && len(page.Tokens) > 0
}

// object is the first part of a path behind the version.
func object(path string) string {
	parts := strings.SplitN(strings.Trim(path, "/"), "/", 3)
	if graph.IsVersion(parts[0]) {
		parts = parts[1:]
	}
	if len(parts) == 0 {
		return ""
	}
	return parts[0]
}

// ServeHTTP serves the Graph API of pages.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

func (p *Pages) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(*call) (any, *graph.Error){
		"POST /{version}/{id}/message_attachments":    p.upload,
		"GET /{version}/{id}/personas":                p.listPersonas,
		"POST /{version}/{id}/personas":               p.createPersona,
		"GET /{version}/{id}/messenger_profile":       p.readProfile,
		"POST /{version}/{id}/messenger_profile":      p.writeProfile,
		"DELETE /{version}/{id}/messenger_profile":    p.deleteProfile,
		"POST /{version}/{id}/pass_thread_control":    p.passThread,
		"POST /{version}/{id}/take_thread_control":    p.takeThread,
		"POST /{version}/{id}/release_thread_control": p.releaseThread,
		"POST /{version}/{id}/request_thread_control": p.requestThread,
		"GET /{version}/{id}/thread_owner":            p.threadOwner,
		"GET /{version}/{id}/subscribed_apps":         p.listApps,
		"POST /{version}/{id}/subscribed_apps":        p.subscribe,
		"DELETE /{version}/{id}/subscribed_apps":      p.unsubscribe,
		"GET /{version}/{id}/message_templates":       p.listTemplates,
		"POST /{version}/{id}/message_templates":      p.createTemplate,
		"DELETE /{version}/{id}/message_templates":    p.deleteTemplate,
		"GET /{version}/{id}/conversations":           p.conversations,
		"GET /{version}/message_template_library":     p.library,
		"GET /{version}/{id}":                         p.describe,
		"POST /{version}/{id}":                        p.editObject,
		"DELETE /{version}/{id}":                      p.forgetObject,
	} {
		mux.HandleFunc(pattern, p.answered(answer))
	}
	mux.HandleFunc("POST /{version}/{id}/messages", p.postMessage)
	mux.HandleFunc("POST /{version}/{id}/message_campaign", p.createCampaign)
	mux.HandleFunc("GET /{version}/debug_token", p.debugToken)
	mux.HandleFunc("GET /{version}/{id}/subscriptions", p.appSubscriptions)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		failure := refuse(
			graph.CodeInvalidParameter, 0, "This path and method are not simulated: see docs/simulator.md.",
		)
		failure.HTTPStatus = http.StatusNotFound
		p.fail(w, failure)
	})
	return graph.WithVersion(mux)
}

// call is a request for an object of a page.
type call struct {
	*http.Request
	page *page
	// id is the object's; that of the page for "me".
	id     string
	params params
}

// answered serves a call; answer runs with the lock held.
func (p *Pages) answered(answer func(*call) (any, *graph.Error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		given, failure := readParams(w, r)
		if failure != nil {
			p.fail(w, failure)
			return
		}
		p.stage.Mu.Lock()
		c, failure := p.call(r, given)
		var content any
		if failure == nil {
			content, failure = answer(c)
		}
		p.stage.Mu.Unlock()
		if failure != nil {
			p.fail(w, failure)
			return
		}
		writeJSON(w, content)
	}
}

// call finds whose call it is. The caller holds the lock.
func (p *Pages) call(r *http.Request, given params) (*call, *graph.Error) {
	token, id := given.token(r), r.PathValue("id")
	mine := p.ofToken(token)
	if owner := p.owner(id); mine == nil && owner != nil && owner.authorized(token) {
		mine = owner
	}
	if mine == nil {
		return nil, refuse(graph.CodeInvalidToken, 0, "Invalid OAuth access token - Cannot parse access token")
	}
	if !proves(mine, token, given.text("appsecret_proof")) {
		return nil, refuse(
			graph.CodeInvalidParameter, 0, "Invalid appsecret_proof provided in the API argument",
		)
	}
	if id == "me" || id == "" {
		id = mine.ID
	}
	if owner := p.owner(id); owner != mine {
		return nil, refuse(
			graph.CodeInvalidParameter, subcodeMissingObject, "Unsupported request. Object with ID '"+id+
				"' does not exist, cannot be loaded due to missing permissions, or does not support this operation.",
		)
	}
	return &call{Request: r, page: mine, id: id, params: given}, nil
}

// fail answers with an error and counts it.
func (p *Pages) fail(w http.ResponseWriter, failure *graph.Error) {
	p.stage.Mu.Lock()
	p.scene.Record.Counts.Refused[failure.Code]++
	failure.TraceID = p.scene.TraceID()
	p.stage.Mu.Unlock()
	failure.Write(w, "")
}

func writeJSON(w http.ResponseWriter, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write(body) // the client has gone; there is nobody left to tell
}

func success() any { return map[string]bool{"success": true} }
