package clientbody

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/parameter"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// maxFields is how many members an object may have.
const maxFields = 64

// Rules say what a request's body may be.
type Rules struct {
	// MaxBytes is the largest body.
	MaxBytes int
	// Texts are the fields that hold a text, Others the other ones that decide what the request is.
	Texts, Others []string
	// Fail makes an error of a sentence; nil makes those of the Send API.
	Fail func(sentence string) *graph.Error
}

// Read reads a body that is JSON, a form, or a multipart form without files, and returns it as one
// JSON object without the credentials that clients of the Graph API put into it. Its error is a
// *graph.Error of code 100.
func (r *Rules) Read(body []byte) (raw []byte, object rawjson.Object, err error) {
	raw, object, problem := r.read(body)
	switch {
	case problem == "":
		return raw, object, nil
	case r.Fail == nil:
		return nil, object, malformed(problem)
	}
	return nil, object, r.Fail(problem)
}

// read is Read with a sentence in place of an error.
func (r *Rules) read(body []byte) (raw []byte, object rawjson.Object, problem string) {
	if len(body) > r.MaxBytes {
		return nil, object, r.tooLarge()
	}
	switch {
	case IsMultipart(body):
		body, problem = r.multipartJSON(body)
	case isForm(body):
		body, problem = r.formJSON(body)
	}
	if problem != "" {
		return nil, object, problem
	}
	if object, problem = r.parse(body); problem != "" {
		return nil, object, problem
	}
	credentials, problem := parametersIn(object)
	if len(credentials) == 0 || problem != "" {
		return bytes.Clone(body), object, problem
	}
	body = object.Without(credentials...)
	object, problem = r.parse(body)
	return body, object, problem
}

func (r *Rules) tooLarge() string {
	return fmt.Sprintf("The body is larger than %d bytes. Send media by id or link.", r.MaxBytes)
}

// parse reads a JSON object that every reader reads alike.
func (r *Rules) parse(body []byte) (object rawjson.Object, problem string) {
	switch {
	case len(body) > r.MaxBytes: // a form is longer as JSON
		return object, r.tooLarge()
	case !json.Valid(body):
		return object, whyNotJSON(body)
	case !utf8.Valid(body):
		return object, notUTF8
	}
	object, err := rawjson.ParseObject(body)
	switch {
	case err != nil:
		return object, "The body must be a JSON object."
	case object.Len() > maxFields:
		return object, fmt.Sprintf("The body has more than %d fields.", maxFields)
	}
	if _, ambiguous := object.Ambiguous(); ambiguous {
		return object, "A field stands twice in the body, maybe in another case. Keep one of them."
	}
	if name, found := r.misspelt(object); found {
		return object, "The field " + name + " stands in the body in another case. Write it in lower case."
	}
	return object, ""
}

// parametersIn are the fields by which clients of the Graph API show who they are, which are the
// gateway's and nobody else's. Fields that would make another request of this one are refused.
func parametersIn(body rawjson.Object) (credentials []string, problem string) {
	for name := range body.All() {
		switch {
		case parameter.IsCredential(name):
			credentials = append(credentials, name)
		case parameter.IsControl(name):
			return nil, "The parameters method, ids and batch are not taken: send one message in each request."
		case parameter.IsWebhook(name):
			return nil, "Webhooks come to the gateway, which passes them on: " +
				"remove override_callback_uri and verify_token."
		}
	}
	return credentials, ""
}

// misspelt returns the first field that decides what a request is and stands in another case. A
// reader that disregards case would take it for that field: a message that is metered as one thing
// here would be another one upstream.
func (r *Rules) misspelt(body rawjson.Object) (name string, found bool) {
	for given := range body.All() {
		if !strings.ContainsFunc(given, notLower) {
			continue
		}
		for _, name := range slices.Concat(r.Texts, r.Others) {
			if strings.EqualFold(given, name) {
				return name, true
			}
		}
	}
	return "", false
}

// notLower tells the characters that no field of a request has.
func notLower(r rune) bool { return r >= 'A' && r <= 'Z' || r > unicode.MaxASCII }

func malformed(sentence string) *graph.Error {
	return &graph.Error{
		HTTPStatus: 400, Code: graph.CodeInvalidParameter, Type: "OAuthException", Message: "(#100) " + sentence,
	}
}

const notUTF8 = "The body is not valid UTF-8."

// whyNotJSON says what a body that is no JSON seems to be.
func whyNotJSON(body []byte) string {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return "The body is empty. Send a JSON object or a form."
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return "The body begins with a byte order mark. Send UTF-8 without one."
	case !utf8.Valid(body):
		return notUTF8
	}
	return "The body is not valid JSON. Check quotes, commas and braces, and that it holds one object."
}
