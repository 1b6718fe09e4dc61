package graph

import (
	"net/http"
	"regexp"
	"strings"
)

// Unversioned is the version in the path of a request that names none.
const Unversioned = "unversioned"

// unversioned is how a path without a version begins: with the id of an object.
var unversioned = regexp.MustCompile(`^/[0-9]+(/|$)`)

// slashes are several in a row, as clients write them that join addresses by hand.
var slashes = regexp.MustCompile(`//+`)

// WithVersion serves paths without a version too, as the Graph API does: next
// sees Unversioned in its place. Several slashes in a row are one: a router would
// answer with a redirect, which clients do not follow with a body.
func WithVersion(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		if strings.Contains(path, "//") {
			path = slashes.ReplaceAllLiteralString(path, "/")
		}
		if unversioned.MatchString(path) {
			path = "/" + Unversioned + path
		}
		if path != r.URL.Path {
			rewritten, address := *r, *r.URL
			address.Path, address.RawPath = path, ""
			rewritten.URL = &address
			r = &rewritten
		}
		next.ServeHTTP(w, r)
	})
}
