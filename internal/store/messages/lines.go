package messages

import (
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// A customer's messages in the queue are found through these indexes.
const (
	WhereInLine     = `state <= 2 AND parked = 0`
	WhereBesideLine = `parked > 0`
)

const (
	// selectHeads are the messages of a customer's line that are under way or ready: usually one.
	selectHeads = `SELECT seq, state, lane, COALESCE(ready_at, 0) FROM messages
		WHERE channel = $1 AND customer = $2 AND state <= 2 AND parked = 0 AND (state > 0 OR ready_at IS NOT NULL)
		ORDER BY seq`
	moveMessages = `UPDATE messages SET customer = $1 WHERE channel = $2 AND customer = $3 AND `
	placeMessage = `UPDATE messages SET ready_at = $1, parked = $2 WHERE seq = $3`
	promoteLane  = `UPDATE messages SET lane = $1 WHERE channel = $2 AND customer = $3 AND state <= 2
		AND parked = 0 AND lane > $4`
)

// head is a message that a line is waiting for.
type head struct {
	seq, readyAt int64
	state        State
	lane         Lane
}

// UniteMessages makes two customers' lines one, in the order of acceptance: of two messages that
// are under way one stays in line, and the other goes on beside it, so that the line waits for one
// at a time.
func (tx *Tx) UniteMessages(u txn.Union) error {
	if err := tx.FlushMessages(); err != nil {
		return err
	}
	tx.fronts.Drop(u.Gone)
	tx.fronts.Drop(u.Kept)
	gone, err := tx.heads(u.Gone)
	if err != nil {
		return err
	}
	kept, err := tx.heads(u.Kept)
	if err != nil {
		return err
	}
	for _, which := range []string{moveMessages + WhereInLine, moveMessages + WhereBesideLine} {
		if err := tx.Exec(which, u.Kept.Customer[:], u.Gone.Channel, u.Gone.Customer[:]); err != nil {
			return err
		}
	}
	if len(gone) == 0 || len(kept) == 0 {
		return nil
	}
	return tx.oneLine(u.Kept, append(kept, gone...))
}

func (tx *Tx) heads(of txn.Person) (heads []head, err error) {
	err = tx.Each(selectHeads, []any{of.Channel, of.Customer[:]}, func(v engine.Row) bool {
		heads = append(heads, head{seq: v.Int(0), state: State(v.Int(1)), lane: Lane(v.Int(2)), readyAt: v.Int(3)})
		return true
	})
	return heads, err
}

// oneLine leaves a line one head of several.
func (tx *Tx) oneLine(of txn.Person, heads []head) error {
	slices.SortFunc(heads, func(a, b head) int { return int(a.seq - b.seq) })
	lane, readyAt, underWay := heads[0].lane, int64(0), false
	for _, h := range heads {
		lane = min(lane, h.lane)
		switch {
		case h.state == Queued:
			if readyAt == 0 || h.readyAt < readyAt {
				readyAt = h.readyAt
			}
			if err := tx.placeMessage(h.seq, time.Time{}, InLine); err != nil {
				return err
			}
		case underWay:
			if err := tx.placeMessage(h.seq, time.Time{}, Parked); err != nil {
				return err
			}
		default:
			underWay = true
		}
	}
	if err := tx.promote(of, lane); err != nil || underWay {
		return err
	}
	var next int64
	_, err := tx.First(selectNextOf, []any{of.Channel, of.Customer[:]}, func(v engine.Row) { next = v.Int(0) })
	if err != nil {
		return err
	}
	for _, h := range heads {
		if h.seq == next {
			readyAt = h.readyAt // a message that waits for its next try holds up those behind it
		}
	}
	return tx.placeMessage(next, txn.Instant(readyAt), InLine)
}

func (tx *Tx) placeMessage(seq int64, readyAt time.Time, parking Parking) error {
	tx.fronts.Clear()
	for _, known := range tx.Known {
		if known.seq == seq {
			known.ReadyAt, known.Parking = readyAt, parking
		}
	}
	return tx.Exec(placeMessage, txn.NullableTime(readyAt), int64(parking), seq)
}

// promote brings a line's messages into a lane, if that is before their own.
func (tx *Tx) promote(of txn.Person, lane Lane) error {
	for _, known := range tx.Known {
		if known.Channel == of.Channel && known.Customer == of.Customer && known.State.Active() &&
			known.Parking == InLine {
			known.Lane = min(known.Lane, lane)
		}
	}
	tx.Recent.forget()
	tx.promoteFront(of, lane)
	return tx.Exec(promoteLane, int64(lane), of.Channel, of.Customer[:], int64(lane))
}

// Give makes the messages that the operation has read of a customer another's.
func (tx *Tx) Give(u txn.Union) {
	if tx.byCustomer == nil {
		tx.byCustomer = map[txn.Person][]*Message{}
	}
	for _, m := range tx.Known[tx.sorted:] {
		of := txn.Person{Channel: m.Channel, Customer: m.Customer}
		tx.byCustomer[of] = append(tx.byCustomer[of], m)
	}
	tx.sorted = len(tx.Known)
	given := tx.byCustomer[u.Gone]
	for _, m := range given {
		m.Customer = u.Kept.Customer
	}
	if len(given) > 0 {
		delete(tx.byCustomer, u.Gone)
		tx.byCustomer[u.Kept] = append(tx.byCustomer[u.Kept], given...)
	}
}

// forgetSorted lets Give look at all messages again.
func (tx *Tx) forgetSorted() {
	clear(tx.byCustomer)
	tx.sorted = 0
}
