package txn

// hotFor is for how many transactions a row counts as hot that nobody asks for any more.
const hotFor = 64

// Hot are the keys of rows that transactions have asked for lately.
type Hot[K comparable] struct {
	last map[K]int64 // the transaction that asked last
	now  int64
}

// Begin begins a transaction.
func (h *Hot[K]) Begin() { h.now++ }

// Use says that a row is asked for.
func (h *Hot[K]) Use(key K) {
	if h.last == nil {
		h.last = map[K]int64{}
	}
	h.last[key] = h.now
}

// Keys are the hot ones. Others are forgotten.
func (h *Hot[K]) Keys() []K {
	keys := make([]K, 0, len(h.last))
	for key, last := range h.last {
		if h.now-last > hotFor {
			delete(h.last, key)
			continue
		}
		keys = append(keys, key)
	}
	return keys
}
