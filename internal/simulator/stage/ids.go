package stage

import (
	"encoding/base64"
	"fmt"
	"strconv"
)

// next counts the ids of a scene.
func (s *Scene) next() uint64 {
	s.ids++
	return s.ids
}

// MessageID makes an id of a message, after the prefix that its network uses. It is unique: one
// half comes from the seed, the rest is counted.
func (s *Scene) MessageID(prefix string) string {
	return prefix + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "HBgM%08X%012X", s.Prefix, s.next()))
}

// ObjectID makes the number of a template or of another object.
func (s *Scene) ObjectID() string {
	return strconv.FormatUint(1_000_000_000_000_000+uint64(s.Prefix)*1_000_000+s.next(), 10)
}

// TraceID makes the fbtrace_id of an error.
func (s *Scene) TraceID() string {
	return "A" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%04X%08X", s.Prefix&0xFFFF, s.next()))
}
