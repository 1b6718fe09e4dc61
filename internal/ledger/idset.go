package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// idSet tells ids that it has from those that it has not, in about ten bytes for each. It knows an
// id by the first 80 bits of its SHA-256: 16 choose the shelf, the others lie there in order. An id
// that comes again is always known; among ten million different ones, the odds that any is taken
// for another are one in 24 thousand million.
type idSet [1 << 16][]uint64

// add tells whether the id is new.
func (s *idSet) add(id string) bool {
	shelf, at, known := s.find(id)
	if !known {
		s.insert(shelf, at, id)
	}
	return !known
}

// find is the shelf and the place on it where an id is, or belongs.
func (s *idSet) find(id string) (shelf, at int, known bool) {
	shelf, rest := keyOf(id)
	at, known = slices.BinarySearch(s[shelf], rest)
	return shelf, at, known
}

// insert puts an id where find says that it belongs.
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
