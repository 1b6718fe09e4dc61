package store_test

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/store"
)

// What the upstream tells may hold what PostgreSQL's texts cannot: it must neither fail the
// operation, and so be repeated for ever, nor find anything.
func TestTextThatAnEngineCannotHoldFailsNothing(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			for _, id := range []string{"zero \x00 within", "no UTF-8 \xff\xfe", ""} {
				if _, found, err := tx.Messages().ByID(id); found || err != nil {
					t.Errorf("Message(%q) = %v, %v; want none, and no error", id, found, err)
				}
			}
			return tx.Intake().PutTemplateEvent(store.TemplateEvent{
				UpstreamID: "1\x00", Name: "parcel \xff", Language: "en", Event: "APPROVED", At: noon,
			})
		})
		view(t, s, func(tx *store.Tx) error {
			events, err := tx.Intake().TemplateEvents(10)
			if err == nil && (len(events) != 1 || events[0].Event != "APPROVED") {
				t.Errorf("events = %+v; want the one that was put", events)
			}
			return err
		})
	})
}
