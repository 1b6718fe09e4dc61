package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// apiToken is a token that a client may present, known by its hash only.
type apiToken struct {
	name string
	hash [sha256.Size]byte
}

// authenticate returns the name of the token that the request presents, as a bearer token or in the
// access_token parameter, both of which the Graph API takes. Every token is compared, each in
// constant time, so the answer's time tells nothing about any of them.
func (t *tenant) authenticate(r *http.Request) (name string, ok bool) {
	given := presentedToken(r)
	if given == "" {
		return "", false
	}
	hash := sha256.Sum256([]byte(given))
	for i := range t.tokens {
		if subtle.ConstantTimeCompare(hash[:], t.tokens[i].hash[:]) == 1 {
			name, ok = t.tokens[i].name, true
		}
	}
	return name, ok
}

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
