package gateway

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/store"
)

// While the store was away no status could resolve a doubt: the time that it is given begins anew (P12).
func TestP12ADoubtWaitsAnewAfterAnOutageOfTheStore(t *testing.T) {
	clock := &testClock{began: time.Now()}
	w := prepareWorld(t, clock, "http://127.0.0.1")
	g, err := newGateway(Options{
		ConfigDirectory: filepath.Join(w.directory, "config"), KeysDirectory: filepath.Join(w.directory, "keys"), DataDirectory: filepath.Join(w.directory, "data"),
		Now: clock.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	g.config.look()
	opened, err := store.Open(t.Context(), g.storeOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	g.opened.Store(opened)
	sent := clock.now()
	about, err := envelope{}.encode()
	if err != nil {
		t.Fatal(err)
	}
	m := &store.Message{
		ID: "wamid.doubt", Channel: phoneID, Customer: g.keys.seal.CustomerHash(phoneID, ana), AcceptedAt: sent, ExpiresAt: sent.Add(time.Hour),
		Envelope: about, Content: []byte("{}"),
	}
	if err := g.update(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.AcceptAndClaim(m, func() bool { return true }); err != nil {
			return err
		}
		claimed, _, err := tx.Message(m.ID)
		if err != nil {
			return err
		}
		return g.beginDoubt(tx, claimed, sent)
	}); err != nil {
		t.Fatal(err)
	}
	state := func() (state store.State) {
		t.Helper()
		if err := g.view(t.Context(), func(tx *store.Tx) error {
			m, _, err := tx.Message(m.ID)
			state = m.State
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return state
	}

	away, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.resolveDoubts(away, g.config.tenant(), sent.Add(time.Hour)); err == nil {
		t.Fatal("the store was to be away")
	}
	back := sent.Add(2 * time.Hour)
	for _, step := range []struct {
		at   time.Duration
		want store.State
	}{{0, store.InDoubt}, {299 * time.Second, store.InDoubt}, {300 * time.Second, store.Failed}} {
		if err := g.resolveDoubts(t.Context(), g.config.tenant(), back.Add(step.at)); err != nil {
			t.Fatal(err)
		}
		if got := state(); got != step.want {
			t.Fatalf("%s after the outage the message is %s, want %s", step.at, got, step.want)
		}
	}
}
