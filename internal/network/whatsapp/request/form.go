package request

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// form is how a form-encoded body begins.
var form = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.%\[\]+-]*=`)

// formJSON writes a form-encoded body as the JSON object that means the same: Meta's own libraries
// post forms, with objects as JSON in them.
func formJSON(body []byte) ([]byte, error) {
	var fields [][2]string
	for pair := range strings.SplitSeq(strings.TrimSpace(string(body)), "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return nil, malformed("The form-encoded body cannot be decoded. Check its percent signs, or send JSON.")
		}
		if fields = append(fields, [2]string{name, value}); len(fields) > maxFields {
			break
		}
	}
	return fieldsJSON(fields)
}

// multipartJSON is formJSON for a form in parts.
func multipartJSON(body []byte) ([]byte, error) {
	fields, problem := clientbody.Parts(body)
	if problem != "" {
		return nil, malformed(problem)
	}
	return fieldsJSON(fields)
}

// fieldsJSON writes the fields of a form as a JSON object. A field that stands twice does so in the
// object too, for whoever reads that to refuse.
func fieldsJSON(fields [][2]string) ([]byte, error) {
	if len(fields) > maxFields {
		return nil, malformed("The form has too many fields.")
	}
	out := []byte{'{'}
	for i, field := range fields {
		name, value := field[0], field[1]
		switch {
		case !utf8.ValidString(name) || !utf8.ValidString(value):
			return nil, malformed(notUTF8)
		case strings.Contains(name, "["):
			return nil, malformed("A field of the form is nested with brackets. Write its object as JSON in one field.")
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, rawjson.Quote(name)...), ':')
		out = append(out, formValue(name, value)...)
	}
	return append(out, '}'), nil
}

// formValue is a field's value as JSON. A field that holds a text has one, whatever its value looks
// like; another one may be JSON already.
func formValue(name, value string) []byte {
	if !slices.Contains(textFields, name) && json.Valid([]byte(value)) {
		return []byte(value)
	}
	return rawjson.Quote(value)
}
