// Package rawjson takes JSON text apart without decoding it: an object becomes
// its members and an array its elements, each still the sender's own bytes.
//
// It exists because a gateway must forward every byte that it does not
// understand, and because encoding/json matches member names without regard to
// case: {"To":…} would be read as "to" here and as an unknown field upstream.
// Names are compared exactly in this package.
//
// The text must have passed json.Valid. Text that has not yields an error or a
// shorter answer, never a panic.
package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// ErrNotObject says that the text is not a JSON object.
var ErrNotObject = errors.New("not a JSON object")

// ErrNotArray says that the text is not a JSON array.
var ErrNotArray = errors.New("not a JSON array")

var errTruncated = errors.New("truncated JSON")

// Object is a JSON object taken apart. The zero Object has no members.
type Object struct {
	text    []byte
	members []member
	// body is the offset just behind the opening brace.
	body int
}

// member is one name, decoded, and the bounds of its value.
type member struct {
	name       []byte
	start, end int
}

// ParseObject takes the object in text apart. It returns ErrNotObject if text
// holds another kind of value.
func ParseObject(text []byte) (Object, error) {
	s := scanner{text: text}
	s.space()
	if !s.take('{') {
		return Object{}, ErrNotObject
	}
	object := Object{text: text, body: s.at, members: make([]member, 0, 8)}
	for {
		s.space()
		if s.take('}') {
			return object, nil
		}
		name, ok := s.name()
		if !ok {
			return Object{}, errTruncated
		}
		start, end, ok := s.value()
		if !ok {
			return Object{}, errTruncated
		}
		object.members = append(object.members, member{name: name, start: start, end: end})
		s.space()
		s.take(',')
	}
}

// Len is the number of members.
func (o Object) Len() int { return len(o.members) }

// All yields the decoded names and raw values in the order of the text.
func (o Object) All() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, m := range o.members {
			if !yield(string(m.name), o.text[m.start:m.end]) {
				return
			}
		}
	}
}

// index returns the place of the last member with the name, or -1.
func (o Object) index(name string) int {
	for i, m := range slices.Backward(o.members) {
		if string(m.name) == name {
			return i
		}
	}
	return -1
}

// Get returns the raw value of the named member, the last one if the name
// stands more than once, and nil if it is absent or null.
func (o Object) Get(name string) []byte {
	i := o.index(name)
	if i < 0 {
		return nil
	}
	value := o.text[o.members[i].start:o.members[i].end]
	if IsNull(value) {
		return nil
	}
	return value
}

// Has tells whether the member is there, null or not.
func (o Object) Has(name string) bool { return o.index(name) >= 0 }

// Around returns the object's text before and behind the value of the named member, and false if
// there is no such member.
func (o Object) Around(name string) (before, behind []byte, ok bool) {
	i := o.index(name)
	if i < 0 {
		return nil, nil, false
	}
	return o.text[:o.members[i].start], o.text[o.members[i].end:], true
}

// Ambiguous returns the first name that another member has too, in the same or
// in another case. Readers disagree about such an object: one takes the first
// member, one the last, and encoding/json takes "To" for "to".
// The time is quadratic in the number of members: bound Len first.
func (o Object) Ambiguous() (name string, ambiguous bool) {
	for i := range o.members {
		for j := range i {
			if bytes.EqualFold(o.members[j].name, o.members[i].name) {
				return string(o.members[i].name), true
			}
		}
	}
	return "", false
}

// Member is a named value.
type Member struct {
	Name  string
	Value []byte
}

// Set returns the text of the object with the named member holding value, every other byte
// unchanged. A member that is not there yet comes first.
func (o Object) Set(name string, value []byte) []byte {
	return o.With(Member{name, value})
}

// With is Set for several members, no two of one name. Those that are not there yet come first, in
// the order given.
func (o Object) With(changes ...Member) []byte {
	out := append(make([]byte, 0, len(o.text)+sizeOf(changes)), o.text[:o.body]...)
	out = o.appendNew(out, changes, len(o.members) > 0)
	at := o.body
	for i, m := range o.members {
		if value, changed := o.change(i, changes); changed {
			out = append(append(out, o.text[at:m.start]...), value...)
			at = m.end
		}
	}
	return append(out, o.text[at:]...)
}

