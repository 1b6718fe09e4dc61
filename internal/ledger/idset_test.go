package ledger

import (
	"strconv"
	"testing"
)

// P2: the check that nothing is settled twice knows every id again, however many there are, and
// takes none for another.
func TestP2IDSetKnowsEachIDAgain(t *testing.T) {
	const ids = 500_000 // about eight on a shelf, so that shelves grow
	var set idSet
	for n := range ids {
		if id := strconv.Itoa(n); !set.add(id) {
			t.Fatalf("%s is known before it was added", id)
		}
	}
	capacity := 0
	for _, shelf := range set {
		capacity += cap(shelf)
	}
	if most := 2 * ids; capacity > most {
		t.Errorf("%d ids take room for %d; want at most %d", ids, capacity, most)
	}
	for n := range ids {
		if id := strconv.Itoa(n); set.add(id) {
			t.Fatalf("%s is not known again", id)
		}
	}
}
