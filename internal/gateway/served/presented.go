package served

import (
	"net/http"
	"strings"
)

// PresentedToken returns the API token that stands before a request's body: that of the
// Authorization header, under the scheme Bearer or OAuth, or the access_token parameter, as the
// Graph API takes them. It is empty if there is none.
func PresentedToken(r *http.Request) string {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth") {
			return ""
		}
		return strings.TrimSpace(token)
	}
	return r.URL.Query().Get("access_token")
}
