package replay

import (
	"bytes"
	"time"
)

// scan reads an object of plain strings, lists of them, true, false and digits, as recorders write
// it, several times faster than the standard library and without allocating. For anything else it
// returns false, and decode reads the line: escapes, nesting, null, unknown or repeated fields,
// text other than ASCII, or a mistake.
func scan(text []byte, e *Event) bool {
	*e = Event{AlsoKnownAs: e.AlsoKnownAs[:0]}
	s := scanner{rest: text}
	if !s.next('{') {
		return false
	}
	seen := 0
	for {
		name, ok := s.text()
		if !ok || !s.next(':') {
			return false
		}
		field, ok := s.field(name, e)
		if !ok || seen&field != 0 {
			return false
		}
		seen |= field
		if s.next(',') {
			continue
		}
		return s.next('}') && s.atEnd()
	}
}

type scanner struct{ rest []byte }

func (s *scanner) space() {
	for len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\t' || s.rest[0] == '\r' || s.rest[0] == '\n') {
		s.rest = s.rest[1:]
	}
}

// next consumes the mark if it comes next.
func (s *scanner) next(mark byte) bool {
	s.space()
	if len(s.rest) == 0 || s.rest[0] != mark {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *scanner) atEnd() bool {
	s.space()
	return len(s.rest) == 0
}

// text consumes a string without escapes.
func (s *scanner) text() ([]byte, bool) {
	if !s.next('"') {
		return nil, false
	}
	end := bytes.IndexByte(s.rest, '"')
	if end < 0 {
		return nil, false
	}
	text := s.rest[:end]
	for _, c := range text {
		if c < ' ' || c > '~' || c == '\\' {
			return nil, false
		}
	}
	s.rest = s.rest[end+1:]
	return text, true
}

// field consumes the value of a field and returns the field as a bit.
func (s *scanner) field(name []byte, e *Event) (bit int, ok bool) {
	switch string(name) {
	case "time":
		e.Time, ok = s.time()
		return 1 << 0, ok
	case "type":
		var text []byte
		text, ok = s.text()
		e.Type = typeOf(text)
		return 1 << 1, ok
	case "id":
		e.ID, ok = s.text()
		return 1 << 2, ok
	case "channel":
		e.Channel, ok = s.text()
		return 1 << 3, ok
	case "customer":
		e.Customer, ok = s.text()
		return 1 << 4, ok
	case "kind":
		e.Kind, ok = s.text()
		return 1 << 5, ok
	case "category":
		e.Category, ok = s.text()
		return 1 << 6, ok
	case "status":
		e.Status, ok = s.text()
		return 1 << 7, ok
	case "entryPoint":
		e.FromEntry, ok = s.bool()
		return 1 << 8, ok
	case "units":
		e.Units, ok = s.digits()
		return 1 << 9, ok
	case "group":
		e.Group, ok = s.text()
		return 1 << 10, ok
	case "alsoKnownAs":
		e.AlsoKnownAs, ok = s.texts(e.AlsoKnownAs)
		return 1 << 11, ok
	}
	return 0, false
}

// texts consumes a list of strings without escapes, and appends them.
func (s *scanner) texts(list [][]byte) ([][]byte, bool) {
	if !s.next('[') {
		return list, false
	}
	if s.next(']') {
		return list, true
	}
	for {
		text, ok := s.text()
		if !ok {
			return list, false
		}
		list = append(list, text)
		if !s.next(',') {
			return list, s.next(']')
		}
	}
}

func (s *scanner) bool() (value, ok bool) {
	s.space()
	for _, word := range [...]string{"true", "false"} {
		if rest, found := bytes.CutPrefix(s.rest, []byte(word)); found {
			s.rest = rest
			return word == "true", true
		}
	}
	return false, false
}

// digits consumes a whole number of up to 15 digits without a leading zero.
func (s *scanner) digits() (int64, bool) {
	s.space()
	var value int64
	n := 0
	for n < len(s.rest) && '0' <= s.rest[n] && s.rest[n] <= '9' {
		value = value*10 + int64(s.rest[n]-'0')
		n++
		if n > 15 {
			return 0, false
		}
	}
	if n == 0 || s.rest[0] == '0' || n < len(s.rest) && s.rest[n] != ',' && s.rest[n] != '}' && s.rest[n] != ' ' {
		return 0, false
	}
	s.rest = s.rest[n:]
	return value, true
}

func (s *scanner) time() (time.Time, bool) {
	text, ok := s.text()
	if !ok {
		return time.Time{}, false
	}
	instant, err := time.Parse(time.RFC3339, string(text))
	return instant, err == nil
}
