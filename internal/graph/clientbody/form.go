package clientbody

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/rawjson"
)

// formStart is how a form-encoded body begins.
var formStart = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.%\[\]+-]*=`)

func isForm(body []byte) bool { return formStart.Match(body) }

// formJSON writes a form-encoded body as the JSON object that means the same: Meta's own libraries
// post forms, with objects in them.
func (r *Rules) formJSON(body []byte) (text []byte, problem string) {
	var fields fields
	for pair := range strings.SplitSeq(strings.TrimSpace(string(body)), "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return nil, "The form-encoded body cannot be decoded. Check its percent signs, or send JSON."
		}
		if fields = append(fields, [2]string{name, value}); len(fields) > maxFields {
			return nil, tooManyFields
		}
	}
	return r.fieldsJSON(fields)
}

// IsMultipart tells whether a body begins with the boundary of a form in parts.
func IsMultipart(body []byte) bool { return bytes.HasPrefix(body, []byte("--")) }

// maxBoundary is the greatest length of a boundary. Source: RFC 2046, section 5.1.1.
const maxBoundary = 70

// multipartJSON is formJSON for a form in parts.
func (r *Rules) multipartJSON(body []byte) (text []byte, problem string) {
	fields, problem := parts(body)
	if problem != "" {
		return nil, problem
	}
	return r.fieldsJSON(fields)
}

// boundaryOf is the boundary with which a form in parts begins.
func boundaryOf(body []byte) (boundary string, ok bool) {
	first, _, found := bytes.Cut(body, []byte("\n"))
	boundary = strings.TrimRight(strings.TrimPrefix(string(first), "--"), "\r \t")
	return boundary, found && boundary != "" && len(boundary) <= maxBoundary
}

// parts are the fields of a form in parts. A form with files is a problem.
func parts(body []byte) (list fields, problem string) {
	const unreadable = "The multipart form cannot be read. Check its boundary, or send JSON."
	boundary, ok := boundaryOf(body)
	if !ok {
		return nil, unreadable
	}
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return list, ""
		}
		if err != nil {
			return nil, unreadable
		}
		if part.FileName() != "" {
			return nil, "A file is not taken here. Upload it first and send its id."
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, unreadable
		}
		if list = append(list, [2]string{part.FormName(), string(value)}); len(list) > maxFields {
			return nil, tooManyFields
		}
	}
}

const tooManyFields = "The form has too many fields."

// fields are names and values, in their order.
type fields [][2]string

// fieldsJSON writes the fields of a form as a JSON object. A field that stands twice does so in the
// object too, for whoever reads that to refuse.
func (r *Rules) fieldsJSON(list fields) (text []byte, problem string) {
	out := []byte{'{'}
	for i, f := range list {
		name, value := f[0], f[1]
		switch {
		case !utf8.ValidString(name) || !utf8.ValidString(value):
			return nil, notUTF8
		case strings.Contains(name, "["):
			return nil, "A field of the form is nested with brackets. Write its object as JSON in one field."
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, rawjson.Quote(name)...), ':')
		out = append(out, r.fieldValue(name, value)...)
	}
	return append(out, '}'), ""
}

// fieldValue is a field's value as JSON. A field that holds a text has one, whatever its value
// looks like; another one may be JSON already, also with the single quotes of Meta's own samples.
func (r *Rules) fieldValue(name, value string) []byte {
	if slices.Contains(r.Texts, name) {
		return rawjson.Quote(value)
	}
	if json.Valid([]byte(value)) {
		return []byte(value)
	}
	if double, ok := withDoubleQuotes(value); ok {
		return double
	}
	return rawjson.Quote(value)
}

// withDoubleQuotes reads an object or array that is written with single quotes, such as {'id':'1'}
// or {id:'1'}, as Meta's samples of forms are.
func withDoubleQuotes(text string) ([]byte, bool) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return nil, false
	}
	var out bytes.Buffer
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\'' || c == '"':
			value, length, ok := quoted(text[i:])
			if !ok {
				return nil, false
			}
			out.Write(rawjson.Quote(value))
			i += length
		case isNameStart(c):
			end := i + strings.IndexFunc(text[i:]+" ", func(r rune) bool { return !isNamePart(r) })
			word := text[i:end]
			if rest := strings.TrimLeft(text[end:], " \t\r\n"); strings.HasPrefix(rest, ":") {
				out.Write(rawjson.Quote(word))
			} else {
				out.WriteString(word) // true, false and null; anything else is no JSON
			}
			i = end
		default:
			out.WriteByte(c)
			i++
		}
	}
	return out.Bytes(), json.Valid(out.Bytes())
}

// quoted reads a quoted string at the beginning of a text, and says how long it is there.
func quoted(text string) (value string, length int, ok bool) {
	quote := text[0]
	var inner strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote:
			return unescaped(inner.String(), i+1)
		case c == '\\' && i+1 < len(text):
			if text[i+1] == '\'' {
				inner.WriteByte('\'')
			} else {
				inner.WriteString(text[i : i+2])
			}
			i++
		case c == '"':
			inner.WriteString(`\"`)
		default:
			inner.WriteByte(c)
		}
	}
	return "", 0, false
}

// unescaped reads the inside of a JSON string.
func unescaped(inner string, length int) (value string, n int, ok bool) {
	if err := json.Unmarshal([]byte(`"`+inner+`"`), &value); err != nil {
		return "", 0, false
	}
	return value, length, true
}

func isNameStart(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isNamePart(r rune) bool {
	return r < 0x80 && (isNameStart(byte(r)) || r >= '0' && r <= '9')
}
