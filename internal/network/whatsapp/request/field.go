package request

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// field is a value of a request with its path, by which errors name it.
type field struct {
	path string
	raw  []byte // nil if it is absent or null
}

// object is an object of a request with its path.
type object struct {
	path    string
	members rawjson.Object
}

// absent tells whether the field is not there.
func (f field) absent() bool { return f.raw == nil }

// object reads an object that every reader reads alike: no name twice.
func (f field) object() (object, error) {
	if f.absent() {
		return object{}, missing(f.path, "an object")
	}
	members, err := rawjson.ParseObject(f.raw)
	if err != nil {
		return object{}, invalid(f.path, "must be an object")
	}
	if members.Len() > maxFields {
		return object{}, invalid(f.path, fmt.Sprintf("must have at most %d fields", maxFields))
	}
	if _, ambiguous := members.Ambiguous(); ambiguous {
		return object{}, graph.NewError(graph.CodeInvalidParameter,
			"A field stands twice in "+f.path+", maybe in another case. Keep one of them.")
	}
	return object{path: f.path, members: members}, nil
}

// list reads an array of least to most elements.
func (f field) list(least, most int) ([]field, error) {
	if f.absent() {
		return nil, missing(f.path, fmt.Sprintf("an array with %d to %d entries", least, most))
	}
	elements, err := rawjson.Elements(f.raw)
	if err != nil {
		return nil, invalid(f.path, "must be an array")
	}
	if len(elements) < least || len(elements) > most {
		return nil, invalid(f.path, fmt.Sprintf("must have %d to %d entries and has %d", least, most, len(elements)))
	}
	fields := make([]field, len(elements))
	for i, element := range elements {
		fields[i] = field{path: fmt.Sprintf("%s[%d]", f.path, i), raw: element}
	}
	return fields, nil
}

// text reads a string of least to most characters; a field that may be empty may
// be absent too.
func (f field) text(least, most int) (string, error) {
	if f.absent() {
		if least == 0 {
			return "", nil
		}
		return "", missing(f.path, fmt.Sprintf("%d to %d characters", least, most))
	}
	value, ok := rawjson.String(f.raw)
	if !ok {
		return "", invalid(f.path, "must be a string")
	}
	if n := utf8.RuneCountInString(value); n < least || n > most {
		return "", invalid(f.path, fmt.Sprintf("must have %d to %d characters and has %d", least, most, n))
	}
	return value, nil
}

// checkLabel checks what a customer taps: a text of 1 to most characters that is not blank.
func (f field) checkLabel(most int) error {
	value, err := f.text(1, most)
	if err == nil && strings.TrimSpace(value) == "" {
		return invalid(f.path, "must not be blank")
	}
	return err
}

// oneOf checks that the field is a string that is one of some words.
func (f field) oneOf(words ...string) error {
	value, ok := rawjson.String(f.raw)
	switch {
	case f.absent():
		return missing(f.path, clientbody.Alternatives(words))
	case !ok || !slices.Contains(words, value):
		return invalid(f.path, "must be "+clientbody.Alternatives(words))
	}
	return nil
}

// number checks a whole number of the given size, as a number or a string; it may be absent.
func (f field) number(least, most int) error {
	if f.absent() {
		return nil
	}
	text, quoted := rawjson.String(f.raw)
	if !quoted {
		text = string(f.raw)
	}
	if n, err := strconv.Atoi(text); err != nil || n < least || n > most {
		return invalid(f.path, fmt.Sprintf("must be a whole number from %d to %d", least, most))
	}
	return nil
}

// degrees reads a coordinate, as a number or a string, of at most the given size.
func (f field) degrees(most float64) error {
	if f.absent() {
		return missing(f.path, "degrees as a decimal number")
	}
	text, quoted := rawjson.String(f.raw)
	if !quoted {
		text = string(f.raw)
	}
	if value, err := strconv.ParseFloat(text, 64); err != nil || !(value >= -most && value <= most) {
		return invalid(f.path, fmt.Sprintf("must be a decimal number from %g to %g", -most, most))
	}
	return nil
}

func (o object) at(name string) field {
	return field{path: o.path + "." + name, raw: o.members.Get(name)}
}

// medium checks an object that names a file by id or by link.
func (o object) medium() error {
	id, link := o.at("id"), o.at("link")
	for _, f := range []field{id, link} {
		if _, err := f.text(0, MaxBody); err != nil {
			return err
		}
	}
	idValue, _ := rawjson.String(id.raw)
	linkValue, _ := rawjson.String(link.raw)
	switch {
	case (idValue == "") == (linkValue == ""):
		return graph.NewError(graph.CodeInvalidParameter, o.path+" must give exactly one of id and link.")
	case linkValue != "":
		return absoluteURL(link.path, linkValue)
	}
	return nil
}

// place checks an object that names a place by its coordinates.
func (o object) place() error {
	if err := o.at("latitude").degrees(90); err != nil {
		return err
	}
	return o.at("longitude").degrees(180)
}

// absoluteURL wants what the upstream can fetch, or the customer open.
func absoluteURL(path, text string) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "" {
		return invalid(path, "must be an absolute URL that begins with http:// or https://")
	}
	return nil
}
