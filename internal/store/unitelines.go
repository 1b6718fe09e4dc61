package store

import (
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

const (
	// selectHeads are the messages of a customer's line that are under way or ready: usually one.
	selectHeads = `SELECT seq, state, lane, COALESCE(ready_at, 0) FROM messages
		WHERE channel = $1 AND customer = $2 AND state <= 2 AND parked = 0 AND (state > 0 OR ready_at IS NOT NULL)
		ORDER BY seq`
	moveMessages  = `UPDATE messages SET customer = $1 WHERE channel = $2 AND customer = $3 AND `
	placeMessage  = `UPDATE messages SET ready_at = $1, parked = $2 WHERE seq = $3`
	selectPayload = `SELECT seq, payload FROM callbacks WHERE channel = $1 AND customer = $2 ORDER BY seq`
	moveCallback  = `UPDATE callbacks SET customer = $1, payload = $2 WHERE seq = $3`

	selectRefusedPayload = `SELECT seq, payload FROM refused_callbacks WHERE channel = $1 AND customer = $2
		ORDER BY seq`
	moveRefused = `UPDATE refused_callbacks SET customer = $1, payload = $2 WHERE seq = $3`
	// selectReadyCallbacks are the callbacks of a customer's line that are ready or being
	// delivered: usually one.
	selectReadyCallbacks = `SELECT seq, ready_at FROM callbacks
		WHERE channel = $1 AND customer = $2 AND ready_at IS NOT NULL ORDER BY seq`
	selectFirstCallback = `SELECT seq FROM callbacks WHERE channel = $1 AND customer = $2 ORDER BY seq LIMIT 1`
	placeCallback       = `UPDATE callbacks SET ready_at = $1 WHERE seq = $2`
	unplaceCallback     = `UPDATE callbacks SET ready_at = NULL, lease = 0 WHERE seq = $1`
)

// head is a message that a line is waiting for.
type head struct {
	seq, readyAt int64
	state        State
	lane         Lane
}

// uniteMessages makes two customers' lines one, in the order of acceptance: of two messages that
// are under way one stays in line, and the other goes on beside it, so that the line waits for one
// at a time.
func (tx *transaction) uniteMessages(u Union) error {
	if err := tx.flushMessages(); err != nil {
		return err
	}
	gone, err := tx.heads(u.Gone)
	if err != nil {
		return err
	}
	kept, err := tx.heads(u.Kept)
	if err != nil {
		return err
	}
	for _, which := range []string{moveMessages + inLine, moveMessages + besideLine} {
		if err := tx.exec(which, u.Kept.Customer[:], u.Gone.Channel, u.Gone.Customer[:]); err != nil {
			return err
		}
	}
	if len(gone) == 0 || len(kept) == 0 {
		return nil
	}
	return tx.oneLine(u.Kept, append(kept, gone...))
}

func (tx *transaction) heads(of Person) (heads []head, err error) {
	err = tx.each(selectHeads, []any{of.Channel, of.Customer[:]}, func(v engine.Row) bool {
		heads = append(heads, head{seq: v.Int(0), state: State(v.Int(1)), lane: Lane(v.Int(2)), readyAt: v.Int(3)})
		return true
	})
	return heads, err
}

// oneLine leaves a line one head of several.
func (tx *transaction) oneLine(of Person, heads []head) error {
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
	_, err := tx.first(selectNextOf, []any{of.Channel, of.Customer[:]}, func(v engine.Row) { next = v.Int(0) })
	if err != nil {
		return err
	}
	for _, h := range heads {
		if h.seq == next {
			readyAt = h.readyAt // a message that waits for its next try holds up those behind it
		}
	}
	return tx.placeMessage(next, instant(readyAt), InLine)
}

func (tx *transaction) placeMessage(seq int64, readyAt time.Time, parking Parking) error {
	for _, known := range tx.known {
		if known.seq == seq {
			known.ReadyAt, known.Parking = readyAt, parking
		}
	}
	return tx.exec(placeMessage, nullableTime(readyAt), int64(parking), seq)
}

// promote brings a line's messages into a lane, if that is before their own.
func (tx *transaction) promote(of Person, lane Lane) error {
	for _, known := range tx.known {
		if known.Channel == of.Channel && known.Customer == of.Customer && known.State.active() &&
			known.Parking == InLine {
			known.Lane = min(known.Lane, lane)
		}
	}
	tx.store.recent.forget()
	return tx.exec(promoteLane, int64(lane), of.Channel, of.Customer[:], int64(lane))
}

// uniteCallbacks makes two customers' deliveries one line, in the order in which they were queued.
func (tx *transaction) uniteCallbacks(u Union) error {
	if _, err := tx.moveCallbacks(u, selectRefusedPayload, moveRefused, RefusedBytes); err != nil {
		return err
	}
	moved, err := tx.moveCallbacks(u, selectPayload, moveCallback, CallbackBytes)
	if err != nil || moved == 0 {
		return err
	}
	for _, line := range []Person{u.Gone, u.Kept} {
		if err := tx.oneCallbackLine(line); err != nil {
			return err
		}
	}
	return nil
}

// moveCallbacks gives one customer's deliveries to another, and tells how many there were. One that
// cannot be opened stays where it is: it was sealed for its customer. size is the depth of the
// bytes that they take.
func (tx *transaction) moveCallbacks(u Union, list, move string, size Depth) (found int, err error) {
	callbacks, err := tx.callbacksOf(u.Gone, list)
	if err != nil {
		return 0, err
	}
	grown := 0
	for _, c := range callbacks {
		var condition Condition
		plain := tx.openSealed(c.Payload, c.place(), &condition)
		if condition != Whole {
			continue
		}
		c.Customer = u.Kept.Customer
		sealed, err := tx.store.options.Keys.Seal(plain, c.place())
		if err != nil {
			return 0, err
		}
		if err := tx.exec(move, c.Customer[:], sealed, c.Seq); err != nil {
			return 0, err
		}
		grown += len(sealed) - len(c.Payload)
	}
	return len(callbacks), tx.deepen(size, int64(grown))
}

func (tx *transaction) callbacksOf(of Person, list string) (callbacks []*Callback, err error) {
	err = tx.each(list, []any{of.Channel, of.Customer[:]}, func(v engine.Row) bool {
		callbacks = append(callbacks, &Callback{
			Channel: of.Channel, Customer: of.Customer, Seq: v.Int(0), Payload: v.Bytes(1),
		})
		return true
	})
	return callbacks, err
}

// oneCallbackLine leaves a line one ready delivery: its first. One behind it that is being made may
// end.
func (tx *transaction) oneCallbackLine(of Person) error {
	var first, readyAt int64
	arguments := []any{of.Channel, of.Customer[:]}
	found, err := tx.first(selectFirstCallback, arguments, func(v engine.Row) { first = v.Int(0) })
	if err != nil || !found {
		return err
	}
	var behind []int64
	ready := false
	if err := tx.each(selectReadyCallbacks, []any{of.Channel, of.Customer[:]}, func(v engine.Row) bool {
		seq, at := v.Int(0), v.Int(1)
		if seq == first {
			ready = true
			return true
		}
		if readyAt == 0 || at < readyAt {
			readyAt = at
		}
		behind = append(behind, seq)
		return true
	}); err != nil {
		return err
	}
	for _, seq := range behind {
		if err := tx.exec(unplaceCallback, seq); err != nil {
			return err
		}
	}
	if ready {
		return nil
	}
	return tx.exec(placeCallback, readyAt, first)
}
