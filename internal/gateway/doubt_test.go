package gateway

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/store"
)

// resting is a gateway that does not run, with an empty store.
func resting(t *testing.T, clock *testClock, changes ...func(*config.Document)) *Gateway {
	t.Helper()
	return restingWith(t, clock, Options{Now: clock.now}, changes...)
}

func restingWith(t *testing.T, clock *testClock, options Options, changes ...func(*config.Document)) *Gateway {
	t.Helper()
	w := prepareWorld(t, clock, "http://127.0.0.1", changes...)
	options.ConfigDirectory = filepath.Join(w.directory, "config")
	options.KeysDirectory = filepath.Join(w.directory, "keys")
	options.DataDirectory = filepath.Join(w.directory, "data")
	g, err := newGateway(options)
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
	clock := &testClock{began: time.Now()}
	g = resting(t, clock)
	about, err := envelope{}.encode()
	if err != nil {
		t.Fatal(err)
	}
	sent = clock.now()
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
		return g.beginDoubt(tx, claimed, sent)
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
	g, id, sent := doubtful(t)
	away, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.resolveDoubts(away, g.config.Tenant(), sent.Add(time.Hour)); err == nil {
		t.Fatal("the store was to be away")
	}
	back := sent.Add(2 * time.Hour)
	for _, step := range []struct {
		at   time.Duration
		want store.State
	}{{0, store.InDoubt}, {299 * time.Second, store.InDoubt}, {300 * time.Second, store.Failed}} {
		if err := g.resolveDoubts(t.Context(), g.config.Tenant(), back.Add(step.at)); err != nil {
			t.Fatal(err)
		}
		if got := storedState(t, g, id); got != step.want {
			t.Fatalf("%s after the outage the message is %s, want %s", step.at, got, step.want)
		}
	}
}

// A replica whose lease was taken may still get the upstream's answer: the ledger says that this is
// how the doubt ended (P12).
func TestP12ALateAnswerResolvesADoubtWithANote(t *testing.T) {
	g, id, sent := doubtful(t)
	p := parcel{tenant: g.config.Tenant(), channel: g.config.Tenant().Channel(phoneID), id: id}
	if err := g.store.Update(
		t.Context(),
		func(tx *durable.Tx) error { return g.recordSubmitted(tx, p, "wamid.upstream", sent.Add(time.Minute)) },
	); err != nil {
		t.Fatal(err)
	}
	if got := storedState(t, g, id); got != store.Submitted {
		t.Fatalf("the message is %s, want submitted", got)
	}
	var notes []string
	if err := g.store.View(t.Context(), func(tx *store.Tx) error {
		for entry, err := range tx.Ledger().Entries(0) {
			if err != nil {
				return err
			}
			record, err := ledger.ParseCanonical(entry.Canonical)
			if err != nil {
				return err
			}
			notes = append(notes, record.Note)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := []string{noteDoubtBegan, noteDoubtAnswered}; !slices.Equal(notes, want) {
		t.Fatalf("the ledger notes %q, want %q", notes, want)
	}
}

// A replica whose lease was taken may as well get the upstream's refusal: then there is no doubt
// either, and the message goes the way of its refusal (P12).
func TestP12ALateRefusalResolvesADoubt(t *testing.T) {
	refused := func(code int) *graph.Error { return graph.NewError(code, "refused") }
	tests := map[string]struct {
		verdict sendVerdict
		want    store.State
	}{
		"to be tried again": {sendVerdict{fate: fateRetry, failure: refused(graph.CodeThroughput)}, store.Queued},
		"to wait":           {sendVerdict{fate: fateParked, failure: refused(graph.CodeSpamLimit)}, store.Queued},
		"a stopped channel": {sendVerdict{fate: fateStopped, failure: refused(graph.CodePayment)}, store.Queued},
		"for good":          {sendVerdict{fate: fateFailed, failure: refused(graph.CodeUndeliverable)}, store.Failed},
		"not known either":  {sendVerdict{fate: fateInDoubt, failure: refused(graph.CodeUnavailable)}, store.InDoubt},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			g, id, sent := doubtful(t)
			p := parcel{tenant: g.config.Tenant(), channel: g.config.Tenant().Channel(phoneID), id: id}
			tc.verdict.at = sent.Add(time.Hour)
			if err := g.store.Update(
				t.Context(),
				func(tx *durable.Tx) error { return g.notSubmitted(tx, p, tc.verdict, sent.Add(time.Minute)) },
			); err != nil {
				t.Fatal(err)
			}
			if err := g.store.View(t.Context(), func(tx *store.Tx) error {
				m, _, err := tx.Messages().ByID(id)
				if err != nil {
					return err
				}
				if m.State != tc.want || m.DoubtedAt.IsZero() != (tc.want != store.InDoubt) {
					t.Errorf("the message is %s, in doubt since %q; want %s", m.State, m.DoubtedAt, tc.want)
				}
				doubts, err := tx.Depth(store.Doubts)
				if (doubts == 1) != (tc.want == store.InDoubt) {
					t.Errorf("%d messages are in doubt", doubts)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}
