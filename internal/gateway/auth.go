package gateway

import (
	"net/http"
	"strings"
)

// presentedToken returns the API token of a request: a bearer token or the access_token parameter,
// both of which the Graph API takes. It is empty if there is none.
func presentedToken(r *http.Request) string {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return ""
		}
		return strings.TrimSpace(token)
	}
	return r.URL.Query().Get("access_token")
}
