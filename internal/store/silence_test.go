package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/store"
)

func TestSilenceBeginsWithASendAndEndsWithAnyWord(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		silences := func() (found []store.Silence) {
			t.Helper()
			view(t, s, func(tx *store.Tx) (err error) { found, err = tx.Intake().Silences(); return err })
			return found
		}
		want := func(what string, want ...store.Silence) {
			t.Helper()
			if diff := cmp.Diff(want, silences()); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", what, diff)
			}
		}
		heard := func(channel string) {
			update(t, s, func(tx *store.Tx) error { return tx.Intake().Heard(channel) })
		}
		at := func(second int) time.Time { return noon.Add(time.Duration(second) * time.Second) }
		send := func(id string, second int) func(tx *store.Tx) error {
			return func(tx *store.Tx) error {
				m := newMessage(id, customer(1))
				if err := tx.Queue().Accept(m); err != nil {
					return err
				}
				claimed, err := tx.Queue().Claim(m.Channel, at(second), 1)
				if err != nil || len(claimed) != 1 {
					t.Fatalf("claimed %d messages: %v", len(claimed), err)
				}
				return tx.Queue().Submit(claimed[0], "wamid."+id, at(second))
			}
		}
		heard(channel)
		want("a word without a send")
		update(t, s, send("m1", 1))
		update(t, s, send("m2", 2))
		want("two sends", store.Silence{Channel: channel, Since: at(1)})
		update(t, s, func(tx *store.Tx) error { return tx.Intake().FindSilences(at(0), at(9)) })
		want("a silence that began later", store.Silence{Channel: channel, Since: at(1)})
		update(t, s, func(tx *store.Tx) error {
			if err := tx.Intake().RefuseWebhook(at(8)); err != nil {
				return err
			}
			if err := tx.Intake().RefuseWebhook(at(7)); err != nil {
				return err
			}
			return tx.Intake().FindSilences(at(1), at(9))
		})
		want("a silence that is found", store.Silence{Channel: channel, Since: at(1), FoundAt: at(9), RefusedAt: at(8)})
		heard("1067")
		want("another channel's word", store.Silence{Channel: channel, Since: at(1), FoundAt: at(9), RefusedAt: at(8)})
		heard(channel)
		want("a word")
		update(t, s, func(tx *store.Tx) error { return tx.Intake().RefuseWebhook(at(10)) })
		want("a refusal while nothing is missing")
		update(t, s, func(tx *store.Tx) error {
			return errors.Join(send("m3", 11)(tx), tx.Intake().Heard(channel))
		})
		want("a send that is told of in the same commit")
		update(t, s, func(tx *store.Tx) error {
			return errors.Join(tx.Intake().Heard(channel), send("m4", 12)(tx))
		})
		want("a word before a send in the same commit", store.Silence{Channel: channel, Since: at(12)})
		undone := errors.New("undone")
		if err := s.Update(t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.Intake().Heard(channel), undone)
		}); !errors.Is(err, undone) {
			t.Fatal(err)
		}
		want("a word that was undone", store.Silence{Channel: channel, Since: at(12)})
	})
}
