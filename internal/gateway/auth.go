package gateway

import (
	"net/http"
	"strings"
)

// presentedToken returns the API token of a request: a bearer token, which uploads in several parts
// present under the scheme OAuth, or the access_token parameter. The Graph API takes all of them. It is empty if there is none.
func presentedToken(r *http.Request) string {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth") {
			return ""
		}
		return strings.TrimSpace(token)
	}
	return r.URL.Query().Get("access_token")
}
