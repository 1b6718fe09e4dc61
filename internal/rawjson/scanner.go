package rawjson

import "bytes"

// scanner is a cursor over valid JSON text.
type scanner struct {
	text []byte
	at   int
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) take(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// name reads a member's name and the colon behind it.
func (s *scanner) name() ([]byte, bool) {
	start := s.at
	if !s.skipString() {
		return nil, false
	}
	quoted := s.text[start:s.at]
	name := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		decoded, ok := String(quoted)
		if !ok {
			return nil, false
		}
		name = []byte(decoded)
	}
	s.space()
	return name, s.take(':')
}

// value skips one value and returns its bounds.
func (s *scanner) value() (start, end int, ok bool) {
	s.space()
	start = s.at
	if s.at >= len(s.text) {
		return 0, 0, false
	}
	switch s.text[s.at] {
	case '"':
		ok = s.skipString()
	case '{', '[':
		ok = s.skipNested()
	default:
		ok = s.skipScalar()
	}
	return start, s.at, ok
}

// skipString goes from quote to quote: one ends the string unless an odd number
// of backslashes stands before it.
func (s *scanner) skipString() bool {
	if !s.take('"') {
		return false
	}
	for {
		next := bytes.IndexByte(s.text[s.at:], '"')
		if next < 0 {
			s.at = len(s.text)
			return false
		}
		start, end := s.at, s.at+next
		s.at = end + 1
		backslashes := 0
		for end-backslashes > start && s.text[end-backslashes-1] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return true
		}
	}
}

func (s *scanner) skipNested() bool {
	depth := 0
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '"':
			if !s.skipString() {
				return false
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.at++
		if depth == 0 {
			return true
		}
	}
	return false
}

func (s *scanner) skipScalar() bool {
	start := s.at
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ',', '}', ']', ' ', '\t', '\r', '\n':
			return s.at > start
		}
		s.at++
	}
	return s.at > start
}
