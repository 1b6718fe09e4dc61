package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// idSet tells ids that it has from those that it has not, in about ten bytes for each. It knows an id by the first 80 bits of its SHA-256: 16 choose the shelf, the others
// lie there in order. An id that comes again is always known; among ten million different ones, the odds that any is taken for another are one in 24 thousand million.
type idSet [1 << 16][]uint64

// add tells whether the id is new.
func (s *idSet) add(id string) bool {
	digest := sha256.Sum256([]byte(id))
	shelf := &s[binary.BigEndian.Uint16(digest[:])]
	rest := binary.BigEndian.Uint64(digest[2:])
	at, known := slices.BinarySearch(*shelf, rest)
	if known {
		return false
	}
	if n := len(*shelf); n == cap(*shelf) { // a shelf grows by an eighth: doubling would leave half of the memory unused
		*shelf = append(make([]uint64, 0, n+n/8+4), *shelf...)
	}
	*shelf = slices.Insert(*shelf, at, rest)
	return true
}
