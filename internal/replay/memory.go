package replay

import "hash/maphash"

// memory knows the messages that have ended, by the hashes of their ids, for as long as a message
// is remembered that has not: so that a status that is told again is not taken for one of a message
// that was never sent, and one that comes late may still state an entry point.
type memory struct {
	seed          maphash.Seed
	recent, older map[uint64]ended
	since         int64 // when recent began
}

// ended is a message that has ended.
type ended struct {
	customer *customer
	sentAt   int64 // Unix seconds
}

func newMemory() memory { return memory{seed: maphash.MakeSeed(), recent: map[uint64]ended{}} }

func (m *memory) add(id string, message ended) { m.recent[maphash.String(m.seed, id)] = message }

func (m *memory) find(id []byte) (message ended, found bool) {
	hash := maphash.Bytes(m.seed, id)
	if message, found = m.recent[hash]; found {
		return message, true
	}
	message, found = m.older[hash]
	return message, found
}

// turn drops ids that are older than a lifetime, and at the latest after two.
func (m *memory) turn(now int64) {
	if now-m.since < lifetime {
		return
	}
	m.recent, m.older, m.since = map[uint64]ended{}, m.recent, now
}
