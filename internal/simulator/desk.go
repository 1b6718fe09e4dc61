package simulator

import (
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// DeskPath leads to a gateway: behind it come the id of an account or page and a path. The page
// talks to the gateway as any client does, and to no other origin than its own.
const DeskPath = "/desk/"

// desk passes a request on to the host that the account's webhooks go to.
func (s *Simulator) desk(w http.ResponseWriter, r *http.Request) {
	account, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, DeskPath), "/")
	gateway, err := url.Parse(s.callbackOf(account))
	if err != nil || gateway.Host == "" {
		badRequest(w, errors.New("no account or page has this id and a callback, which tells where its gateway is"))
		return
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = gateway.Scheme, gateway.Host
			p.Out.URL.Path, p.Out.URL.RawPath = "/"+path, ""
			p.Out.Host = ""
		},
		Transport:     s.stage.Transport(),
		FlushInterval: -1, // a stream of events must not wait for more
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			s.stage.Log.Warn("Gateway not reached for the page", "account", account, "error", err)
			writeJSON(w, http.StatusBadGateway, map[string]string{"error": "the account's gateway does not answer"})
		},
	}
	proxy.ServeHTTP(w, r)
}

// callbackOf is where the webhooks of an account or of a page go; empty if that is not known.
func (s *Simulator) callbackOf(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.state.accounts[id]; a != nil {
		return a.outbox.Address()
	}
	for _, page := range s.state.pages.List() {
		if page.ID == id {
			return page.Callback
		}
	}
	return ""
}
