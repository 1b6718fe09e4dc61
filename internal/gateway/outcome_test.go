package gateway

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/store"
)

// A database that restarts while the gateway stops leaves no doubt behind (P12).
func TestP12OutcomeIsRecordedAlsoWhenTheStoreIsAwayAtTheStop(t *testing.T) {
	g, id, sent := doubtful(t)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	tries := 0
	recorded := g.persist(stopped, "submit", func(tx *store.Tx) error {
		if tries++; tries < 3 {
			return store.ErrUnavailable
		}
		p := parcel{tenant: g.config.tenant(), channel: g.config.tenant().channels[phoneID], id: id}
		return g.recordSubmitted(tx, p, "wamid.upstream", sent.Add(time.Minute))
	})
	if got := storedState(t, g, id); !recorded || got != store.Submitted {
		t.Fatalf("recorded: %v, and the message is %s; want submitted", recorded, got)
	}
}

// A stop ends at last, also without a store.
func TestStopWithoutAStoreEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gateway{log: slog.New(slog.DiscardHandler), deliveries: newWake()} // its store is not open
		stopped, stop := context.WithCancel(t.Context())
		stop()
		began := time.Now()
		if g.persist(stopped, "submit", func(*store.Tx) error { return errors.New("never called") }) {
			t.Fatal("an outcome was recorded without a store")
		}
		if took := time.Since(began); took != stopPatience {
			t.Fatalf("it was given up after %v, want %v", took, stopPatience)
		}
	})
}
