package gateway

import (
	"context"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/store"
)

// A database that restarts while the gateway stops leaves no doubt behind (P12).
func TestP12OutcomeIsRecordedAlsoWhenTheStoreIsAwayAtTheStop(t *testing.T) {
	g, id, sent := doubtful(t)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	tries := 0
	recorded := g.persist(stopped, "submit", func(tx *durable.Tx) error {
		if tries++; tries < 3 {
			return store.ErrUnavailable
		}
		p := parcel{tenant: g.config.Tenant(), channel: g.config.Tenant().Channel(phoneID), id: id}
		return g.recordSubmitted(tx, p, "wamid.upstream", sent.Add(time.Minute))
	})
	if got := storedState(t, g, id); !recorded || got != store.Submitted {
		t.Fatalf("recorded: %v, and the message is %s; want submitted", recorded, got)
	}
}
