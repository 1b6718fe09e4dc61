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

// dryRunOf reads dry_run in a body, which is a JSON object, parts, or a form.
func inBody(body []byte) (dry bool, rest []byte, err error) {
	text := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		if !mentions(body) {
			return false, body, nil
		}
		return inObject(body)
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

// mentions tells whether a body may have a member of the name, in whatever case and with
// whatever escapes. It is asked of each send, and allocates nothing.
func mentions(body []byte) bool {
	const before, behind = len("dry"), len("_run")
	for i, c := range body {
		switch {
		case c == '\\' && i+1 < len(body) && body[i+1] == 'u':
			return true
		case c == '_' && i >= before && i+behind <= len(body) &&
			strings.EqualFold(string(body[i-before:i+behind]), member):
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

func inForm(body []byte) (dry bool, rest []byte, err error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return false, body, nil //nolint:nilerr // it is refused by whoever reads the message
	}
	for name, values := range form {
		if !strings.EqualFold(name, member) {
			continue
		}
		for _, value := range values {
			yes, err := isTrue(value, "dry_run")
			if err != nil || name != member {
				return false, nil, network.Refuse(network.InvalidValue, "dry_run must be true or false.")
			}
			dry = dry || yes
		}
	}
	if !form.Has(member) {
		return false, body, nil
	}
	form.Del(member)
	return dry, []byte(form.Encode()), nil
}
