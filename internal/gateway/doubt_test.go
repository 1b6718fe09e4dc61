package gateway

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/store"
)

// resting is a gateway that does not run, with an empty store.
func resting(t *testing.T, by *clock.Clock, changes ...func(*config.Document)) *Gateway {
	t.Helper()
	w := prepareWorldOn(t, gatewaytest.NewNetwork(), by, "http://127.0.0.1", changes...)
	g, err := newGateway(Options{
		ConfigDirectory: filepath.Join(w.directory, "config"),
		KeysDirectory:   filepath.Join(w.directory, "keys"),
		DataDirectory:   filepath.Join(w.directory, "data"),
		Clock:           by,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.store.Open(t.Context(), g.config.Look(), noRecovery); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.store.Close() })
	return g
}

// noRecovery takes up nothing of an earlier process.
func noRecovery(context.Context, durable.Updater) error { return nil }

// doubtful is a gateway that does not run, with a store that holds one message in doubt since its
// send.
func doubtful(t *testing.T) (g *Gateway, id string, sent time.Time) {
	t.Helper()
	clock := noonClock()
	g = resting(t, clock)
	about, err := (&settlement.Envelope{}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	sent = clock.Now()
	m := &store.Message{
		ID: "wamid.doubt", Channel: phoneID, Customer: g.keys.Seal().CustomerHash(
			phoneID, ana,
		), AcceptedAt: sent, ExpiresAt: sent.Add(time.Hour),
		Envelope: about, Content: []byte("{}"),
	}
	if err := g.store.Update(t.Context(), func(tx *durable.Tx) error {
		line, err := tx.Queue().Line(store.Person{Channel: m.Channel, Customer: m.Customer})
		if err != nil {
			return err
		}
		if err := tx.Queue().AcceptAndClaim(line, m); err != nil {
			return err
		}
		claimed, _, err := tx.Messages().ByID(m.ID)
		if err != nil {
			return err
		}
		return settlement.BeginDoubt(tx, claimed, sent)
	}); err != nil {
		t.Fatal(err)
	}
	return g, m.ID, sent
}

// storedState is a stored message's state.
func storedState(t *testing.T, g *Gateway, id string) (state store.State) {
	t.Helper()
	if err := g.store.View(t.Context(), func(tx *store.Tx) error {
		m, _, err := tx.Messages().ByID(id)
		state = m.State
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return state
}

// While the store was away no status could resolve a doubt: the time that it is given begins anew
// (P12).
func TestP12ADoubtWaitsAnewAfterAnOutageOfTheStore(t *testing.T) {
	t.Parallel()
	g, id, sent := doubtful(t)
	away, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.upkeep.ResolveDoubts(away, g.config.Tenant(), sent.Add(time.Hour)); err == nil {
		t.Fatal("the store was to be away")
	}
	back := sent.Add(2 * time.Hour)
	for _, step := range []struct {
		at   time.Duration
		want store.State
	}{{0, store.InDoubt}, {299 * time.Second, store.InDoubt}, {300 * time.Second, store.Failed}} {
		if err := g.upkeep.ResolveDoubts(t.Context(), g.config.Tenant(), back.Add(step.at)); err != nil {
			t.Fatal(err)
		}
		if got := storedState(t, g, id); got != step.want {
			t.Fatalf("%s after the outage the message is %s, want %s", step.at, got, step.want)
		}
	}
}
