// Package bundle makes an archive for a bug report of what there is of an account, without secrets,
// numbers of customers, or texts of messages (P7).
package bundle

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// What stands in the place of what is hidden.
const (
	hiddenSecret  = "[secret]"
	hiddenNumber  = "[number]"
	hiddenMessage = "[message id]"
)

// leastSecret is the least length of a secret that is looked for: shorter ones are in every word.
const leastSecret = 4

// found is what a text may have. What is kept stands first: hashes, instants, days, and UUIDs. Then
// come the upstream's message ids, which hold the customer's number; access tokens; user ids; and
// whatever could be a telephone number, or the id of a person on a page.
var found = regexp.MustCompile(`(?P<keep>sha256:[0-9a-f]{64}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|` +
	`\b\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?)` +
	`|(?P<message>\b(?:wa)?mid\.[\w+/=:$-]+|\bm_[\w+/=-]{16,})` +
	`|(?P<token>\bEA[A-Z][\w-]{16,}|(?i:bearer\s+)[\w.~+/=-]+)` +
	`|(?P<number>\b[A-Z]{2}\.(?:ENT\.)?\d{5,}|\+\s?\d[\d ().\-/]{5,}\d|\(?\b\d{2,4}\)?(?:[ .\-/]\d{2,5}){2,}\b|\d{8,})`)

// Redactor hides what must not leave the cluster.
type Redactor struct {
	secrets []string
	known   map[string]bool
}

// NewRedactor returns a redactor that hides secrets, in every form in which they may stand, and
// keeps the numbers of the business itself, such as the Graph API's ids of its channels.
func NewRedactor(secrets [][]byte, known []string) *Redactor {
	r := &Redactor{known: map[string]bool{}}
	for _, id := range known {
		r.known[id] = true
	}
	for _, secret := range secrets {
		for _, form := range forms(strings.TrimSpace(string(secret))) {
			if len(form) >= leastSecret {
				r.secrets = append(r.secrets, form)
			}
		}
	}
	// The longest first: a secret may be a part of another.
	slices.SortFunc(r.secrets, func(a, b string) int { return len(b) - len(a) })
	r.secrets = slices.Compact(r.secrets)
	return r
}

// forms are the ways in which a secret may be written.
func forms(secret string) []string {
	quoted, err := json.Marshal(secret)
	if err != nil {
		quoted = nil
	}
	return []string{
		secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
	}
}

// Redact returns text without what must be hidden.
func (r *Redactor) Redact(text string) string {
	for _, secret := range r.secrets {
		text = strings.ReplaceAll(text, secret, hiddenSecret)
	}
	keep, message, token := found.SubexpIndex("keep"), found.SubexpIndex("message"), found.SubexpIndex("token")
	var out strings.Builder
	last := 0
	for _, at := range found.FindAllStringSubmatchIndex(text, -1) {
		out.WriteString(text[last:at[0]])
		match := text[at[0]:at[1]]
		switch last = at[1]; {
		case at[2*keep] >= 0 || r.known[match]:
			out.WriteString(match)
		case at[2*message] >= 0:
			out.WriteString(hiddenMessage)
		case at[2*token] >= 0:
			out.WriteString(hiddenSecret)
		default:
			out.WriteString(hiddenNumber)
		}
	}
	return out.String() + text[last:]
}
