package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

func setAside(t *testing.T, s *store.Store, c *store.Callback, at time.Time) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error {
		done, err := tx.Callbacks().SetAside(c, 400, at)
		if !done {
			t.Error("SetAside = false; want true")
		}
		return err
	})
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
			return errors.Join(tx.Callbacks().RecordFailure(first, time.Time{}, noon), err)
		})
		again := callbacks(t, s, noon.Add(time.Minute))[0]
		if string(again.Payload) != "poison" || !again.FailedAt.Equal(noon) {
			t.Fatalf("claimed %q, failed since %v; want the same, since %v", again.Payload, again.FailedAt, noon)
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
		for n := range 5 {
			enqueue(t, s, customer(n), "poison", noon)
			setAside(t, s, callbacks(t, s, noon)[0], noon)
		}
		update(t, s, func(tx *store.Tx) error {
			n, err := tx.Callbacks().ForgetRefused(2)
			if n != 2 {
				t.Errorf("%d were forgotten; want two", n)
			}
			return err
		})
		if list := refused(t, s); len(list) != 3 {
			t.Fatalf("%d are kept; want three", len(list))
		}
	})
}

// A callback behind one that always fails can be tried before its turn, the least tried first, and
// waits for its turn again when it fails too.
func TestCallbackIsTriedBeforeItsTurn(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		for _, payload := range []string{"first", "second", "third"} {
			enqueue(t, s, customer(1), payload, noon)
		}
		enqueue(t, s, customer(2), "another's", noon)
		claimed := callbacks(t, s, noon)
		if len(claimed) != 2 {
			t.Fatalf("claimed %v; want one of each customer", payloads(claimed))
		}
		first := claimed[0]
		probe := func(want string) *store.Callback {
			t.Helper()
			update(t, s, func(tx *store.Tx) error {
				probed, err := tx.Callbacks().Probe(first, noon)
				if probed != (want != "") {
					t.Errorf("Probe = %t; want it for %q", probed, want)
				}
				return err
			})
			behind := callbacks(t, s, noon)
			if want == "" {
				return nil
			}
			if len(behind) != 1 || string(behind[0].Payload) != want {
				t.Fatalf("claimed %v; want %s", payloads(behind), want)
			}
			return behind[0]
		}
		retry := func(c *store.Callback) {
			update(t, s, func(tx *store.Tx) error {
				_, err := tx.Callbacks().Retry(c, noon)
				return err
			})
		}
		retry(probe("second"))
		third := probe("third")
		update(t, s, func(tx *store.Tx) error { _, err := tx.Callbacks().Finish(third, noon); return err })
		retry(probe("second"))
		if waiting := callbacks(t, s, noon); len(waiting) != 0 {
			t.Fatalf("%v may go; want none while the first of the line is under way", payloads(waiting))
		}
		setAside(t, s, first, noon)
		second := callbacks(t, s, noon)
		if len(second) != 1 || string(second[0].Payload) != "second" {
			t.Fatalf("claimed %v; want the second, whose turn it is", payloads(second))
		}
		first = second[0]
		probe("")
	})
}

func TestFirstFailureIsThatAtTheSameEndpoint(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		enqueue(t, s, customer(1), "payload", noon)
		fails := func(endpoint, at, want time.Time) {
			t.Helper()
			c := callbacks(t, s, at)[0]
			update(t, s, func(tx *store.Tx) error {
				_, err := tx.Callbacks().Retry(c, at)
				return errors.Join(tx.Callbacks().RecordFailure(c, endpoint, at), err)
			})
			again := callbacks(t, s, at)[0]
			if !again.FailedAt.Equal(want) {
				t.Errorf("it has failed since %v; want %v", again.FailedAt, want)
			}
			update(t, s, func(tx *store.Tx) error { _, err := tx.Callbacks().Retry(again, at); return err })
		}
		second, minute := noon.Add(time.Second), noon.Add(time.Minute)
		fails(time.Time{}, noon, noon)
		fails(noon, second, noon)
		fails(minute, minute, minute)
	})
}

func TestWhatIsKnownOfTheEndpointIsKept(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		want := store.Endpoint{
			Address: customer(1), Since: noon, DeliveredAt: noon.Add(time.Second),
			FailingSince: noon.Add(2 * time.Second), Failing: 7, Several: true,
			FailedAt: noon.Add(3 * time.Second), Status: 404,
			ProbedAt: noon.Add(4 * time.Second), Lost: 9,
		}
		for _, put := range []store.Endpoint{{Lost: 1}, want} {
			update(t, s, func(tx *store.Tx) error { return tx.Callbacks().PutEndpoint(put) })
		}
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.Callbacks().Endpoint()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the endpoint (-want +got):\n%s", diff)
			}
			return err
		})
	})
}
