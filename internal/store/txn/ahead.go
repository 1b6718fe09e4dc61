package txn

// Ahead is what was read ahead of a transaction's operations, by key. What an operation changes of
// it is put, so that the operations behind it see that; what it changes otherwise is dropped, and
// read again by whoever asks. An operation that fails leaves nothing of what it has put.
type Ahead[K comparable, V any] struct {
	known map[K]V
	put   []K
}

// Read keeps what was read ahead.
func (a *Ahead[K, V]) Read(key K, value V) {
	if a.known == nil {
		a.known = map[K]V{}
	}
	a.known[key] = value
}

// Get is what is known by a key.
func (a *Ahead[K, V]) Get(key K) (V, bool) {
	value, known := a.known[key]
	return value, known
}

// Put replaces what is known by a key, within the current operation.
func (a *Ahead[K, V]) Put(key K, value V) {
	a.Read(key, value)
	a.put = append(a.put, key)
}

// Drop says that what is known by a key may not be true any more.
func (a *Ahead[K, V]) Drop(key K) { delete(a.known, key) }

// DropIf drops what answers to a condition.
func (a *Ahead[K, V]) DropIf(is func(K, V) bool) {
	for key, value := range a.known {
		if is(key, value) {
			delete(a.known, key)
		}
	}
}

// Begin starts the next operation.
func (a *Ahead[K, V]) Begin() { a.put = a.put[:0] }

// Undo drops what the operation has put.
func (a *Ahead[K, V]) Undo() {
	for _, key := range a.put {
		delete(a.known, key)
	}
	a.put = a.put[:0]
}

// Clear drops everything.
func (a *Ahead[K, V]) Clear() {
	clear(a.known)
	a.put = a.put[:0]
}
