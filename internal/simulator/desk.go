package simulator

import (
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// DeskPath, with an account's id and a path behind it, leads to the account's gateway: the page
// talks to it as any client does, and to no other origin than its own.
const DeskPath = "/desk/"

// desk passes a request on to the host that the account's webhooks go to.
func (s *Simulator) desk(w http.ResponseWriter, r *http.Request) {
	account, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, DeskPath), "/")
	s.mu.Lock()
	a := s.state.accounts[account]
	s.mu.Unlock()
	if a == nil {
		badRequest(w, errors.New("no account has this id"))
		return
	}
	gateway, err := url.Parse(a.outbox.Address())
	if err != nil || gateway.Host == "" {
		badRequest(w, errors.New("the account has no callback, so nothing tells where its gateway is"))
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
