package store

import (
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

const selectRemains = `SELECT seq, channel, ` + currentCustomer + `, settled, state, unpriced
	FROM messages WHERE seq > $1 ORDER BY seq LIMIT $2 + 0`

// Remains are the messages that are left of several people with any channel of the account.
type Remains struct {
	// Next is where the next page begins; 0 when there is none.
	Next int64
	// Messages counts those of each person so far, and Open those that are not settled, wait for a
	// rate or are not out of the queue.
	Messages, Open []int64
}

// Remains looks at a page of so many messages for those of people, given by their primary
// addresses. The first page begins with the zero Remains, each other one with what the page before
// has returned.
func (tx People) Remains(people []identity.Address, so Remains, rows int) (Remains, error) {
	page := Remains{Messages: make([]int64, len(people)), Open: make([]int64, len(people))}
	copy(page.Messages, so.Messages)
	copy(page.Open, so.Open)
	if err := tx.flushMessages(); err != nil {
		return Remains{}, err
	}
	channels, err := tx.channels()
	if err != nil {
		return Remains{}, err
	}
	of := make(map[Person]int, len(channels)*len(people))
	for i, primary := range people {
		for _, channel := range channels {
			of[Person{channel, tx.store.customer(channel, primary)}] = i
		}
	}
	looked := 0
	err = tx.each(selectRemains, []any{so.Next, int64(rows)}, func(v engine.Row) bool {
		looked++
		page.Next = v.Int(0)
		owner := Person{Channel: v.Text(1)}
		copy(owner.Customer[:], v.Bytes(2))
		if i, known := of[owner]; known {
			page.Messages[i]++
			page.Open[i] += count(v.Int(3) == 0 || v.Int(5) == 1 || State(v.Int(4)).active())
		}
		return true
	})
	if looked < rows {
		page.Next = 0
	}
	return page, err
}
