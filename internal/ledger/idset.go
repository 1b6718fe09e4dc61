package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// idSet is a set of ids that takes about ten bytes for each. It keeps the first 80 bits of an id's
// SHA-256: 16 select the shelf, which holds the others in order. An id that is in the set is always
// found. Among ten million different ids, the odds that any two collide are one in 24 billion.
type idSet [1 << 16][]uint64

// add reports whether the id is new.
func (s *idSet) add(id string) bool {
	shelf, at, known := s.find(id)
	if !known {
		s.insert(shelf, at, id)
	}
	return !known
}

// find returns the shelf of an id, and its place there.
func (s *idSet) find(id string) (shelf, at int, known bool) {
	shelf, rest := keyOf(id)
	at, known = slices.BinarySearch(s[shelf], rest)
	return shelf, at, known
}

// insert puts an id in the place that find returned.
func (s *idSet) insert(shelf, at int, id string) {
	_, rest := keyOf(id)
	s[shelf] = insertTight(s[shelf], at, rest)
}

func keyOf(id string) (shelf int, rest uint64) {
	digest := sha256.Sum256([]byte(id))
	return int(binary.BigEndian.Uint16(digest[:])), binary.BigEndian.Uint64(digest[2:])
}

// insertTight inserts a value into a shelf that grows by an eighth: doubling would leave half of
// the memory unused.
func insertTight[T any](shelf []T, at int, value T) []T {
	if n := len(shelf); n == cap(shelf) {
		shelf = append(make([]T, 0, n+n/8+4), shelf...)
	}
	return slices.Insert(shelf, at, value)
}
