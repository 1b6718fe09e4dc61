package request

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/graph/parameter"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// maxFields is how many members an object may have.
const maxFields = 64

// sendObject bounds and validates the body before anything is read from it, and returns it as JSON
// without the credentials that clients of the Graph API put into it.
func sendObject(body []byte) ([]byte, rawjson.Object, error) {
	none := rawjson.Object{}
	var err error
	switch {
	case len(body) > MaxBody:
	case form.Match(body):
		body, err = formJSON(body)
	case clientbody.IsMultipart(body):
		body, err = multipartJSON(body)
	}
	if err != nil {
		return nil, none, err
	}
	switch {
	case len(body) > MaxBody:
		return nil, none, malformed(fmt.Sprintf(
			"The body is larger than %d bytes. Send media by id or link.", MaxBody,
		))
	case !json.Valid(body):
		return nil, none, malformed(whyNotJSON(body))
	case !utf8.Valid(body):
		return nil, none, malformed(notUTF8)
	}
	object, err := rawjson.ParseObject(body)
	switch {
	case err != nil:
		return nil, none, malformed("The body must be a JSON object.")
	case object.Len() > maxFields:
		return nil, none, malformed(fmt.Sprintf("The body has more than %d fields.", maxFields))
	}
	if _, ambiguous := object.Ambiguous(); ambiguous {
		return nil, none, malformed("A field stands twice in the body, maybe in another case. Keep one of them.")
	}
	if name, found := misspelt(object); found {
		return nil, none, malformed(
			"The field " + name + " stands in the body in another case. Write it in lower case.",
		)
	}
	credentials, err := parametersIn(object)
	if err != nil {
		return nil, none, err
	}
	if len(credentials) > 0 {
		return object.Without(credentials...), object, nil
	}
	return bytes.Clone(body), object, nil
}

// parametersIn are the fields by which clients of the Graph API show who they are, which are the
// gateway's and nobody else's. Fields that would make another request of this one are refused.
func parametersIn(body rawjson.Object) (credentials []string, err error) {
	for name := range body.All() {
		switch {
		case parameter.IsCredential(name):
			credentials = append(credentials, name)
		case parameter.IsControl(name):
			return nil, malformed(
				"The parameters method, ids and batch are not taken: send one message in each request.",
			)
		case parameter.IsWebhook(name):
			return nil, malformed("Webhooks come to the gateway, which passes them on: " +
				"remove override_callback_uri and verify_token.")
		}
	}
	return credentials, nil
}

func malformed(details string) *graph.Error {
	return graph.NewError(graph.CodeInvalidParameter, details)
}

const notUTF8 = "The body is not valid UTF-8."

// whyNotJSON says what a body that is no JSON seems to be.
func whyNotJSON(body []byte) string {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return "The body is empty. Send a JSON object."
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return "The body begins with a byte order mark. Send UTF-8 without one."
	case !utf8.Valid(body):
		return notUTF8
	}
	return "The body is not valid JSON. Check quotes, commas and braces, and that it holds one object."
}

// misspelt returns the first field that decides what a request is and stands in
// another case. A reader that disregards case would take it for that field: a
// message that is metered as one thing here would be another one upstream.
func misspelt(body rawjson.Object) (name string, found bool) {
	for given := range body.All() {
		if !strings.ContainsFunc(given, notLower) {
			continue
		}
		for _, name := range decisive {
			if strings.EqualFold(given, name) {
				return name, true
			}
		}
	}
	return "", false
}

// notLower tells the characters that no field of a request has.
func notLower(r rune) bool { return r >= 'A' && r <= 'Z' || r > unicode.MaxASCII }

// decisive are the fields of a request that are read here.
var decisive = slices.Concat(textFields, []string{
	"context", "typing_indicator", "ttl_seconds",
	TypeText, TypeTemplate, TypeImage, TypeVideo, TypeAudio, TypeDocument, TypeSticker, TypeLocation, TypeContacts,
	TypeInteractive, TypeReaction,
})

// textFields are those of them that hold a text.
var textFields = []string{
	"messaging_product", "recipient_type", "to", "recipient", "type", "biz_opaque_callback_data", "category", "status",
	"message_id",
}
