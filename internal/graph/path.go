package graph

import (
	"net/http"
	"regexp"
	"strings"
)

// Unversioned is the version in the path of a request that names none.
const Unversioned = "unversioned"

var version = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)

// IsVersion tells whether the part of a path is a version, or stands for one.
func IsVersion(text string) bool { return text == Unversioned || version.MatchString(text) }

// unversioned is how a path without a version begins: with the id of an object or of an ad account,
// an upload, or one of the words that stand for an object.
var unversioned = regexp.MustCompile(
	`^/([0-9]+|act_[0-9]+|upload:[^/]*|app|me|debug_token|oauth|message_template_library)(/|$)`,
)

// slashes are several in a row, as clients write them that join addresses by hand.
var slashes = regexp.MustCompile(`//+`)

// WithVersion serves paths without a version too, as the Graph API does: next
// sees Unversioned in its place. Several slashes in a row are one, and one at the end is none: a
// router would answer with a redirect, which clients do not follow with a body.
func WithVersion(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := slashes.ReplaceAllLiteralString(r.URL.Path, "/")
		if len(path) > 1 {
			path = strings.TrimSuffix(path, "/")
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
