package replay

import "hash/maphash"

// memory has the hashes of the ids of messages that have ended. It keeps them as long as messages
// that have not ended, so that a repeated status is not taken for one of a message that was never
// sent.
type memory struct {
	seed          maphash.Seed
	recent, older map[uint64]struct{}
	since         int64 // when recent began
}

func newMemory() memory { return memory{seed: maphash.MakeSeed(), recent: map[uint64]struct{}{}} }

func (m *memory) add(id string) { m.recent[maphash.String(m.seed, id)] = struct{}{} }

func (m *memory) has(id []byte) bool {
	hash := maphash.Bytes(m.seed, id)
	if _, found := m.recent[hash]; found {
		return true
	}
	_, found := m.older[hash]
	return found
}

// turn drops ids that are older than a lifetime, and at the latest after two.
func (m *memory) turn(now int64) {
	if now-m.since < lifetime {
		return
	}
	m.recent, m.older, m.since = map[uint64]struct{}{}, m.recent, now
}
