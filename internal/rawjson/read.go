package rawjson

import (
	"math"
	"strconv"
	"time"
)

// The methods below read a member as a tolerant reader wants it: what is absent or of another type
// is the zero value.

// Text reads a string. A number is taken as it is written, because ids have come both ways.
func (o Object) Text(name string) string {
	raw := o.Get(name)
	if s, ok := String(raw); ok {
		return s
	}
	if len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
		return string(raw)
	}
	return ""
}

// FirstText reads the first of the named texts that is not empty.
func (o Object) FirstText(names ...string) string {
	for _, name := range names {
		if s := o.Text(name); s != "" {
			return s
		}
	}
	return ""
}

// Child reads an object.
func (o Object) Child(name string) Object {
	child, err := ParseObject(o.Get(name))
	if err != nil {
		return Object{}
	}
	return child
}

// List reads an array.
func (o Object) List(name string) [][]byte {
	elements, err := Elements(o.Get(name))
	if err != nil {
		return nil
	}
	return elements
}

// Int32 reads a whole number of 32 bits, quoted or not. It is false for anything else.
func (o Object) Int32(name string) (int, bool) {
	n, ok := integer(o.Get(name))
	if !ok || n < math.MinInt32 || n > math.MaxInt32 {
		return 0, false
	}
	return int(n), true
}

// Bool reads true or false, and nil for anything else.
func (o Object) Bool(name string) *bool {
	switch string(o.Get(name)) {
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

// Seconds reads a Unix time in seconds, quoted or not. What is no time of the years 1970 to 9999 is
// the zero time.
func (o Object) Seconds(name string) time.Time {
	n, ok := integer(o.Get(name))
	if !ok || n <= 0 || n > maxUnixSeconds {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// Milliseconds reads a Unix time in milliseconds, as Seconds does one in seconds.
func (o Object) Milliseconds(name string) time.Time {
	n, ok := integer(o.Get(name))
	if !ok || n <= 0 || n > maxUnixSeconds*1000 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// Instant reads a Unix time that is in seconds or in milliseconds by its size.
func (o Object) Instant(name string) time.Time {
	const smallestMilliseconds = 100_000_000_000
	if n, ok := integer(o.Get(name)); ok && n >= smallestMilliseconds {
		return o.Milliseconds(name)
	}
	return o.Seconds(name)
}

// integer reads a whole number, quoted or not.
func integer(raw []byte) (int64, bool) {
	if s, ok := String(raw); ok {
		raw = []byte(s)
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	return n, err == nil
}
