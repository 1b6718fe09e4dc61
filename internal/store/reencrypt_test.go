package store_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// rotation is an account's keyset on its way.
type rotation struct {
	material seal.Material
	keys     *seal.Keys
}

func newRotation(t *testing.T) *rotation {
	t.Helper()
	material, err := seal.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	r := &rotation{material: material}
	r.keys = r.parse(t)
	return r
}

func (r *rotation) parse(t *testing.T) *seal.Keys {
	t.Helper()
	keys, err := seal.Parse(r.material.Keyset, r.material.CustomerKey)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func (r *rotation) step(t *testing.T, step func([]byte) ([]byte, error)) {
	t.Helper()
	var err error
	if r.material.Keyset, err = step(r.material.Keyset); err != nil {
		t.Fatal(err)
	}
}

// After a rotation everything that can be sealed anew is, page by page, and is readable without the
// old key.
func TestP7ResealLetsTheOldKeyGo(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		where, r := e.newPlace(t), newRotation(t)
		s := where.open(t, r.keys)
		who := r.keys.CustomerHash(channel, "1")
		put := func(id string) {
			update(t, s, func(tx *store.Tx) error {
				m := newMessage(id, r.keys.CustomerHash(channel, id))
				m.Envelope, m.Content = []byte("envelope "+id), []byte("content "+id)
				return tx.Queue().Accept(m)
			})
		}
		for _, id := range []string{"a", "b", "c"} {
			put(id)
		}
		claim(t, s, noon, 1)
		with(t, s, "a", func(tx *store.Tx, m *store.Message) error { return tx.Queue().Submit(m, "upstream a", noon) })
		update(t, s, func(tx *store.Tx) error {
			if err := tx.Intake().KeepEarlyStatus("unknown", []byte("status"), noon); err != nil {
				return err
			}
			for _, address := range []identity.Address{"US.77", "US.ENT.78"} {
				if _, err := tx.People().Same("33612345678", address, noon); err != nil {
					return err
				}
			}
			if err := tx.Callbacks().Enqueue(
				&store.Callback{Channel: channel, Customer: who, Payload: []byte("refused"), CreatedAt: noon},
			); err != nil {
				return err
			}
			due, err := tx.Callbacks().Claim(noon, noon.Add(time.Minute), 1)
			if err != nil {
				return err
			}
			if _, err := tx.Callbacks().SetAside(due[0], 400, noon); err != nil {
				return err
			}
			return tx.Callbacks().Enqueue(
				&store.Callback{Channel: channel, Customer: who, Payload: []byte("payload"), CreatedAt: noon},
			)
		})
		r.step(t, seal.AddKey)
		r.step(t, seal.PromoteKey)
		if err := r.keys.TakeOver(r.parse(t), false); err != nil {
			t.Fatal(err)
		}
		put("d")

		// walk does a step to all pages of two rows each.
		walk := func(
			kind store.SealedKind, step func(store.Upkeep, store.SealedKind, int64, int) (store.SealedPage, error),
		) (rows, stale, resealed int) {
			for after, more := int64(0), true; more; {
				var page store.SealedPage
				update(t, s, func(tx *store.Tx) (err error) {
					page, err = step(tx.Upkeep(), kind, after, 2)
					return err
				})
				rows, stale, resealed = rows+page.Rows, stale+page.Stale, resealed+page.Reencrypted
				after, more = page.Last, page.More
			}
			return rows, stale, resealed
		}
		for _, step := range []struct {
			name string
			step func(store.Upkeep, store.SealedKind, int64, int) (store.SealedPage, error)
			// rows, stale, resealed of messages, callbacks, early statuses, refused callbacks,
			// addresses
			want [store.SealedKinds][3]int
		}{
			{"counted", store.Upkeep.Sealed, [...][3]int{{4, 3, 0}, {1, 1, 0}, {1, 1, 0}, {1, 1, 0}, {2, 2, 0}}},
			{
				"re-encrypted", store.Upkeep.Reencrypt,
				[...][3]int{{4, 3, 3}, {1, 1, 1}, {1, 1, 0}, {1, 1, 1}, {2, 2, 2}},
			},
			{"counted again", store.Upkeep.Sealed, [...][3]int{{4, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 0, 0}, {2, 0, 0}}},
		} {
			for kind := range store.SealedKinds {
				rows, stale, resealed := walk(kind, step.step)
				if got := [3]int{rows, stale, resealed}; got != step.want[kind] {
					t.Errorf(
						"%s, kind %d: rows, stale, resealed are %v; want %v", step.name, kind, got, step.want[kind],
					)
				}
			}
		}
		// What the store remembers of a message does not bring the old seal back.
		with(
			t, s, "a",
			func(tx *store.Tx, m *store.Message) error {
				_, err := tx.Queue().Advance(m, store.Sent, noon)
				return err
			},
		)
		if _, stale, _ := walk(store.SealedMessages, store.Upkeep.Sealed); stale != 0 {
			t.Errorf("%d messages are under the old key again; want none", stale)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}

		r.step(t, seal.RetireKeys)
		s = where.open(t, r.parse(t))
		update(t, s, func(tx *store.Tx) error {
			for _, id := range []string{"a", "b", "c", "d"} {
				m, found, err := tx.Messages().ByID(id)
				if err != nil || !found {
					t.Errorf("message %s without the old key: found %t, %v", id, found, err)
					continue
				}
				if err := tx.Messages().ReadContent(m); err != nil {
					return err
				}
				if string(m.Envelope) != "envelope "+id || string(m.Content) != "content "+id ||
					(m.UpstreamID == "upstream a") != (id == "a") {
					t.Errorf("message %s is %q, %q, %q", id, m.Envelope, m.Content, m.UpstreamID)
				}
			}
			due, err := tx.Callbacks().Claim(noon, noon.Add(time.Minute), 1)
			if err == nil && (len(due) != 1 || string(due[0].Payload) != "payload") {
				t.Errorf("the callbacks are %v", due)
			}
			return err
		})
		update(t, s, func(tx *store.Tx) error {
			for _, address := range []identity.Address{"US.77", "US.ENT.78"} {
				if primary, err := tx.People().Primary(address); err != nil || primary != "33612345678" {
					t.Errorf("%s is %s, %v; want 33612345678", address, primary, err)
				}
			}
			if _, unreadable, err := tx.Intake().TakeEarlyStatuses("unknown"); err != nil || unreadable != 1 {
				t.Errorf(
					"of the early statuses %d cannot be opened, %v; want the one under the retired key: its row was "+
						"counted",
					unreadable, err,
				)
			}
			return nil
		})
	})
}

// A page of large messages is cut short, so that a rotation needs no more memory than usual.
func TestResealTakesLargeMessagesAFewAtATime(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		for i := range 10 {
			m := newMessage(strconv.Itoa(i), customer(i))
			m.Content = make([]byte, 1<<20)
			update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(m) })
		}
		var pages []int
		for after, more := int64(0), true; more; {
			view(t, s, func(tx *store.Tx) error {
				page, err := tx.Upkeep().Sealed(store.SealedMessages, after, 200)
				pages, after, more = append(pages, page.Rows), page.Last, page.More
				return err
			})
		}
		if want := []int{4, 4, 2}; !slices.Equal(pages, want) {
			t.Errorf("pages of %v messages of 1 MiB; want %v", pages, want)
		}
	})
}
