package graph

import (
	"net/http"
	"regexp"
)

// Unversioned is the version in the path of a request that names none.
const Unversioned = "unversioned"

// unversioned is how a path without a version begins: with the id of an object.
var unversioned = regexp.MustCompile(`^/[0-9]+(/|$)`)

// WithVersion serves paths without a version too, as the Graph API does: next
// sees Unversioned in its place.
func WithVersion(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if unversioned.MatchString(r.URL.Path) {
			versioned, address := *r, *r.URL
			address.Path, address.RawPath = "/"+Unversioned+r.URL.Path, ""
			versioned.URL = &address
			r = &versioned
		}
		next.ServeHTTP(w, r)
	})
}
