package gateway

import (
	"strconv"
	"testing"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/postgrestest"
)

func TestP11RoomOfTheStoreIsReportedWhereItIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.report().Storage
	if room == nil || room.SizeBytes < (1<<20) || room.SizeBytes%(1<<20) != 0 || room.FreeBytes <= 0 ||
		room.VolumeBytes < room.FreeBytes {
		t.Fatalf("the report says %+v of the store's room", room)
	}
	if room.BytesPerMessage != nil || room.DaysLeft != nil {
		t.Errorf("an empty ledger says %+v of its growth, want nothing", room)
	}
	for _, name := range []string{"store_size_bytes", "store_free_bytes"} {
		if got, err := strconv.ParseFloat(w.metric("guichet_gateway_"+name), 64); err != nil || got <= 0 {
			t.Errorf("%s is %g, %v", name, got, err)
		}
	}
	shared := newWorld(t, []func(*config.Document){onDatabase(postgrestest.Database(t))}...)
	if room := shared.report().Storage; room != nil || shared.metric("guichet_gateway_store_free_bytes") != "" {
		t.Errorf("a shared store's room is %+v, want that nothing is said", room)
	}
}
