package people

import (
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/messages"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const selectRemains = `SELECT seq, channel, ` + messages.CurrentCustomer + `, settled, state, unpriced
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
func (p People) Remains(people []identity.Address, so Remains, rows int) (Remains, error) {
	page := Remains{Messages: make([]int64, len(people)), Open: make([]int64, len(people))}
	copy(page.Messages, so.Messages)
	copy(page.Open, so.Open)
	if err := p.tx.FlushMessages(); err != nil {
		return Remains{}, err
	}
	channels, err := p.tx.Channels()
	if err != nil {
		return Remains{}, err
	}
	of := make(map[txn.Person]int, len(channels)*len(people))
	for i, primary := range people {
		for _, channel := range channels {
			of[txn.Person{Channel: channel, Customer: p.tx.customer(channel, primary)}] = i
		}
	}
	looked := 0
	err = p.tx.Each(selectRemains, []any{so.Next, int64(rows)}, func(v engine.Row) bool {
		looked++
		page.Next = v.Int(0)
		owner := txn.Person{Channel: v.Text(1)}
		copy(owner.Customer[:], v.Bytes(2))
		if i, known := of[owner]; known {
			page.Messages[i]++
			page.Open[i] += txn.Count(v.Int(3) == 0 || v.Int(5) == 1 || messages.State(v.Int(4)).Active())
		}
		return true
	})
	if looked < rows {
		page.Next = 0
	}
	return page, err
}
