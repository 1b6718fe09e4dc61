// Package dryrun is how a client asks what a send would mean, and how it is answered.
package dryrun

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Header asks with the value "true" what a send would mean, without sending. member
// does the same in a request's body.
const (
	Header = "Guichet-Dry-Run"
	member = "dry_run"
)

// Asked tells whether a request to send asks for a dry run, by its header or in its body, and
// returns the body without that. What may be meant as one and is spelled otherwise is refused: the
// message would be sent.
func Asked(r *http.Request, body []byte) (dry bool, rest []byte, err error) {
	byHeader, err := isTrue(r.Header.Get(Header), "The header "+Header)
	if err != nil {
		return false, nil, err
	}
	byBody, rest, err := inBody(body)
	return byHeader || byBody, rest, err
}

func isTrue(text, what string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	}
	return false, network.Refuse(network.InvalidValue, what+" must be true or false.")
}

// inBody reads dry_run in a body, which is a JSON object, parts, or a form.
func inBody(body []byte) (dry bool, rest []byte, err error) {
	text := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		if mentions(body) || bytes.Contains(body, []byte(`\u`)) { // a name may be written with escapes
			return inObject(body)
		}
		return false, body, nil
	case bytes.HasPrefix(text, []byte("--")):
		if !mentions(body) {
			return false, body, nil
		}
		return false, nil, network.Refuse(
			network.InvalidValue, "A body in parts cannot say dry_run. Use the header "+Header+".",
		)
	}
	return inForm(body)
}

// mentions tells whether a body may have a member of the name, in whatever case. It is asked of
// each send, and allocates nothing.
func mentions(body []byte) bool {
	const before, behind = len("dry"), len("_run")
	for i, c := range body {
		if c == '_' && i >= before && i+behind <= len(body) &&
			strings.EqualFold(string(body[i-before:i+behind]), member) {
			return true
		}
	}
	return false
}

func inObject(body []byte) (dry bool, rest []byte, err error) {
	object, err := rawjson.ParseObject(body)
	if err != nil {
		return false, body, nil // it is refused by whoever reads the message
	}
	for name, value := range object.All() {
		if name == member && (string(value) == "true" || string(value) == "false") {
			dry = dry || string(value) == "true"
		} else if strings.EqualFold(name, member) {
			return false, nil, network.Refuse(network.InvalidValue, "dry_run must be true or false.")
		}
	}
	if !object.Has(member) {
		return false, body, nil
	}
	return dry, object.Without(member), nil
}

// inForm reads the pairs of a form as the networks do: one that has a semicolon is a pair too.
func inForm(body []byte) (dry bool, rest []byte, err error) {
	var others []string
	pairs := strings.Split(string(body), "&")
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if name, err = url.QueryUnescape(name); err != nil {
			return false, body, nil //nolint:nilerr // it is refused by whoever reads the message
		}
		if !strings.EqualFold(name, member) {
			others = append(others, pair)
			continue
		}
		yes := false
		if value, err = url.QueryUnescape(value); err == nil {
			yes, err = isTrue(value, member)
		}
		if err != nil || name != member {
			return false, nil, network.Refuse(network.InvalidValue, "dry_run must be true or false.")
		}
		dry = dry || yes
	}
	if len(others) == len(pairs) {
		return false, body, nil
	}
	return dry, []byte(strings.Join(others, "&")), nil
}
