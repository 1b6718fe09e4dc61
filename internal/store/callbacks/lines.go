package callbacks

import (
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
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

// UniteCallbacks makes two customers' deliveries one line, in the order in which they were queued.
func (tx *Tx) UniteCallbacks(u txn.Union) error {
	if _, err := tx.moveCallbacks(u, selectRefusedPayload, moveRefused, books.RefusedBytes); err != nil {
		return err
	}
	moved, err := tx.moveCallbacks(u, selectPayload, moveCallback, books.CallbackBytes)
	if err != nil || moved == 0 {
		return err
	}
	for _, line := range []txn.Person{u.Gone, u.Kept} {
		if err := tx.oneCallbackLine(line); err != nil {
			return err
		}
	}
	return nil
}

// moveCallbacks gives one customer's deliveries to another, and tells how many there were. One that
// cannot be opened stays where it is: it was sealed for its customer. size is the depth of the
// bytes that they take.
func (tx *Tx) moveCallbacks(u txn.Union, list, move string, size books.Depth) (found int, err error) {
	callbacks, err := tx.callbacksOf(u.Gone, list)
	if err != nil || len(callbacks) == 0 {
		return 0, err
	}
	tx.ForgetCallbacks()
	grown := 0
	for _, c := range callbacks {
		var condition txn.Condition
		plain := tx.OpenSealed(c.Payload, c.Place(), &condition)
		if condition != txn.Whole {
			continue
		}
		c.Customer = u.Kept.Customer
		sealed, err := tx.Keys.Seal(plain, c.Place())
		if err != nil {
			return 0, err
		}
		if err := tx.Exec(move, c.Customer[:], sealed, c.Seq); err != nil {
			return 0, err
		}
		grown += len(sealed) - len(c.Payload)
	}
	return len(callbacks), tx.Deepen(size, int64(grown))
}

func (tx *Tx) callbacksOf(of txn.Person, list string) (callbacks []*Callback, err error) {
	err = tx.Each(list, []any{of.Channel, of.Customer[:]}, func(v engine.Row) bool {
		callbacks = append(callbacks, &Callback{
			Channel: of.Channel, Customer: of.Customer, Seq: v.Int(0), Payload: v.Bytes(1),
		})
		return true
	})
	return callbacks, err
}

// oneCallbackLine leaves a line one ready delivery: its first. One behind it that is being made may
// end.
func (tx *Tx) oneCallbackLine(of txn.Person) error {
	var first, readyAt int64
	arguments := []any{of.Channel, of.Customer[:]}
	found, err := tx.First(selectFirstCallback, arguments, func(v engine.Row) { first = v.Int(0) })
	if err != nil || !found {
		return err
	}
	var behind []int64
	ready := false
	if err := tx.Each(selectReadyCallbacks, []any{of.Channel, of.Customer[:]}, func(v engine.Row) bool {
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
		if err := tx.Exec(unplaceCallback, seq); err != nil {
			return err
		}
	}
	if ready {
		return nil
	}
	return tx.Exec(placeCallback, readyAt, first)
}
