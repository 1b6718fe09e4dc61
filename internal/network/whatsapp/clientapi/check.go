package clientapi

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/parameter"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Parameters that are named more than once.
const (
	paramFields  = "fields"
	paramProduct = "messaging_product"
	paramLimit   = "limit"
	paramAfter   = "after"
	paramBefore  = "before"
	paramClone   = "clone_flow_id"
	paramApp     = "application_id"
)

const (
	// maxMembers bounds the fields of a body, maxValue a parameter in bytes.
	maxMembers = 100
	maxValue   = 4 << 10
)

// checkName refuses a parameter by which the Graph API would do something else than the method and
// path say, or send webhooks past the gateway.
func checkName(name string) error {
	switch {
	case parameter.IsControl(name):
		return graph.NewError(graph.CodeInvalidParameter,
			"The parameters method, ids and batch are not taken: make one request for each object, with its method.")
	case parameter.IsWebhook(name):
		return network.Refuse(network.Forbidden,
			"Webhooks come to the gateway, which passes them on: write spec.callback of the BusinessAccount.")
	}
	return nil
}

// parameters are those of the request's query that its rule passes on. Others are left out, as the
// Graph API leaves out what it does not know.
func (c *call) parameters() (url.Values, error) {
	query := url.Values{}
	for name, values := range c.Query {
		if name != paramProduct && !slices.Contains(c.rule.query, name) {
			continue
		}
		if len(values) != 1 || len(values[0]) > maxValue {
			return nil, graph.NewError(graph.CodeInvalidParameter,
				fmt.Sprintf("%s must stand once, with at most %d bytes.", name, maxValue))
		}
		query.Set(name, values[0])
	}
	fields, err := c.fields(c.rule.fields)
	if err != nil {
		return nil, err
	}
	if len(fields) > 0 {
		query.Set(paramFields, strings.Join(fields, ","))
	}
	return query, nil
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// maxName bounds the names that are repeated in a refusal, in characters.
const maxName = 64

// isPlain tells whether a name may be repeated in a refusal.
func isPlain(name string) bool { return len(name) <= maxName && plainName.MatchString(name) }

// fields are those that the request asks for; nil if it does not say. Only those that may be read
// can be: fields of fields could belong to another object.
func (c *call) fields(readable []string) ([]string, error) {
	if len(readable) == 0 {
		return nil, nil
	}
	text := strings.Join(c.Query[paramFields], ",")
	if len(text) > maxValue {
		return nil, graph.NewError(graph.CodeInvalidParameter, "fields is too long.")
	}
	var fields []string
	for field := range strings.SplitSeq(text, ",") {
		field = strings.TrimSpace(field)
		if field == "" || slices.Contains(fields, field) {
			continue
		}
		if !slices.Contains(readable, field) {
			if !isPlain(field) {
				field = "A field of another object"
			}
			return nil, graph.NewError(graph.CodeInvalidParameter,
				field+" cannot be read of this object here. The fields that can are: "+strings.Join(readable, ", ")+".")
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// content is the request's body as it is passed on, with its type. One in JSON keeps its bytes,
// unless it held a token.
func (c *call) content() (kind string, body []byte, err error) {
	if len(c.Body) == 0 || c.Method == http.MethodGet {
		return "", nil, nil
	}
	kind, parameters, err := mime.ParseMediaType(c.ContentType)
	if err != nil {
		kind = ""
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		return c.form()
	case "multipart/form-data":
		return c.multipart(parameters["boundary"])
	default: // clients forget the header
		body, err := c.object()
		return "application/json", body, err
	}
}

// fieldName is what the name of a field of a body may look like. What else there is, parsers read
// in ways of their own.
var fieldName = regexp.MustCompile(`^[A-Za-z0-9_]+(\[[A-Za-z0-9_]*\])*$`)

// checkField checks a field of a body, and remembers which flow and which app it names.
func (c *call) checkField(name, value string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if !fieldName.MatchString(name) {
		return graph.NewError(graph.CodeInvalidParameter,
			"The name of a field of the body must have letters, digits and underscores only.")
	}
	if parameter.Bare(name) == paramFields || c.rule.only != nil && !slices.Contains(c.rule.only, name) {
		if !isPlain(name) {
			name = "A field of the body"
		}
		return graph.NewError(graph.CodeInvalidParameter, fmt.Sprintf(
			"%s is not passed on here. The body may have: %s.", name, strings.Join(c.rule.only, ", ")))
	}
	switch name {
	case paramClone:
		c.clonedFlow = &value
	case paramApp:
		c.app = &value
	}
	return nil
}

// isList tells whether a field of a form may stand in it several times.
func isList(name string) bool { return strings.HasSuffix(name, "[]") }

func errTwice() error {
	return graph.NewError(graph.CodeInvalidParameter, "A field stands in the body twice. Send it once.")
}

// object is a body in JSON.
func (c *call) object() ([]byte, error) {
	notObject := graph.NewError(graph.CodeInvalidParameter, "The body must be a JSON object.")
	if !json.Valid(c.Body) {
		return nil, notObject
	}
	object, err := rawjson.ParseObject(c.Body)
	if err != nil || object.Len() > maxMembers {
		return nil, notObject
	}
	if _, ambiguous := object.Ambiguous(); ambiguous {
		return nil, errTwice()
	}
	var credentials []string
	for name, raw := range object.All() {
		if parameter.IsCredential(name) {
			credentials = append(credentials, name)
			continue
		}
		value, isString := rawjson.String(raw)
		if !isString { // such as an id that is written as a number
			value = string(raw)
		}
		if err := c.checkField(name, value); err != nil {
			return nil, err
		}
	}
	if len(credentials) > 0 {
		return object.Edit(nil, credentials...), nil
	}
	return c.Body, nil
}

// form is a body in the form of a query.
func (c *call) form() (kind string, body []byte, err error) {
	values, err := url.ParseQuery(string(c.Body))
	if err != nil || len(values) > maxMembers {
		return "", nil, graph.NewError(graph.CodeInvalidParameter, "The body cannot be read as a form.")
	}
	for name, given := range values {
		if parameter.IsCredential(name) {
			delete(values, name)
			continue
		}
		if len(given) > 1 && !isList(name) {
			return "", nil, errTwice()
		}
		if err := c.checkField(name, given[0]); err != nil {
			return "", nil, err
		}
	}
	return "application/x-www-form-urlencoded", []byte(values.Encode()), nil
}
