package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

func setAside(t *testing.T, s *store.Store, c *store.Callback, at time.Time) (forgotten int64) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error {
		done, n, err := tx.Callbacks().SetAside(c, 400, at)
		if !done {
			t.Error("SetAside = false; want true")
		}
		forgotten = n
		return err
	})
	return forgotten
}

// refused lists what is set aside, and its depth, which must agree.
func refused(t *testing.T, s *store.Store) (list []store.RefusedCallback) {
	t.Helper()
	view(t, s, func(tx *store.Tx) (err error) {
		depth, err := tx.Depth(store.RefusedCallbacks)
		if err != nil {
			return err
		}
		if list, err = tx.Callbacks().Refused(channel, 0, 1000); int64(len(list)) != depth {
			t.Errorf("%d are listed and %d counted", len(list), depth)
		}
		return err
	})
	return list
}

func TestCallbackThatIsSetAsideLetsTheNextOneGo(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		for _, payload := range []string{"poison", "next", "last"} {
			enqueue(t, s, customer(1), payload, noon)
		}
		first := callbacks(t, s, noon)[0]
		update(t, s, func(tx *store.Tx) error {
			_, err := tx.Callbacks().Retry(first, noon)
			return errors.Join(tx.Callbacks().NoteRefusal(first, noon), err)
		})
		again := callbacks(t, s, noon.Add(time.Minute))[0]
		if string(again.Payload) != "poison" || !again.RefusedAt.Equal(noon) {
			t.Fatalf("claimed %q, refused since %v; want the same, since %v", again.Payload, again.RefusedAt, noon)
		}
		setAside(t, s, again, noon.Add(time.Hour))
		if list := refused(t, s); len(list) != 1 || list[0].Status != 400 || !list[0].CreatedAt.Equal(noon) ||
			!list[0].SetAsideAt.Equal(noon.Add(time.Hour)) || list[0].Bytes == 0 {
			t.Fatalf("set aside is %+v", list)
		}
		next := callbacks(t, s, noon.Add(time.Hour))
		if len(next) != 1 || string(next[0].Payload) != "next" {
			t.Fatalf("claimed %v; want the next", payloads(next))
		}
		update(t, s, func(tx *store.Tx) error {
			if other, err := tx.Callbacks().Replay("another", refusedID(t, tx), noon); other || err != nil {
				t.Errorf("another channel replays it: %v, %v", other, err)
			}
			replayed, err := tx.Callbacks().Replay(channel, refusedID(t, tx), noon.Add(2*time.Hour))
			if !replayed {
				t.Error("Replay = false; want true")
			}
			return err
		})
		if list := refused(t, s); len(list) != 0 {
			t.Fatalf("still set aside: %+v", list)
		}
		var order []string
		for claimed := next; len(claimed) > 0; claimed = callbacks(t, s, noon.Add(3*time.Hour)) {
			order = append(order, payloads(claimed)...)
			update(t, s, func(tx *store.Tx) error {
				_, err := tx.Callbacks().Finish(claimed[0], noon.Add(3*time.Hour))
				return err
			})
		}
		if len(order) != 3 || order[0] != "next" || order[1] != "last" || order[2] != "poison" {
			t.Fatalf("delivered %v; want next, last, poison", order)
		}
	})
}

// refusedID is the id of the only callback that is set aside.
func refusedID(t *testing.T, tx *store.Tx) int64 {
	t.Helper()
	list, err := tx.Callbacks().Refused(channel, 0, 2)
	if err != nil || len(list) != 1 {
		t.Errorf("set aside is %+v, %v; want one", list, err)
		return 0
	}
	return list[0].ID
}

func TestWhatIsSetAsideIsDroppedErasedAndBounded(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		for n := range 3 {
			enqueue(t, s, customer(n), "poison", noon)
		}
		for i, c := range callbacks(t, s, noon) {
			setAside(t, s, c, noon.Add(time.Duration(i)*time.Hour))
		}
		update(t, s, func(tx *store.Tx) error {
			n, err := tx.Callbacks().PurgeRefused(noon.Add(time.Minute), 10)
			if n != 1 {
				t.Errorf("%d were too old; want one", n)
			}
			_, erased := tx.People().Erase(channel, []seal.CustomerHash{customer(1)}, store.Erasure{}, 10)
			return errors.Join(err, erased)
		})
		update(t, s, func(tx *store.Tx) error {
			dropped, err := tx.Callbacks().Drop(channel, refusedID(t, tx))
			if !dropped {
				t.Error("Drop = false; want true")
			}
			return err
		})
		if list := refused(t, s); len(list) != 0 {
			t.Fatalf("still set aside: %+v", list)
		}
		const large = 3 << 20
		var forgotten int64
		for n := range 25 { // 75 MiB
			enqueue(t, s, customer(n), string(make([]byte, large)), noon)
			forgotten += setAside(t, s, callbacks(t, s, noon)[0], noon)
		}
		if list := refused(t, s); len(list) != 21 || forgotten != 4 {
			t.Fatalf("%d are kept and %d forgotten; want 21 of 3 MiB within 64 MiB", len(list), forgotten)
		}
	})
}
