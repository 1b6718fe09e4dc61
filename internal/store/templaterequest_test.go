package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/store"
)

// Of the requests about one template the newest is kept, in the order of the ids; those that are
// done are forgotten.
func TestTemplateRequests(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		first := store.TemplateRequest{
			ID: 5, Target: 5, By: "crm", At: noon, Name: "a", Language: "en", Definition: `{"name":"a"}`,
		}
		second := store.TemplateRequest{
			ID: 6, Target: 6, By: "crm", At: noon, Name: "b", Language: "en", Definition: "{}",
		}
		newer := first
		newer.ID, newer.By, newer.Definition = 7, "shop", ""
		update(t, s, func(tx *store.Tx) error {
			for _, r := range []store.TemplateRequest{first, second, newer, first} {
				if err := tx.Intake().PutTemplateRequest(r); err != nil {
					return err
				}
			}
			return nil
		})
		waiting := func() (list []store.TemplateRequest) {
			view(t, s, func(tx *store.Tx) (err error) {
				list, err = tx.Intake().TemplateRequests()
				return err
			})
			return list
		}
		if diff := cmp.Diff([]store.TemplateRequest{second, newer}, waiting()); diff != "" {
			t.Error(diff)
		}
		update(t, s, func(tx *store.Tx) error { return tx.Intake().DropTemplateRequests(6) })
		if diff := cmp.Diff([]store.TemplateRequest{newer}, waiting()); diff != "" {
			t.Error(diff)
		}
	})
}
