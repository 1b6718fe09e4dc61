package gateway

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"github.com/guichet-dev/guichet/internal/gateway/admission"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// DryRunHeader asks with the value "true" what a send would mean, without sending. dryRunMember
// does the same in a request's body.
const (
	DryRunHeader = "Guichet-Dry-Run"
	dryRunMember = "dry_run"
)

// asksDryRun tells whether a request to send asks for a dry run, by its header or in its body, and
// returns the body without that. What may be meant as one and is spelled otherwise is refused: the
// message would be sent.
func asksDryRun(r *http.Request, body []byte) (dry bool, rest []byte, err error) {
	byHeader, err := isTrue(r.Header.Get(DryRunHeader), "The header "+DryRunHeader)
	if err != nil {
		return false, nil, err
	}
	byBody, rest, err := dryRunOf(body)
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
func dryRunOf(body []byte) (dry bool, rest []byte, err error) {
	text := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		if !mentionsDryRun(body) {
			return false, body, nil
		}
		return dryRunInObject(body)
	case bytes.HasPrefix(text, []byte("--")):
		if !mentionsDryRun(body) {
			return false, body, nil
		}
		return false, nil, network.Refuse(
			network.InvalidValue, "A body in parts cannot say dry_run. Use the header "+DryRunHeader+".",
		)
	}
	return dryRunInForm(body)
}

// mentionsDryRun tells whether a body may have a member of the name, in whatever case and with
// whatever escapes. It is asked of each send, and allocates nothing.
func mentionsDryRun(body []byte) bool {
	const before, behind = len("dry"), len("_run")
	for i, c := range body {
		switch {
		case c == '\\' && i+1 < len(body) && body[i+1] == 'u':
			return true
		case c == '_' && i >= before && i+behind <= len(body) &&
			strings.EqualFold(string(body[i-before:i+behind]), dryRunMember):
			return true
		}
	}
	return false
}

func dryRunInObject(body []byte) (dry bool, rest []byte, err error) {
	object, err := rawjson.ParseObject(body)
	if err != nil {
		return false, body, nil // it is refused by whoever reads the message
	}
	for name, value := range object.All() {
		if name == dryRunMember && (string(value) == "true" || string(value) == "false") {
			dry = dry || string(value) == "true"
		} else if strings.EqualFold(name, dryRunMember) {
			return false, nil, network.Refuse(network.InvalidValue, "dry_run must be true or false.")
		}
	}
	if !object.Has(dryRunMember) {
		return false, body, nil
	}
	return dry, object.Without(dryRunMember), nil
}

func dryRunInForm(body []byte) (dry bool, rest []byte, err error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return false, body, nil //nolint:nilerr // it is refused by whoever reads the message
	}
	for name, values := range form {
		if !strings.EqualFold(name, dryRunMember) {
			continue
		}
		for _, value := range values {
			yes, err := isTrue(value, "dry_run")
			if err != nil || name != dryRunMember {
				return false, nil, network.Refuse(network.InvalidValue, "dry_run must be true or false.")
			}
			dry = dry || yes
		}
	}
	if !form.Has(dryRunMember) {
		return false, body, nil
	}
	form.Del(dryRunMember)
	return dry, []byte(form.Encode()), nil
}

// forecastError is why a message would be refused: the refusal of a dry run counts as no refused
// message.
type forecastError struct{ error }

// Unwrap returns what the real send would get.
func (e forecastError) Unwrap() error { return e.error }

// forecast answers what a message would mean.
func (g *Gateway) forecast(w http.ResponseWriter, r *http.Request, message *admission.Request) error {
	f, err := g.admission.Forecast(r.Context(), message)
	if err != nil {
		return forecastError{err}
	}
	return writeJSON(w, describeForecast(&f, message.Tenant.Zone))
}
