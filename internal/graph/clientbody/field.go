package clientbody

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Field is a value of a request with its path, by which errors name it. Errors name the field and
// never its value; they are *graph.Error of code 100.
type Field struct {
	path string
	raw  []byte // nil if it is absent or null
}

// At is a field of a request's outermost object.
func At(object rawjson.Object, name string) Field { return Field{path: name, raw: object.Get(name)} }

// Object is an object of a request with its path.
type Object struct {
	rawjson.Object
	path string
}

// At is a field of the object.
func (o Object) At(name string) Field { return Field{path: o.path + "." + name, raw: o.Get(name)} }

// Fail is an error about the object as a whole.
func (o Object) Fail(rule string) error { return Field{path: o.path}.Fail(rule) }

// Absent tells whether the field is not there, or null.
func (f Field) Absent() bool { return f.raw == nil }

// Raw is the field's JSON; nil if it is absent.
func (f Field) Raw() []byte { return f.raw }

// Fail is an error about the field: the rule goes on behind its path, such as "must be a string".
func (f Field) Fail(rule string) error { return malformed(f.path + " " + rule + ".") }

// Missing is an error about a field that is not there.
func (f Field) Missing(what string) error {
	return malformed(f.path + " is missing: give " + what + ".")
}

// Object reads an object that every reader reads alike: no name twice.
func (f Field) Object() (Object, error) {
	if f.Absent() {
		return Object{}, f.Missing("an object")
	}
	members, err := rawjson.ParseObject(f.raw)
	if err != nil {
		return Object{}, f.Fail("must be an object")
	}
	if members.Len() > maxFields {
		return Object{}, f.Fail(fmt.Sprintf("must have at most %d fields", maxFields))
	}
	if _, ambiguous := members.Ambiguous(); ambiguous {
		return Object{}, malformed("A field stands twice in " + f.path + ", maybe in another case. Keep one of them.")
	}
	return Object{Object: members, path: f.path}, nil
}

// List reads an array of least to most elements.
func (f Field) List(least, most int) ([]Field, error) {
	if f.Absent() {
		if least == 0 {
			return nil, nil
		}
		return nil, f.Missing(fmt.Sprintf("an array with %d to %d entries", least, most))
	}
	elements, err := rawjson.Elements(f.raw)
	if err != nil {
		return nil, f.Fail("must be an array")
	}
	if len(elements) < least || len(elements) > most {
		return nil, f.Fail(fmt.Sprintf("must have %d to %d entries and has %d", least, most, len(elements)))
	}
	fields := make([]Field, len(elements))
	for i, element := range elements {
		fields[i] = Field{path: fmt.Sprintf("%s[%d]", f.path, i), raw: element}
	}
	return fields, nil
}

// Text reads a string of least to most characters; a field that may be empty may be absent too.
func (f Field) Text(least, most int) (string, error) {
	if f.Absent() {
		if least == 0 {
			return "", nil
		}
		return "", f.Missing(fmt.Sprintf("%d to %d characters", least, most))
	}
	value, ok := rawjson.String(f.raw)
	if !ok {
		return "", f.Fail("must be a string")
	}
	if n := utf8.RuneCountInString(value); n < least || n > most {
		return "", f.Fail(fmt.Sprintf("must have %d to %d characters and has %d", least, most, n))
	}
	return value, nil
}

// ID reads an id, which clients write as a string or as a number.
func (f Field) ID(most int) (string, error) {
	if f.Absent() {
		return "", f.Missing("an id")
	}
	value, ok := rawjson.String(f.raw)
	if !ok {
		if _, err := strconv.ParseUint(string(f.raw), 10, 64); err != nil {
			return "", f.Fail("must be an id, in quotes")
		}
		value = string(f.raw)
	}
	if value == "" || len(value) > most || strings.ContainsAny(value, " \t\r\n") {
		return "", f.Fail(fmt.Sprintf("must be an id of at most %d characters", most))
	}
	return value, nil
}

// OneOf reads a string that is one of some words.
func (f Field) OneOf(words ...string) (string, error) {
	value, ok := rawjson.String(f.raw)
	switch {
	case f.Absent():
		return "", f.Missing(Alternatives(words))
	case !ok || !slices.Contains(words, value):
		return "", f.Fail("must be " + Alternatives(words))
	}
	return value, nil
}

// Number reads a whole number of the given size, as a number or a string.
func (f Field) Number(least, most int) (int, error) {
	text, isQuoted := rawjson.String(f.raw)
	if !isQuoted {
		text = string(f.raw)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, f.Fail(fmt.Sprintf("must be a whole number from %d to %d", least, most))
	}
	return n, nil
}

// URL reads what the upstream can fetch, or the customer open.
func (f Field) URL(most int) error {
	text, err := f.Text(1, most)
	if err != nil {
		return err
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "" {
		return f.Fail("must be an absolute URL that begins with http:// or https://")
	}
	return nil
}

// Alternatives writes words as a choice: "a", "b" or "c".
func Alternatives(words []string) string {
	var choice strings.Builder
	for i, word := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			choice.WriteString(" or ")
		default:
			choice.WriteString(", ")
		}
		choice.WriteString(strconv.Quote(word))
	}
	return choice.String()
}