// Without returns the text of the object without the named members. The other members keep their
// text and order; the space between them is not kept.
func (o Object) Without(names ...string) []byte {
	return o.Edit(nil, names...)
}

// Edit is With and Without at once. Where no member is left out, it is With.
func (o Object) Edit(changes []Member, without ...string) []byte {
	if len(changes) > 0 && !slices.ContainsFunc(without, o.Has) {
		return o.With(changes...)
	}
	out := append(make([]byte, 0, len(o.text)+sizeOf(changes)), '{')
	out = o.appendNew(out, changes, false)
	for i, m := range o.members {
		if slices.Contains(without, string(m.name)) {
			continue
		}
		value, changed := o.change(i, changes)
		if !changed {
			value = o.text[m.start:m.end]
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = appendMember(out, string(m.name), value)
	}
	return append(out, '}')
}

// change is the value that member i is to have, if that is another one. Of members of one name the
// last one counts.
func (o Object) change(i int, changes []Member) (value []byte, changed bool) {
	for _, c := range changes {
		if c.Name == string(o.members[i].name) && o.index(c.Name) == i {
			return c.Value, true
		}
	}
	return nil, false
}

// appendNew appends the changes that are no members yet, and a comma behind the last one if more
// follows.
func (o Object) appendNew(out []byte, changes []Member, more bool) []byte {
	separate := false
	for _, c := range changes {
		if o.Has(c.Name) {
			continue
		}
		if separate {
			out = append(out, ',')
		}
		out, separate = appendMember(out, c.Name, c.Value), true
	}
	if separate && more {
		out = append(out, ',')
	}
	return out
}

func appendMember(out []byte, name string, value []byte) []byte {
	out = append(append(out, Quote(name)...), ':')
	return append(out, value...)
}

func sizeOf(changes []Member) (size int) {
	for _, c := range changes {
		size += len(c.Name) + len(c.Value) + len(`"":,`)
	}
	return size
}

// Elements takes the array in text apart. It returns ErrNotArray if text holds
// another kind of value.
func Elements(text []byte) ([][]byte, error) {
	s := scanner{text: text}
	s.space()
	if !s.take('[') {
		return nil, ErrNotArray
	}
	var elements [][]byte
	for {
		s.space()
		if s.take(']') {
			return elements, nil
		}
		start, end, ok := s.value()
		if !ok {
			return nil, errTruncated
		}
		elements = append(elements, text[start:end])
		s.space()
		s.take(',')
	}
}

// String returns the decoded string in text, and false if text holds another
// kind of value or nothing.
func String(text []byte) (string, bool) {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return "", false
	}
	inner := text[1 : len(text)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return strings.ToValidUTF8(string(inner), "\uFFFD"), true
	}
	var decoded string
	if json.Unmarshal(text, &decoded) != nil {
		return "", false
	}
	return decoded, true
}

// Quote returns s as a JSON string. It cannot fail: bytes that are not UTF-8 become U+FFFD.
func Quote(s string) []byte {
	if isPlain(s) {
		quoted := append(make([]byte, 0, len(s)+2), '"')
		return append(append(quoted, s...), '"')
	}
	quoted, err := Marshal(s)
	if err != nil {
		return []byte(`""`)
	}
	return quoted
}

// Marshal is json.Marshal without the escapes for HTML: Meta writes <, > and & as they are, and
// whoever encodes a decoded text again must come to the same bytes.
func Marshal(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// isPlain tells whether a text needs no escape.
func isPlain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c >= utf8.RuneSelf, c == '"', c == '\\':
			return false
		}
	}
	return true
}

// Canonical returns the one spelling of a JSON text: members in the order of
// their names, no space, each character in its shortest form. Numbers are kept
// as they are written. It returns text itself if that is not valid JSON.
func Canonical(text []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return text
	}
	canonical, err := json.Marshal(value)
	if err != nil {
		return text
	}
	return canonical
}

// IsNull tells whether text is the JSON null.
func IsNull(text []byte) bool { return string(text) == "null" }
