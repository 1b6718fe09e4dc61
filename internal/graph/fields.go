package graph

import (
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph/rawjson"
)

// The readers below take a member as a tolerant reader wants it: what is absent
// or of another type is the zero value.

// text reads a string; a number is taken as it is written, because ids have
// come both ways.
func text(object rawjson.Object, name string) string {
	raw := object.Get(name)
	if s, ok := rawjson.String(raw); ok {
		return s
	}
	if isNumber(raw) {
		return string(raw)
	}
	return ""
}

// child reads an object.
func child(object rawjson.Object, name string) rawjson.Object {
	inner, err := rawjson.ParseObject(object.Get(name))
	if err != nil {
		return rawjson.Object{}
	}
	return inner
}

// list reads an array.
func list(object rawjson.Object, name string) [][]byte {
	elements, err := rawjson.Elements(object.Get(name))
	if err != nil {
		return nil
	}
	return elements
}

// integer reads a whole number, quoted or not.
func integer(raw []byte) (int64, bool) {
	if s, ok := rawjson.String(raw); ok {
		raw = []byte(s)
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	return n, err == nil
}

// code reads an error's code or subcode. One beyond 32 bits, which Meta has not and no store keeps,
// is none.
func code(raw []byte) (int, bool) {
	n, ok := integer(raw)
	if !ok || n < math.MinInt32 || n > math.MaxInt32 {
		return 0, false
	}
	return int(n), true
}

// boolean reads true or false, and nil for anything else.
func boolean(raw []byte) *bool {
	switch string(raw) {
	case "true":
		yes := true
		return &yes
	case "false":
		no := false
		return &no
	}
	return nil
}

// maxUnixSeconds is the last second of the year 9999: what RFC 3339 can write.
const maxUnixSeconds = 253_402_300_799

// seconds reads a Unix time in seconds, quoted or not. What is no time of the
// years 1970 to 9999 is the zero time.
func seconds(raw []byte) time.Time {
	n, ok := integer(raw)
	if !ok || n <= 0 || n > maxUnixSeconds {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// milliseconds reads a Unix time in milliseconds, as Messenger writes it.
func milliseconds(raw []byte) time.Time {
	n, ok := integer(raw)
	if !ok || n <= 0 || n > maxUnixSeconds*1000 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// eventTime reads an instant that is in seconds or in milliseconds by its size:
// entry.time is in seconds for WhatsApp and in milliseconds for pages.
func eventTime(raw []byte) time.Time {
	const smallestMilliseconds = 100_000_000_000
	if n, ok := integer(raw); ok && n >= smallestMilliseconds {
		return milliseconds(raw)
	}
	return seconds(raw)
}

func isNumber(raw []byte) bool {
	return len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9')
}

// bounded cuts a text of an error to maxErrorText bytes, at the start of a
// character.
func bounded(s string) string {
	n := maxErrorText
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
